//! HEAD: the open window of a key, and the one that is being closed. The hub of the protocol.
//!
//! Every write is conditional on the epoch, on the previous epoch, or on there being no item. A write
//! that fails shows the item it failed on, and whoever wrote decides from that.

use std::collections::BTreeSet;

use crate::config::Config;
use crate::ids::{Epoch, HeadName, Id, Key};
use crate::protocol::Fault;
use crate::store::{Attribute as A, Condition, Item, Operand, Value, Write};
use crate::window::Dues;

/// The text of `prev_lead` where no preview was sent.
const NONE: &str = "none";

/// HEAD as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Head {
    pub(super) epoch: Epoch,
    pub(super) ids: BTreeSet<Id>,
    pub(super) soft_due: Option<u64>,
    pub(super) hard_due: Option<u64>,
    pub(super) timer_epoch: Option<Epoch>,
    pub(super) lead: Option<Id>,
    pub(super) prev: Option<Prev>,
}

/// The window that was rotated out and is not cleared yet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Prev {
    pub(super) epoch: Epoch,
    pub(super) ids: BTreeSet<Id>,
    /// Whether a preview was sent, or may have been.
    pub(super) previewed: bool,
}

/// Why a window closes before the events do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Why {
    /// It holds as much as it may.
    Full,
    /// Its time has come.
    Due,
}

impl Head {
    pub(super) fn of(item: &Item) -> Result<Self, Fault> {
        let ids = |attribute| match item.get(&attribute) {
            Some(Value::Ids(ids)) => ids.clone(),
            _ => BTreeSet::new(),
        };
        let prev = number(item, A::PrevEpoch).map(|epoch| Prev {
            epoch,
            ids: ids(A::Prev),
            previewed: matches!(item.get(&A::PrevLead), Some(Value::Id(_))),
        });
        Ok(Self {
            epoch: number(item, A::Epoch).ok_or(Fault::Shape("HEAD has no epoch"))?,
            ids: ids(A::Ids),
            soft_due: number(item, A::SoftDue),
            hard_due: number(item, A::HardDue),
            timer_epoch: number(item, A::TimerEpoch),
            lead: match item.get(&A::Lead) {
                Some(Value::Id(id)) => Some(*id),
                _ => None,
            },
            prev,
        })
    }

    /// When the open window closes, as things stand; milliseconds since 1970.
    pub(super) fn due(&self) -> Option<u64> {
        match (self.soft_due, self.hard_due) {
            (Some(soft), Some(hard)) => Some(soft.min(hard)),
            (soft, hard) => soft.or(hard),
        }
    }

    pub(super) fn full(&self, config: &Config) -> bool {
        self.ids.len() as u64 >= config.cap()
    }
}

/// The attribute as a number, if it is there and is one.
pub(super) fn number(item: &Item, attribute: A) -> Option<u64> {
    match item.get(&attribute) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    }
}

fn key(name: &HeadName) -> Key {
    Key::Head(name.clone())
}

fn epoch_is(epoch: Epoch) -> Condition {
    Condition::Is(A::Epoch, Value::Number(epoch))
}

/// The second, rounded up, at which DynamoDB may delete what is kept until `millis`.
pub(super) fn ttl(millis: u64) -> Value {
    Value::Number(millis.div_ceil(1_000))
}

/// Makes HEAD, if there is none. Its first epoch is the time, so that no epoch of one that has
/// expired comes again.
pub(super) fn create(name: &HeadName, now: u64, config: &Config) -> Write {
    let item = [
        (A::Epoch, Value::Number(now)),
        (A::Bucket, Value::text(&name.bucket())),
        (A::Ttl, ttl(now.saturating_add(config.lifetimes.head))),
    ];
    Write::put(key(name), item.into(), Condition::NoItem)
}

/// Takes `event` into the open window, if that is still `epoch`, has room, and is not over.
pub(super) fn append(name: &HeadName, epoch: Epoch, event: Id, leads: bool, dues: Dues, now: u64, cap: u64) -> Write {
    let due = Value::Number(dues.hard);
    let mut write = Write::update(key(name))
        .add(A::Ids, event)
        .set(A::HardDue, Operand::OwnOr(due.clone()))
        .set(A::SweepAt, Operand::OwnOr(due))
        .remove([A::Ttl]);
    if let Some(soft) = dues.soft {
        write = write.set(A::SoftDue, Operand::To(Value::Number(soft)));
    }
    if leads {
        write = write.set(A::Lead, Operand::OwnOr(Value::Id(event)));
    }
    write.only_if([
        epoch_is(epoch),
        Condition::Contains(A::Ids, event).not(),
        Condition::Absent(A::Ids).or(Condition::SizeBelow(A::Ids, cap)),
        Condition::AtMost(A::HardDue, now).not(),
    ])
}

/// Remembers that a timer was sent for `epoch`.
pub(super) fn timer_sent(name: &HeadName, epoch: Epoch) -> Write {
    Write::update(key(name)).set(A::TimerEpoch, Operand::To(Value::Number(epoch))).only_if([epoch_is(epoch)])
}

/// Closes the window `epoch` and opens the next, in one write: no event can come between. `sweep_at`
/// stays, so that the sweep finds what is not cleared.
pub(super) fn rotate(name: &HeadName, epoch: Epoch, why: Why, now: u64, cap: u64) -> Write {
    let reason = match why {
        Why::Full => Condition::SizeAtLeast(A::Ids, cap),
        Why::Due => Condition::AtMost(A::SoftDue, now).or(Condition::AtMost(A::HardDue, now)),
    };
    Write::update(key(name))
        .set(A::Prev, Operand::Of(A::Ids))
        .set(A::PrevEpoch, Operand::Of(A::Epoch))
        .set(A::PrevLead, Operand::OfOr(A::Lead, Value::text(NONE)))
        .set(A::Epoch, Operand::Next)
        .remove([A::Ids, A::Lead, A::SoftDue, A::HardDue])
        .only_if([epoch_is(epoch), Condition::Absent(A::PrevEpoch), Condition::Exists(A::Ids), reason])
}

/// Forgets the window `prev`, which is written down and sent. Nothing is open: HEAD may expire.
pub(super) fn clear_idle(name: &HeadName, prev: Epoch, now: u64, config: &Config) -> Write {
    forget(name)
        .remove([A::SweepAt])
        .set(A::Ttl, Operand::To(ttl(now.saturating_add(config.lifetimes.head))))
        .only_if([prev_is(prev), Condition::Absent(A::Ids)])
}

/// The same while the next window is open: the sweep looks at that one.
pub(super) fn clear_open(name: &HeadName, prev: Epoch) -> Write {
    forget(name).set(A::SweepAt, Operand::Of(A::HardDue)).only_if([prev_is(prev)])
}

fn forget(name: &HeadName) -> Write {
    Write::update(key(name)).remove([A::Prev, A::PrevEpoch, A::PrevLead])
}

fn prev_is(epoch: Epoch) -> Condition {
    Condition::Is(A::PrevEpoch, Value::Number(epoch))
}
