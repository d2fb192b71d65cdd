//! Data as it is, where the language does not say of what type it is: in patterns and defaults.

use std::borrow::Cow;
use std::fmt;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{Deserialize, Deserializer, EnumAccess, Error, VariantAccess, Visitor};

use super::At;
use super::de::LITERAL;

/// A value of any type, by the rules of JSON: a plain `true`, `3`, `2.5` or `null` is what JSON would read, and
/// everything else is text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// `null`, `~`, or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number from -2^63 to 2^64 - 1.
    Int(i128),
    /// Any other number, as it is written; it is finite, and is zero only if written so.
    Float(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<At<Literal>>),
    /// A map.
    Map(IndexMap<At<String>, At<Literal>>),
}

/// The kinds of [`Literal`] as its deserializer names them.
pub(super) mod kind {
    pub(in crate::yaml) const NULL: &str = "null";
    pub(in crate::yaml) const BOOL: &str = "bool";
    pub(in crate::yaml) const INT: &str = "int";
    pub(in crate::yaml) const FLOAT: &str = "float";
    pub(in crate::yaml) const TEXT: &str = "text";
    pub(in crate::yaml) const LIST: &str = "list";
    pub(in crate::yaml) const MAP: &str = "map";
}

impl<'de> Deserialize<'de> for Literal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyKind;

        impl<'de> Visitor<'de> for AnyKind {
            type Value = Literal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Literal, A::Error> {
                let (name, value) = data.variant::<String>()?;
                match name.as_str() {
                    kind::NULL => value.unit_variant().map(|()| Literal::Null),
                    kind::BOOL => value.newtype_variant().map(Literal::Bool),
                    kind::INT => value.newtype_variant().map(Literal::Int),
                    kind::FLOAT => value.newtype_variant().map(Literal::Float),
                    kind::TEXT => value.newtype_variant().map(Literal::Text),
                    kind::LIST => value.newtype_variant().map(Literal::List),
                    kind::MAP => value.newtype_variant().map(Literal::Map),
                    other => Err(A::Error::custom(format_args!("no kind of data: {other}"))),
                }
            }
        }

        deserializer.deserialize_enum(LITERAL, &[], AnyKind)
    }
}

impl JsonSchema for Literal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Literal")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::from(true)
    }
}
