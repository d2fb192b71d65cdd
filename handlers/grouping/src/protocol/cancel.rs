//! Cancel: an event is taken out again, or never comes in.
//!
//! HEAD is not touched: the tombstone is on the MARK, and whoever closes the window drops the dead.

use super::End;
use super::machine::{Cx, Go, Went};
use super::mark;
use crate::ids::Id;

/// Puts the tombstone, on a MARK that is made for it if the event has not come yet.
pub(super) async fn cancel(cx: &Cx, event: Id) -> Went {
    cx.write(mark::tombstone(event, cx.now, &cx.config)).await?;
    Ok(Go::End(End))
}
