//! Sources, queues, workflows, handlers.

use super::{
    EventId, FollowersMode, GatewayId, GrouperId, HandlerId, Name, Overflow, Pattern, QueueId, SecretId, SinkId,
    Spanned, TableId, Template, TopicId, TypeId, WorkflowId,
};
use crate::source::Span;
use crate::yaml::Literal;

/// Whatever `to` can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Destination {
    /// An SNS topic.
    Topic(TopicId),
    /// An SQS queue.
    Queue(QueueId),
    /// A grouper.
    Grouper(GrouperId),
    /// A workflow.
    Workflow(WorkflowId),
    /// A sink.
    Sink(SinkId),
}

/// Where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// All of them.
    All(Vec<Spanned<Destination>>),
    /// The first that delivers.
    First(Vec<Spanned<Destination>>),
}

impl To {
    /// All destinations, in the order in which they were written.
    #[must_use]
    pub fn destinations(&self) -> &[Spanned<Destination>] {
        match self {
            Self::All(list) | Self::First(list) => list,
        }
    }
}

/// A lookup in a table.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// The table.
    pub table: Spanned<TableId>,
    /// Fields of the table, by their places, and what they equal.
    pub matching: Vec<(Spanned<usize>, Template)>,
    /// The field that is wanted.
    pub select: Option<Spanned<usize>>,
    /// The index of the table that serves it; none for the table's own key.
    pub index: Option<usize>,
    /// Where it was written.
    pub span: Span,
}

impl Lookup {
    /// The places of the fields by which it asks.
    #[must_use]
    pub fn fields(&self) -> Vec<usize> {
        self.matching.iter().map(|(field, _)| field.value).collect()
    }
}

/// A schedule.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// AWS's expression: `cron(…)` or `rate(…)`.
    pub at: Spanned<String>,
    /// A time zone's name.
    pub tz: Option<Spanned<String>>,
}

/// The kinds of source.
#[derive(Debug, Clone)]
pub enum SourceKind {
    /// A table's new rows.
    Table(Spanned<TableId>),
    /// A route of a WebSocket gateway.
    Websocket {
        /// The gateway.
        gateway: Spanned<GatewayId>,
        /// The route.
        route: Spanned<String>,
    },
    /// A route of an HTTP gateway.
    Http {
        /// The gateway.
        gateway: Spanned<GatewayId>,
        /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
        method: Spanned<String>,
        /// The path, with `{name}` parts.
        path: Spanned<String>,
    },
    /// A schedule.
    Schedule(Schedule),
    /// What could not be resolved; reported, so no later pass but `check` sees it.
    Unresolved,
}

/// Where events come from.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub about: Option<String>,
    /// Its kind.
    pub kind: SourceKind,
    /// The event that it makes; none for a table, whose rows are any event of the topic.
    pub event: Option<Spanned<EventId>>,
    /// Fields that are set here: the name (a field of the event, or `time`) and the value.
    pub set: Vec<(Spanned<String>, Template)>,
    /// The row that must be there.
    pub allow: Option<Lookup>,
    /// A handler that makes the event.
    pub handler: Option<Spanned<HandlerId>>,
    /// Where to.
    pub to: To,
}

/// How the users are found that one event is for.
#[derive(Debug, Clone)]
pub enum Target {
    /// A field of the event: a user, or a list of users.
    Field(Spanned<String>),
    /// A handler.
    Handler(Spanned<HandlerId>),
    /// A lookup.
    Lookup(Lookup),
    /// Everybody who follows a user.
    Followers {
        /// The table of follows.
        table: Spanned<TableId>,
        /// Its field for the one who is followed.
        of: Spanned<usize>,
        /// Its field for the one who follows.
        follower: Spanned<usize>,
        /// How an event reaches them.
        mode: FollowersMode,
        /// From so many on, `hybrid` reads.
        threshold: u64,
    },
}

/// How the users are found that events are for.
#[derive(Debug, Clone)]
pub struct Targets {
    /// By event; where one way was written for all, it stands here for each event that arrives.
    pub by_event: Vec<(Spanned<EventId>, Target)>,
    /// The one way that was written for all events.
    pub for_all: Option<Target>,
    /// Where it was written.
    pub span: Span,
}

/// How many come in a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// So many …
    pub count: f64,
    /// … in so many seconds.
    pub seconds: u64,
}

impl Rate {
    /// Events a second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        self.count / self.seconds.max(1) as f64
    }
}

/// What is expected to come.
#[derive(Debug, Clone, Default)]
pub struct Expect {
    /// The most targets of one event.
    pub targets: Option<Spanned<u64>>,
    /// How often.
    pub rate: Option<Spanned<Rate>>,
}

/// How often and when to try again.
#[derive(Debug, Clone, Default)]
pub struct Retry {
    /// Tries in all.
    pub attempts: Option<Spanned<u32>>,
    /// Seconds before the second try.
    pub backoff: Option<Spanned<u64>>,
    /// By how much the wait grows.
    pub backoff_rate: Option<Spanned<f64>>,
    /// The longest wait, in seconds.
    pub max_backoff: Option<Spanned<u64>>,
    /// Whether waits are spread at random.
    pub jitter: bool,
    /// The errors' names.
    pub errors: Vec<Spanned<String>>,
    /// Where it was written.
    pub span: Span,
}

/// An SQS queue, its dead-letter queue and its consumer.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub about: Option<String>,
    /// The topic that it reads.
    pub from: Option<Spanned<TopicId>>,
    /// The events that `events:` names; none where it was left out.
    pub events: Option<Vec<Spanned<EventId>>>,
    /// Which of them.
    pub filter: Option<Pattern>,
    /// A handler of each event.
    pub handler: Option<Spanned<HandlerId>>,
    /// The users that events are for.
    pub targets: Option<Targets>,
    /// Whose user is left out: `actor` or a field.
    pub except: Option<Spanned<String>>,
    /// Whether a target that is found twice counts once.
    pub dedupe: bool,
    /// The most targets of one event, and what to do beyond.
    pub max_targets: Option<(Spanned<u64>, Overflow)>,
    /// Tries before the dead-letter queue.
    pub retry: Option<Retry>,
    /// Seconds that events are kept.
    pub keep: Option<Spanned<u64>>,
    /// Seconds that every event waits first.
    pub delay: Option<Spanned<u64>>,
    /// Events that the consumer takes at once.
    pub batch: Option<Spanned<u32>>,
    /// Seconds that the consumer waits for a batch to fill.
    pub batch_window: Option<Spanned<u64>>,
    /// Batches at the same time.
    pub concurrency: Option<Spanned<u32>>,
    /// Seconds that the consumer may take.
    pub timeout: Option<Spanned<u64>>,
    /// What is expected to come.
    pub expect: Expect,
    /// Seconds from the event's time to the first sink's delivery.
    pub within: Option<Spanned<u64>>,
    /// Whether the handler runs once for an event.
    pub idempotent: bool,
    /// Where to.
    pub to: Option<To>,
    /// Why a replacement is meant.
    pub allow_replace: Option<Spanned<String>>,
}

/// Where to go on after an error.
#[derive(Debug, Clone)]
pub struct Catch {
    /// The errors' names; empty for all.
    pub errors: Vec<Spanned<String>>,
    /// The step, or `end`.
    pub next: Spanned<String>,
}

/// Steps for each entry of a list.
#[derive(Debug, Clone)]
pub struct MapStep {
    /// The field that holds the list.
    pub over: Spanned<String>,
    /// The field that holds the entry.
    pub entry: Spanned<String>,
    /// How many at the same time.
    pub concurrency: Option<Spanned<u32>>,
    /// The inner steps.
    pub steps: Vec<Step>,
}

/// The kinds of step.
#[derive(Debug, Clone)]
pub enum StepKind {
    /// Runs a handler.
    Handler(Spanned<HandlerId>),
    /// Sends.
    Send(Spanned<Destination>),
    /// Waits so many seconds.
    Wait(Spanned<u64>),
    /// Waits until the moment that a field holds.
    WaitUntil(Spanned<String>),
    /// Goes on at the first case that holds.
    Choice(Vec<(Pattern, Spanned<String>)>),
    /// Several lists of steps at the same time.
    Parallel(Vec<Vec<Step>>),
    /// Steps for each entry of a list.
    Map(Box<MapStep>),
    /// What could not be resolved; reported, so no later pass but `check` sees it.
    Unresolved,
}

/// One step of a workflow.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name.
    pub name: Spanned<String>,
    /// Its kind.
    pub kind: StepKind,
    /// The step after it, or `end`; the next in the list where none is given.
    pub next: Option<Spanned<String>>,
    /// Where to go on after an error.
    pub catch: Vec<Catch>,
    /// How often to try again; the workflow's where none is given.
    pub retry: Option<Retry>,
    /// Seconds that it may take.
    pub timeout: Option<Spanned<u64>>,
}

/// A Step Functions state machine.
#[derive(Debug, Clone)]
pub struct Workflow {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub about: Option<String>,
    /// Its steps.
    pub steps: Vec<Step>,
    /// For every step that does not say otherwise.
    pub retry: Option<Retry>,
    /// Seconds that the whole may take.
    pub timeout: Option<Spanned<u64>>,
    /// Whether it is an express workflow.
    pub express: Spanned<bool>,
    /// What is expected to come.
    pub expect: Expect,
}

/// What a handler returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returns {
    /// A named type.
    Type(TypeId),
    /// An event.
    Event(EventId),
}

/// Your own function.
#[derive(Debug, Clone)]
pub struct Handler {
    /// Its name.
    pub name: Name,
    /// What it does.
    pub about: Option<String>,
    /// Tables that it reads.
    pub reads: Vec<Spanned<TableId>>,
    /// Secrets that it reads.
    pub secrets: Vec<Spanned<SecretId>>,
    /// Tables that it writes.
    pub writes: Vec<Spanned<TableId>>,
    /// What it returns.
    pub returns: Option<Spanned<Returns>>,
    /// Topics and queues that it sends to while it runs.
    pub publishes: Vec<Spanned<Destination>>,
    /// Seconds that it may take.
    pub timeout: Option<Spanned<u64>>,
    /// Its memory, in MiB.
    pub memory: Option<Spanned<u32>>,
    /// Further environment variables.
    pub env: Vec<(Spanned<String>, Literal)>,
    /// Whether it runs once for an event.
    pub idempotent: bool,
}
