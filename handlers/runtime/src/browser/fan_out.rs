//! The fan-out of a queue's events to the browsers of a group: the resolver.
//!
//! In: one batch of SQS. Out: the ids of the records that failed. For each event it enqueues the second pass, which
//! waits, and calls the workers of all shards at once. Guaranteed: nothing is acknowledged before every shard's worker
//! has answered; a record that comes again posts nothing to a shard that was done.

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use aws_sdk_lambda::primitives::Blob;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::config::{FanOut, Rest};
use super::item::failed;
use super::shards;
use super::table::Table;
use super::text;
use crate::cx::Invocation;
use crate::decode::{envelope, from_value};
use crate::envelope::Envelope;
use crate::error::Error;

/// Shards of one worker.
const SHARDS: usize = 5;
/// Workers at the same time.
const WORKERS: usize = 64;

/// What a worker is called with.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Work {
    pub(super) event: Envelope<Value>,
    pub(super) group: String,
    pub(super) shards: Vec<u64>,
}

/// What a worker answers.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Done {
    /// How many users were reached.
    pub(super) reached: usize,
    /// The shards of which it is not known.
    pub(super) failed: Vec<u64>,
}

/// Fans events out.
///
/// # Errors
///
/// Where the payload is no batch of SQS.
pub async fn resolve(invocation: &Invocation, payload: Value, config: &FanOut) -> Result<Value, Error> {
    each(payload, async |body| {
        let event = envelope(body).map_err(Error::reject)?;
        resolve_one(invocation, event, config).await
    })
    .await
}

/// Handles a batch one by one: a fan-out's batch is of one record, or its second pass.
pub(super) async fn each(payload: Value, run: impl AsyncFn(&str) -> Result<(), Error>) -> Result<Value, Error> {
    let batch: SqsEvent = from_value(payload).map_err(Error::reject)?;
    let mut response = SqsBatchResponse::default();
    for record in &batch.records {
        if let Err(error) = run(record.body.as_deref().unwrap_or_default()).await {
            tracing::error!(error = error.name(), is_final = error.is_final(), reason = %error, "failed");
            let id = record.message_id.as_deref().filter(|id| !id.is_empty());
            response.add_failure(id.ok_or_else(|| Error::reject("a record of the batch has no message id"))?);
        }
    }
    serde_json::to_value(response).map_err(Error::retry)
}

async fn resolve_one(invocation: &Invocation, event: Envelope<Value>, config: &FanOut) -> Result<(), Error> {
    let (cx, now) = (invocation.cx(), invocation.now());
    let group = group_of(&event, config)?;
    if config.rest != Rest::None {
        let message = json!({"event": event, "cursor": null}).to_string();
        let sent = cx.aws().sqs().send_message().queue_url(cx.var("QUEUE_REST")?).message_body(message).send().await;
        sent.map_err(|error| failed("SendMessage", &error))?;
    }
    let connections = Table::of(cx, config.connections)?;
    // Without a row of the group no connection of a member ever began.
    let spread = shards::spread(&connections, &config.membership, &group).await?;
    let shards: Vec<u64> = (0..spread.map_or(0, |spread| spread.reach(now))).collect();
    let works = shards.chunks(SHARDS).map(|shards| Work {
        event: event.clone(),
        group: group.clone(),
        shards: shards.to_vec(),
    });
    let function = cx.var("FUNCTION_WORKER")?;
    let answers: Vec<Done> = stream::iter(works)
        .map(|work| call(invocation, function, work))
        .buffer_unordered(WORKERS)
        .try_collect()
        .await?;
    let reached: usize = answers.iter().map(|done| done.reached).sum();
    let failed: usize = answers.iter().map(|done| done.failed.len()).sum();
    let age = now.as_millis().saturating_sub(event.time.as_millis());
    tracing::info!(
        queue = config.queue,
        event_id = event.id,
        shards = shards.len(),
        reached,
        failed,
        age,
        "fanned out"
    );
    if failed > 0 { Err(Error::retry(format!("{failed} shards failed"))) } else { Ok(()) }
}

/// The group that an event is for.
pub(super) fn group_of(event: &Envelope<Value>, config: &FanOut) -> Result<String, Error> {
    let known = |name: &str| match name {
        "tenant" => event.tenant.clone().map(Value::from),
        field => event.data.get(field).cloned(),
    };
    let group = text::rendered(config.group, &known).filter(|group| !group.is_empty());
    group.ok_or_else(|| Error::reject("the event names no group"))
}

/// The user who is left out.
pub(super) fn except<'e>(event: &'e Envelope<Value>, config: &FanOut) -> Option<&'e str> {
    event.data.get(config.except?).and_then(Value::as_str)
}

async fn call(invocation: &Invocation, function: &str, work: Work) -> Result<Done, Error> {
    let payload = serde_json::to_vec(&work).map_err(Error::reject)?;
    let lambda = invocation.cx().aws().lambda();
    let answer = lambda.invoke().function_name(function).payload(Blob::new(payload)).send().await;
    let answer = answer.map_err(|error| failed("Invoke", &error))?;
    if answer.function_error.is_some() {
        return Ok(Done { reached: 0, failed: work.shards });
    }
    let payload = answer.payload.unwrap_or_else(|| Blob::new(Vec::new()));
    serde_json::from_slice(payload.as_ref()).map_err(|_| Error::retry("a worker answered something else"))
}
