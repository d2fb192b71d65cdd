//! The grammar: what a person may write, as types.
//!
//! In: the spanned tree of a spec. Out: a [`Flow`] in which every value knows its place. Guaranteed: the
//! shape is right (keys, kinds, lists); nothing is looked up yet. `spec/flow.schema.json` is made from
//! these same types, so that what an editor completes is what the compiler takes. The documentation of a
//! field is what the editor shows.
//!
//! Texts that have a form of their own (durations, names, templates, patterns) stay texts here; `resolve`
//! reads them and says what is wrong with them.

mod delivery;
mod events;
mod flow;
mod handling;
mod types;

pub use delivery::{
    AfterDelivery, Auth, Cancel, CancelOf, Count, Counter, Cron, Delivery, Email, First, Gateway, GatewayBody, Grouper,
    Jwt, OnFull, QuietAction, QuietHours, Sample, SampleOrder, Session, Sink, TableSink, Throttle, Tumbling, Webhook,
    WebsocketSink, Window,
};
pub use events::{Event, Index, Recipients, Rows, Secret, Table, Topic};
pub use flow::{Alarms, ApiLogs, Architecture, Encryption, Flow, Quotas, Settings};
pub use handling::{
    Case, Catch, CatchOne, Expect, Followers, FollowersMode, Handler, HttpRoute, Lookup, MapStep, Overflow, Queue,
    Retry, Schedule, Source, SourceFrom, Step, Steps, Targets, TargetsMap, To, ToFirst, Wait, WaitUntil,
    WebsocketRoute, Workflow,
};
pub use types::{TypeExpr, TypeMap};

use crate::yaml::{At, Literal};
use indexmap::IndexMap;

/// Things by their names, in the order in which they were written.
pub type Named<T> = IndexMap<At<String>, At<T>>;
/// A condition, in the form of an SNS filter pattern.
pub type Pattern = IndexMap<At<String>, At<Literal>>;
