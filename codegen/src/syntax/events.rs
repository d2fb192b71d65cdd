//! Events, tables, topics: what there is to know and to carry.

use super::{Named, TypeExpr};
use crate::yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// Something that can happen.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename = "an event", default)]
pub struct Event {
    /// What it says, in a sentence.
    pub about: Option<At<String>>,
    /// Its fields; `id` and `time` are there without being named.
    pub fields: Named<TypeExpr>,
    /// The field that is its identity; left out, the built-in `id`, a ulid.
    pub id: Option<At<String>>,
    /// The field that says when it happened; left out, the built-in `time`.
    pub time: Option<At<String>>,
    /// The field that says who did it.
    pub actor: Option<At<String>>,
    /// The field that says to what it was done.
    pub object: Option<At<String>>,
    /// The field that names the conversation in which events are ordered without gaps.
    pub order_by: Option<At<String>>,
    /// The field that names the tenant; it enters every key.
    pub tenant: Option<At<String>>,
    /// Its former name, which keeps its identity.
    pub renamed_from: Option<At<String>>,
}

/// A DynamoDB table.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename = "a table", default)]
pub struct Table {
    /// What it holds, in a sentence.
    pub about: Option<At<String>>,
    /// A layout that the runtime knows: `event` (the outbox) or `preferences`.
    pub rows: Option<At<Rows>>,
    /// The partition key.
    pub key: Option<At<String>>,
    /// The sort key.
    pub sort: Option<At<String>>,
    /// Its fields.
    pub fields: Named<TypeExpr>,
    /// Global secondary indexes, beside those that lookups need.
    pub indexes: Named<Index>,
    /// The field, a timestamp, after which a row may be deleted.
    pub expires: Option<At<String>>,
    /// Its former name, which keeps its identity.
    pub renamed_from: Option<At<String>>,
    /// Why a replacement of the table, and the loss of what it holds, is meant.
    pub allow_replace: Option<At<String>>,
}

/// Layouts that the runtime knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "rows", rename_all = "snake_case")]
pub enum Rows {
    /// One event a row: the outbox.
    Event,
    /// One user's channels, mutes, quiet hours and time zone a row.
    Preferences,
}

/// A global secondary index.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "an index")]
pub struct Index {
    /// Its partition key.
    pub key: At<String>,
    /// Its sort key.
    pub sort: Option<At<String>>,
}

/// A secret in Secrets Manager.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename = "a secret", default)]
pub struct Secret {
    /// What it is for.
    pub about: Option<At<String>>,
    /// Its former name, which keeps its identity.
    pub renamed_from: Option<At<String>>,
    /// Why a replacement of the secret, and the loss of its value, is meant.
    pub allow_replace: Option<At<String>>,
}

/// What is known of a target.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "recipients")]
pub struct Recipients {
    /// The table with a row for each user, keyed by the user's id.
    pub table: At<String>,
    /// The field of it that holds the mail address.
    pub email: Option<At<String>>,
    /// The table of `rows: preferences`.
    pub preferences: Option<At<String>>,
}

/// An SNS topic.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename = "a topic")]
pub struct Topic {
    /// What it is for.
    pub about: Option<At<String>>,
    /// The events that it carries.
    pub carries: At<Vec<At<String>>>,
    /// Whether it is a FIFO topic, ordered by the events' `order_by`.
    pub fifo: Option<At<bool>>,
    /// Its former name, which keeps its identity.
    pub renamed_from: Option<At<String>>,
    /// Why a replacement of the topic is meant.
    pub allow_replace: Option<At<String>>,
}
