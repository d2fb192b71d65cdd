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
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument;

use crate::cx::Invocation;
use crate::decode::{DecodeError, decode, from_value};
use crate::error::Error;
use crate::event::{Event, Message};
use crate::event_type::EventType;
use crate::once::{self, Once, Patience};
use crate::panics;
use crate::send::{self, Destination};

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

/// What the consumer of a queue with a handler is told.
#[derive(Clone, Copy, Debug)]
pub struct Consumer {
    /// In which order records are handled.
    pub order: Order,
    /// How long an event is remembered that was handled; none where it is handled as often as it comes.
    pub once: Option<Once>,
}

/// Handles one batch: the handler gets each event.
///
/// # Errors
///
/// The whole batch fails, and comes again, where it is no batch of SQS or a record has no id: then
/// its failure could not be told.
pub async fn consume<M: Message>(
    invocation: &Invocation,
    payload: Value,
    consumer: &Consumer,
    handle: impl AsyncFn(&Invocation, M) -> Result<(), Error>,
) -> Result<Value, Error> {
    handled(invocation, payload, consumer, handle, async |_, ()| Ok(())).await
}

/// What the consumer of a queue is told whose handler's events go on.
#[derive(Clone, Copy, Debug)]
pub struct Relay {
    /// How the handler is called.
    pub consumer: Consumer,
    /// The event that it returns.
    pub event: EventType,
    /// Where that goes.
    pub to: &'static [Destination],
}

/// Handles one batch: the handler gets each event, and the event that it returns goes on.
///
/// # Errors
///
/// As [`consume`].
pub async fn relay<M: Message, E: Event>(
    invocation: &Invocation,
    payload: Value,
    relay: &Relay,
    handle: impl AsyncFn(&Invocation, M) -> Result<E, Error>,
) -> Result<Value, Error> {
    handled(invocation, payload, &relay.consumer, handle, async |invocation: &Invocation, event: E| {
        let data = serde_json::to_value(event).map_err(Error::reject)?;
        let event = relay.event.event(data).map_err(Error::reject)?;
        send::send_all(invocation, relay.to, &[event]).await
    })
    .await
}

/// Handles one batch: each event is handled, and then what came of it.
async fn handled<M: Message, T: Serialize + DeserializeOwned>(
    invocation: &Invocation,
    payload: Value,
    consumer: &Consumer,
    handle: impl AsyncFn(&Invocation, M) -> Result<T, Error>,
    then: impl AsyncFn(&Invocation, T) -> Result<(), Error>,
) -> Result<Value, Error> {
    let (handle, then) = (&handle, &then);
    records(invocation, consumer.order, payload, async |invocation: &Invocation, body: &str| {
        let envelope = match decode::<M>(body) {
            Ok(envelope) => envelope,
            Err(error) => return poison(&error),
        };
        let span = span(&envelope.id, &envelope.kind, envelope.correlationid.as_deref());
        let work = async {
            let handled = async {
                match &consumer.once {
                    Some(once) => {
                        let work = handle(invocation, envelope.data);
                        once::once(invocation, once, &envelope.id, Patience::None, work).await
                    }
                    None => handle(invocation, envelope.data).await,
                }
            };
            then(invocation, panics::caught(handled).await?).await
        };
        async { told(work.await) }.instrument(span).await
    })
    .await
}

/// Handles one batch, record by record: `handle` gets a record's body, and says whether it is done with.
pub(crate) async fn records(
    invocation: &Invocation,
    order: Order,
    payload: Value,
    handle: impl AsyncFn(&Invocation, &str) -> bool,
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
async fn run_lane(invocation: &Invocation, lane: Vec<&Record<'_>>, handle: &impl AsyncFn(&Invocation, &str) -> bool) {
    for record in lane {
        // The timeout around the lanes is seen only where a handler waits; this is for those that do not.
        if invocation.remaining() <= MARGIN {
            return;
        }
        let span = tracing::info_span!("record", message_id = record.id);
        if !handle(invocation, record.body).instrument(span).await {
            return;
        }
        record.done.store(true, Relaxed);
    }
}

/// The span of an event.
pub(crate) fn span(id: &str, kind: &str, correlation: Option<&str>) -> tracing::Span {
    tracing::info_span!("event", event_id = id, event_type = kind, correlation_id = correlation)
}

/// A record that is no message of the queue is not done with: its queue sets it aside once its tries are used up.
pub(crate) fn poison(error: &DecodeError) -> bool {
    tracing::error!(reason = %error, "poison: not a message of this queue, left to redrive");
    false
}

/// Whether a record is done with, told where it is not.
pub(crate) fn told(done: Result<(), Error>) -> bool {
    match done {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(error = error.name(), is_final = error.is_final(), reason = %error, "failed");
            false
        }
    }
}
