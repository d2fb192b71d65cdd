//! DLV: whether a revision of a group was sent, and who is sending it.

use super::Fault;
use super::head::{number, ttl};
use super::mark::text;
use crate::config::Config;
use crate::ids::{Id, Key, Revision};
use crate::store::{Attribute as A, Condition, Item, Operand, Value, Write};

const SENDING: &str = "sending";
const SENT: &str = "sent";
const DROPPED: &str = "dropped";

/// DLV as it was read.
pub(super) struct Delivery {
    pub(super) state: State,
    pub(super) fence: u64,
    pub(super) owner: Option<Value>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Somebody is at it, or was.
    Sending,
    /// It was sent, or given up: nobody sends it again.
    Over,
}

impl Delivery {
    pub(super) fn of(item: &Item) -> Result<Self, Fault> {
        let state = match text(item, A::State).as_deref() {
            Some(SENDING) => State::Sending,
            Some(SENT | DROPPED) => State::Over,
            _ => return Err(Fault::Shape("DLV has no state")),
        };
        let fence = number(item, A::Fence).ok_or(Fault::Shape("DLV has no fence"))?;
        Ok(Self { state, fence, owner: item.get(&A::Owner).cloned() })
    }

    pub(super) fn is_of(&self, owner: Id) -> bool {
        self.owner == Some(Value::Id(owner))
    }
}

/// Takes the delivery, if nobody has it, or nobody in time. At most once: who took it and did not say
/// that it is sent may have sent it, so it is given up.
pub(super) fn claim(group: Id, revision: Revision, owner: Id, now: u64, config: &Config) -> Write {
    let abandoned = Condition::All(vec![
        Condition::Is(A::State, Value::text(SENDING)),
        Condition::AtMost(A::Lease, now.saturating_sub(1)),
    ]);
    let free = if config.at_most_once { Condition::NoItem } else { Condition::NoItem.or(abandoned) };
    Write::update(Key::Delivery(group, revision))
        .set(A::State, Operand::To(Value::text(SENDING)))
        .set(A::Fence, Operand::Next)
        .set(A::Owner, Operand::To(Value::Id(owner)))
        .set(A::Lease, Operand::To(Value::Number(now.saturating_add(config.lifetimes.lease))))
        .set(A::Ttl, Operand::To(ttl(now.saturating_add(config.lifetimes.delivery))))
        .only_if([free])
}

/// Gives up what was perhaps sent.
pub(super) fn drop(group: Id, revision: Revision, now: u64) -> Write {
    Write::update(Key::Delivery(group, revision)).set(A::State, Operand::To(Value::text(DROPPED))).only_if([
        Condition::Is(A::State, Value::text(SENDING)),
        Condition::AtMost(A::Lease, now.saturating_sub(1)),
    ])
}

/// Says that it will never be sent, if nobody has begun to.
pub(super) fn give_up(group: Id, revision: Revision, now: u64, config: &Config) -> Write {
    let item = [
        (A::State, Value::text(DROPPED)),
        (A::Fence, Value::Number(0)),
        (A::Ttl, ttl(now.saturating_add(config.lifetimes.delivery))),
    ];
    Write::put(Key::Delivery(group, revision), item.into(), Condition::NoItem)
}

/// Says that it was sent, if nobody else has taken it since.
pub(super) fn sent(group: Id, revision: Revision, fence: u64) -> Write {
    Write::update(Key::Delivery(group, revision))
        .set(A::State, Operand::To(Value::text(SENT)))
        .only_if([Condition::Is(A::Fence, Value::Number(fence))])
}
