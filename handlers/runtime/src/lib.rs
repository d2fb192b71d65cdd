//! What every generated Lambda function runs on.
//!
//! In: Lambda's invocations, as JSON. Out: Lambda's answers, as JSON. Between the two a generated
//! `dispatch` picks the function and calls one of the entry points here:
//!
//! | entry point | for | guarantees |
//! | --- | --- | --- |
//! | [`consume`] | a queue with a handler | one record's failure is that record's alone; a handler runs once for each event |
//! | [`forward`](forward::forward) | a queue whose events go on | each target has the event before the record is done |
//! | [`grouper`] | the timers and the closed groups of a grouper | many events become one, sent once |
//! | [`step`] | a handler step of a workflow | typed input and output, errors by name |
//! | [`browser`] | a WebSocket API, its sources, fan-outs and sinks | see there |
//! | [`mod@source`] | a table's stream, a schedule, a route over HTTP | an event is published, or set aside with a reason |
//! | [`mail`] | a sink of mail, and what comes back of it | no header is smuggled in; a mail is sent at most once, or at least once, as the flow says |
//! | [`Outbox`] | the product's own API, outside Lambda | an event is written once |
//! | [`run`] | `main` of the binary | a function that cannot run fails before its first event |
//!
//! Invariants of the whole crate:
//!
//! - The time comes from the invocation ([`Invocation::now`]), never from the system clock.
//! - Nothing that a payload holds reaches a log or an error text, apart from ids, event types and
//!   names of fields; whatever does reach one can move no cursor and colour no terminal.
//! - No task is spawned: what an invocation began ends with it.

pub mod aws;
pub mod browser;
mod choice;
mod consumer;
mod cx;
mod decode;
mod envelope;
mod error;
mod event;
mod event_type;
pub mod forward;
pub mod grouper;
mod init_error;
pub mod intake;
mod item;
mod log;
pub mod lookup;
pub mod mail;
mod once;
mod outbox;
mod panics;
mod pii;
pub mod rows;
mod run;
mod scalar;
#[cfg(feature = "schema")]
pub mod schema;
mod secret;
pub mod send;
pub mod sink;
pub mod source;
mod state;
mod step;
pub mod targets;
pub mod template;

pub use consumer::{Consumer, MARGIN, Order, Relay, consume, relay};
pub use cx::{Cx, CxError, Invocation, TIMEOUT};
pub use decode::{DecodeError, decode};
pub use envelope::Envelope;
pub use error::Error;
pub use event::{Event, Message, data, event_id, source};
pub use event_type::{Arrival, EventType};
pub use once::Once;
pub use outbox::{Outbox, OutboxError, Written};
pub use pii::Pii;
pub use run::{Exit, Start, run};
pub use scalar::{Date, Decimal, Email, Invalid, List, Rules, Timestamp, Ulid, Url, Uuid};
pub use secret::secret;
pub use step::{Step, step};

pub use askama;
pub use aws_config::SdkConfig;
pub use aws_sdk_dynamodb;
pub use lambda_runtime::{Context, LambdaEvent};
#[cfg(feature = "schema")]
pub use schemars;
pub use serde;
pub use serde_json;
pub use tracing;

/// What the exported macros need and nobody else should name.
#[doc(hidden)]
pub mod macros {
    pub use crate::scalar::Inner;
    #[cfg(feature = "schema")]
    pub use crate::scalar::schema;
}
