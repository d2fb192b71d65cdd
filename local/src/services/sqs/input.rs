//! The inputs of the operations, with AWS's member names. A member that is not listed is refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::message::Attributes;
use crate::kernel::AwsError;

/// Reads an operation's input.
pub(super) fn read<T: DeserializeOwned>(input: Value) -> Result<T, AwsError> {
    serde_json::from_value(input).map_err(|error| AwsError::new("SerializationException", error.to_string()))
}

macro_rules! inputs {
    ($($name:ident { $($field:ident: $type:ty),* $(,)? })*) => {
        $(
            #[derive(Debug, Default, Deserialize)]
            #[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
            pub(super) struct $name { $(pub(super) $field: $type),* }
        )*
    };
}

inputs! {
    DeleteQueue { queue_url: String }
    ListQueues { queue_name_prefix: Option<String>, max_results: Option<i64>, next_token: Option<String> }
    GetQueueAttributes { queue_url: String, attribute_names: Vec<String> }
    SetQueueAttributes { queue_url: String, attributes: BTreeMap<String, String> }
    PurgeQueue { queue_url: String }
    ReceiveMessage {
        queue_url: String,
        attribute_names: Vec<String>,
        message_system_attribute_names: Vec<String>,
        message_attribute_names: Vec<String>,
        max_number_of_messages: Option<i64>,
        visibility_timeout: Option<i64>,
        wait_time_seconds: Option<i64>,
        receive_request_attempt_id: Option<String>,
    }
    DeleteMessage { queue_url: String, receipt_handle: String }
    ChangeMessageVisibility { queue_url: String, receipt_handle: String, visibility_timeout: Option<i64> }
    Batch { queue_url: String, entries: Vec<Value> }
    SendEntry {
        id: String,
        message_body: String,
        delay_seconds: Option<i64>,
        message_attributes: Attributes,
        message_system_attributes: Attributes,
        message_group_id: Option<String>,
        message_deduplication_id: Option<String>,
    }
    DeleteEntry { id: String, receipt_handle: String }
    VisibilityEntry { id: String, receipt_handle: String, visibility_timeout: Option<i64> }
    ListDeadLetterSourceQueues { queue_url: String, max_results: Option<i64>, next_token: Option<String> }
    TagQueue { queue_url: String, tags: BTreeMap<String, String> }
    UntagQueue { queue_url: String, tag_keys: Vec<String> }
    ListQueueTags { queue_url: String }
    StartMessageMoveTask {
        source_arn: String,
        destination_arn: Option<String>,
        max_number_of_messages_per_second: Option<i64>,
    }
    CancelMessageMoveTask { task_handle: String }
    ListMessageMoveTasks { source_arn: String, max_results: Option<i64> }
    RemovePermission { queue_url: String, label: String }
}

/// A message to send, by itself.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(super) struct SendMessage {
    pub(super) queue_url: String,
    message_body: String,
    delay_seconds: Option<i64>,
    message_attributes: Attributes,
    message_system_attributes: Attributes,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

impl SendMessage {
    /// As an entry of a batch is.
    pub(super) fn entry(self) -> SendEntry {
        SendEntry {
            id: String::new(),
            message_body: self.message_body,
            delay_seconds: self.delay_seconds,
            message_attributes: self.message_attributes,
            message_system_attributes: self.message_system_attributes,
            message_group_id: self.message_group_id,
            message_deduplication_id: self.message_deduplication_id,
        }
    }
}

/// A queue to make. Its tags are spelled in lower case, and were in upper case once.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(super) struct CreateQueue {
    pub(super) queue_name: String,
    pub(super) attributes: BTreeMap<String, String>,
    #[serde(rename = "tags", alias = "Tags")]
    pub(super) tags: BTreeMap<String, String>,
}

/// A queue to find.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(super) struct GetQueueUrl {
    pub(super) queue_name: String,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    pub(super) owner: Option<String>,
}

/// A statement to add to a queue's policy.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(super) struct AddPermission {
    pub(super) queue_url: String,
    pub(super) label: String,
    #[serde(rename = "AWSAccountIds")]
    pub(super) accounts: Vec<String>,
    pub(super) actions: Vec<String>,
}
