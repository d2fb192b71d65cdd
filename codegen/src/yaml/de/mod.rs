//! From a tree to any type that derives `Deserialize`, with every mistake recorded at its place.
//!
//! In: a [`Node`]. Out: the type's value, as far as it could be read. Rules for the types:
//!
//! - A required key is `At<T>`, an optional one `Option<At<T>>`; `#[serde(default)] Vec<At<T>>` and
//!   `IndexMap<At<String>, At<T>>` may be left out too. Nothing else may have a default: a key that is left out is
//!   offered to its field as absent, so that all missing keys are reported at once.
//! - A kind is an enum: `{ session: { … } }` is its variant `session`, and a plain word one without content.
//! - A kind with common words beside it is a [`Kinded`](super::Kinded).
//! - Names of structs and enums are said in messages: `SessionWindow` is "a session window". A name with a space is
//!   taken as it is.
//! - `#[serde(flatten)]`, `untagged` and `alias` are not supported; [`Forms`](super::Forms) reads several shapes.
//! - An `Error::custom` of a type's own is reported at its value; lines after the first are its help.

mod access;
mod enums;
mod error;
mod expect;
mod kinded;
mod scalar;
mod structs;

use std::cell::RefCell;

use serde::de::{DeserializeOwned, Deserializer, Visitor};

use super::At;
use super::codes;
use super::tree::{Kind, Node};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;
use access::{Entries, Items};
use error::Error;
pub(super) use error::is_never;
pub(super) use expect::short;
use kinded::Reading;

/// The names by which the types of this module ask for what serde has no word for.
pub(super) const AT: &str = "$At";
pub(super) const BY_CASE: &str = "$ByCase";
pub(super) const FORMS: &str = "$Forms";
pub(super) const LITERAL: &str = "$Literal";
pub(super) const KINDED: &str = "$Kinded";
pub(super) const NEVER: &str = "$Never";
pub(super) const TEXT: &str = "text";
pub(super) const LIST: &str = "a list";
pub(super) const MAP: &str = "a map";
pub(super) const UPPER: &str = "things by their names";

type Sink = RefCell<Diagnostics>;

/// Reads a value of a tree. What is wrong is pushed into `out`; the value is none only where nothing of it could be
/// read.
pub fn parse<T: DeserializeOwned>(node: &Node, out: &mut Diagnostics) -> At<T> {
    let sink = Sink::new(std::mem::take(out));
    let de = De::new(node, head(node), &sink);
    let value = match T::deserialize(de) {
        Ok(value) => Some(value),
        Err(error) => {
            de.record(error);
            None
        }
    };
    *out = sink.into_inner();
    At { span: node.span, value }
}

/// The place that stands for a whole map: its first key.
fn head(node: &Node) -> Span {
    node.entries().first().map_or(node.span, |(key, _)| key.span)
}

/// A deserializer of one node.
#[derive(Clone, Copy)]
struct De<'a> {
    node: &'a Node,
    /// The place that stands for the node in a message about the whole of it: the key that it is the value of.
    head: Span,
    /// Which of its keys are read, if it is a map.
    reading: Reading<'a>,
    sink: &'a Sink,
}

impl<'a> De<'a> {
    fn new(node: &'a Node, head: Span, sink: &'a Sink) -> Self {
        Self { node, head, reading: Reading::Whole, sink }
    }

    /// A part of this node without a key of its own.
    fn part(self, node: &'a Node) -> Self {
        Self::new(node, head(node), self.sink)
    }

    fn push(self, diagnostic: Diagnostic) {
        self.sink.borrow_mut().push(diagnostic);
    }

    /// Records an error, if that has not been done, and what it left open: its place is this node.
    fn record(self, error: Error) -> Error {
        if let Some(diagnostic) = error.at(self.node.span) {
            self.push(diagnostic);
        }
        Error::Recorded
    }

    /// Gives an error of the type's own the place of this node.
    fn placed<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| error.placed(self.node.span))
    }

    fn error<T>(self, diagnostic: Diagnostic) -> Result<T, Error> {
        Err(Error::Found(Box::new(diagnostic)))
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            let value = self.integer(<$type>::MIN.into(), <$type>::MAX.into())?;
            let value = <$type>::try_from(value).map_err(serde::de::Error::custom)?;
            self.placed(visitor.$visit(value))
        })*
    };
}

impl<'de, 'a> Deserializer<'de> for De<'a> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::Scalar { text, .. } => self.placed(visitor.visit_str(text)),
            Kind::Sequence(_) => self.deserialize_seq(visitor),
            Kind::Mapping(_) => self.deserialize_map(visitor),
            Kind::Refused => Err(Error::Recorded),
        }
    }

    integers! {
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_i128 visit_i128 i128;
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = self.boolean()?;
        self.placed(visitor.visit_bool(value))
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = self.float()?;
        self.placed(visitor.visit_f64(value))
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.text()?;
        self.placed(visitor.visit_str(text))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.node.is_nothing() { self.placed(visitor.visit_unit()) } else { self.unexpected("nothing") }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if name == NEVER { self.unexpected("another shape") } else { self.deserialize_unit(visitor) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.placed(visitor.visit_newtype_struct(self))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::Sequence(items) => self.placed(visitor.visit_seq(Items::new(self, items))),
            _ => self.unexpected(LIST),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::Sequence(items) if items.len() != len => {
                let message = format!("expected a list of {len}, found one of {}", items.len());
                self.error(Diagnostic::new(codes::LENGTH, self.node.span, message))
            }
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == KINDED { self.kinded(visitor) } else { self.deserialize_tuple(len, visitor) }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.kind {
            Kind::Mapping(entries) => self.placed(visitor.visit_map(Entries::new(self, entries))),
            _ => self.unexpected(MAP),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if name == AT {
            return visitor.visit_seq(access::Parts::new(access::Source::Node(self)));
        }
        self.structure(&expect::human(name), fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            BY_CASE => self.by_case(visitor),
            FORMS => self.forms(variants, visitor),
            LITERAL => self.literal(visitor),
            _ => self.kind(&expect::human(name), variants, visitor),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

#[cfg(test)]
mod tests;
