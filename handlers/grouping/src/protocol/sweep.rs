//! Sweep: finds windows whose timer was lost, or whose closing was begun and not ended.

use super::End;
use super::machine::{Cx, Go, Went};
use crate::message::{Message, Timer};

/// Sends a timer for each; one too many is harmless.
pub(super) async fn sweep(cx: &Cx, bucket: &'static str) -> Went {
    for head in cx.find(bucket, cx.now).await? {
        cx.send(Message::Timer(Timer { head, epoch: None, at: cx.now })).await?;
    }
    Ok(Go::End(End))
}
