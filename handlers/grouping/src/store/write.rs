//! A conditional write of one item, as a value.
//!
//! Whoever performs it asks for the item as it is after a success (`ALL_NEW`), and for the item as it
//! was when the condition fails (`ALL_OLD`): the protocol decides from these images alone.

use super::value::{Attribute, Item, Value};
use crate::ids::{Id, Key};

/// A conditional write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Write {
    /// Which item.
    pub key: Key,
    /// What becomes of it.
    pub change: Change,
    /// Under which condition, if any.
    pub only_if: Option<Condition>,
}

/// What a write makes of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The item is this, whatever it was.
    Put(Item),
    /// Some attributes change; an item that is not there begins empty.
    Update(Update),
}

/// The clauses of an update.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Update {
    /// Attributes that get a value. All operands are of the item before the update.
    pub set: Vec<(Attribute, Operand)>,
    /// Sets that get members.
    pub add: Vec<(Attribute, Id)>,
    /// Attributes that go.
    pub remove: Vec<Attribute>,
}

/// What an attribute is set to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A value.
    To(Value),
    /// Its own value, or this one if it has none.
    OwnOr(Value),
    /// The value of another attribute, which must be there.
    Of(Attribute),
    /// The value of another attribute, or this one if that has none.
    OfOr(Attribute, Value),
    /// Its own number, or zero, and one more.
    Next,
}

/// When a write is done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// There is no such item.
    NoItem,
    /// The attribute is there.
    Exists(Attribute),
    /// The attribute is not there.
    Absent(Attribute),
    /// The attribute is there and has this value.
    Is(Attribute, Value),
    /// The attribute is there and is at most this number.
    AtMost(Attribute, u64),
    /// The set is there and has this member.
    Contains(Attribute, Id),
    /// The set is there and has fewer members.
    SizeBelow(Attribute, u64),
    /// The set is there and has so many members, or more.
    SizeAtLeast(Attribute, u64),
    /// It does not hold.
    Not(Box<Condition>),
    /// All of them hold.
    All(Vec<Condition>),
    /// One of them holds.
    Any(Vec<Condition>),
}

impl Write {
    /// Puts `item` under a condition.
    #[must_use]
    pub fn put(key: Key, item: Item, only_if: Condition) -> Self {
        Self { key, change: Change::Put(item), only_if: Some(only_if) }
    }

    /// An update; its clauses and its condition follow.
    #[must_use]
    pub fn update(key: Key) -> Self {
        Self { key, change: Change::Update(Update::default()), only_if: None }
    }

    fn clauses(mut self, add: impl FnOnce(&mut Update)) -> Self {
        if let Change::Update(update) = &mut self.change {
            add(update);
        }
        self
    }

    /// Sets an attribute.
    #[must_use]
    pub fn set(self, attribute: Attribute, operand: Operand) -> Self {
        self.clauses(|update| update.set.push((attribute, operand)))
    }

    /// Adds a member to a set, which begins with it if it is not there.
    #[must_use]
    pub fn add(self, attribute: Attribute, member: Id) -> Self {
        self.clauses(|update| update.add.push((attribute, member)))
    }

    /// Removes attributes.
    #[must_use]
    pub fn remove<const N: usize>(self, attributes: [Attribute; N]) -> Self {
        self.clauses(|update| update.remove.extend(attributes))
    }

    /// Under the condition that all of `conditions` hold.
    #[must_use]
    pub fn only_if<const N: usize>(mut self, conditions: [Condition; N]) -> Self {
        self.only_if = Some(Condition::All(conditions.into()));
        self
    }
}

impl Condition {
    /// The opposite.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "DynamoDB's word, and no operator is meant")]
    pub fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// One of the two.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::Any(vec![self, other])
    }
}
