//! The document as a tree: ordered, and with intrinsics apart from data.

use std::borrow::Cow;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::id::{ConditionName, LogicalId, ParameterName};

/// The serde name under which an [`Intrinsic`] announces itself to the gate.
///
/// Only a Rust type can bear a serde name; data cannot, so data never becomes an intrinsic.
pub(super) const INTRINSIC: &str = "$eventloom::cfn::Intrinsic";
/// The serde name under which a number as written announces itself to the gate.
pub(super) const NUMBER: &str = "$eventloom::cfn::Number";

/// The name of an attribute of a resource, as `Fn::GetAtt` takes it: `Arn`, `Outputs.QueueArn`.
pub type Attribute = Cow<'static, str>;

/// A value of a document. Maps keep the order in which they were made.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// Nothing; only as the value of a struct's field, where it means that the field is absent.
    Null,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number, as it is written.
    Number(String),
    /// Literal text.
    Text(String),
    /// A list.
    List(Vec<Tree>),
    /// A map, in its order.
    Map(Vec<(Cow<'static, str>, Tree)>),
    /// A function of CloudFormation; never data.
    Intrinsic(Box<Intrinsic>),
}

/// A function of CloudFormation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename = "$eventloom::cfn::Intrinsic")]
pub enum Intrinsic {
    /// What `Ref` gives for a resource: its name, URL or ARN, by type.
    Ref(LogicalId),
    /// The value of a parameter.
    Parameter(ParameterName),
    /// A value that CloudFormation knows by itself.
    Pseudo(Pseudo),
    /// An attribute of a resource.
    GetAtt(LogicalId, Attribute),
    /// Texts and intrinsics, one after the other, with nothing between them.
    Join(Vec<Tree>),
    /// The first value if the condition holds, else the second.
    If(ConditionName, Box<Tree>, Box<Tree>),
}

/// The pseudo parameters, `AWS::…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Pseudo {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    Partition,
    /// The region of the stack.
    Region,
    /// The account of the stack.
    AccountId,
    /// The name of the stack.
    StackName,
    /// The id of the stack, an ARN.
    StackId,
    /// `amazonaws.com` and its like.
    #[serde(rename = "URLSuffix")]
    UrlSuffix,
    /// The absence of a value, as one side of an `If`.
    NoValue,
}

impl Pseudo {
    const ALL: [Self; 7] = [
        Self::Partition,
        Self::Region,
        Self::AccountId,
        Self::StackName,
        Self::StackId,
        Self::UrlSuffix,
        Self::NoValue,
    ];

    /// Its name in a template.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Partition => "AWS::Partition",
            Self::Region => "AWS::Region",
            Self::AccountId => "AWS::AccountId",
            Self::StackName => "AWS::StackName",
            Self::StackId => "AWS::StackId",
            Self::UrlSuffix => "AWS::URLSuffix",
            Self::NoValue => "AWS::NoValue",
        }
    }

    /// The one whose name, without `AWS::`, is `text`.
    pub(super) fn from_serde(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name().strip_prefix("AWS::") == Some(text))
    }
}

impl Tree {
    /// A map of fixed keys.
    pub(crate) fn map<const N: usize>(entries: [(&'static str, Tree); N]) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (Cow::Borrowed(key), value)).collect())
    }

    /// The value under `key`, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Tree> {
        match self {
            Self::Map(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The items, if this is a list.
    #[must_use]
    pub fn items(&self) -> &[Tree] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The text, if this is literal text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether the gate drops it as the value of a struct's field.
    pub(super) fn is_absent(&self) -> bool {
        match self {
            Self::Null => true,
            Self::List(items) => items.is_empty(),
            Self::Map(entries) => entries.is_empty(),
            _ => false,
        }
    }

    /// Shows every intrinsic to `see`, outer ones before the ones within them.
    pub(crate) fn visit<'t>(&'t self, see: &mut impl FnMut(&'t Intrinsic)) {
        match self {
            Self::List(items) => items.iter().for_each(|item| item.visit(see)),
            Self::Map(entries) => entries.iter().for_each(|(_, value)| value.visit(see)),
            Self::Intrinsic(intrinsic) => {
                see(intrinsic);
                match &**intrinsic {
                    Intrinsic::Join(parts) => parts.iter().for_each(|part| part.visit(see)),
                    Intrinsic::If(_, yes, no) => {
                        yes.visit(see);
                        no.visit(see);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Puts another intrinsic in the place of each one for which `change` gives one.
    pub(crate) fn rewrite(&mut self, change: &mut impl FnMut(&Intrinsic) -> Option<Intrinsic>) {
        match self {
            Self::List(items) => items.iter_mut().for_each(|item| item.rewrite(change)),
            Self::Map(entries) => entries.iter_mut().for_each(|(_, value)| value.rewrite(change)),
            Self::Intrinsic(intrinsic) => match change(intrinsic) {
                Some(other) => **intrinsic = other,
                None => match &mut **intrinsic {
                    Intrinsic::Join(parts) => {
                        let before = std::mem::take(parts);
                        for mut part in before {
                            part.rewrite(change);
                            super::value::add(parts, part);
                        }
                    }
                    Intrinsic::If(_, yes, no) => {
                        yes.rewrite(change);
                        no.rewrite(change);
                    }
                    _ => {}
                },
            },
            _ => {}
        }
    }
}

impl From<Intrinsic> for Tree {
    fn from(intrinsic: Intrinsic) -> Self {
        Self::Intrinsic(Box::new(intrinsic))
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Number(text) => serializer.serialize_newtype_struct(NUMBER, text),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(item))?;
                list.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
            Self::Intrinsic(intrinsic) => intrinsic.serialize(serializer),
        }
    }
}

/// A map whose keys are data (environment variables, tags of an API), in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct Entries<T>(pub Vec<(String, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Into<String>, T, V: Into<T>> FromIterator<(K, V)> for Entries<T> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl<T: Serialize> Serialize for Entries<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        self.0.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
        map.end()
    }
}
