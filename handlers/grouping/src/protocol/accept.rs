//! Accept: an event comes in, for the first time or again.
//!
//! Guaranteed when it is acknowledged: the event is in exactly one window, open or closed, or was
//! cancelled; and something will close that window.

use super::close::{Closed, close, roll_forward};
use super::group::Group;
use super::head::{self, Head, Why};
use super::machine::{Cx, Go, Went, Written};
use super::mark::{self, Mark};
use super::{Accept, End, Fault, Left, Member, Step};
use crate::content;
use crate::ids::{Epoch, HeadName, Key};
use crate::message::{Message, Out, Timer};
use crate::store::Item;

/// The window is read from HEAD, and MARK remembers it: whoever comes again goes to the same one.
pub(super) async fn mark(cx: &Cx, Accept { event, head, payload }: Accept) -> Went {
    let epoch = open_epoch(cx, &head).await?;
    let member = Member { event, head, epoch, payload };
    match cx.write(mark::put(&member, cx.now, &cx.config)).await? {
        Written::Applied(_) => Ok(Go::On(Step::Append(member))),
        Written::Refused(there) => {
            let there = there.ok_or(Fault::Shape("a MARK that is not there refused one"))?;
            Ok(Go::On(marked(member, &there)?))
        }
    }
}

/// Where an event goes whose MARK is there already: to the window that it names, and not to that of `member`.
fn marked(member: Member, there: &Item) -> Result<Step, Fault> {
    Ok(match Mark::of(member.event, there)? {
        Mark::Alive(marked) => Step::Append(marked),
        Mark::Dead(marked) => Step::Help(marked.unwrap_or(member).head),
    })
}

/// The epoch of the open window. It is always one that was read, even if HEAD is made here: somebody
/// else may have made it at another time.
async fn open_epoch(cx: &Cx, name: &HeadName) -> Result<Epoch, Fault> {
    if let Some(head) = cx.read(Key::Head(name.clone())).await? {
        return Ok(Head::of(&head)?.epoch);
    }
    cx.write(head::create(name, cx.now, &cx.config)).await?;
    let made = cx.read(Key::Head(name.clone())).await?.ok_or(Fault::Shape("a HEAD that was made is gone"))?;
    Ok(Head::of(&made)?.epoch)
}

/// Into the window that MARK names, if that is still open, has room, and is not over.
pub(super) async fn append(cx: &Cx, member: Member) -> Went {
    let Member { event, head: name, epoch, .. } = &member;
    let dues = cx.config.window.dues(cx.now);
    let append = head::append(name, *epoch, *event, cx.config.preview, dues, cx.now, cx.config.cap());
    let head = match cx.write(append).await? {
        Written::Applied(now) => Head::of(&now)?,
        Written::Refused(Some(there)) => Head::of(&there)?,
        Written::Refused(None) => {
            // It has expired: another one is made, whose epoch is another.
            open_epoch(cx, name).await?;
            return Ok(Go::On(Step::Append(member)));
        }
    };
    if head.epoch != *epoch {
        return elsewhere(cx, member, &head).await;
    }
    if !head.ids.contains(event) {
        let why = if head.full(&cx.config) { Why::Full } else { Why::Due };
        close(cx, name, *epoch, why).await?;
        return Ok(Go::On(Step::Append(member)));
    }
    let left = Left {
        timer: head.due().filter(|_| head.timer_epoch != Some(*epoch)),
        preview: head.lead == Some(*event),
        full: head.full(&cx.config),
    };
    Ok(Go::On(Step::Follow(member, left)))
}

/// The window that MARK names is not open any more: it went with the event, or without it.
async fn elsewhere(cx: &Cx, member: Member, head: &Head) -> Went {
    if let Some(prev) = head.prev.as_ref().filter(|prev| prev.epoch == member.epoch && prev.ids.contains(&member.event))
    {
        roll_forward(cx, &member.head, prev).await?;
        return Ok(Go::End(End));
    }
    if let Some(group) = cx.read(Key::Group(member.head.group(member.epoch))).await?
        && Group::of(&group)?.members.contains(&member.event)
    {
        return Ok(Go::End(End));
    }
    match cx.write(mark::moved(member.event, member.epoch, head.epoch)).await? {
        Written::Applied(_) => Ok(Go::On(Step::Append(Member { epoch: head.epoch, ..member }))),
        Written::Refused(there) => {
            let there = there.ok_or(Fault::Shape("a MARK has expired under its event"))?;
            Ok(Go::On(marked(member, &there)?))
        }
    }
}

/// What follows from being in an open window, in this order: before anything shows, something will
/// close it.
pub(super) async fn follow(cx: &Cx, member: Member, left: Left) -> Went {
    let Member { head: name, epoch, payload, .. } = member;
    if let Some(at) = left.timer {
        cx.send(Message::Timer(Timer { head: name.clone(), epoch: Some(epoch), at })).await?;
        cx.write(head::timer_sent(&name, epoch)).await?;
    }
    if left.preview {
        let group = name.group(epoch);
        let preview = content::preview(&cx.config.shape, group, name.thread(), &payload)?;
        cx.send(Message::Out(Out { group, preview: Some(preview.as_ref().into()) })).await?;
    }
    if left.full {
        close(cx, &name, epoch, Why::Full).await?;
    }
    Ok(Go::End(End))
}

/// The event was cancelled. Its earlier self may have filled a window, or begun to close one.
pub(super) async fn help(cx: &Cx, name: &HeadName) -> Went {
    if let Some(head) = cx.read(Key::Head(name.clone())).await? {
        let head = Head::of(&head)?;
        if let Some(prev) = &head.prev {
            roll_forward(cx, name, prev).await?;
        }
        if head.full(&cx.config) {
            let _: Closed = close(cx, name, head.epoch, Why::Full).await?;
        }
    }
    Ok(Go::End(End))
}
