//! Asynchronous invocations: accepted, kept, tried, retried, given up.
//!
//! Guaranteed: an event that was accepted is kept until its function took it, or until what became of it is
//! at its destination. A function's error is retried after one minute and after two more; a function that
//! cannot be run at all (a throttle, the engine's own error) for as long as the event may grow old.

use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::spawn_local;

use super::destination::{Parcel, backoff, deliver};
use super::invoke::{Request, run};
use super::names::LATEST;
use super::{Function, FunctionError, Lambda, NAME, Payload};
use crate::kernel::{Arn, Outcome, StoreError, Time};

/// The oldest that an event grows, unless its function says otherwise.
const AGE: u32 = 6 * 3600;
/// Retries of a function's error, unless it says otherwise.
const RETRIES: u32 = 2;

/// An event as it is kept from the beginning to the end.
#[derive(Debug, Serialize, Deserialize)]
struct Event {
    function: String,
    request_id: String,
    payload: Value,
    client_context: Option<String>,
    accepted: Time,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Tries {
    /// How often the function ran and failed.
    failed: u32,
    /// How often it could not be run, in a row.
    refused: u32,
    next: Option<Time>,
}

/// Keeps an event and begins to invoke its function with it.
pub(super) fn accept(
    lambda: &Rc<Lambda>,
    function: &str,
    request_id: String,
    payload: Payload,
    client_context: Option<String>,
) {
    let number = lambda.next_event.get();
    lambda.next_event.set(number + 1);
    let key = format!("{number:020}");
    let accepted = lambda.world.clock.now();
    let payload = payload.into_value().unwrap_or_default();
    let event = Event { function: function.to_owned(), request_id, payload, client_context, accepted };
    lambda.events.put(&key, &event);
    begin(lambda, key, event, Tries::default());
}

/// Goes on with the events that were kept.
pub(super) fn resume(lambda: &Rc<Lambda>) -> Result<(), StoreError> {
    let tries = lambda.world.store.table("lambda.tries").load::<Tries>()?;
    let mut tries: std::collections::BTreeMap<String, Tries> = tries.into_iter().collect();
    for (key, event) in lambda.events.load::<Event>()? {
        let number = key.parse::<u64>().unwrap_or_default();
        lambda.next_event.set(lambda.next_event.get().max(number + 1));
        let tries = tries.remove(&key).unwrap_or_default();
        begin(lambda, key, event, tries);
    }
    Ok(())
}

/// What is to be done with an event after a try.
enum Next {
    Again(Time),
    /// It is over: what is told, and where.
    Over(Vec<Parcel>),
}

fn begin(lambda: &Rc<Lambda>, key: String, mut event: Event, mut tries: Tries) {
    let lambda = Rc::clone(lambda);
    let busy = lambda.world.activity.begin();
    spawn_local(async move {
        let world = &lambda.world;
        let table = world.store.table("lambda.tries");
        // Each call is activity of its own; the waits between them are none.
        drop(busy);
        let payload = Rc::new(Payload::from_value(std::mem::take(&mut event.payload)));
        loop {
            if let Some(next) = tries.next {
                world.clock.sleep_until(next).await;
            }
            match attempt(&lambda, &event, &payload, &mut tries).await {
                Next::Again(next) => {
                    tries.next = Some(next);
                    table.put(&key, &tries);
                    keep(&lambda).await;
                }
                Next::Over(parcels) => {
                    if let Some(entry) = lambda.find(&event.function) {
                        for parcel in parcels {
                            deliver(world, &entry.function(), parcel).await;
                        }
                    }
                    lambda.events.delete(&key);
                    table.delete(&key);
                    keep(&lambda).await;
                    return;
                }
            }
        }
    });
}

/// Waits until what became of an event is on disk. A file that failed fails each call from then on; here it
/// only means that the event is tried again after the next start.
async fn keep(lambda: &Lambda) {
    let _ = lambda.world.store.durable().await;
}

async fn attempt(lambda: &Lambda, event: &Event, payload: &Rc<Payload>, tries: &mut Tries) -> Next {
    let world = &lambda.world;
    let Some(entry) = lambda.find(&event.function) else {
        world.log.tell(
            NAME,
            &event.function,
            "dropped_event",
            Outcome::Failed,
            || json!({"request": event.request_id, "reason": "the function is deleted"}),
        );
        return Next::Over(Vec::new());
    };
    let function = entry.function();
    let config = function.event_invoke.clone().unwrap_or_default();
    let oldest = event.accepted + Duration::from_secs(config.age.unwrap_or(AGE).into());
    let told = |condition: &'static str, times: u32, answer: Option<Result<Value, FunctionError>>| {
        let end = End { function: &function, event, payload, condition, times, answer, now: world.clock.now() };
        Next::Over(if condition == "Success" { end.succeeded() } else { end.failed(lambda) })
    };
    if world.clock.now() > oldest {
        return told("EventAgeExceeded", tries.failed, None);
    }
    let request = Request {
        request_id: event.request_id.clone(),
        payload: Rc::clone(payload),
        client_context: event.client_context.clone(),
    };
    let answered = run(lambda, &entry, request).await;
    let now = world.clock.now();
    match answered {
        Err(error) => {
            tries.refused += 1;
            let next = now + backoff(tries.refused, Duration::from_secs(1), Duration::from_secs(300));
            retried(lambda, event, &error.to_string(), next);
            Next::Again(next)
        }
        Ok(invoked) => {
            tries.refused = 0;
            let error = match invoked.result {
                Ok(answer) => {
                    return told("Success", tries.failed + 1, Some(Ok(answer.into_value().unwrap_or_default())));
                }
                Err(error) => error,
            };
            tries.failed += 1;
            if tries.failed > config.retries.unwrap_or(RETRIES) {
                return told("RetriesExhausted", tries.failed, Some(Err(error)));
            }
            let next = now + Duration::from_secs(60 * u64::from(tries.failed));
            if next > oldest {
                return told("EventAgeExceeded", tries.failed, Some(Err(error)));
            }
            retried(lambda, event, &error.to_string(), next);
            Next::Again(next)
        }
    }
}

fn retried(lambda: &Lambda, event: &Event, error: &str, next: Time) {
    lambda.world.log.tell(
        NAME,
        &event.function,
        "will_retry_event",
        Outcome::Retried,
        || json!({"request": event.request_id, "error": error, "at": next.rfc3339()}),
    );
}

/// The end of an event.
struct End<'a> {
    function: &'a Function,
    event: &'a Event,
    payload: &'a Payload,
    condition: &'static str,
    /// How often the function ran.
    times: u32,
    /// What it answered last.
    answer: Option<Result<Value, FunctionError>>,
    now: Time,
}

impl End<'_> {
    fn succeeded(self) -> Vec<Parcel> {
        let to = self.function.event_invoke.as_ref().and_then(|config| config.on_success.clone());
        to.map(|to| Parcel::record(to, self.record())).into_iter().collect()
    }

    /// A record for the destination, and the event itself for the dead-letter queue.
    fn failed(self, lambda: &Lambda) -> Vec<Parcel> {
        let Self { function, event, condition, .. } = self;
        let to = function.event_invoke.as_ref().and_then(|config| config.on_failure.clone());
        let dead_letters = function.dead_letters.clone();
        lambda.world.log.tell(NAME, &event.function, "gave_up_event", Outcome::Failed, || {
            json!({
                "request": event.request_id, "condition": condition, "destination": to, "dead_letters": dead_letters,
            })
        });
        let letter = dead_letters.map(|to| self.letter(to));
        let record = to.map(|to| Parcel::record(to, self.record()));
        record.into_iter().chain(letter).collect()
    }

    /// The event with its error (Lambda Developer Guide, "Dead-letter queues").
    fn letter(&self, to: Arn) -> Parcel {
        let mut attributes = vec![("RequestID", "String", self.event.request_id.clone())];
        if let Some(Err(error)) = &self.answer {
            let text: String = error.message.chars().take(1024).collect();
            attributes.push(("ErrorCode", "Number", "200".to_owned()));
            attributes.extend((!text.is_empty()).then_some(("ErrorMessage", "String", text)));
        }
        Parcel { to, document: self.payload.value().cloned().unwrap_or_default(), attributes }
    }

    /// The record of an invocation (Lambda Developer Guide, "Retaining records of asynchronous invocations").
    fn record(self) -> Value {
        let mut document = json!({
            "version": "1.0",
            "timestamp": self.now.rfc3339(),
            "requestContext": {
                "requestId": self.event.request_id,
                "functionArn": self.function.qualified(),
                "condition": self.condition,
                "approximateInvokeCount": self.times,
            },
            "requestPayload": self.payload.value().cloned().unwrap_or_default(),
        });
        if let (Some(answer), Some(members)) = (self.answer, document.as_object_mut()) {
            let mut context = json!({"statusCode": 200, "executedVersion": LATEST});
            let payload = match answer {
                Ok(payload) => payload,
                Err(error) => {
                    if let Some(context) = context.as_object_mut() {
                        context.insert("functionError".to_owned(), "Unhandled".into());
                    }
                    error.value()
                }
            };
            members.insert("responseContext".to_owned(), context);
            members.insert("responsePayload".to_owned(), payload);
        }
        document
    }
}
