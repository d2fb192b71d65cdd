//! Closing a window: rotate, write down, enqueue, clear.
//!
//! Guaranteed: a window rotates at most once; what it held is written down before it is forgotten;
//! whoever finds a window half closed goes on with it, from wherever the first one stopped.

use std::collections::BTreeSet;

use super::group::{self, Group};
use super::head::{self, Head, Prev, Why};
use super::machine::{Cx, Go, Went, Written};
use super::mark::Mark;
use super::{End, Fault, Step};
use crate::content;
use crate::ids::{Epoch, HeadName, Key};
use crate::message::{Message, Out, Timer};

/// Whether the window is closed now, by whomever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Closed {
    /// It is.
    Yes,
    /// There was no reason any more.
    NotYet,
}

/// A timer has come: close the window if it is over, or ask for another timer.
pub(super) async fn timer(cx: &Cx, timer: Timer) -> Went {
    let Some(item) = cx.read(Key::Head(timer.head.clone())).await? else { return Ok(Go::End(End)) };
    let head = Head::of(&item)?;
    if let Some(prev) = &head.prev {
        roll_forward(cx, &timer.head, prev).await?;
        return Ok(Go::On(Step::Timer(timer)));
    }
    let Some(due) = head.due().filter(|_| timer.epoch.is_none_or(|epoch| epoch == head.epoch)) else {
        return Ok(Go::End(End));
    };
    if cx.now < due {
        if timer.epoch.is_some() {
            cx.send(Message::Timer(Timer { at: due, ..timer })).await?;
        }
        return Ok(Go::End(End));
    }
    match close(cx, &timer.head, head.epoch, Why::Due).await? {
        Closed::Yes => Ok(Go::End(End)),
        Closed::NotYet => Ok(Go::On(Step::Timer(timer))),
    }
}

/// Closes the window `epoch`, if the reason still holds. Whoever is in the way is helped first.
pub(super) async fn close(cx: &Cx, name: &HeadName, epoch: Epoch, why: Why) -> Result<Closed, Fault> {
    loop {
        let head = match cx.write(head::rotate(name, epoch, why, cx.now, cx.config.cap())).await? {
            Written::Applied(now) => Head::of(&now)?,
            Written::Refused(Some(there)) => Head::of(&there)?,
            Written::Refused(None) => return Ok(Closed::Yes),
        };
        let open = head.epoch == epoch;
        match &head.prev {
            Some(prev) => roll_forward(cx, name, prev).await?,
            None if open => return Ok(Closed::NotYet),
            None => {}
        }
        if !open {
            return Ok(Closed::Yes);
        }
    }
}

/// Writes a rotated window down, enqueues it, and forgets it, in this order. Every step may have been
/// done by somebody else before.
pub(super) async fn roll_forward(cx: &Cx, name: &HeadName, prev: &Prev) -> Result<(), Fault> {
    let gid = name.group(prev.epoch);
    let group = freeze(cx, name, prev).await?;
    if !group.empty || group.previewed {
        cx.send(Message::Out(Out { group: gid, preview: None })).await?;
    }
    if let Written::Refused(Some(there)) = cx.write(head::clear_idle(name, prev.epoch, cx.now, &cx.config)).await?
        && Head::of(&there)?.prev.is_some_and(|there| there.epoch == prev.epoch)
    {
        cx.write(head::clear_open(name, prev.epoch)).await?;
    }
    Ok(())
}

/// The group as it will be for ever. The tombstones are read after the rotation: who cancels later
/// finds the event in a closed group.
async fn freeze(cx: &Cx, name: &HeadName, prev: &Prev) -> Result<Group, Fault> {
    let gid = name.group(prev.epoch);
    let marks = cx.read_all(prev.ids.iter().copied().map(Key::Mark).collect()).await?;
    let (mut alive, mut dead) = (Vec::new(), Vec::new());
    for (event, item) in prev.ids.iter().zip(&marks) {
        match item.as_ref().map(|item| Mark::of(*event, item)).transpose()? {
            Some(Mark::Alive(member)) => alive.push((*event, member.payload)),
            Some(Mark::Dead(member)) => dead.extend(member.map(|member| member.payload)),
            // Its lifetime is longer than anything that could still want it.
            None => {}
        }
    }
    let members = alive.iter().map(|(event, _)| *event).collect::<BTreeSet<_>>();
    if cx.config.suppresses && !prev.previewed && !alive.is_empty() {
        let out = cx.judge(alive.clone()).await?;
        alive.retain(|(event, _)| !out.contains(event));
    }
    let alive = alive.into_iter().map(|(_, payload)| payload).collect::<Vec<_>>();
    let content = content::close(&cx.config.shape, gid, name.thread(), &alive, &dead)?;
    let group = Group { members, empty: alive.is_empty(), content, previewed: prev.previewed };
    match cx.write(group::put(gid, &group, cx.now, &cx.config)).await? {
        Written::Applied(item) | Written::Refused(Some(item)) => Group::of(&item),
        Written::Refused(None) => Err(Fault::Shape("a GRP that is not there refused one")),
    }
}
