//! Deliver: a revision of a group goes out.
//!
//! Guaranteed: all that is ever sent of a revision is the same content, under the same name, by which
//! the receiver knows a repetition. At least once, or at most once, as the configuration says. A close
//! whose preview may have been seen is never dropped.

use super::delivery::{self, Delivery, State};
use super::group::Group;
use super::machine::{Cx, Go, Went, Written};
use super::{End, Fault, throttle};
use crate::content;
use crate::ids::{Id, Key, Revision};
use crate::message::{Message, Out, Outgoing};
use crate::quiet::Quiet;

/// Whether a revision goes out now.
enum Now {
    Send,
    /// In quiet hours: then.
    Hold(u64),
    Drop,
}

/// Claims the delivery, sends, and says that it was sent.
pub(super) async fn deliver(cx: &Cx, out: Out, owner: Id) -> Went {
    let revision = out.revision();
    let closed = cx.read(Key::Group(out.group)).await?.as_ref().map(Group::of).transpose()?;
    let owed = closed.as_ref().is_some_and(|group| group.previewed);
    let (content, withdrawn) = match (&out.preview, closed) {
        // The close is on its way, and says more.
        (Some(_), Some(_)) => return Ok(Go::End(End)),
        (Some(content), None) => (content.as_str().into(), false),
        (None, Some(group)) => (group.content, group.empty),
        (None, None) => return Err(Fault::Shape("a group that was enqueued is not there")),
    };
    let outgoing = Outgoing { group: out.group, revision, content, withdrawn };
    match now(cx, &outgoing, owed).await? {
        Now::Send => {}
        Now::Hold(until) => {
            cx.send(Message::Later(out, until)).await?;
            return Ok(Go::End(End));
        }
        Now::Drop => {
            cx.write(delivery::give_up(out.group, revision, cx.now, &cx.config)).await?;
            return Ok(Go::End(End));
        }
    }
    let Some(fence) = claim(cx, out.group, revision, owner).await? else { return Ok(Go::End(End)) };
    cx.deliver(outgoing).await?;
    cx.write(delivery::sent(out.group, revision, fence)).await?;
    Ok(Go::End(End))
}

/// What the quiet hours and the throttle say. What is `owed` may be late, and is never dropped.
async fn now(cx: &Cx, outgoing: &Outgoing, owed: bool) -> Result<Now, Fault> {
    if let Some((hours, until)) = cx.config.quiet_hours.as_ref().and_then(|hours| Some((hours, hours.until(cx.now)?))) {
        let drop = hours.action == Quiet::Drop && !owed;
        return Ok(if drop { Now::Drop } else { Now::Hold(until) });
    }
    let Some(throttle) = cx.config.throttle.filter(|_| !owed) else { return Ok(Now::Send) };
    let target = content::target(&outgoing.content)?;
    match cx.write(throttle::admit(throttle, &target, outgoing.group, cx.now, &cx.config)).await? {
        Written::Applied(_) => Ok(Now::Send),
        Written::Refused(_) => Ok(Now::Drop),
    }
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
