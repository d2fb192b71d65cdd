//! The handler `index_job`: the queue `index`.

use generated::handlers::{IndexJob, IndexJobEvent};
use runtime::{Error, Invocation};

/// `index_job` below.
#[derive(Debug)]
pub struct Handler;

impl IndexJob for Handler {
    async fn index_job(_cx: &Invocation, event: IndexJobEvent) -> Result<(), Error> {
        match event {
            // What no search engine could take: it is tried as often as the flow says, and set aside.
            IndexJobEvent::JobPosted(job) if job.title.get().is_empty() => Err(Error::reject("a job has a title")),
            _ => Ok(()),
        }
    }
}
