//! Types and events, as every emitter of schemas and of code needs them: in declaration order.

use crate::model::{Bounds, Type};

/// The shape of a value: a type in which names stand for [`TypeDef`]s and [`EventDef`]s.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Text.
    String {
        /// Its length in characters.
        length: Bounds<u64>,
        /// What it matches, held to the whole text by `^` and `$`.
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
    /// A named type or an event, UpperCamel.
    Named(String),
    /// A list.
    List(Box<Shape>, Bounds<u64>),
    /// A map from text.
    Map(Box<Shape>),
    /// This or nothing.
    Optional(Box<Shape>),
    /// One of these texts; the name is that of the generated type.
    Enum {
        /// The generated type's name, UpperCamel.
        name: String,
        /// The texts.
        values: Vec<String>,
    },
    /// An object; the name is that of the generated type.
    Object {
        /// The generated type's name, UpperCamel.
        name: String,
        /// Its fields.
        fields: Vec<FieldDef>,
    },
}

impl Shape {
    /// The scalar type without its constraints, if it is one that has none of its own.
    #[must_use]
    pub fn is_optional(&self) -> bool {
        matches!(self, Self::Optional(_))
    }
}

impl From<&Type> for Option<Shape> {
    /// The shape of a scalar type; none for types that name or hold others.
    fn from(ty: &Type) -> Self {
        Some(match ty {
            Type::String { length, pattern } => {
                Shape::String { length: *length, pattern: pattern.as_deref().map(whole) }
            }
            Type::Int(b) => Shape::Int(*b),
            Type::Number(b) => Shape::Number(*b),
            Type::Decimal => Shape::Decimal,
            Type::Bool => Shape::Bool,
            Type::Timestamp => Shape::Timestamp,
            Type::Date => Shape::Date,
            Type::Ulid => Shape::Ulid,
            Type::Uuid => Shape::Uuid,
            Type::Email => Shape::Email,
            Type::Url => Shape::Url,
            Type::Json => Shape::Json,
            Type::Named(_) | Type::List(..) | Type::Map(_) | Type::Optional(_) | Type::Enum(_) | Type::Object(_) => {
                return None;
            }
        })
    }
}

/// A pattern of the spec, which is for the whole text, as JSON Schema, Rust and JavaScript take it: they look for it
/// anywhere in the text. One that holds itself to the whole text stays as it is.
fn whole(pattern: &str) -> String {
    if holds_itself(pattern) { pattern.to_owned() } else { format!("^(?:{pattern})$") }
}

/// Whether a pattern is one sequence between `^` and `$`.
fn holds_itself(pattern: &str) -> bool {
    let Some(inner) = pattern.strip_prefix('^').and_then(|p| p.strip_suffix('$')) else { return false };
    let (mut escaped, mut class, mut depth) = (false, false, 0u32);
    for c in inner.chars() {
        match c {
            _ if escaped => {
                escaped = false;
                continue;
            }
            '\\' => escaped = true,
            ']' if class => class = false,
            '[' => class = true,
            '(' if !class => depth += 1,
            ')' if !class => depth = depth.saturating_sub(1),
            '|' if !class && depth == 0 => return false,
            _ => {}
        }
    }
    // A `\\` at the end makes the last `$` a dollar.
    !escaped
}

/// A field.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldDef {
    /// Its name, snake_case.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// What it is.
    pub about: Option<String>,
    /// Personal data, by its own word or its type's.
    pub pii: bool,
    /// The value where none is given, as JSON text.
    pub default: Option<String>,
}

/// A named type.
#[derive(Debug, Clone, PartialEq)]
pub struct TypeDef {
    /// Its name, UpperCamel.
    pub name: String,
    /// What it is.
    pub about: Option<String>,
    /// What it stands for.
    pub shape: Shape,
    /// Personal data.
    pub pii: bool,
}

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDef {
    /// Its name, UpperCamel.
    pub name: String,
    /// The CloudEvents `type`: the name.
    pub ce_type: String,
    /// What it says.
    pub about: Option<String>,
    /// Its fields, built-in `id` and `time` first where the event has no fields of its own for them.
    pub fields: Vec<FieldDef>,
    /// The field that is its identity.
    pub id: String,
    /// The field that says when it happened.
    pub time: String,
    /// The field that says who did it.
    pub actor: Option<String>,
    /// The field that says to what.
    pub object: Option<String>,
    /// The field that names the conversation.
    pub order_by: Option<String>,
    /// The field that names the tenant.
    pub tenant: Option<String>,
    /// The grouper that emits it.
    pub emitted_by: Option<String>,
    /// The WebSocket APIs that take it to browsers, by their names in the spec, sorted.
    pub to_browser: Vec<String>,
    /// What steps have added to it on the way to a browser; optional where only some ways add it.
    pub shown: Vec<FieldDef>,
    /// The routes by which browsers send it.
    pub from_browser: Vec<BrowserRoute>,
}

/// A route by which browsers send an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserRoute {
    /// The WebSocket API, by its name in the spec.
    pub gateway: String,
    /// The route: what the message says as `action`.
    pub route: String,
    /// The fields that are set here, and not taken from the browser.
    pub set: Vec<String>,
}

/// A table of `rows: event`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxDef {
    /// The table's name in the spec.
    pub table: String,
    /// The events that are written to it.
    pub events: Vec<String>,
}

/// A table that handlers read or write.
#[derive(Debug, Clone, PartialEq)]
pub struct StoreDef {
    /// The table's name in the spec.
    pub name: String,
    /// The variable that holds its name in the stack.
    pub variable: String,
    /// Whether its rows are events.
    pub events: bool,
    /// What a row holds.
    pub fields: Vec<FieldDef>,
    /// The field that is the partition key.
    pub key: String,
    /// The field that is the sort key.
    pub sort: Option<String>,
    /// The indexes that the spec names: name, key, sort key.
    pub indexes: Vec<(String, String, Option<String>)>,
    /// Whether a handler reads it.
    pub reads: bool,
    /// Whether a handler writes it.
    pub writes: bool,
}

impl StoreDef {
    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldDef> {
        self.fields.iter().find(|field| field.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn a_pattern_is_held_to_the_whole_text() {
        for (written, held) in [
            ("[A-Z]+", "^(?:[A-Z]+)$"),
            ("^[A-Z]+$", "^[A-Z]+$"),
            ("^(?:a|b)[|]\\|$", "^(?:a|b)[|]\\|$"),
            ("^a|b$", "^(?:^a|b$)$"),
            ("^a\\$", "^(?:^a\\$)$"),
            ("^a\\\\$", "^a\\\\$"),
            ("", "^(?:)$"),
        ] {
            assert_eq!(whole(written), held, "{written}");
        }
    }
}
