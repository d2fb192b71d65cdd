//! The two readings of one map: the common words first, and then the kind among the other keys.

use std::cell::Cell;

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::{AT, De, Error, access};
use crate::source::Span;
use crate::yaml::tree::{Kind, Node};

/// Which keys of a map a reading is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reading {
    Common,
    Kind,
}

/// The parts of a [`Kinded`](crate::yaml::Kinded): what is common, the kind.
pub(super) struct Parts<'a, 'c> {
    of: De<'a>,
    common: &'c Cell<&'static [&'static str]>,
    next: Option<Reading>,
}

impl<'a, 'c> Parts<'a, 'c> {
    pub(super) fn new(of: De<'a>, common: &'c Cell<&'static [&'static str]>) -> Self {
        Self { of, common, next: Some(Reading::Common) }
    }
}

impl<'de, 'a: 'de> SeqAccess<'de> for Parts<'a, '_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(reading) = self.next else { return Ok(None) };
        self.next = (reading == Reading::Common).then_some(Reading::Kind);
        seed.deserialize(Part { of: self.of, common: self.common, reading }).map(Some)
    }
}
