//! The handler `judge_return`: the step `judge` of the workflow `settle_return`.

use generated::handlers::{JudgeReturn, JudgeReturnCx};
use generated::{Judgement, ReturnRequested};
use runtime::Error;

/// Yours to write: `judge_return` below.
#[derive(Debug)]
pub struct Handler;

impl JudgeReturn for Handler {
    async fn judge_return(_cx: &JudgeReturnCx<'_>, _event: ReturnRequested) -> Result<Judgement, Error> {
        Err(Error::not_written("judge_return"))
    }
}
