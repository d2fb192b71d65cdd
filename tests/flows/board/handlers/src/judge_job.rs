//! The handler `judge_job`: the step `judge` of the workflow `review`.

use generated::handlers::JudgeJob;
use generated::{JobPosted, Verdict};
use runtime::{Error, Invocation};

/// `judge_job` below.
#[derive(Debug)]
pub struct Handler;

impl JudgeJob for Handler {
    async fn judge_job(_cx: &Invocation, job: JobPosted) -> Result<Verdict, Error> {
        Ok(Verdict { fit: !job.title.get().contains("pyramid") })
    }
}
