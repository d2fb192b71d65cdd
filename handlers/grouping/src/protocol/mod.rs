//! How events become groups: the ROTATE protocol.
//!
//! In: a message that was taken from a queue. Out: questions to the world, one after the other, and
//! then that the message is done with. [`docs/guarantee.md`] says what is promised, under which faults.
//!
//! Five kinds of item, in one table; each write is of one item and conditional:
//!
//! | item | holds | module |
//! | --- | --- | --- |
//! | HEAD | the open window of a key; the one that is being closed | `head` |
//! | MARK | to which window an event belongs; whether it was cancelled | `mark` |
//! | GRP | a closed window, for ever | `group` |
//! | DLV | whether a revision of a group was sent | `delivery` |
//! | THR | which groups of a target were let through in a period | `throttle` |
//!
//! What is done with them, as one reads it aloud:
//!
//! | task | module | in a line |
//! | --- | --- | --- |
//! | accept | `accept` | MARK says which window; append to HEAD if that is still it; arm; preview; close if full |
//! | cancel | `cancel` | a tombstone on the MARK; whoever closes the window drops the dead |
//! | timer | `close` | rotate HEAD if the window is due; write GRP; enqueue; clear |
//! | sweep | `sweep` | a timer for every head whose own was lost |
//! | deliver | `deliver` | claim DLV; send; say so |
//!
//! [`docs/guarantee.md`]: https://github.com/eventloom/eventloom/blob/main/docs/guarantee.md

mod accept;
mod cancel;
mod close;
mod deliver;
mod delivery;
mod group;
mod head;
mod machine;
mod mark;
mod sweep;
mod throttle;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

pub use machine::{Answer, Ask, Next, Run};

use crate::ids::{Epoch, HeadName, Id};
use crate::message::{Out, Timer};
use machine::{Cx, Went};

/// A step of the protocol, with all that it knows. A message begins with one of the first six.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Take an event into a group.
    Accept(Accept),
    /// Take an event out again, or never let it in.
    Cancel {
        /// Which event.
        event: Id,
    },
    /// Take all events out of the open window of a key that happened until then.
    CancelAll {
        /// Of which head.
        head: HeadName,
        /// Until when: as [`crate::content::Member::time`]. So a cancellation that comes again takes out no more.
        until: Arc<str>,
    },
    /// Look whether a window is over.
    Timer(Timer),
    /// Look for windows whose timer was lost.
    Sweep {
        /// In this part of the index.
        bucket: &'static str,
    },
    /// Send a revision of a group.
    Deliver {
        /// Which, and what.
        out: Out,
        /// Who sends: another one for each try.
        owner: Id,
    },
    /// Put the event into the window that its MARK names.
    Append(Member),
    /// It is in an open window: do what whoever put it there may have left undone.
    Follow(Member, Left),
    /// It is in no window, or was cancelled: do what its earlier self may have left undone.
    Help(HeadName),
}

/// An event that comes in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Accept {
    /// Its id: of the event and its target, the same whenever it comes again.
    pub event: Id,
    /// What it has in common with others.
    pub head: HeadName,
    /// What the group will say of it: a [`crate::content::Member`] as JSON.
    pub payload: Arc<str>,
}

/// An event and the window that its MARK names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    /// Its id.
    pub event: Id,
    /// The head.
    pub head: HeadName,
    /// The window.
    pub epoch: Epoch,
    /// As in [`Accept`].
    pub payload: Arc<str>,
}

/// What is to be done for an event in an open window. Duplicates do all of it too: whoever came first
/// may have crashed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Left {
    /// Send a timer for then, and say so in HEAD.
    pub timer: Option<u64>,
    /// Send the preview.
    pub preview: bool,
    /// Close the window.
    pub full: bool,
}

/// The message is done with.
pub(crate) struct End;

/// Why a message fails, and comes again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Somebody else is sending this.
    #[error("another invocation is sending this group")]
    Busy,
    /// An item of the table is not what it should be.
    #[error("a broken item in the group table: {0}")]
    Shape(&'static str),
    /// What the group says of its members cannot be said.
    #[error("a member of the group cannot be read: {0}")]
    Content(String),
    /// The answer was not to the question: a bug of the caller.
    #[error("the answer to a question should be {0}")]
    Answer(&'static str),
}

fn walk(cx: Cx, step: Step) -> Pin<Box<dyn Future<Output = Went>>> {
    match step {
        Step::Accept(accept) => Box::pin(async move { accept::mark(&cx, accept).await }),
        Step::Append(member) => Box::pin(async move { accept::append(&cx, member).await }),
        Step::Follow(member, left) => Box::pin(async move { accept::follow(&cx, member, left).await }),
        Step::Help(head) => Box::pin(async move { accept::help(&cx, &head).await }),
        Step::Cancel { event } => Box::pin(async move { cancel::cancel(&cx, event).await }),
        Step::CancelAll { head, until } => Box::pin(async move { cancel::cancel_all(&cx, head, &until).await }),
        Step::Timer(timer) => Box::pin(async move { close::timer(&cx, timer).await }),
        Step::Sweep { bucket } => Box::pin(async move { sweep::sweep(&cx, bucket).await }),
        Step::Deliver { out, owner } => Box::pin(async move { deliver::deliver(&cx, out, owner).await }),
    }
}
