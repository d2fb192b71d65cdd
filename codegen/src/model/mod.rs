//! The flow as it is meant: every name looked up, every text with a form of its own read.
//!
//! Made by `resolve`, read by `check` and `lower`. Guaranteed: an id always finds its thing; what could
//! not be resolved was reported and is left out, so that the rest can still be checked.

mod arena;
mod delivery;
mod event;
mod handling;
mod pattern;
mod place;
mod template;
mod ty;

pub use arena::{Arena, Id};
pub use delivery::{Cancel, Gateway, GatewayKind, Grouper, Jwt, QuietHours, Sample, Sink, SinkKind, Throttle, Window};
pub use event::{Event, Index, Origin, Recipients, Role, Rows, Secret, Table, Topic};
pub use handling::{
    Catch, Destination, Expect, Handler, Lookup, MapStep, Queue, Rate, Retry, Returns, Schedule, Source, SourceKind,
    Step, StepKind, Target, Targets, To, Workflow,
};
pub use pattern::{FieldPattern, Matcher, NumericOp, Pattern, Scalar};
pub use template::{Part, Ref, Template};
pub use ty::{Bounds, Field, NamedType, Type};

pub use crate::syntax::{
    AfterDelivery, ApiLogs, Architecture, Delivery, Encryption, First, FollowersMode, OnFull, Overflow, QuietAction,
    Quotas, SampleOrder,
};

use crate::source::Span;

/// A value with its place in the spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value with its place.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// The name of a thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As it is written.
    pub text: String,
    /// Where.
    pub span: Span,
    /// Its former name, as the spec says it.
    pub renamed_from: Option<Spanned<String>>,
    /// All the names that it had in the stack, the first first; what is known of them is in the lock.
    pub former: Vec<String>,
}

impl Name {
    /// The name that the thing's identity in the stack comes from.
    #[must_use]
    pub fn identity(&self) -> &str {
        self.former.first().unwrap_or(&self.text)
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident => $thing:ty),* $(,)?) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u32);

        impl Id for $name {
            fn from_index(index: u32) -> Self {
                Self(index)
            }

            fn index(self) -> usize {
                self.0 as usize
            }
        }
    )* };
}

ids! {
    /// A named type.
    TypeId => NamedType,
    /// An event.
    EventId => Event,
    /// A table.
    TableId => Table,
    /// A secret.
    SecretId => Secret,
    /// A gateway.
    GatewayId => Gateway,
    /// A source.
    SourceId => Source,
    /// A topic.
    TopicId => Topic,
    /// A queue.
    QueueId => Queue,
    /// A grouper.
    GrouperId => Grouper,
    /// A workflow.
    WorkflowId => Workflow,
    /// A handler.
    HandlerId => Handler,
    /// A sink.
    SinkId => Sink,
}

/// Who hears of trouble.
#[derive(Debug, Clone)]
pub struct Alarms {
    /// The address.
    pub email: Spanned<String>,
}

/// How the stack is built.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whose keys encrypt.
    pub encryption: Encryption,
    /// The processor of the handlers' binary.
    pub architecture: Architecture,
    /// How long logs are kept, in days.
    pub log_days: u32,
    /// How high the account's quotas are.
    pub quotas: Quotas,
    /// The role of API Gateway's access logs.
    pub api_logs: ApiLogs,
    /// Tags, by key.
    pub tags: Vec<(Spanned<String>, Spanned<String>)>,
}

/// A whole flow.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its name.
    pub name: Name,
    /// What it is for.
    pub about: Option<Spanned<String>>,
    /// How the stack is built.
    pub settings: Settings,
    /// Named types.
    pub types: Arena<TypeId, NamedType>,
    /// Declared events, then those that groupers emit.
    pub events: Arena<EventId, Event>,
    /// Tables.
    pub tables: Arena<TableId, Table>,
    /// Secrets.
    pub secrets: Arena<SecretId, Secret>,
    /// What is known of a target.
    pub recipients: Option<Recipients>,
    /// Gateways.
    pub gateways: Arena<GatewayId, Gateway>,
    /// Sources.
    pub sources: Arena<SourceId, Source>,
    /// Topics.
    pub topics: Arena<TopicId, Topic>,
    /// Queues.
    pub queues: Arena<QueueId, Queue>,
    /// Groupers.
    pub groupers: Arena<GrouperId, Grouper>,
    /// Workflows.
    pub workflows: Arena<WorkflowId, Workflow>,
    /// Handlers.
    pub handlers: Arena<HandlerId, Handler>,
    /// Sinks.
    pub sinks: Arena<SinkId, Sink>,
    /// Who hears of trouble.
    pub alarms: Option<Alarms>,
    /// Warnings that are accepted: code and reason.
    pub allow: Vec<(Spanned<String>, Spanned<String>)>,
}
