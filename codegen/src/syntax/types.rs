//! Types of fields.

use super::Named;
use crate::yaml::{At, Forms, Literal};
use schemars::JsonSchema;
use serde::Deserialize;

/// A type: a name, `[T]` for a list, or an object that says more.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TypeExpr(pub Forms<String, Vec<At<TypeExpr>>, Box<TypeMap>>);

/// A type that says more than its name.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename = "a type", default)]
pub struct TypeMap {
    /// The type that the constraints beside it narrow.
    #[serde(rename = "type")]
    pub of: Option<Box<At<TypeExpr>>>,
    /// One of these texts.
    #[serde(rename = "enum")]
    pub one_of: Option<At<Vec<At<String>>>>,
    /// A map from text to this.
    pub map: Option<Box<At<TypeExpr>>>,
    /// This, or nothing.
    pub optional: Option<Box<At<TypeExpr>>>,
    /// An object with these fields.
    pub fields: Option<At<Named<TypeExpr>>>,
    /// What it is.
    pub about: Option<At<String>>,
    /// At least so many characters, or entries of a list.
    pub min_length: Option<At<u64>>,
    /// At most so many characters, or entries of a list.
    pub max_length: Option<At<u64>>,
    /// A regular expression that the whole text matches.
    pub pattern: Option<At<String>>,
    /// At least this number.
    pub min: Option<At<Literal>>,
    /// At most this number.
    pub max: Option<At<Literal>>,
    /// The value where none is given.
    pub default: Option<At<Literal>>,
    /// Personal data: never logged, never in the subject of a mail.
    pub pii: Option<At<bool>>,
}
