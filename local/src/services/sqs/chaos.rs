//! A standard queue's freedom to deliver more than once and out of order, for whoever wants to see it used.

use std::fmt;

use crate::kernel::Caller;

/// What a receive of a standard queue does beyond its duty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mischief {
    /// Nothing: in order of arrival, once per visibility timeout.
    #[default]
    None,
    /// What is delivered stays visible: it is delivered again by the next receive.
    Duplicate,
    /// What is delivered is any of the visible messages.
    Shuffle,
}

/// Decides, at each receive of a standard queue, what freedom it takes. Without one, none.
pub trait Chaos: fmt::Debug {
    /// The mischief of a receive from the queue of this name.
    fn receive(&self, caller: &Caller, queue: &str) -> Mischief;
}
