//! Gateways, groupers and sinks: the way to people.

use super::{Pattern, To};
use crate::yaml::{At, Forms, Literal, Never};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// The kinds of gateway.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a gateway", rename_all = "snake_case")]
pub enum Gateway {
    /// API Gateway's WebSocket API.
    Websocket(GatewayBody),
    /// API Gateway's HTTP API.
    Http(GatewayBody),
}

/// Who may come in, and from where.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a gateway")]
#[schemars(rename = "the settings of a gateway")]
pub struct GatewayBody {
    /// What it is for.
    pub about: Option<At<String>>,
    /// How callers show who they are.
    pub auth: At<Auth>,
    /// The pages that browsers may call from.
    #[serde(default)]
    pub origins: Vec<At<String>>,
    /// Its former name, which keeps its identity.
    pub renamed_from: Option<At<String>>,
    /// Why a replacement of the API, and a new address, is meant.
    pub allow_replace: Option<At<String>>,
}

/// How callers show who they are.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "auth", rename_all = "snake_case")]
pub enum Auth {
    /// A JSON Web Token.
    Jwt(Jwt),
}

/// A JSON Web Token.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a jwt")]
pub struct Jwt {
    /// Who signs it.
    pub issuer: At<String>,
    /// Whom it is for.
    pub audience: At<String>,
    /// The claim that is the user; `sub` by default.
    pub user: Option<At<String>>,
    /// The claim that is the tenant.
    pub tenant: Option<At<String>>,
}

/// Many events into one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a grouper")]
pub struct Grouper {
    /// What it is for.
    pub about: Option<At<String>>,
    /// What events of one group have in common.
    pub key: At<String>,
    /// When a group closes.
    pub window: At<Window>,
    /// Whether the first event of a group is shown at once (`now`) or waits (`wait`, the default).
    pub first: Option<At<First>>,
    /// The most events of one group: 100 by default, and at most.
    pub max: Option<At<u32>>,
    /// What to do with more: `flush` (default) or `page`.
    pub on_full: Option<At<OnFull>>,
    /// The field of which each value counts once.
    pub distinct: Option<At<String>>,
    /// How many members the group carries with it.
    pub sample: Option<At<Sample>>,
    /// Events that take others out again.
    #[serde(default)]
    pub cancel: IndexMap<At<String>, At<Cancel>>,
    /// Members for which this holds drop out at the close.
    pub suppress_if: Option<At<Pattern>>,
    /// After a delivery: a `new` thread (default), or an `update` of it.
    pub after_delivery: Option<At<AfterDelivery>>,
    /// Hours in which nothing is delivered.
    pub quiet_hours: Option<At<QuietHours>>,
    /// At most so many groups a target in a time.
    pub throttle: Option<At<Throttle>>,
    /// In how many parts a hot key is kept; 1 by default.
    pub shards: Option<At<u32>>,
    /// The name of the event that a group becomes.
    pub emits: At<String>,
    /// Where the group goes.
    pub to: At<To>,
    /// Its former name, which keeps its identity.
    pub renamed_from: Option<At<String>>,
    /// Why a replacement of the group table, and the loss of open groups, is meant.
    pub allow_replace: Option<At<String>>,
}

/// When a group closes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a window", rename_all = "snake_case")]
pub enum Window {
    /// After a pause.
    Session(Session),
    /// At fixed intervals.
    Tumbling(Tumbling),
    /// At times of the clock.
    Cron(Cron),
    /// After a number of events.
    Count(Count),
}

/// After a pause.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a session window")]
pub struct Session {
    /// How long nothing may come.
    pub gap: At<String>,
    /// The longest that a group stays open.
    pub at_most: At<String>,
}

/// At fixed intervals.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a tumbling window")]
pub struct Tumbling {
    /// The interval.
    pub every: At<String>,
    /// Where the interval begins: `epoch` (default) or `day`.
    pub align: Option<At<String>>,
    /// A time zone's name; UTC by default.
    pub tz: Option<At<String>>,
}

/// At times of the clock.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a cron window")]
pub struct Cron {
    /// AWS's own form: `"cron(0 8,20 * * ? *)"`.
    pub at: At<String>,
    /// A time zone's name; UTC by default.
    pub tz: Option<At<String>>,
}

/// After a number of events.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a count window")]
pub struct Count {
    /// The number.
    pub n: At<u32>,
    /// The longest that a group stays open.
    pub at_most: At<String>,
}

/// When the first event of a group is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "first", rename_all = "snake_case")]
pub enum First {
    /// With the group.
    Wait,
    /// At once, and again with the group as its next revision.
    Now,
}

/// What to do with more events than `max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "on_full", rename_all = "snake_case")]
pub enum OnFull {
    /// Close the group; the next event opens another.
    Flush,
    /// Go on in pages of `max`.
    Page,
}

/// What follows a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "after_delivery", rename_all = "snake_case")]
pub enum AfterDelivery {
    /// A new thread.
    New,
    /// The same thread, in a higher revision.
    Update,
}

/// Members that a group carries with it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a sample")]
pub struct Sample {
    /// How many.
    pub n: At<u32>,
    /// Which: `newest` (default) or `oldest`.
    pub order: Option<At<SampleOrder>>,
}

/// Which members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "order", rename_all = "snake_case")]
pub enum SampleOrder {
    /// The last ones.
    Newest,
    /// The first ones.
    Oldest,
}

/// `all` (drops the open group), or one event by its id.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Cancel(pub Forms<String, Never, CancelOf>);

/// One event by its id.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a cancel")]
pub struct CancelOf {
    /// The event that is taken out.
    pub of: At<String>,
    /// The field of the cancelling event that holds its id.
    pub id: At<String>,
}

/// Hours in which nothing is delivered.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "quiet hours")]
pub struct QuietHours {
    /// A time zone's name, for users who have none.
    pub tz: Option<At<String>>,
    /// From, as `"22:00"`.
    pub from: At<String>,
    /// To, as `"07:00"`.
    pub to: At<String>,
    /// `hold` (default) or `drop`.
    pub action: Option<At<QuietAction>>,
}

/// What quiet hours do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "action", rename_all = "snake_case")]
pub enum QuietAction {
    /// Deliver afterwards.
    Hold,
    /// Deliver nothing.
    Drop,
}

/// At most so many in a time.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a throttle")]
pub struct Throttle {
    /// So many.
    pub n: At<u32>,
    /// In this time.
    pub per: At<String>,
}

/// Where a flow ends.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a sink", rename_all = "snake_case")]
pub enum Sink {
    /// The user's browsers.
    Websocket(WebsocketSink),
    /// A mail by SES.
    Email(Email),
    /// A number in a row.
    Counter(Counter),
    /// A row.
    Table(TableSink),
    /// A signed POST to somebody else's server.
    Webhook(Webhook),
}

/// The user's browsers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a websocket sink")]
pub struct WebsocketSink {
    /// What it is for.
    pub about: Option<At<String>>,
    /// The gateway that the browsers are connected to.
    pub gateway: At<String>,
    /// How long what was sent is kept for those who were away; `7d` by default.
    pub replay: Option<At<String>>,
    /// Its former name, which keeps its identity.
    pub renamed_from: Option<At<String>>,
}

/// A mail by SES.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "an email sink")]
pub struct Email {
    /// What it is for.
    pub about: Option<At<String>>,
    /// Who it is from: `"Name <address>"`.
    pub sender: At<String>,
    /// The subject.
    pub subject: At<String>,
    /// The name of the template under `spec/templates/`.
    pub template: At<String>,
    /// Where answers go.
    pub reply_to: Option<At<String>>,
    /// What is promised, for SES knows no idempotency.
    pub delivery: At<Delivery>,
    /// Its former name, which keeps its identity.
    pub renamed_from: Option<At<String>>,
}

/// What is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "delivery", rename_all = "snake_case")]
pub enum Delivery {
    /// Never twice; after a crash perhaps not at all.
    AtMostOnce,
    /// Always; after a crash perhaps twice.
    AtLeastOnce,
}

/// A number in a row.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a counter")]
pub struct Counter {
    /// What it is for.
    pub about: Option<At<String>>,
    /// The table.
    pub table: At<String>,
    /// The row's key.
    pub key: At<String>,
    /// The row's sort key, where the table has one.
    pub sort: Option<At<String>>,
    /// What is added to which field, exactly once an event.
    pub add: At<IndexMap<At<String>, At<i64>>>,
    /// Its former name, which keeps its identity.
    pub renamed_from: Option<At<String>>,
}

/// A row.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a table sink")]
pub struct TableSink {
    /// What it is for.
    pub about: Option<At<String>>,
    /// The table.
    pub table: At<String>,
    /// What its fields are set to; the event's fields of the same names by default.
    #[serde(default)]
    pub set: IndexMap<At<String>, At<String>>,
    /// Its former name, which keeps its identity.
    pub renamed_from: Option<At<String>>,
}

/// A signed POST to somebody else's server.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a webhook")]
pub struct Webhook {
    /// What it is for.
    pub about: Option<At<String>>,
    /// The address: https.
    pub url: At<String>,
    /// The secret that signs it.
    pub secret: At<String>,
    /// Further headers.
    #[serde(default)]
    pub headers: IndexMap<At<String>, At<Literal>>,
    /// How long the other server may take; `10s` by default.
    pub timeout: Option<At<String>>,
    /// Its former name, which keeps its identity.
    pub renamed_from: Option<At<String>>,
}
