//! Intrinsic functions: from a template's JSON to expressions.
//!
//! In: JSON. Out: an [`Expression`], in which every function that CloudFormation has and this engine
//! reads is a variant of its own. Guaranteed: a function that is not known, or not of the documented form, is
//! a text that says so, never data.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::problem::{Place, shown};

/// A value of a template, before its functions are evaluated.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A text, a number, a boolean.
    Literal(Value),
    /// A list, item by item.
    List(Vec<Expression>),
    /// An object, member by member.
    Map(IndexMap<String, Expression>),
    /// A parameter's value, or a resource's physical id.
    Ref(String),
    /// A resource and its attribute.
    GetAtt(String, String),
    /// A text's pieces, and the function's own variables.
    Sub(Vec<Piece>, BTreeMap<String, Expression>),
    /// What stands between, and the parts.
    Join(String, Box<Expression>),
    /// A condition, what is if it holds, and what is if not.
    If(String, Box<(Expression, Expression)>),
    /// An index and a list.
    Select(Box<(Expression, Expression)>),
    /// What stands between, and the whole.
    Split(String, Box<Expression>),
    /// A mapping and its two keys.
    FindInMap(Box<[Expression; 3]>),
    /// A text, encoded.
    Base64(Box<Expression>),
    /// The name of another stack's export.
    ImportValue(Box<Expression>),
    /// Whether two values are the same.
    Equals(Box<(Expression, Expression)>),
    /// Whether all hold.
    And(Vec<Expression>),
    /// Whether one holds.
    Or(Vec<Expression>),
    /// Whether it does not hold.
    Not(Box<Expression>),
    /// Whether a condition of this name holds.
    Condition(String),
}

/// A piece of the text of `Fn::Sub`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text as it stands.
    Text(String),
    /// `${Name}`: a variable of the function's own, a parameter, a pseudo parameter or a resource.
    Name(String),
    /// `${Resource.Attribute}`.
    Attribute(String, String),
}

/// What an expression is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference<'a> {
    /// A parameter, pseudo parameter or resource.
    Name(&'a str),
    /// A resource and its attribute.
    Attribute(&'a str, &'a str),
    /// A condition.
    Condition(&'a str),
    /// An entry of the section Mappings.
    Mapping(&'a str),
}

/// What CloudFormation has and this engine does not.
const UNKNOWN: &[&str] = &["Fn::Cidr", "Fn::ForEach", "Fn::GetAZs", "Fn::Length", "Fn::ToJsonString", "Fn::Transform"];

/// A value that is no expression: where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misread {
    pub(super) place: String,
    pub(super) why: String,
}

impl Expression {
    /// The expression of a value.
    pub fn parse(json: &Value) -> Result<Self, String> {
        Self::read(json, &mut Place::default()).map_err(|misread| misread.why)
    }

    /// The expression of the value at `place`.
    pub(super) fn read(json: &Value, place: &mut Place) -> Result<Self, Misread> {
        match json {
            Value::Object(map) => match map.iter().next() {
                Some((key, value)) if map.len() == 1 && (key == "Ref" || key.starts_with("Fn::")) => {
                    place.member(key, |place| Self::function(key, value, place))
                }
                _ => map
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), place.member(key, |place| Self::read(value, place))?)))
                    .collect::<Result<_, _>>()
                    .map(Self::Map),
            },
            Value::Array(list) => list
                .iter()
                .enumerate()
                .map(|(index, value)| place.item(index, |place| Self::read(value, place)))
                .collect::<Result<_, _>>()
                .map(Self::List),
            Value::Null => Err(misread(place, "null values are not allowed in templates")),
            scalar => Ok(Self::Literal(scalar.clone())),
        }
    }

    /// The expression of a condition, in which `{"Condition": "Name"}` stands for another one.
    pub fn parse_condition(json: &Value) -> Result<Self, String> {
        Self::read_condition(json, &mut Place::default()).map_err(|misread| misread.why)
    }

    /// The expression of the condition at `place`.
    pub(super) fn read_condition(json: &Value, place: &mut Place) -> Result<Self, Misread> {
        let function = json.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next());
        let Some((key, value)) = function else {
            return Err(misread(place, "a condition is one function"));
        };
        place.member(key, |place| Self::condition(key, value, place))
    }

    fn condition(key: &str, value: &Value, place: &mut Place) -> Result<Self, Misread> {
        let many = |place: &mut Place| match value {
            Value::Array(list) if (2..=10).contains(&list.len()) => list
                .iter()
                .enumerate()
                .map(|(index, part)| place.item(index, |place| Self::read_condition(part, place)))
                .collect(),
            _ => Err(misread(place, format!("`{key}` takes a list of 2 to 10 conditions"))),
        };
        match key {
            "Fn::And" => many(place).map(Self::And),
            "Fn::Or" => many(place).map(Self::Or),
            "Fn::Not" => match value.as_array().map(Vec::as_slice) {
                Some([condition]) => {
                    place.item(0, |place| Ok(Self::Not(Box::new(Self::read_condition(condition, place)?))))
                }
                _ => Err(misread(place, "`Fn::Not` takes a list of one condition")),
            },
            "Fn::Equals" => match value.as_array().map(Vec::as_slice) {
                Some([left, right]) => Ok(Self::Equals(Box::new(two(left, right, 0, place)?))),
                _ => Err(misread(place, "`Fn::Equals` takes a list of two values")),
            },
            "Condition" => match value {
                Value::String(name) => Ok(Self::Condition(name.clone())),
                _ => Err(misread(place, "`Condition` takes the name of a condition")),
            },
            other => Err(misread(place, format!("`{}` is no function of a condition", shown(other)))),
        }
    }

    fn function(name: &str, value: &Value, place: &mut Place) -> Result<Self, Misread> {
        let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
        let text = value.as_str();
        let at = |place: &mut Place, index: usize, value: &Value| place.item(index, |place| Self::read(value, place));
        match (name, list, text) {
            ("Ref", _, Some(name)) => Ok(Self::Ref(name.to_owned())),
            ("Fn::GetAtt", [Value::String(resource), Value::String(attribute)], _) => {
                Ok(Self::GetAtt(resource.clone(), attribute.clone()))
            }
            ("Fn::GetAtt", _, Some(path)) if path.contains('.') => {
                let (resource, attribute) = path.split_once('.').unwrap_or_default();
                Ok(Self::GetAtt(resource.to_owned(), attribute.to_owned()))
            }
            ("Fn::Sub", _, Some(text)) => Ok(Self::Sub(pieces(text, place)?, BTreeMap::new())),
            ("Fn::Sub", [Value::String(text), Value::Object(variables)], _) => {
                let pieces = place.item(0, |place| pieces(text, place))?;
                let variable = |place: &mut Place, (name, value): (&String, &Value)| -> Result<_, Misread> {
                    Ok((name.clone(), place.member(name, |place| Self::read(value, place))?))
                };
                let variables: Result<_, Misread> =
                    place.item(1, |place| variables.iter().map(|entry| variable(place, entry)).collect());
                Ok(Self::Sub(pieces, variables?))
            }
            ("Fn::Join", [Value::String(by), parts], _) => Ok(Self::Join(by.clone(), Box::new(at(place, 1, parts)?))),
            ("Fn::If", [Value::String(condition), yes, no], _) => {
                Ok(Self::If(condition.clone(), Box::new(two(yes, no, 1, place)?)))
            }
            ("Fn::Select", [index, list], _) => Ok(Self::Select(Box::new(two(index, list, 0, place)?))),
            ("Fn::Split", [Value::String(by), text], _) if !by.is_empty() => {
                Ok(Self::Split(by.clone(), Box::new(at(place, 1, text)?)))
            }
            ("Fn::FindInMap", [map, first, second], _) => {
                let (map, first) = two(map, first, 0, place)?;
                Ok(Self::FindInMap(Box::new([map, first, at(place, 2, second)?])))
            }
            ("Fn::Base64", _, _) => Ok(Self::Base64(Box::new(Self::read(value, place)?))),
            ("Fn::ImportValue", _, _) => Ok(Self::ImportValue(Box::new(Self::read(value, place)?))),
            ("Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals", ..) => {
                Err(misread(place, format!("`{name}` stands only in the section Conditions")))
            }
            (name, ..) if UNKNOWN.contains(&name) => {
                Err(misread(place, format!("the local engine does not have the function `{name}`")))
            }
            (
                "Ref" | "Fn::GetAtt" | "Fn::Sub" | "Fn::Join" | "Fn::If" | "Fn::Select" | "Fn::Split" | "Fn::FindInMap",
                ..,
            ) => Err(misread(place, format!("`{name}` is not of its documented form"))),
            _ => Err(misread(place, format!("there is no function `{}`", shown(name)))),
        }
    }

    /// Calls `visit` with all that the expression at `place` refers to; of a condition that `holds` knows, only
    /// with what the branch that is taken refers to.
    pub(super) fn references<'a>(
        &'a self,
        place: &mut Place,
        holds: &dyn Fn(&str) -> Option<bool>,
        visit: &mut dyn FnMut(&Place, Reference<'a>),
    ) {
        match self {
            Self::Literal(_) => {}
            Self::List(parts) | Self::And(parts) | Self::Or(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    place.item(index, |place| part.references(place, holds, visit));
                }
            }
            Self::Map(map) => {
                for (key, value) in map {
                    place.member(key, |place| value.references(place, holds, visit));
                }
            }
            Self::Ref(name) => visit(place, Reference::Name(name)),
            Self::GetAtt(resource, attribute) => visit(place, Reference::Attribute(resource, attribute)),
            Self::Sub(pieces, variables) => {
                for piece in pieces {
                    match piece {
                        Piece::Name(name) if !variables.contains_key(name) => visit(place, Reference::Name(name)),
                        Piece::Attribute(resource, attribute) => {
                            visit(place, Reference::Attribute(resource, attribute));
                        }
                        Piece::Text(_) | Piece::Name(_) => {}
                    }
                }
                for (name, value) in variables {
                    place.member(name, |place| value.references(place, holds, visit));
                }
            }
            Self::If(condition, branches) => {
                visit(place, Reference::Condition(condition));
                let known = holds(condition);
                if known != Some(false) {
                    place.item(1, |place| branches.0.references(place, holds, visit));
                }
                if known != Some(true) {
                    place.item(2, |place| branches.1.references(place, holds, visit));
                }
            }
            Self::Select(pair) | Self::Equals(pair) => {
                place.item(0, |place| pair.0.references(place, holds, visit));
                place.item(1, |place| pair.1.references(place, holds, visit));
            }
            Self::FindInMap(keys) => {
                if let [Self::Literal(Value::String(map)), ..] = keys.as_ref() {
                    visit(place, Reference::Mapping(map));
                }
                for (index, key) in keys.iter().enumerate() {
                    place.item(index, |place| key.references(place, holds, visit));
                }
            }
            Self::Join(_, inner)
            | Self::Split(_, inner)
            | Self::Base64(inner)
            | Self::ImportValue(inner)
            | Self::Not(inner) => inner.references(place, holds, visit),
            Self::Condition(name) => visit(place, Reference::Condition(name)),
        }
    }
}

/// Two expressions that stand in a list from `index` on.
fn two(left: &Value, right: &Value, index: usize, place: &mut Place) -> Result<(Expression, Expression), Misread> {
    let left = place.item(index, |place| Expression::read(left, place))?;
    Ok((left, place.item(index + 1, |place| Expression::read(right, place))?))
}

fn misread(place: &Place, why: impl Into<String>) -> Misread {
    Misread { place: place.to_string(), why: why.into() }
}

/// The text of `Fn::Sub` in pieces; `${!Name}` is the text `${Name}`.
fn pieces(text: &str, place: &Place) -> Result<Vec<Piece>, Misread> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        literal.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            return Err(misread(place, format!("`{}` has a `${{` without its `}}`", shown(text))));
        };
        rest = after;
        if let Some(written) = name.strip_prefix('!') {
            literal.push_str("${");
            literal.push_str(written);
            literal.push('}');
            continue;
        }
        let name = name.trim();
        if name.is_empty() {
            return Err(misread(place, format!("`{}` has a `${{}}` without a name", shown(text))));
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut literal)));
        }
        pieces.push(match name.split_once('.') {
            Some((resource, attribute)) => Piece::Attribute(resource.to_owned(), attribute.to_owned()),
            None => Piece::Name(name.to_owned()),
        });
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    Ok(pieces)
}
