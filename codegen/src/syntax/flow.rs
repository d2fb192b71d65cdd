//! The file as a whole.

use super::{
    Event, Gateway, Grouper, Handler, Named, Queue, Recipients, Secret, Sink, Source, Table, Topic, TypeExpr, Workflow,
};
use crate::yaml::{At, Literal};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// A flow: what happens, where it goes, who is told.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename = "a flow", default)]
pub struct Flow {
    /// The version of this language: 1.
    #[schemars(required)]
    pub eventloom: Option<At<u32>>,
    /// The flow's name, in snake_case: the root of every name in the stack.
    #[schemars(required)]
    pub flow: Option<At<String>>,
    /// What the flow is for, in a sentence.
    pub about: Option<At<String>>,
    /// Further files of this spec, inside the spec folder; their maps are added to this one's.
    pub include: Option<At<Vec<At<String>>>>,
    /// Named types, for fields.
    pub types: Named<TypeExpr>,
    /// What can happen.
    pub events: Named<Event>,
    /// DynamoDB tables.
    pub tables: Named<Table>,
    /// Secrets that handlers read, kept in Secrets Manager.
    pub secrets: Named<Secret>,
    /// What is known of a target: where its address and preferences are.
    pub recipients: Option<At<Recipients>>,
    /// API Gateway: WebSocket and HTTP APIs.
    pub gateways: Named<Gateway>,
    /// Where events come from.
    pub sources: Named<Source>,
    /// SNS topics.
    pub topics: Named<Topic>,
    /// SQS queues and their consumers.
    pub queues: Named<Queue>,
    /// Groupers: many events into one (elsewhere called digest, batch or aggregator).
    pub groupers: Named<Grouper>,
    /// Step Functions state machines.
    pub workflows: Named<Workflow>,
    /// Your own functions: what they read, write and return.
    pub handlers: Named<Handler>,
    /// Where a flow ends: browsers, mail, counters, tables, webhooks.
    pub sinks: Named<Sink>,
    /// Who hears of trouble.
    pub alarms: Option<At<Alarms>>,
    /// How the stack is built, where the defaults do not suit.
    pub settings: Option<At<Settings>>,
    /// Warnings that are accepted, each by its code with the reason.
    pub allow: IndexMap<At<String>, At<String>>,
    /// Differences by environment, shaped like the flow; they change settings and add no names.
    pub environments: IndexMap<At<String>, At<Literal>>,
}

/// Who hears of trouble.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "alarms")]
pub struct Alarms {
    /// The address that alarm mails go to; the parameter `AlarmEmail` overrides it.
    pub email: At<String>,
}

/// How the stack is built.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename = "settings", default)]
pub struct Settings {
    /// `customer` (default): one customer key per stack; `aws`: keys of AWS's own.
    pub encryption: Option<At<Encryption>>,
    /// The processor that the handlers' binary is built for; `x86_64` by default.
    pub architecture: Option<At<Architecture>>,
    /// How long logs are kept: `30d` by default.
    pub logs: Option<At<String>>,
    /// The account's quotas: `large` regions (default) or `small` ones.
    pub quotas: Option<At<Quotas>>,
    /// What to do about the role that API Gateway's access logs need, once per account and region.
    pub api_logs: Option<At<ApiLogs>>,
    /// Tags on every resource that takes them.
    pub tags: IndexMap<At<String>, At<String>>,
}

/// Whose keys encrypt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "encryption", rename_all = "snake_case")]
pub enum Encryption {
    /// One customer key per stack.
    Customer,
    /// AWS's own keys: cheaper, without a key policy of one's own.
    Aws,
}

/// A processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "architecture")]
pub enum Architecture {
    /// Intel and AMD.
    #[serde(rename = "x86_64")]
    X86_64,
    /// AWS Graviton.
    #[serde(rename = "arm64")]
    Arm64,
}

/// How high the account's default quotas are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "quotas", rename_all = "snake_case")]
pub enum Quotas {
    /// The large regions: 10,000 API requests a second.
    Large,
    /// The newer regions: 2,500 API requests a second.
    Small,
}

/// The role of API Gateway's access logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "api_logs", rename_all = "snake_case")]
pub enum ApiLogs {
    /// This stack makes it and keeps it.
    Create,
    /// The account has it.
    Existing,
    /// No access logs.
    Off,
}
