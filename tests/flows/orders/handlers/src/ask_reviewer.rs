//! The handler `ask_reviewer`: the step `review` of the workflow `fulfil_order`.

use generated::handlers::{AskReviewer, AskReviewerCx, AskReviewerInput};
use runtime::Error;

/// Yours to write: `ask_reviewer` below.
#[derive(Debug)]
pub struct Handler;

impl AskReviewer for Handler {
    async fn ask_reviewer(_cx: &AskReviewerCx<'_>, _event: AskReviewerInput) -> Result<(), Error> {
        Err(Error::not_written("ask_reviewer"))
    }
}
