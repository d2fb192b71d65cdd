//! The batch consumer of a queue.
//!
//! In: one batch of SQS. Out: the ids of the records that failed, and of those only (a partial batch
//! response, <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>).
//!
//! Guaranteed: a record that cannot be decoded, or whose handler fails or panics, fails alone, but
//! for the later records of its group where the queue is FIFO; what the deadline cuts off is
//! returned as failed, so that it comes again; nothing runs on after the answer.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use futures_util::{StreamExt, stream};
use serde_json::Value;
use tracing::Instrument;

use crate::cx::Invocation;
use crate::decode::{decode, from_value};
use crate::error::Error;
use crate::event::Message;
use crate::panics;

/// How long before the deadline the consumer stops, so that its answer still reaches Lambda. An
/// estimate: an answer takes a few milliseconds, on a busy single core some tens.
pub const MARGIN: Duration = Duration::from_millis(500);

/// In which order the records of a batch are handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// A standard queue: in any order, as many at once as this, one at least.
    Standard {
        /// Records at once.
        concurrency: usize,
    },
    /// A FIFO queue: one after another within a message group, the groups side by side.
    Fifo,
}

/// Handles one batch.
///
/// # Errors
///
/// The whole batch fails, and comes again, where it is no batch of SQS or a record has no id: then
/// its failure could not be told.
pub async fn consume<M: Message>(
    invocation: &Invocation,
    order: Order,
    payload: Value,
    handle: impl AsyncFn(&Invocation, M) -> Result<(), Error>,
) -> Result<Value, Error> {
    let batch: SqsEvent = from_value(payload).map_err(Error::reject)?;
    let records = batch.records.iter().map(Record::of).collect::<Result<Vec<_>, _>>()?;
    let (lanes, at_once) = match order {
        Order::Standard { concurrency } => (records.iter().map(|record| vec![record]).collect(), concurrency.max(1)),
        Order::Fifo => (by_group(&records), records.len().max(1)),
    };
    let mut work = stream::iter(lanes).map(|lane| run_lane(invocation, lane, &handle)).buffer_unordered(at_once);
    let drain = async { while work.next().await.is_some() {} };
    if tokio::time::timeout(invocation.remaining().saturating_sub(MARGIN), drain).await.is_err() {
        tracing::warn!("the deadline is near: the rest of the batch is returned");
    }
    let mut response = SqsBatchResponse::default();
    for record in records.iter().filter(|record| !record.done.load(Relaxed)) {
        response.add_failure(record.id);
    }
    serde_json::to_value(response).map_err(Error::retry)
}

struct Record<'a> {
    id: &'a str,
    group: Option<&'a str>,
    body: &'a str,
    done: AtomicBool,
}

impl<'a> Record<'a> {
    fn of(message: &'a SqsMessage) -> Result<Self, Error> {
        let id = message.message_id.as_deref().filter(|id| !id.is_empty());
        Ok(Self {
            id: id.ok_or_else(|| Error::reject("a record of the batch has no message id"))?,
            group: message.attributes.get("MessageGroupId").map(String::as_str),
            body: message.body.as_deref().unwrap_or_default(),
            done: AtomicBool::new(false),
        })
    }
}

/// The records of each message group, groups and records in the order of their arrival.
fn by_group<'r, 'a>(records: &'r [Record<'a>]) -> Vec<Vec<&'r Record<'a>>> {
    let mut lanes: Vec<Vec<&Record<'_>>> = Vec::new();
    for record in records {
        match lanes.iter_mut().find(|lane| lane.first().is_some_and(|first| first.group == record.group)) {
            Some(lane) => lane.push(record),
            None => lanes.push(vec![record]),
        }
    }
    lanes
}

/// One record after another, until one fails: those behind it may not overtake it.
async fn run_lane<M: Message>(
    invocation: &Invocation,
    lane: Vec<&Record<'_>>,
    handle: &impl AsyncFn(&Invocation, M) -> Result<(), Error>,
) {
    for record in lane {
        // The timeout around the lanes is seen only where a handler waits; this is for those that do not.
        if invocation.remaining() <= MARGIN {
            return;
        }
        let span = tracing::info_span!("record", message_id = record.id);
        if !run_record(invocation, record, handle).instrument(span).await {
            return;
        }
        record.done.store(true, Relaxed);
    }
}

/// Whether the record is done with.
async fn run_record<M: Message>(
    invocation: &Invocation,
    record: &Record<'_>,
    handle: &impl AsyncFn(&Invocation, M) -> Result<(), Error>,
) -> bool {
    let envelope = match decode::<M>(record.body) {
        Ok(envelope) => envelope,
        Err(error) => {
            tracing::error!(reason = %error, "poison: not a message of this queue, left to redrive");
            return false;
        }
    };
    let span = tracing::info_span!(
        "event",
        event_id = envelope.id,
        event_type = envelope.kind,
        correlation_id = envelope.correlationid,
    );
    async {
        match panics::caught(handle(invocation, envelope.data)).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(error = error.name(), is_final = error.is_final(), reason = %error, "failed");
                false
            }
        }
    }
    .instrument(span)
    .await
}
