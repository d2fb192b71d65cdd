//! Groupers: many events become one.
//!
//! The protocol is the crate `grouping`, which does no IO; here its questions are put to AWS. In: events that are sent to
//! a grouper, its timers, its closed groups. Out: what [`grouping::protocol`] promises, for each message that is
//! acknowledged. Guaranteed: a message is acknowledged only once the protocol is done with it; an answer of AWS is what
//! the protocol decides from, and never a guess.
//!
//! | function | entry point | asks |
//! | --- | --- | --- |
//! | whoever sends to a grouper | a destination | accept, cancel |
//! | a grouper's flush | [`flush`] | timer, sweep |
//! | a grouper's deliver | [`deliver`] | deliver |
//!
//! | module | is |
//! | --- | --- |
//! | `config` | what the compiler says of a grouper |
//! | `member` | an event as the protocol sees it |
//! | `world` | the protocol's questions, answered |
//! | `table` | reads and writes of the group table |
//! | `messages` | timers and closed groups on their way |
//! | `outgoing` | what a group becomes, and where it goes |

mod config;
mod member;
mod messages;
mod outgoing;
mod table;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use futures_util::{StreamExt, TryStreamExt, stream};
use grouping::ids::BUCKETS;
use grouping::{Config, Id, Out, Step, Timer};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use config::{Cancel, Closed, Grouper, Order, Quiet, QuietHours, Sample, Schedules, Throttle, Window};

use crate::consumer::{self, Order as InOrder};
use crate::cx::Invocation;
use crate::error::Error;
use crate::event_type::Arrival;
use crate::panics;
use world::World;

/// Messages of one batch at the same time: all of it.
const AT_ONCE: usize = 10;

/// Takes an event into its group, or takes others out for it.
pub(crate) async fn take(invocation: &Invocation, grouper: &'static Grouper, event: &Arrival) -> Result<(), Error> {
    let config = Arc::new(grouper.config()?);
    let world = World { invocation, grouper, closed: None };
    for step in member::steps(grouper, event)? {
        world.run(step, &config).await?;
    }
    Ok(())
}

/// Closes windows: a batch of timers, or, where there is none, the sweep for those whose timer was lost.
///
/// # Errors
///
/// The whole batch fails where it is no batch of SQS, the sweep where AWS does.
pub async fn flush(invocation: &Invocation, payload: Value, grouper: &'static Grouper) -> Result<Value, Error> {
    let config = Arc::new(grouper.config()?);
    let world = World { invocation, grouper, closed: None };
    if payload.get("sweep") == Some(&Value::Bool(true)) {
        let sweeps = BUCKETS.map(|bucket| world.run(Step::Sweep { bucket }, &config));
        stream::iter(sweeps).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        return Ok(Value::Null);
    }
    each(invocation, payload, async |_, timer: Timer| world.run(Step::Timer(timer), &config).await).await
}

/// Sends closed groups to where they go.
///
/// # Errors
///
/// The whole batch fails where it is no batch of SQS.
pub async fn deliver(invocation: &Invocation, payload: Value, closed: &'static Closed) -> Result<Value, Error> {
    let config: Arc<Config> = Arc::new(closed.grouper.config()?);
    let world = World { invocation, grouper: closed.grouper, closed: Some(closed) };
    each(invocation, payload, async |owner, out: Out| world.run(Step::Deliver { out, owner }, &config).await).await
}

/// Handles one batch of the grouper's own messages; `handle` is told who it is too, another one for each message.
async fn each<M: DeserializeOwned>(
    invocation: &Invocation,
    payload: Value,
    handle: impl AsyncFn(Id, M) -> Result<(), Error>,
) -> Result<Value, Error> {
    let (handle, places) = (&handle, AtomicU64::new(0));
    let order = InOrder::Standard { concurrency: AT_ONCE };
    consumer::records(invocation, order, payload, async |invocation: &Invocation, body: &str| {
        let place = places.fetch_add(1, Relaxed).to_be_bytes();
        let owner = Id::of(&[invocation.request_id().as_bytes(), &place]);
        let Ok(message) = serde_json::from_str(body) else {
            tracing::error!("poison: not a message of this grouper, left to redrive");
            return false;
        };
        consumer::told(panics::caught(handle(owner, message)).await)
    })
    .await
}
