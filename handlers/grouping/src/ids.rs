//! Names: ids of 16 bytes, windows of a key, and the keys of items in the table.
//!
//! In: what identifies a thing for ever. Out: a name that every process computes alike. No name
//! depends on chance, on the time of the call, or on who asks.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// The first 16 bytes of a SHA-256: short enough that a hundred of them are a small item, long
/// enough that no two things ever share one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub [u8; 16]);

impl Id {
    /// The id of what `parts` say. Each part is hashed with its length, so `["ab"]` is not `["a", "b"]`.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let mut id = [0; 16];
        for (to, from) in id.iter_mut().zip(hash.finalize()) {
            *to = from;
        }
        Self(id)
    }

    /// The id that stands in hexadecimal in `text`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = digits.then(|| u128::from_str_radix(text, 16).ok())??;
        Some(Self(number.to_be_bytes()))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("no id of 32 hexadecimal digits"))
    }
}

/// The number of a window of a key: the time at which the key's item was made, in milliseconds since
/// 1970, and one more for each window since. It only ever rises.
pub type Epoch = u64;

/// What the events of one group have in common: the grouper's `key`, filled in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct HeadName(pub Arc<str>);

impl From<String> for HeadName {
    fn from(key: String) -> Self {
        Self(key.into())
    }
}

impl From<HeadName> for String {
    fn from(name: HeadName) -> Self {
        name.0.as_ref().into()
    }
}

impl HeadName {
    /// The head of a filled-in key.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self(key.into())
    }

    /// What all groups of the key are known by together: a later group may replace an earlier one.
    #[must_use]
    pub fn thread(&self) -> Id {
        Id::of(&[b"thread", self.0.as_bytes()])
    }

    /// The id of the group that the window `epoch` becomes.
    #[must_use]
    pub fn group(&self, epoch: Epoch) -> Id {
        Id::of(&[b"group", self.0.as_bytes(), &epoch.to_be_bytes()])
    }

    /// In which part of the sweep's index the head stands: one hexadecimal digit.
    #[must_use]
    pub fn bucket(&self) -> String {
        format!("{:x}", self.thread().0.first().map_or(0, |byte| byte >> 4))
    }
}

/// All buckets of the sweep's index.
pub const BUCKETS: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];

/// Which of the two times a group is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Revision {
    /// Its first event, while the window is open.
    Preview,
    /// All of it, when the window has closed.
    Close,
}

impl Revision {
    /// As a number that rises: what a client compares.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Preview => 1,
            Self::Close => 2,
        }
    }
}

/// The key of an item.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// HEAD: the open window of a key, and the one that is being closed.
    Head(HeadName),
    /// MARK: to which window an event belongs.
    Mark(Id),
    /// GRP: what a closed window holds.
    Group(Id),
    /// DLV: whether a revision of a group was sent.
    Delivery(Id, Revision),
    /// THR: which groups of a target were let through in a period.
    Throttle {
        /// The target, hashed.
        target: Id,
        /// The period's number since 1970.
        period: u64,
    },
}

/// DynamoDB takes 2,048 bytes of partition key; a longer name is hashed, and so is any that comes near.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
const LONGEST_NAME: usize = 1_000;

impl Key {
    /// The partition key, attribute `pk`.
    #[must_use]
    pub fn pk(&self) -> String {
        match self {
            Self::Head(name) if name.0.len() > LONGEST_NAME => format!("long-head/{}", name.thread()),
            Self::Head(name) => format!("head/{}", name.0),
            Self::Mark(event) => format!("mark/{event}"),
            Self::Group(group) => format!("group/{group}"),
            Self::Throttle { target, period } => format!("throttle/{target}/{period}"),
            Self::Delivery(group, revision) => format!("delivery/{group}/{}", revision.number()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_an_id_do_not_run_into_each_other() {
        assert_ne!(Id::of(&[b"ab"]), Id::of(&[b"a", b"b"]));
        assert_ne!(HeadName::new("a").group(1), HeadName::new("a").group(2));
        assert_ne!(HeadName::new("a").group(1), HeadName::new("b").group(1));
    }

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id = Id::of(&[b"x"]);
        assert_eq!(Id::parse(&id.to_string()), Some(id));
        assert_eq!(Id::parse("+0000000000000000000000000000001"), None);
        assert_eq!(Id::parse("0"), None);
    }

    #[test]
    fn every_head_is_in_a_bucket_that_is_swept() {
        for name in ["a", "b", "agshin/liked/update-1", ""] {
            assert!(BUCKETS.contains(&HeadName::new(name).bucket().as_str()));
        }
    }

    #[test]
    fn a_name_too_long_for_a_key_is_hashed() {
        let long = "x".repeat(5_000);
        assert!(Key::Head(HeadName::new(&long)).pk().len() < 100);
        assert_ne!(Key::Head(HeadName::new(&long)).pk(), Key::Head(HeadName::new(&format!("{long}y"))).pk());
    }
}
