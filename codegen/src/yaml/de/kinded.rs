//! The two readings of one map: first the common words, then the kind among the other keys.

use std::cell::Cell;

use serde::de::{DeserializeSeed, SeqAccess, Visitor};

use super::{De, Error};

/// The keys of a struct.
type Keys = &'static [&'static str];

/// Which keys of a map a reading is about.
#[derive(Clone, Copy)]
pub(super) enum Reading<'a> {
    /// All of them.
    Whole,
    /// Those of a struct, which it puts here; the others belong to the kind.
    Common(&'a Cell<Keys>),
    /// Those that are none of these.
    Kind(&'a Cell<Keys>),
}

impl Reading<'_> {
    /// The keys that belong to another reading.
    pub(super) fn others(self) -> Keys {
        match self {
            Self::Kind(common) => common.get(),
            Self::Whole | Self::Common(_) => &[],
        }
    }
}

impl De<'_> {
    /// Reads a `Kinded`.
    pub(super) fn kinded<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let common = Cell::new(Keys::default());
        self.placed(
            visitor
                .visit_seq(Parts { of: self, readings: [Reading::Kind(&common), Reading::Common(&common)].to_vec() }),
        )
    }
}

/// The parts of a `Kinded`: what is common, then the kind.
struct Parts<'a> {
    of: De<'a>,
    /// The readings to come, the next one last.
    readings: Vec<Reading<'a>>,
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(reading) = self.readings.pop() else { return Ok(None) };
        seed.deserialize(De { reading, ..self.of }).map(Some)
    }
}
