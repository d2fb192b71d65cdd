//! What goes through the grouper's two queues, and what leaves it.
//!
//! The messages are JSON on the wire; [`Message`] and the types in it say which.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{Epoch, HeadName, Id, Revision};

/// A message to one of the grouper's own queues.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Message {
    /// To the queue of timers.
    Timer(Timer),
    /// To the queue of closed groups.
    Out(Out),
    /// To the queue of closed groups, but not before this time; milliseconds since 1970.
    Later(Out, u64),
}

/// Look whether a window is over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timer {
    /// Of which head.
    pub head: HeadName,
    /// Of which of its windows; of whichever is open, if it comes from the sweep.
    pub epoch: Option<Epoch>,
    /// Not before; milliseconds since 1970.
    pub at: u64,
}

/// Send a revision of a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Out {
    /// Which group.
    pub group: Id,
    /// What is sent. A preview carries it, for its group is not written down yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

impl Out {
    /// Which revision.
    #[must_use]
    pub fn revision(&self) -> Revision {
        if self.preview.is_some() { Revision::Preview } else { Revision::Close }
    }
}

/// What is given to a destination.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outgoing {
    /// Which group.
    pub group: Id,
    /// Which revision of it.
    pub revision: Revision,
    /// The emitted event, as JSON.
    pub content: Arc<str>,
    /// Whether all members were taken out again: only what showed the preview hears of it.
    pub withdrawn: bool,
}

impl Outgoing {
    /// By what a receiver knows a repetition, and the name of a workflow's execution. Never the group
    /// alone: its close would pass for a repetition of its preview.
    #[must_use]
    pub fn dedupe(&self) -> String {
        format!("{}-{}", self.group, self.revision.number())
    }
}
