//! What a type's code walks through: the items of a list, the entries of a map, the parts of an `At`.

use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess};

use super::structs::Absent;
use super::{De, Error, Node};
use crate::source::Span;

/// The items of a list.
pub(super) struct Items<'a> {
    of: De<'a>,
    items: std::slice::Iter<'a, Node>,
}

impl<'a> Items<'a> {
    pub(super) fn new(of: De<'a>, items: &'a [Node]) -> Self {
        Self { of, items: items.iter() }
    }
}

impl<'de, 'a> SeqAccess<'de> for Items<'a> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.items.next().map(|item| seed.deserialize(self.of.part(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The entries of a map of any keys.
pub(super) struct Entries<'a> {
    of: De<'a>,
    entries: std::slice::Iter<'a, (Node, Node)>,
    value: Option<De<'a>>,
}

impl<'a> Entries<'a> {
    pub(super) fn new(of: De<'a>, entries: &'a [(Node, Node)]) -> Self {
        Self { of, entries: entries.iter(), value: None }
    }
}

impl<'de, 'a> MapAccess<'de> for Entries<'a> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(De::new(value, key.span, self.of.sink));
        seed.deserialize(De::new(key, key.span, self.of.sink)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let value = self.value.take().ok_or(Error::Recorded)?;
        seed.deserialize(value)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// Where an `At` takes its value from.
pub(super) enum Source<'a> {
    Node(De<'a>),
    Absent(Absent<'a>),
}

/// The parts of an `At`: file, start, end, value. An error of the value is recorded here.
pub(super) struct Parts<'a> {
    source: Source<'a>,
    next: u8,
}

impl<'a> Parts<'a> {
    pub(super) fn new(source: Source<'a>) -> Self {
        Self { source, next: 0 }
    }

    fn span(&self) -> Span {
        match &self.source {
            Source::Node(de) => de.node.span,
            Source::Absent(absent) => absent.of.head,
        }
    }
}

impl<'de, 'a> SeqAccess<'de> for Parts<'a> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let span = self.span();
        self.next = self.next.saturating_add(1);
        let read = match (self.next, &self.source) {
            (1, _) => seed.deserialize(span.file.0.into_deserializer()),
            (2, _) => seed.deserialize(span.start.into_deserializer()),
            (3, _) => seed.deserialize(span.end.into_deserializer()),
            (_, Source::Node(de)) => seed.deserialize(*de).map_err(|error| de.record(error)),
            (_, Source::Absent(absent)) => Err(absent.of.record(absent.error())),
        };
        read.map(Some)
    }
}
