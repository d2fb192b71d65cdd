//! The consumer of a queue whose events go on: to whom they are for, and to where.
//!
//! In: one batch of SQS. Out: the ids of the records that failed. Guaranteed: a record is done once each of its targets has
//! the event, or the rest of them is a message of its own; whatever is repeated has the ids that it had.
//!
//! **A unit of work** is an event and a place in its targets. The first is the event itself, as it came; a further one is
//! `{"event": …, "page": …, "cursor": …}`, sent to the same queue before the page before it is done with.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tracing::Instrument;

use crate::consumer::{self, Order};
use crate::cx::Invocation;
use crate::decode::{self, DecodeError};
use crate::error::Error;
use crate::event_type::{Arrival, EventType};
use crate::lookup::Cursor;
use crate::send::{self, Destination};
use crate::targets::{self, Targets};
use crate::{Envelope, panics};

/// What the consumer of such a queue is told.
#[derive(Clone, Copy, Debug)]
pub struct Forward {
    /// In which order records are handled.
    pub order: Order,
    /// The events that may come.
    pub events: &'static [EventType],
    /// How their targets are found; none where they go on as they are.
    pub targets: Option<Targets>,
    /// Where they go.
    pub to: &'static [Destination],
}

/// A page that is not the first.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Page<E> {
    event: E,
    page: u32,
    cursor: Cursor,
}

struct Unit {
    event: Arrival,
    page: u32,
    cursor: Option<Cursor>,
}

/// Handles one batch; `ask` answers for events whose targets a handler finds.
///
/// # Errors
///
/// As [`consume`](crate::consume).
pub async fn forward(
    invocation: &Invocation,
    payload: Value,
    forward: &Forward,
    ask: impl AsyncFn(&Invocation, &Arrival) -> Result<Vec<String>, Error>,
) -> Result<Value, Error> {
    let ask = &ask;
    consumer::records(invocation, forward.order, payload, async |invocation: &Invocation, body: &str| {
        let unit = match read(body, forward.events) {
            Ok(unit) => unit,
            Err(error) => return consumer::poison(&error),
        };
        let span = consumer::span(unit.event.id(), unit.event.kind(), unit.event.envelope.correlationid.as_deref());
        async { consumer::told(panics::caught(work(invocation, forward, &unit, ask)).await) }.instrument(span).await
    })
    .await
}

/// For queues none of whose events asks a handler.
///
/// # Errors
///
/// Always: nobody is to be asked.
pub async fn nobody(_: &Invocation, event: &Arrival) -> Result<Vec<String>, Error> {
    Err(Error::reject(format!("no handler finds whom `{}` is for", event.kind())))
}

fn read(body: &str, events: &[EventType]) -> Result<Unit, DecodeError> {
    match serde_json::from_str::<Page<Envelope<Value>>>(body) {
        Ok(page) => {
            let event = Arrival::of(page.event, events)?;
            Ok(Unit { event, page: page.page, cursor: Some(page.cursor) })
        }
        Err(_) => Ok(Unit { event: Arrival::of(decode::envelope(body)?, events)?, page: 0, cursor: None }),
    }
}

async fn work(
    invocation: &Invocation,
    forward: &Forward,
    unit: &Unit,
    ask: &impl AsyncFn(&Invocation, &Arrival) -> Result<Vec<String>, Error>,
) -> Result<(), Error> {
    let Some(targets) = &forward.targets else {
        return send::send_all(invocation, forward.to, std::slice::from_ref(&unit.event)).await;
    };
    let found = targets::page(invocation, targets, &unit.event, unit.cursor.as_ref(), ask).await?;
    tracing::debug!(targets = found.users.len(), page = unit.page, "found");
    send::send_all(invocation, forward.to, &targets::aimed(&unit.event, &found.users)).await?;
    match (found.next, targets.rest) {
        (Some(cursor), Some(rest)) => {
            let page = Page { event: &unit.event.envelope, page: unit.page + 1, cursor };
            let body = serde_json::to_string(&page).map_err(Error::reject)?;
            let id = crate::event::hashed(&[unit.event.id(), "page", &page.page.to_string()]);
            send::send_text(invocation, &rest, &unit.event, body, id).await
        }
        _ => Ok(()),
    }
}
