//! The handler `keep_remote_job`: the queue `from_home`.

use generated::JobPosted;
use generated::handlers::{KeepRemoteJob, KeepRemoteJobCx};
use generated::tables::RemoteJobsRow;
use runtime::Error;

/// `keep_remote_job` below.
#[derive(Debug)]
pub struct Handler;

impl KeepRemoteJob for Handler {
    async fn keep_remote_job(cx: &KeepRemoteJobCx<'_>, job: JobPosted) -> Result<(), Error> {
        let row = RemoteJobsRow { job_id: job.job_id, title: job.title.get().clone() };
        cx.remote_jobs_writer().put(&row).await
    }
}
