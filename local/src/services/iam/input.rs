//! The operations' inputs. The query protocol has only texts: numbers come as either.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::errors::validation;
use crate::kernel::AwsError;

/// An operation's input in its type; what the type does not have is refused by name.
pub(super) fn read<T: DeserializeOwned>(input: Value) -> Result<T, AwsError> {
    serde_json::from_value(input).map_err(|error| validation(error.to_string()))
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok()).and_then(|number| u32::try_from(number).ok());
    number.map(Some).ok_or_else(|| serde::de::Error::custom(format!("`{value}` is no number")))
}

/// A list; an empty text is an empty one.
fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) if text.is_empty() => Ok(Vec::new()),
        value => serde_json::from_value(value).map_err(serde::de::Error::custom),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct CreateRole {
    pub(super) role_name: String,
    pub(super) assume_role_policy_document: String,
    pub(super) path: Option<String>,
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(super) max_session_duration: Option<u32>,
    pub(super) permissions_boundary: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) tags: Vec<Tag>,
}

/// `GetRole`, `DeleteRole`, and what else names a role alone.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OfRole {
    pub(super) role_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct UpdateRole {
    pub(super) role_name: String,
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(super) max_session_duration: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct UpdateTrust {
    pub(super) role_name: String,
    pub(super) policy_document: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct PutRolePolicy {
    pub(super) role_name: String,
    pub(super) policy_name: String,
    pub(super) policy_document: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OfRolePolicy {
    pub(super) role_name: String,
    pub(super) policy_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Attach {
    pub(super) role_name: String,
    pub(super) policy_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct PutBoundary {
    pub(super) role_name: String,
    pub(super) permissions_boundary: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct TagRole {
    pub(super) role_name: String,
    #[serde(deserialize_with = "list")]
    pub(super) tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct UntagRole {
    pub(super) role_name: String,
    #[serde(deserialize_with = "list")]
    pub(super) tag_keys: Vec<String>,
}

/// The lists, each of which is one page here unless `MaxItems` says less.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct List {
    pub(super) role_name: Option<String>,
    pub(super) path_prefix: Option<String>,
    pub(super) marker: Option<String>,
    #[serde(default, deserialize_with = "number")]
    pub(super) max_items: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Simulate {
    pub(super) policy_source_arn: String,
    #[serde(deserialize_with = "list")]
    pub(super) action_names: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) resource_arns: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) context_entries: Vec<ContextEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ContextEntry {
    pub(super) context_key_name: String,
    #[serde(default, deserialize_with = "list")]
    pub(super) context_key_values: Vec<String>,
    #[serde(default, rename = "ContextKeyType")]
    pub(super) _kind: Option<String>,
}
