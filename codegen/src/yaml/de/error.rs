//! What goes wrong in a type's own code, until it has a place.

use std::fmt::{self, Display};

use serde::de::{self, Deserialize, Deserializer, Expected, Unexpected, Visitor};

use super::{NEVER, codes};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A mistake on its way to the nearest point of recovery.
#[derive(Debug)]
pub(super) enum Error {
    /// It has been reported.
    Recorded,
    /// It knows its place.
    Found(Box<Diagnostic>),
    /// A type's own code found it: it has a message, and perhaps lines of help.
    Loose(String),
}

impl Error {
    pub(super) fn placed(self, span: Span) -> Self {
        match self {
            Self::Loose(_) => self.at(span).map_or(Self::Recorded, |found| Self::Found(Box::new(found))),
            other => other,
        }
    }

    /// The diagnostic, unless it has been reported; it stands at `span` if it knows no better.
    pub(super) fn at(self, span: Span) -> Option<Diagnostic> {
        match self {
            Self::Recorded => None,
            Self::Found(diagnostic) => Some(*diagnostic),
            Self::Loose(text) => {
                let (message, help) = match text.split_once('\n') {
                    Some((message, help)) => (message, Some(help.replace('\n', " "))),
                    None => (text.as_str(), None),
                };
                let wrong = Diagnostic::new(codes::VALUE, span, message);
                Some(match help {
                    Some(help) => wrong.help(help),
                    None => wrong,
                })
            }
        }
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded => f.write_str("reported"),
            Self::Found(diagnostic) => f.write_str(&diagnostic.message),
            Self::Loose(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::Loose(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Loose(format!("expected {expected}, found {}", shown(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Loose(format!("`{field}` is missing"))
    }
}

fn shown(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(value) => format!("`{value}`"),
        Unexpected::Signed(value) => format!("`{value}`"),
        Unexpected::Float(value) => format!("`{value}`"),
        Unexpected::Char(value) => format!("`{value}`"),
        Unexpected::Str(value) => format!("`{value}`"),
        Unexpected::Unit | Unexpected::Option => "nothing".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a map".to_owned(),
        other => other.to_string(),
    }
}

/// Whether a type is [`Never`](crate::yaml::Never): the type itself cannot say so, because any type may stand in
/// [`Forms`](crate::yaml::Forms).
pub(in crate::yaml) fn is_never<'de, T: Deserialize<'de>>() -> bool {
    matches!(T::deserialize(Probe), Err(Asked { never: true }))
}

struct Probe;

#[derive(Debug)]
struct Asked {
    never: bool,
}

impl Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("asked")
    }
}

impl std::error::Error for Asked {}

impl de::Error for Asked {
    fn custom<T: Display>(_: T) -> Self {
        Self { never: false }
    }
}

impl<'de> Deserializer<'de> for Probe {
    type Error = Asked;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Asked> {
        Err(Asked { never: false })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, _: V) -> Result<V::Value, Asked> {
        Err(Asked { never: name == NEVER })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
