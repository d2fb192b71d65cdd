//! The operations' inputs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::errors::validation;
use crate::kernel::AwsError;

/// An operation's input in its type; what the type does not have is refused by name.
pub(super) fn read<T: DeserializeOwned>(input: Value) -> Result<T, AwsError> {
    serde_json::from_value(input).map_err(|error| validation(error.to_string()))
}

/// KMS's tags have names of their own for key and value.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    pub(super) tag_key: String,
    pub(super) tag_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct CreateKey {
    pub(super) policy: Option<String>,
    pub(super) description: Option<String>,
    pub(super) key_usage: Option<String>,
    pub(super) key_spec: Option<String>,
    pub(super) customer_master_key_spec: Option<String>,
    pub(super) origin: Option<String>,
    #[serde(default)]
    pub(super) multi_region: bool,
    /// The check is not made here.
    #[serde(default, rename = "BypassPolicyLockoutSafetyCheck")]
    pub(super) _bypass: bool,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OfKey {
    pub(super) key_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Describe {
    pub(super) key_id: String,
    pub(super) description: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Rotate {
    pub(super) key_id: String,
    pub(super) rotation_period_in_days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ScheduleDeletion {
    pub(super) key_id: String,
    pub(super) pending_window_in_days: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OfPolicy {
    pub(super) key_id: String,
    pub(super) policy_name: Option<String>,
    pub(super) policy: Option<String>,
    /// The check is not made here.
    #[serde(default, rename = "BypassPolicyLockoutSafetyCheck")]
    pub(super) _bypass: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tagging {
    pub(super) key_id: String,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
    #[serde(default)]
    pub(super) tag_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OfAlias {
    pub(super) alias_name: String,
    pub(super) target_key_id: Option<String>,
}

/// The lists, each of which is one page here unless `Limit` says less.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct List {
    pub(super) key_id: Option<String>,
    pub(super) limit: Option<usize>,
    pub(super) marker: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Encrypt {
    pub(super) key_id: String,
    pub(super) plaintext: String,
    #[serde(default)]
    pub(super) encryption_context: BTreeMap<String, String>,
    pub(super) encryption_algorithm: Option<String>,
    #[serde(default)]
    pub(super) dry_run: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Decrypt {
    pub(super) ciphertext_blob: String,
    pub(super) key_id: Option<String>,
    #[serde(default)]
    pub(super) encryption_context: BTreeMap<String, String>,
    pub(super) encryption_algorithm: Option<String>,
    #[serde(default)]
    pub(super) dry_run: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Generate {
    pub(super) key_id: String,
    pub(super) key_spec: Option<String>,
    pub(super) number_of_bytes: Option<usize>,
    #[serde(default)]
    pub(super) encryption_context: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) dry_run: bool,
}

/// The use of a key by a service for its caller.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Use {
    pub(super) key_id: String,
    /// `kms:GenerateDataKey`, `kms:Decrypt`.
    pub(super) actions: Vec<String>,
    /// The service, as `sqs`.
    pub(super) via: String,
    #[serde(default)]
    pub(super) encryption_context: BTreeMap<String, String>,
}
