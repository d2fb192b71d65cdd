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

use super::destination::{backoff, deliver};
use super::errors::is_transient;
use super::function::EventInvoke;
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
    /// It is over: what is told to which destination.
    Over(Option<(Arn, Value)>),
}

fn begin(lambda: &Rc<Lambda>, key: String, event: Event, mut tries: Tries) {
    let lambda = Rc::clone(lambda);
    let busy = lambda.world.activity.begin();
    spawn_local(async move {
        let table = lambda.world.store.table("lambda.tries");
        let mut busy = Some(busy);
        let payload = Rc::new(Payload::from_value(event.payload.clone()));
        loop {
            if let Some(next) = tries.next {
                drop(busy.take());
                lambda.world.clock.sleep_until(next).await;
            }
            let _busy = busy.take().unwrap_or_else(|| lambda.world.activity.begin());
            match attempt(&lambda, &event, &payload, &mut tries).await {
                Next::Again(next) => {
                    tries.next = Some(next);
                    table.put(&key, &tries);
                }
                Next::Over(destination) => {
                    if let (Some((destination, document)), Some(entry)) = (destination, lambda.find(&event.function)) {
                        deliver(&lambda.world, &entry.function(), &destination, document).await;
                    }
                    break;
                }
            }
        }
        lambda.events.delete(&key);
        table.delete(&key);
    });
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
        return Next::Over(None);
    };
    let function = entry.function();
    let config = function.event_invoke.clone().unwrap_or_default();
    let oldest = event.accepted + Duration::from_secs(config.age.unwrap_or(AGE).into());
    let expired = |tries: &Tries| {
        given_up(lambda, &function, event, "EventAgeExceeded");
        Next::Over(destination(
            &config.on_failure,
            &function,
            event,
            "EventAgeExceeded",
            tries.failed,
            None,
            world.clock.now(),
        ))
    };
    if world.clock.now() > oldest {
        return expired(tries);
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
            debug_assert!(is_transient(&error), "what was admitted once is only ever throttled: {error}");
            tries.refused += 1;
            let next = now + backoff(tries.refused, Duration::from_secs(1), Duration::from_secs(300));
            retried(lambda, event, &error.to_string(), next);
            Next::Again(next)
        }
        Ok(invoked) => {
            tries.refused = 0;
            let error = match invoked.result {
                Ok(answer) => {
                    let answer = Ok(answer.into_value().unwrap_or_default());
                    let times = tries.failed + 1;
                    let to = &config.on_success;
                    return Next::Over(destination(to, &function, event, "Success", times, Some(answer), now));
                }
                Err(error) => error,
            };
            tries.failed += 1;
            if tries.failed > config.retries.unwrap_or(RETRIES) {
                given_up(lambda, &function, event, "RetriesExhausted");
                let to = &config.on_failure;
                let times = tries.failed;
                return Next::Over(destination(to, &function, event, "RetriesExhausted", times, Some(Err(error)), now));
            }
            let next = now + Duration::from_secs(60 * u64::from(tries.failed));
            if next > oldest {
                return expired(tries);
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

fn given_up(lambda: &Lambda, function: &Function, event: &Event, condition: &str) {
    let destination = function.event_invoke.as_ref().and_then(|config: &EventInvoke| config.on_failure.as_ref());
    lambda.world.log.tell(
        NAME,
        &event.function,
        "gave_up_event",
        Outcome::Failed,
        || json!({"request": event.request_id, "condition": condition, "destination": destination}),
    );
}

/// The invocation record, if somebody wants it (Lambda Developer Guide, "Retaining records of asynchronous
/// invocations").
fn destination(
    to: &Option<Arn>,
    function: &Function,
    event: &Event,
    condition: &str,
    times: u32,
    answer: Option<Result<Value, FunctionError>>,
    now: Time,
) -> Option<(Arn, Value)> {
    let to = to.clone()?;
    let mut document = json!({
        "version": "1.0",
        "timestamp": now.rfc3339(),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": function.qualified(),
            "condition": condition,
            "approximateInvokeCount": times,
        },
        "requestPayload": event.payload,
    });
    if let (Some(answer), Some(members)) = (answer, document.as_object_mut()) {
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
    Some((to, document))
}
