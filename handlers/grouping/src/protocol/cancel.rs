//! Cancel: an event is taken out again, or never comes in.
//!
//! HEAD is not touched: the tombstone is on the MARK, and whoever closes the window drops the dead.

use super::End;
use super::head::Head;
use super::machine::{Cx, Go, Went};
use super::mark::{self, Mark};
use crate::content;
use crate::ids::{HeadName, Id, Key};

/// Puts the tombstone, on a MARK that is made for it if the event has not come yet.
pub(super) async fn cancel(cx: &Cx, event: Id) -> Went {
    cx.write(mark::tombstone(event, cx.now, &cx.config)).await?;
    Ok(Go::End(End))
}

/// Puts a tombstone for every event that is in the open window and happened until then. What comes
/// later is of another time, and stays, however often this comes again.
pub(super) async fn cancel_all(cx: &Cx, name: HeadName, until: &str) -> Went {
    let Some(item) = cx.read(Key::Head(name)).await? else { return Ok(Go::End(End)) };
    let events = Head::of(&item)?.ids;
    let marks = cx.read_all(events.iter().copied().map(Key::Mark).collect()).await?;
    for (event, item) in events.iter().zip(&marks) {
        if let Some(Mark::Alive(member)) = item.as_ref().map(|item| Mark::of(*event, item)).transpose()?
            && content::time(&member.payload)?.as_str() <= until
        {
            cx.write(mark::tombstone(*event, cx.now, &cx.config)).await?;
        }
    }
    Ok(Go::End(End))
}
