//! THR: which groups of a target were let through in a period.
//!
//! A set of groups and no counter: a group that asks again counts once.

use crate::config::{Config, Throttle};
use crate::ids::{Id, Key};
use crate::store::{Attribute as A, Condition, Operand, Write};

use super::head::ttl;

/// Lets the group through, if it was before, or if there is room.
pub(super) fn admit(throttle: Throttle, target: &str, group: Id, now: u64, config: &Config) -> Write {
    let period = now.checked_div(throttle.per).unwrap_or_default();
    let ends = period.saturating_add(1).saturating_mul(throttle.per);
    Write::update(Key::Throttle { target: Id::of(&[target.as_bytes()]), period })
        .set(A::Ttl, Operand::To(ttl(ends.saturating_add(config.lifetimes.delivery))))
        .add(A::Ids, group)
        .only_if([Condition::Any(vec![
            Condition::Absent(A::Ids),
            Condition::Contains(A::Ids, group),
            Condition::SizeBelow(A::Ids, throttle.n),
        ])])
}
