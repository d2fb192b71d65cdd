//! Sources, queues, workflows and handlers: what is done with an event.

use super::Pattern;
use crate::yaml::{At, ByCase, Forms, Literal, Never};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// Where to: a name, a list (all of them), or `first:` of several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct To(pub Forms<String, Vec<At<String>>, ToFirst>);

/// The first that delivers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a destination")]
pub struct ToFirst {
    /// Tried in this order.
    pub first: At<Vec<At<String>>>,
}

/// Where events come from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a source")]
pub struct Source {
    /// What it is for.
    pub about: Option<At<String>>,
    /// A table, a gateway's route or a schedule.
    pub from: At<SourceFrom>,
    /// The event that a route or a schedule makes.
    pub event: Option<At<String>>,
    /// Fields that are set here and never taken from the caller.
    #[serde(default)]
    pub set: IndexMap<At<String>, At<String>>,
    /// The row that must be there for the caller to be let in.
    pub allow: Option<At<Lookup>>,
    /// A handler that makes the event from the request.
    pub handler: Option<At<String>>,
    /// A topic, a queue or a workflow.
    pub to: At<To>,
    /// Its former name, which keeps its identity.
    pub renamed_from: Option<At<String>>,
}

/// The kinds of source.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a source", rename_all = "snake_case")]
#[schemars(rename = "where events come from")]
pub enum SourceFrom {
    /// A table: each new row is an event.
    Table(At<String>),
    /// A route of a WebSocket gateway.
    Websocket(WebsocketRoute),
    /// A route of an HTTP gateway.
    Http(HttpRoute),
    /// A schedule.
    Schedule(Schedule),
}

/// A route of a WebSocket gateway.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a websocket route")]
pub struct WebsocketRoute {
    /// The gateway.
    pub gateway: At<String>,
    /// The route: the `action` that the browser sends.
    pub route: At<String>,
}

/// A route of an HTTP gateway.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "an http route")]
pub struct HttpRoute {
    /// The gateway.
    pub gateway: At<String>,
    /// `POST` by default.
    pub method: Option<At<String>>,
    /// The path, with `{name}` for what `"{path.name}"` reads.
    pub path: At<String>,
}

/// A schedule.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a schedule")]
pub struct Schedule {
    /// AWS's own form: `"cron(0 8 * * ? *)"` or `"rate(5 minutes)"`.
    pub at: At<String>,
    /// A time zone's name; UTC by default.
    pub tz: Option<At<String>>,
}

/// One row, or some, of a table.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a lookup")]
pub struct Lookup {
    /// The table.
    pub table: At<String>,
    /// What its fields equal.
    #[serde(rename = "where")]
    pub matching: At<IndexMap<At<String>, At<String>>>,
    /// The field that is wanted.
    pub select: Option<At<String>>,
}

/// An SQS queue with its dead-letter queue and its consumer.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename = "a queue", default)]
pub struct Queue {
    /// What it is for.
    pub about: Option<At<String>>,
    /// The topic that it reads; left out where something else's `to` feeds it.
    pub from: Option<At<String>>,
    /// The events of the topic that it takes; all of them by default.
    pub events: Option<At<Vec<At<String>>>>,
    /// Which of them, by their fields: an SNS filter policy.
    pub filter: Option<At<Pattern>>,
    /// Your handler of each event.
    pub handler: Option<At<String>>,
    /// The users that each event is for.
    pub targets: Option<At<Targets>>,
    /// The field whose user is left out of the targets.
    pub except: Option<At<String>>,
    /// Whether a target that is found twice counts once; `true` by default.
    pub dedupe: Option<At<bool>>,
    /// The most targets of one event.
    pub max_targets: Option<At<u64>>,
    /// What to do beyond that.
    pub on_overflow: Option<At<Overflow>>,
    /// How often a failing event is tried before it goes to the dead-letter queue.
    pub retry: Option<At<Retry>>,
    /// How long events are kept: `4d` by default.
    pub keep: Option<At<String>>,
    /// How long every event waits first.
    pub delay: Option<At<String>>,
    /// How many events the consumer takes at once: 10 by default.
    pub batch: Option<At<u32>>,
    /// How long the consumer waits for a batch to fill.
    pub batch_window: Option<At<String>>,
    /// How many batches are handled at the same time.
    pub concurrency: Option<At<u32>>,
    /// How long the consumer may take for one batch.
    pub timeout: Option<At<String>>,
    /// What is expected to come.
    pub expect: Option<At<Expect>>,
    /// The promise: from the event's time to the first sink's delivery.
    pub within: Option<At<String>>,
    /// Whether the handler runs once for an event even if it is delivered twice; `true` by default.
    pub idempotent: Option<At<bool>>,
    /// Where the events go from here.
    pub to: Option<At<To>>,
    /// Its former name, which keeps its identity.
    pub renamed_from: Option<At<String>>,
    /// Why a replacement of the queue, and the loss of what is in it, is meant.
    pub allow_replace: Option<At<String>>,
}

/// What is expected to come: the plan is made for this.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename = "an expectation", default)]
pub struct Expect {
    /// The most targets of one event.
    pub targets: Option<At<u64>>,
    /// Events in a time: `1/s`, `300/m`.
    pub rate: Option<At<String>>,
}

/// What to do with more targets than `max_targets`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "on_overflow", rename_all = "snake_case")]
pub enum Overflow {
    /// Go on in pages.
    Page,
    /// Fail the event.
    Fail,
}

/// One way for all events, or one by event.
type TargetsForm = ByCase<TargetsMap, IndexMap<At<String>, At<TargetsOf>>>;

/// The users that an event is for: a field, or an object that says how they are found.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Targets(pub Forms<String, Never, TargetsForm>);

/// The users that one kind of event is for.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TargetsOf(pub Forms<String, Never, TargetsMap>);

/// How users are found: exactly one of `handler`, `followers`, or a lookup.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename = "targets", default)]
pub struct TargetsMap {
    /// Your handler finds them.
    pub handler: Option<At<String>>,
    /// Everybody who follows a user.
    pub followers: Option<At<Followers>>,
    /// A lookup in this table.
    pub table: Option<At<String>>,
    /// What its fields equal.
    #[serde(rename = "where")]
    pub matching: Option<At<IndexMap<At<String>, At<String>>>>,
    /// The field that holds the user.
    pub select: Option<At<String>>,
}

/// Everybody who follows a user.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "followers")]
pub struct Followers {
    /// The table of follows.
    pub table: At<String>,
    /// Its field for the one who is followed.
    pub of: At<String>,
    /// Its field for the one who follows.
    pub follower: At<String>,
    /// Whether events are written to each follower, read by them, or either by the number of followers.
    pub mode: Option<At<FollowersMode>>,
    /// From so many followers on, `hybrid` reads.
    pub threshold: Option<At<u64>>,
}

/// How an event reaches followers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "mode", rename_all = "snake_case")]
pub enum FollowersMode {
    /// Written to each.
    Write,
    /// Read by each.
    Read,
    /// Written for few, read for many.
    Hybrid,
}

/// How often and when to try again.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename = "a retry", default)]
pub struct Retry {
    /// How many tries in all.
    pub attempts: Option<At<u32>>,
    /// How long to wait before the second.
    pub backoff: Option<At<String>>,
    /// By how much the wait grows.
    pub backoff_rate: Option<At<f64>>,
    /// The longest wait.
    pub max_backoff: Option<At<String>>,
    /// Whether waits are spread at random: `full` (default) or `none`.
    pub jitter: Option<At<String>>,
    /// The errors that are tried again; all that may pass by default.
    pub errors: Option<At<Vec<At<String>>>>,
}

/// A Step Functions state machine.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename = "a workflow", default)]
pub struct Workflow {
    /// What it is for.
    pub about: Option<At<String>>,
    /// Its steps, in order.
    #[schemars(required)]
    pub steps: Option<At<Steps>>,
    /// For every step that does not say otherwise.
    pub retry: Option<At<Retry>>,
    /// How long the whole may take.
    pub timeout: Option<At<String>>,
    /// Whether it is an express workflow: at most 5 minutes, at least once.
    pub express: Option<At<bool>>,
    /// What is expected to come.
    pub expect: Option<At<Expect>>,
    /// Its former name, which keeps its identity.
    pub renamed_from: Option<At<String>>,
}

/// Steps in order, each an object of one name: `- name: { kind: … }`.
pub type Steps = Vec<At<IndexMap<At<String>, At<Step>>>>;

/// One step: exactly one of `handler`, `send`, `wait`, `choice`, `parallel`, `map`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename = "a step", default)]
pub struct Step {
    /// Runs your handler; the fields that it returns are added.
    pub handler: Option<At<String>>,
    /// Sends to a sink, a topic or a queue.
    pub send: Option<At<String>>,
    /// Waits: a duration, or `{ until: field }`.
    pub wait: Option<At<Wait>>,
    /// Goes on at the first case that holds, or else at the next step.
    pub choice: Option<At<Vec<At<Case>>>>,
    /// Runs several lists of steps at the same time.
    pub parallel: Option<At<Vec<At<Steps>>>>,
    /// Runs steps for each entry of a list.
    pub map: Option<Box<At<MapStep>>>,
    /// The step after this one, or `end`; the next in the list by default.
    pub next: Option<At<String>>,
    /// Where to go on after an error.
    pub catch: Option<At<Catch>>,
    /// How often to try again.
    pub retry: Option<At<Retry>>,
    /// How long the step may take.
    pub timeout: Option<At<String>>,
}

/// A duration, or a moment.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Wait(pub Forms<String, Never, WaitUntil>);

/// A moment.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a wait")]
pub struct WaitUntil {
    /// The field, a timestamp, that says until when.
    pub until: At<String>,
}

/// One case of a choice.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a case")]
pub struct Case {
    /// The condition.
    pub when: At<Pattern>,
    /// The step to go on with, or `end`.
    pub next: At<String>,
}

/// One catch, or several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Catch(pub Forms<Never, Vec<At<CatchOne>>, CatchOne>);

/// Where to go on after an error.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a catch")]
pub struct CatchOne {
    /// The errors' names; all by default.
    pub errors: Option<At<Vec<At<String>>>>,
    /// The step to go on with, or `end`.
    pub next: At<String>,
}

/// Steps for each entry of a list.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a map")]
pub struct MapStep {
    /// The field that holds the list.
    pub over: At<String>,
    /// The field that holds the entry, for the inner steps.
    #[serde(rename = "as")]
    pub entry: At<String>,
    /// How many at the same time; 10 by default.
    pub concurrency: Option<At<u32>>,
    /// The inner steps.
    pub steps: At<Steps>,
}

/// Your own function.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename = "a handler", default)]
pub struct Handler {
    /// What it does.
    pub about: Option<At<String>>,
    /// Tables and secrets that it reads.
    pub reads: Vec<At<String>>,
    /// Tables that it writes.
    pub writes: Vec<At<String>>,
    /// The type, or event, that it returns.
    pub returns: Option<At<String>>,
    /// Topics and queues that it sends to while it runs.
    pub publishes: Vec<At<String>>,
    /// How long it may take.
    pub timeout: Option<At<String>>,
    /// Its memory: `256MiB` by default.
    pub memory: Option<At<String>>,
    /// Further environment variables.
    pub env: IndexMap<At<String>, At<Literal>>,
    /// Whether it runs once for an event even if it is delivered twice; `true` by default.
    pub idempotent: Option<At<bool>>,
}
