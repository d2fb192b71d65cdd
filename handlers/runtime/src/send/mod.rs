//! Sending on: from one part of a flow to the next.

mod topic;

pub use topic::Topic;
pub(crate) use topic::{Message, Refused, publish};
