//! Deliver: a revision of a group goes out.
//!
//! Guaranteed: all that is ever sent of a revision is the same content, under the same name, by which
//! the receiver knows a repetition. At least once, or at most once, as the configuration says.

use super::delivery::{self, Delivery, State};
use super::group::Group;
use super::machine::{Cx, Go, Went, Written};
use super::{End, Fault};
use crate::ids::{Id, Key, Revision};
use crate::message::{Out, Outgoing};

/// Claims the delivery, sends, and says that it was sent.
pub(super) async fn deliver(cx: &Cx, out: Out, owner: Id) -> Went {
    let revision = out.revision();
    let Some(fence) = claim(cx, out.group, revision, owner).await? else { return Ok(Go::End(End)) };
    let closed = cx.read(Key::Group(out.group)).await?.as_ref().map(Group::of).transpose()?;
    let outgoing = match (out.preview, closed) {
        // The close is on its way, and says more.
        (Some(_), Some(_)) => None,
        (Some(content), None) => Some((content.into(), false)),
        (None, Some(group)) => Some((group.content, group.members.is_empty())),
        (None, None) => return Err(Fault::Shape("a group that was enqueued is not there")),
    };
    if let Some((content, withdrawn)) = outgoing {
        cx.deliver(Outgoing { group: out.group, revision, content, withdrawn }).await?;
    }
    cx.write(delivery::sent(out.group, revision, fence)).await?;
    Ok(Go::End(End))
}

/// The fence of this delivery, if it is ours; nothing, if it is over.
async fn claim(cx: &Cx, group: Id, revision: Revision, owner: Id) -> Result<Option<u64>, Fault> {
    let there = match cx.write(delivery::claim(group, revision, owner, cx.now, &cx.config)).await? {
        Written::Applied(now) => return Ok(Some(Delivery::of(&now)?.fence)),
        Written::Refused(there) => there.ok_or(Fault::Shape("a DLV that is not there refused a claim"))?,
    };
    let there = Delivery::of(&there)?;
    match there.state {
        State::Over => Ok(None),
        State::Sending if there.is_of(owner) => Ok(Some(there.fence)),
        State::Sending if cx.config.at_most_once => {
            match cx.write(delivery::drop(group, revision, cx.now)).await? {
                Written::Applied(_) => Ok(None),
                Written::Refused(_) => Err(Fault::Busy),
            }
        }
        State::Sending => Err(Fault::Busy),
    }
}
