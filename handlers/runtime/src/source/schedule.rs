//! A source that a schedule begins.
//!
//! In: what EventBridge Scheduler sends, `{"scheduled": time}`. Out: nothing, once the event is sent. Guaranteed: an
//! invocation that is repeated makes the same event, for its time is the schedule's and its id comes from that.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::cx::Invocation;
use crate::decode::from_value;
use crate::error::Error;
use crate::event::Event;
use crate::intake::{Intake, Request, ulid};
use crate::once::{self, Once, Patience};
use crate::scalar::Timestamp;
use crate::send::{self, Destination};

/// What a source on a schedule is told.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// How the event is made.
    pub intake: Intake,
    /// Where it goes.
    pub to: &'static [Destination],
    /// How long an event is remembered that a handler has made.
    pub once: Once,
}

#[derive(Deserialize)]
struct Begun {
    scheduled: Timestamp,
}

/// Makes the event of one time, and sends it.
///
/// # Errors
///
/// [`Error::Reject`] where the event is not of its type; else another try may go well.
pub async fn scheduled(invocation: &Invocation, payload: Value, schedule: &Schedule) -> Result<Value, Error> {
    let begun: Begun = from_value(payload).map_err(Error::reject)?;
    send_made(invocation, schedule, begun.scheduled, Map::new()).await
}

/// As [`scheduled`], where the user's handler makes the event: once for each time.
///
/// # Errors
///
/// As [`scheduled`], and the handler's own.
pub async fn scheduled_by<E: Event>(
    invocation: &Invocation,
    payload: Value,
    schedule: &Schedule,
    handle: impl AsyncFn(&Invocation) -> Result<E, Error>,
) -> Result<Value, Error> {
    let begun: Begun = from_value(payload).map_err(Error::reject)?;
    let about = begun.scheduled.to_string();
    let event = once::once(invocation, &schedule.once, &about, Patience::UntilTheLeaseEnds, handle(invocation)).await?;
    match serde_json::to_value(event).map_err(Error::reject)? {
        Value::Object(made) => send_made(invocation, schedule, begun.scheduled, made).await,
        _ => Err(Error::reject("the handler's event is no object")),
    }
}

async fn send_made(
    invocation: &Invocation,
    schedule: &Schedule,
    now: Timestamp,
    body: Map<String, Value>,
) -> Result<Value, Error> {
    let id = ulid(now, &[invocation.cx().function(), &now.to_string()]);
    let (path, headers) = (BTreeMap::new(), BTreeMap::new());
    let request = Request { user: None, tenant: None, now, path, headers, body, id };
    let event = schedule.intake.made(&request).map_err(Error::reject)?;
    send::send_all(invocation, schedule.to, &[event]).await?;
    Ok(Value::Null)
}
