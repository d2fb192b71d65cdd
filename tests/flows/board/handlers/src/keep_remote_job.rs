//! The handler `keep_remote_job`: the queue `from_home`.

use generated::JobPosted;
use generated::handlers::KeepRemoteJob;
use runtime::aws_sdk_dynamodb::types::AttributeValue;
use runtime::{Error, Invocation, aws, aws_sdk_dynamodb};

/// `keep_remote_job` below.
#[derive(Debug)]
pub struct Handler;

impl KeepRemoteJob for Handler {
    async fn keep_remote_job(cx: &Invocation, job: JobPosted) -> Result<(), Error> {
        let table = cx.cx().env("TABLE_REMOTE_JOBS").ok_or_else(|| Error::retry("the table's name is not set"))?;
        let put = aws_sdk_dynamodb::Client::new(&aws::config().await)
            .put_item()
            .table_name(table)
            .item("job_id", AttributeValue::S(job.job_id.to_string()))
            .item("title", AttributeValue::S(job.title.to_string()));
        put.send().await.map(drop).map_err(Error::retry)
    }
}
