//! The operations' inputs. The query protocol has only texts, and no empty lists: both are read here.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::attributes::Attribute;
use super::errors::invalid;
use crate::kernel::AwsError;

/// An operation's input in its type.
pub(super) fn read<T: DeserializeOwned>(input: Value) -> Result<T, AwsError> {
    serde_json::from_value(input).map_err(|error| invalid(format_args!("Reason: {error}")))
}

/// A list or map; an empty text is an empty one.
fn some<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(deserializer: D) -> Result<T, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(T::default()),
        Value::String(text) if text.is_empty() => Ok(T::default()),
        value => serde_json::from_value(value).map_err(serde::de::Error::custom),
    }
}

/// A truth value, or its text.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(flag) => flag,
        Value::String(text) => text == "true",
        _ => false,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateTopic {
    pub(super) name: String,
    #[serde(default, deserialize_with = "some")]
    pub(super) attributes: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "some")]
    pub(super) tags: Vec<Tag>,
    pub(super) data_protection_policy: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfTopic {
    pub(super) topic_arn: String,
    pub(super) next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct List {
    pub(super) next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetTopicAttributes {
    pub(super) topic_arn: String,
    pub(super) attribute_name: String,
    #[serde(default)]
    pub(super) attribute_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Subscribe {
    pub(super) topic_arn: String,
    pub(super) protocol: String,
    #[serde(default)]
    pub(super) endpoint: String,
    #[serde(default, deserialize_with = "some")]
    pub(super) attributes: BTreeMap<String, String>,
    #[serde(default, deserialize_with = "flag")]
    pub(super) return_subscription_arn: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ConfirmSubscription {
    pub(super) topic_arn: String,
    pub(super) token: String,
    #[serde(default, deserialize_with = "flag")]
    pub(super) authenticate_on_unsubscribe: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfSubscription {
    pub(super) subscription_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetSubscriptionAttributes {
    pub(super) subscription_arn: String,
    pub(super) attribute_name: String,
    #[serde(default)]
    pub(super) attribute_value: String,
}

/// A message as `Publish` and an entry of `PublishBatch` have it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Entry {
    #[serde(default)]
    pub(super) message: String,
    pub(super) subject: Option<String>,
    pub(super) message_structure: Option<String>,
    #[serde(default, deserialize_with = "some")]
    pub(super) message_attributes: BTreeMap<String, Attribute>,
    pub(super) message_group_id: Option<String>,
    pub(super) message_deduplication_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Publish {
    pub(super) topic_arn: Option<String>,
    pub(super) target_arn: Option<String>,
    pub(super) phone_number: Option<String>,
    #[serde(flatten)]
    pub(super) entry: Entry,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PublishBatch {
    pub(super) topic_arn: String,
    #[serde(default, deserialize_with = "some")]
    pub(super) publish_batch_request_entries: Vec<BatchEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchEntry {
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) entry: Entry,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfResource {
    pub(super) resource_arn: String,
    #[serde(default, deserialize_with = "some")]
    pub(super) tags: Vec<Tag>,
    #[serde(default, deserialize_with = "some")]
    pub(super) tag_keys: Vec<String>,
}
