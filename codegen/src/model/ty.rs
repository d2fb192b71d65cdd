//! Types of fields.

use super::{Name, TypeId};
use crate::source::Span;
use crate::yaml::Literal;

/// What a value may be at least and at most; for texts and lists their length.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bounds<N> {
    /// At least.
    pub min: Option<N>,
    /// At most.
    pub max: Option<N>,
}

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// Text, by its length in characters and a regular expression.
    String {
        /// Its length.
        length: Bounds<u64>,
        /// What the whole of it matches.
        pattern: Option<String>,
    },
    /// A whole number of 64 bits.
    Int(Bounds<i64>),
    /// A floating-point number.
    Number(Bounds<f64>),
    /// A decimal number, as text.
    Decimal,
    /// True or false.
    Bool,
    /// A moment, RFC 3339.
    Timestamp,
    /// A day, RFC 3339.
    Date,
    /// A ULID.
    Ulid,
    /// A UUID.
    Uuid,
    /// A mail address.
    Email,
    /// An address on the web.
    Url,
    /// Any JSON.
    Json,
    /// A named type.
    Named(TypeId),
    /// A list, by its length.
    List(Box<Type>, Bounds<u64>),
    /// A map from text.
    Map(Box<Type>),
    /// This or nothing.
    Optional(Box<Type>),
    /// One of these texts.
    Enum(Vec<String>),
    /// An object.
    Object(Vec<Field>),
}

/// A field of an event, a table, or an object.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name, snake_case.
    pub name: String,
    /// Where it was written.
    pub span: Span,
    /// Its type.
    pub ty: Type,
    /// What it is.
    pub about: Option<String>,
    /// Personal data.
    pub pii: bool,
    /// The value where none is given.
    pub default: Option<Literal>,
}

/// A named type.
#[derive(Debug, Clone)]
pub struct NamedType {
    /// Its name, UpperCamel.
    pub name: Name,
    /// What it is.
    pub about: Option<String>,
    /// What it stands for.
    pub ty: Type,
    /// Personal data, wherever it is used.
    pub pii: bool,
    /// The value where none is given.
    pub default: Option<Literal>,
}
