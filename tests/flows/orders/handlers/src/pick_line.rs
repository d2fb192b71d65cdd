//! The handler `pick_line`: the step `fetch` of the workflow `fulfil_order`.
//!
//! Sends one line to the pickers

use generated::handlers::{PickLine, PickLineCx, PickLineInput};
use runtime::Error;

/// Yours to write: `pick_line` below.
#[derive(Debug)]
pub struct Handler;

impl PickLine for Handler {
    async fn pick_line(_cx: &PickLineCx<'_>, _event: PickLineInput) -> Result<(), Error> {
        Err(Error::not_written("pick_line"))
    }
}
