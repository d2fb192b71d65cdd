//! MARK: to which window an event belongs, and whether it was cancelled.
//!
//! It is made once, from an epoch that was read from HEAD, and outlives every message that could name
//! its event. It remembers its head too: a deployment that changes the key changes nothing for events
//! on their way.

use std::sync::Arc;

use super::head::{number, ttl};
use super::{Fault, Member};
use crate::config::Config;
use crate::ids::{Epoch, HeadName, Id, Key};
use crate::store::{Attribute as A, Condition, Item, Operand, Value, Write};

/// MARK as it was read.
pub(super) enum Mark {
    /// The event belongs to a window.
    Alive(Member),
    /// It was cancelled; after it came, or before.
    Dead(Option<Member>),
}

impl Mark {
    pub(super) fn of(event: Id, item: &Item) -> Result<Self, Fault> {
        let member = match (text(item, A::Head), number(item, A::Epoch), text(item, A::Payload)) {
            (Some(head), Some(epoch), Some(payload)) => Some(Member { event, head: HeadName(head), epoch, payload }),
            _ => None,
        };
        if item.contains_key(&A::Dead) {
            return Ok(Self::Dead(member));
        }
        member.map(Self::Alive).ok_or(Fault::Shape("MARK has no head, epoch or payload"))
    }
}

/// The attribute as a text, if it is there and is one.
pub(super) fn text(item: &Item, attribute: A) -> Option<Arc<str>> {
    match item.get(&attribute) {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

/// Says to which window the event belongs, if nothing says so yet. What has expired says nothing,
/// whether it is deleted yet or not.
pub(super) fn put(member: &Member, now: u64, config: &Config) -> Write {
    let item = [
        (A::Head, Value::Text(member.head.0.clone())),
        (A::Epoch, Value::Number(member.epoch)),
        (A::Payload, Value::Text(member.payload.clone())),
        (A::Ttl, ttl(now.saturating_add(config.lifetimes.mark))),
    ];
    let expired = Condition::AtMost(A::Ttl, now / 1_000);
    Write::put(Key::Mark(member.event), item.into(), Condition::NoItem.or(expired))
}

/// Moves the event to the window `to`: the one it belonged to has closed without it.
pub(super) fn moved(event: Id, from: Epoch, to: Epoch) -> Write {
    Write::update(Key::Mark(event))
        .set(A::Epoch, Operand::To(Value::Number(to)))
        .only_if([Condition::Is(A::Epoch, Value::Number(from)), Condition::Absent(A::Dead)])
}

/// Cancels the event, whether it has come yet or not.
pub(super) fn tombstone(event: Id, now: u64, config: &Config) -> Write {
    Write::update(Key::Mark(event))
        .set(A::Dead, Operand::To(Value::Number(1)))
        .set(A::Ttl, Operand::To(ttl(now.saturating_add(config.lifetimes.mark))))
}
