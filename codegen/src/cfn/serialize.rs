//! The gate: from typed structs to a [`Tree`], through serde.
//!
//! In: anything that implements `Serialize`. Out: a tree. Guaranteed: literal data in it is never an
//! intrinsic and never a dynamic reference; there is no `null`; fields of structs that are `None` or
//! empty are left out.

use std::borrow::Cow;

use serde::Serialize;
use serde::ser::{self, Impossible};

use super::error::{DocumentError, Problem};
use super::id::{ConditionName, LogicalId, ParameterName};
use super::tree::{INTRINSIC, Intrinsic, NUMBER, Pseudo, Tree};

type Done = Result<Tree, DocumentError>;

/// The tree of a value.
///
/// # Errors
/// If literal data in it would be read by CloudFormation as a function or a dynamic reference, or cannot
/// be written: see [`Problem`].
pub fn to_tree<T: Serialize + ?Sized>(value: &T) -> Result<Tree, DocumentError> {
    value.serialize(Gate)
}

/// Refuses text that CloudFormation would resolve.
pub(super) fn check_text(text: &str) -> Result<(), Problem> {
    // Most texts have no brace at all, and for one byte alone a text is looked through fastest.
    let resolves = text.contains('{') && text.split("{{").skip(1).any(|rest| rest.trim_start().starts_with("resolve:"));
    if resolves { Err(Problem::DynamicReference) } else { Ok(()) }
}

/// Refuses maps that CloudFormation would evaluate. `Ref` and `Fn::…` fail beside other keys too;
/// `Condition` is a condition only alone, and with other keys part of an IAM statement.
fn check_keys(entries: &[(Cow<'static, str>, Tree)]) -> Result<(), Problem> {
    for (key, _) in entries {
        check_text(key)?;
        if key.starts_with("Fn::") || key == "Ref" || (key == "Condition" && entries.len() == 1) {
            return Err(Problem::LooksIntrinsic(key.to_string()));
        }
    }
    Ok(())
}

/// Whether `text` is a number in JSON's grammar.
fn is_number(text: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

struct Gate;

fn int(value: impl TryInto<i64> + ToString + Copy) -> Done {
    Ok(value.try_into().map_or_else(|_| Tree::Number(value.to_string()), Tree::Int))
}

/// An intrinsic from the serde form in which it came through the gate.
fn intrinsic(variant: &str, parts: Vec<Tree>) -> Done {
    let mut parts = parts.into_iter();
    let mut next = || parts.next().unwrap_or(Tree::Null);
    let name = |tree: Tree| match tree {
        Tree::Text(text) => text,
        _ => String::new(),
    };
    let made = match variant {
        "Ref" => Intrinsic::Ref(LogicalId::new(name(next()))?),
        "Parameter" => Intrinsic::Parameter(ParameterName::new(name(next()))?),
        "GetAtt" => Intrinsic::GetAtt(LogicalId::new(name(next()))?, Cow::Owned(name(next()))),
        "If" => Intrinsic::If(ConditionName::new(name(next()))?, Box::new(next()), Box::new(next())),
        "Pseudo" => {
            let text = name(next());
            Intrinsic::Pseudo(Pseudo::from_serde(&text).ok_or(Problem::NotAName(text))?)
        }
        "Join" => match next() {
            Tree::List(parts) => {
                let literal: String = parts.iter().filter_map(Tree::text).collect();
                check_text(&literal)?;
                Intrinsic::Join(parts)
            }
            other => Intrinsic::Join(vec![other]),
        },
        other => return Err(Problem::Other(format!("no function is named {other}")).into()),
    };
    Ok(made.into())
}

impl ser::Serializer for Gate {
    type Ok = Tree;
    type Error = DocumentError;
    type SerializeSeq = ListGate;
    type SerializeTuple = ListGate;
    type SerializeTupleStruct = ListGate;
    type SerializeTupleVariant = ListGate;
    type SerializeMap = MapGate;
    type SerializeStruct = MapGate;
    type SerializeStructVariant = Impossible<Tree, DocumentError>;

    fn serialize_bool(self, v: bool) -> Done {
        Ok(Tree::Bool(v))
    }
    fn serialize_i8(self, v: i8) -> Done {
        int(v)
    }
    fn serialize_i16(self, v: i16) -> Done {
        int(v)
    }
    fn serialize_i32(self, v: i32) -> Done {
        int(v)
    }
    fn serialize_i64(self, v: i64) -> Done {
        int(v)
    }
    fn serialize_u8(self, v: u8) -> Done {
        int(v)
    }
    fn serialize_u16(self, v: u16) -> Done {
        int(v)
    }
    fn serialize_u32(self, v: u32) -> Done {
        int(v)
    }
    fn serialize_u64(self, v: u64) -> Done {
        int(v)
    }
    fn serialize_f32(self, v: f32) -> Done {
        self.serialize_f64(f64::from(v))
    }
    fn serialize_f64(self, v: f64) -> Done {
        if v.is_finite() { Ok(Tree::Number(v.to_string())) } else { Err(Problem::NotANumber(v.to_string()).into()) }
    }
    fn serialize_char(self, v: char) -> Done {
        self.serialize_str(&v.to_string())
    }
    fn serialize_str(self, v: &str) -> Done {
        check_text(v)?;
        Ok(Tree::Text(v.to_owned()))
    }
    fn serialize_bytes(self, v: &[u8]) -> Done {
        Ok(Tree::List(v.iter().map(|b| Tree::Int(i64::from(*b))).collect()))
    }
    fn serialize_none(self) -> Done {
        Ok(Tree::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Done {
        Ok(Tree::Null)
    }
    fn serialize_unit_struct(self, _name: &'static str) -> Done {
        Ok(Tree::Null)
    }
    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Done {
        Ok(Tree::Text(variant.to_owned()))
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Done {
        match (name, value.serialize(self)?) {
            (NUMBER, Tree::Text(text)) if is_number(&text) => Ok(Tree::Number(text)),
            (NUMBER, Tree::Text(text)) => Err(Problem::NotANumber(text.chars().take(80).collect()).into()),
            (_, tree) => Ok(tree),
        }
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Done {
        let tree = value.serialize(self).map_err(|error| error.within(variant))?;
        if name == INTRINSIC {
            return intrinsic(variant, vec![tree]);
        }
        let entries = vec![(Cow::Borrowed(variant), tree)];
        check_keys(&entries)?;
        Ok(Tree::Map(entries))
    }
    fn serialize_seq(self, len: Option<usize>) -> Result<ListGate, DocumentError> {
        Ok(ListGate { items: Vec::with_capacity(len.unwrap_or(0)), variant: None })
    }
    fn serialize_tuple(self, len: usize) -> Result<ListGate, DocumentError> {
        self.serialize_seq(Some(len))
    }
    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<ListGate, DocumentError> {
        self.serialize_seq(Some(len))
    }
    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<ListGate, DocumentError> {
        Ok(ListGate { items: Vec::with_capacity(len), variant: Some((name, variant)) })
    }
    fn serialize_map(self, len: Option<usize>) -> Result<MapGate, DocumentError> {
        Ok(MapGate { entries: Vec::with_capacity(len.unwrap_or(0)), key: None })
    }
    fn serialize_struct(self, _name: &'static str, len: usize) -> Result<MapGate, DocumentError> {
        self.serialize_map(Some(len))
    }
    fn serialize_struct_variant(
        self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant, DocumentError> {
        Err(Problem::Other(format!("{name}::{variant} has no form in a template")).into())
    }
}

struct ListGate {
    items: Vec<Tree>,
    variant: Option<(&'static str, &'static str)>,
}

impl ListGate {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), DocumentError> {
        let place = self.items.len();
        match value.serialize(Gate) {
            Ok(Tree::Null) => Err(DocumentError::from(Problem::Null).within(&place.to_string())),
            Ok(tree) => {
                self.items.push(tree);
                Ok(())
            }
            Err(error) => Err(error.within(&place.to_string())),
        }
    }
}

impl ser::SerializeSeq for ListGate {
    type Ok = Tree;
    type Error = DocumentError;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), DocumentError> {
        self.push(value)
    }
    fn end(self) -> Done {
        Ok(Tree::List(self.items))
    }
}

impl ser::SerializeTuple for ListGate {
    type Ok = Tree;
    type Error = DocumentError;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), DocumentError> {
        self.push(value)
    }
    fn end(self) -> Done {
        Ok(Tree::List(self.items))
    }
}

impl ser::SerializeTupleStruct for ListGate {
    type Ok = Tree;
    type Error = DocumentError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), DocumentError> {
        self.push(value)
    }
    fn end(self) -> Done {
        Ok(Tree::List(self.items))
    }
}

impl ser::SerializeTupleVariant for ListGate {
    type Ok = Tree;
    type Error = DocumentError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), DocumentError> {
        self.push(value)
    }
    fn end(self) -> Done {
        match self.variant {
            Some((INTRINSIC, variant)) => intrinsic(variant, self.items),
            Some((_, variant)) => {
                let entries = vec![(Cow::Borrowed(variant), Tree::List(self.items))];
                check_keys(&entries)?;
                Ok(Tree::Map(entries))
            }
            None => Ok(Tree::List(self.items)),
        }
    }
}

struct MapGate {
    entries: Vec<(Cow<'static, str>, Tree)>,
    key: Option<String>,
}

impl ser::SerializeMap for MapGate {
    type Ok = Tree;
    type Error = DocumentError;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), DocumentError> {
        match key.serialize(Gate)? {
            Tree::Text(text) => {
                self.key = Some(text);
                Ok(())
            }
            _ => Err(Problem::KeyNotText.into()),
        }
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), DocumentError> {
        let key = self.key.take().unwrap_or_default();
        match value.serialize(Gate) {
            Ok(Tree::Null) => Err(DocumentError::from(Problem::Null).within(&key)),
            Ok(tree) => {
                self.entries.push((Cow::Owned(key), tree));
                Ok(())
            }
            Err(error) => Err(error.within(&key)),
        }
    }
    fn end(self) -> Done {
        check_keys(&self.entries)?;
        Ok(Tree::Map(self.entries))
    }
}

impl ser::SerializeStruct for MapGate {
    type Ok = Tree;
    type Error = DocumentError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), DocumentError> {
        let tree = value.serialize(Gate).map_err(|error| error.within(key))?;
        if !tree.is_absent() {
            self.entries.push((Cow::Borrowed(key), tree));
        }
        Ok(())
    }
    fn end(self) -> Done {
        Ok(Tree::Map(self.entries))
    }
}
