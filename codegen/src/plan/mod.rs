//! Every decision, made: what `lower` writes down and `emit` prints.
//!
//! Guaranteed: each timeout, visibility, policy, name, layer and permission is here as a value; an emitter
//! needs no rule of its own. References between resources are typed and always name a resource of the plan.

mod browser;
mod compute;
mod group;
mod messaging;
mod names;
mod observe;
mod parts;
mod state;
mod types;
mod web;
mod workflow;

pub use browser::{
    AllowPart, BrowserPart, FanOutPart, GatewayPart, MembershipPart, Piece, ShownPart, SinkPart, SourcePart,
};
pub use compute::{
    EnvValue, Function, FunctionKind, Grant, Handler, HandlerInput, HandlerShape, Invoker, Mapping, MappingSource, On,
};
pub use group::{CancelPart, ClosedPart, GrouperPart, WindowPart};
pub use messaging::{Queue, QueueRole, RawFilter, Sender, Subscription, Topic, TopicRole};
pub use names::{
    FunctionRef, GatewayRef, GroupRef, MachineRef, Place, QueueRef, Reference, SecretRef, TableRef, TopicRef,
};
pub use observe::{Alarm, Comparison, Dimension, Metric, Statistic, Widget};
pub use parts::{
    ColumnPart, Consumer, CounterPart, DestinationPart, FindPart, Forward, HttpPart, IntakePart, LookupPart, MailPart,
    MatchPart, Part, Publisher, QueuePart, RecipientsPart, RowPart, SchedulePart, TargetsPart, TopicPart,
    UnsubscribePart, WebhookPart,
};
pub use state::{AttributeType, GlobalIndex, KeyAttribute, Secret, StreamView, Table, TableRole};
pub use types::{BrowserRoute, EventDef, FieldDef, OutboxDef, Shape, StoreDef, TypeDef};
pub use web::{Gateway, Mail, Route, Schedule, ScheduleTarget};
pub use workflow::{CatchPlan, KnownBy, Machine, RetryPlan, StepKindPlan, StepPlan};

use crate::model::{ApiLogs, Architecture, Encryption, Quotas};

/// How the whole stack is built.
#[derive(Debug, Clone)]
pub struct StackSettings {
    /// Whose keys encrypt.
    pub encryption: Encryption,
    /// The processor of the handlers' binary.
    pub architecture: Architecture,
    /// Days that logs are kept; one of those that CloudWatch Logs knows.
    pub log_days: u32,
    /// How high the account's quotas are.
    pub quotas: Quotas,
    /// The role of API Gateway's access logs.
    pub api_logs: ApiLogs,
    /// Tags of every resource, sorted by key.
    pub tags: Vec<(String, String)>,
    /// The default of the parameter `AlarmEmail`.
    pub alarm_email: Option<String>,
}

/// A note to the person about the plan: what it costs, what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What it is about: the thing's name in the spec.
    pub about: String,
    /// In a sentence.
    pub text: String,
}

/// Every decision about a flow.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The flow's name, snake_case.
    pub name: String,
    /// What it is for.
    pub about: Option<String>,
    /// The spec's path from the flow's root, for the headers of generated files.
    pub spec: String,
    /// How the stack is built.
    pub settings: StackSettings,
    /// Named types.
    pub types: Vec<TypeDef>,
    /// Events, declared and emitted.
    pub events: Vec<EventDef>,
    /// The user's handlers.
    pub handlers: Vec<Handler>,
    /// Tables of `rows: event`, for the outbox writer.
    pub outboxes: Vec<OutboxDef>,
    /// Tables that handlers read or write.
    pub stores: Vec<StoreDef>,
    /// DynamoDB tables.
    pub tables: Vec<Table>,
    /// Secrets.
    pub secrets: Vec<Secret>,
    /// SNS topics.
    pub topics: Vec<Topic>,
    /// SQS queues, dead-letter queues and timers included.
    pub queues: Vec<Queue>,
    /// Subscriptions of queues to topics.
    pub subscriptions: Vec<Subscription>,
    /// Lambda functions.
    pub functions: Vec<Function>,
    /// State machines.
    pub machines: Vec<Machine>,
    /// APIs.
    pub gateways: Vec<Gateway>,
    /// EventBridge Scheduler.
    pub schedules: Vec<Schedule>,
    /// Schedule groups that functions make one-time schedules in.
    pub schedule_groups: Vec<(GroupRef, Place)>,
    /// SES, where a sink sends mail.
    pub mail: Option<Mail>,
    /// CloudWatch alarms.
    pub alarms: Vec<Alarm>,
    /// The dashboard, widget by widget.
    pub dashboard: Vec<Widget>,
    /// What the person should know of the plan.
    pub remarks: Vec<Remark>,
    /// The picture.
    pub diagram: crate::diagram::Graph,
}
