//! The handler `render_notice`: the step `render` of the workflow `deliver_notice`.

use generated::handlers::RenderNotice;
use generated::{Notice, Shown};
use runtime::{Error, Invocation};

/// Yours to write: `render_notice` below.
#[derive(Debug)]
pub struct Handler;

impl RenderNotice for Handler {
    async fn render_notice(_cx: &Invocation, _event: Notice) -> Result<Shown, Error> {
        Err(Error::not_written("render_notice"))
    }
}
