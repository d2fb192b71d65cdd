//! The handler `praise_job`: the queue `well_paid`.

use generated::JobPosted;
use generated::handlers::PraiseJob;
use runtime::{Error, Invocation};

/// `praise_job` below.
#[derive(Debug)]
pub struct Handler;

impl PraiseJob for Handler {
    async fn praise_job(_cx: &Invocation, _job: JobPosted) -> Result<(), Error> {
        Ok(())
    }
}
