//! A queue's attributes: what can be set, within which bounds, and as what it is read back.
//!
//! In: attribute names and values as a client gave them. Out: [`Settings`], all of whose values are within
//! AWS's bounds. Source of the bounds: `SetQueueAttributes` in the SQS API Reference.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::{invalid, invalid_attribute, plain, unknown_attribute};
use crate::kernel::{Arn, AwsError};

/// The largest message: 1 MiB.
pub(super) const MAX_SIZE: usize = 1_048_576;

/// The attributes of a queue that can be set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Settings {
    /// Seconds before a message is seen.
    pub(super) delay: u32,
    /// Bytes.
    pub(super) max_size: u32,
    /// Seconds that a message is kept.
    pub(super) retention: u32,
    /// Seconds that a receive waits.
    pub(super) wait: u32,
    /// Seconds that a received message is hidden.
    pub(super) visibility: u32,
    pub(super) policy: Option<Value>,
    pub(super) redrive: Option<Redrive>,
    pub(super) allow: Option<Allow>,
    pub(super) kms_key: Option<String>,
    /// Seconds that a data key serves.
    pub(super) kms_reuse: u32,
    managed_sse: bool,
    pub(super) fifo: bool,
    pub(super) content_dedupe: bool,
    /// Whether ids of deduplication hold within a group only.
    pub(super) dedupe_by_group: bool,
    throughput_by_group: bool,
}

/// Where messages go that were received too often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Redrive {
    pub(super) target: Arn,
    pub(super) max_receives: u32,
    /// As it was given: it is read back unchanged.
    text: String,
}

/// Whose dead letters a queue takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Allow {
    permission: Permission,
    sources: Vec<String>,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Permission {
    AllowAll,
    DenyAll,
    ByQueue,
}

impl Allow {
    /// Whether the queue with this ARN may send its dead letters here.
    pub(super) fn admits(&self, source: &Arn) -> bool {
        match self.permission {
            Permission::AllowAll => true,
            Permission::DenyAll => false,
            Permission::ByQueue => self.sources.iter().any(|allowed| allowed == source.as_str()),
        }
    }
}

impl Settings {
    /// AWS's defaults.
    pub(super) const fn new(fifo: bool) -> Self {
        Self {
            delay: 0,
            max_size: 1_048_576,
            retention: 345_600,
            wait: 0,
            visibility: 30,
            policy: None,
            redrive: None,
            allow: None,
            kms_key: None,
            kms_reuse: 300,
            managed_sse: true,
            fifo,
            content_dedupe: false,
            dedupe_by_group: false,
            throughput_by_group: false,
        }
    }

    /// These settings with changes; `FifoQueue` has been judged by the queue's maker.
    pub(super) fn with(&self, changes: &BTreeMap<String, String>) -> Result<Self, AwsError> {
        let mut next = self.clone();
        for (name, value) in changes {
            next.set(name, value)?;
        }
        if next.throughput_by_group && !next.dedupe_by_group {
            return Err(invalid(
                "perMessageGroupId",
                "FifoThroughputLimit",
                "It needs DeduplicationScope to be messageGroup.",
            ));
        }
        Ok(next)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), AwsError> {
        match name {
            "DelaySeconds" => self.delay = number(name, value, 0, 900)?,
            "MaximumMessageSize" => self.max_size = number(name, value, 1024, 1_048_576)?,
            "MessageRetentionPeriod" => self.retention = number(name, value, 60, 1_209_600)?,
            "ReceiveMessageWaitTimeSeconds" => self.wait = number(name, value, 0, 20)?,
            "VisibilityTimeout" => self.visibility = number(name, value, 0, 43_200)?,
            "KmsDataKeyReusePeriodSeconds" => self.kms_reuse = number(name, value, 60, 86_400)?,
            "KmsMasterKeyId" => {
                self.kms_key = some(value).map(str::to_owned);
                self.managed_sse &= self.kms_key.is_none();
            }
            "SqsManagedSseEnabled" => self.managed_sse = boolean(name, value)?,
            "Policy" => self.policy = some(value).map(|text| policy(name, text)).transpose()?,
            "RedrivePolicy" => self.redrive = some(value).map(redrive).transpose()?,
            "RedriveAllowPolicy" => self.allow = some(value).map(allow).transpose()?,
            "FifoQueue" => {
                if boolean(name, value)? != self.fifo {
                    return Err(invalid_attribute(name));
                }
            }
            "ContentBasedDeduplication" | "DeduplicationScope" | "FifoThroughputLimit" if !self.fifo => {
                return Err(AwsError::new(
                    "InvalidAttributeName",
                    format!("You can specify the {name} only when FifoQueue is set to true."),
                ));
            }
            "ContentBasedDeduplication" => self.content_dedupe = boolean(name, value)?,
            "DeduplicationScope" => self.dedupe_by_group = either(name, value, "queue", "messageGroup")?,
            "FifoThroughputLimit" => self.throughput_by_group = either(name, value, "perQueue", "perMessageGroupId")?,
            other => return Err(unknown_attribute(other)),
        }
        Ok(())
    }

    /// Each attribute that is set or has a default, as it is read back.
    pub(super) fn read(&self) -> BTreeMap<&'static str, String> {
        let mut read = BTreeMap::from([
            ("DelaySeconds", self.delay.to_string()),
            ("MaximumMessageSize", self.max_size.to_string()),
            ("MessageRetentionPeriod", self.retention.to_string()),
            ("ReceiveMessageWaitTimeSeconds", self.wait.to_string()),
            ("VisibilityTimeout", self.visibility.to_string()),
            ("SqsManagedSseEnabled", self.managed_sse.to_string()),
        ]);
        if let Some(key) = &self.kms_key {
            read.insert("KmsMasterKeyId", key.clone());
            read.insert("KmsDataKeyReusePeriodSeconds", self.kms_reuse.to_string());
        }
        read.extend(self.policy.as_ref().map(|policy| ("Policy", policy.to_string())));
        read.extend(self.redrive.as_ref().map(|redrive| ("RedrivePolicy", redrive.text.clone())));
        read.extend(self.allow.as_ref().map(|allow| ("RedriveAllowPolicy", allow.text.clone())));
        if self.fifo {
            let scope = if self.dedupe_by_group { "messageGroup" } else { "queue" };
            let limit = if self.throughput_by_group { "perMessageGroupId" } else { "perQueue" };
            read.insert("FifoQueue", "true".to_owned());
            read.insert("ContentBasedDeduplication", self.content_dedupe.to_string());
            read.insert("DeduplicationScope", scope.to_owned());
            read.insert("FifoThroughputLimit", limit.to_owned());
        }
        read
    }
}

fn some(value: &str) -> Option<&str> {
    (!value.is_empty()).then_some(value)
}

fn number(name: &str, value: &str, least: u32, most: u32) -> Result<u32, AwsError> {
    let number = value.parse().ok().filter(|number| (least..=most).contains(number));
    number.ok_or_else(|| invalid_attribute(name))
}

fn boolean(name: &str, value: &str) -> Result<bool, AwsError> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(invalid_attribute(name)),
    }
}

/// Whether the value is the second of the two.
fn either(name: &str, value: &str, first: &str, second: &str) -> Result<bool, AwsError> {
    if value == first || value == second { Ok(value == second) } else { Err(invalid_attribute(name)) }
}

fn policy(name: &str, text: &str) -> Result<Value, AwsError> {
    let policy: Value = serde_json::from_str(text).map_err(|_| invalid_attribute(name))?;
    let stated = policy.get("Statement").is_some_and(|statements| statements.is_array() || statements.is_object());
    if stated { Ok(policy) } else { Err(invalid_attribute(name)) }
}

fn redrive(text: &str) -> Result<Redrive, AwsError> {
    let wrong = |reason: &dyn fmt::Display| invalid(text, "RedrivePolicy", &reason.to_string());
    let policy: Value = serde_json::from_str(text).map_err(|_| wrong(&"Redrive policy is not a valid JSON map."))?;
    let lacking = |name: &str| wrong(&format!("Redrive policy does not contain mandatory attribute: {name}."));
    let target = policy.get("deadLetterTargetArn").and_then(Value::as_str);
    let target = target.ok_or_else(|| lacking("deadLetterTargetArn"))?;
    let target = Arn::parse(target).map_err(|_| wrong(&"Invalid value for deadLetterTargetArn."))?;
    let count = policy.get("maxReceiveCount").ok_or_else(|| lacking("maxReceiveCount"))?;
    let number = count.as_u64().or_else(|| count.as_str()?.parse().ok()).and_then(|count| u32::try_from(count).ok());
    let max_receives = number.filter(|number| (1..=1000).contains(number)).ok_or_else(|| {
        let shown = count.as_str().map_or_else(|| count.to_string(), str::to_owned);
        wrong(&format!("Invalid value for maxReceiveCount: {shown}, valid values are from 1 to 1000 both inclusive."))
    })?;
    Ok(Redrive { target, max_receives, text: text.to_owned() })
}

/// The document as clients give it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AllowDocument {
    redrive_permission: Permission,
    #[serde(default)]
    source_queue_arns: Vec<String>,
}

fn allow(text: &str) -> Result<Allow, AwsError> {
    let wrong = |reason: &str| invalid(text, "RedriveAllowPolicy", reason);
    let document: AllowDocument =
        serde_json::from_str(text).map_err(|error| wrong(&format!("Amazon SQS can't read it: {error}.")))?;
    let (permission, sources) = (document.redrive_permission, document.source_queue_arns);
    match (permission, sources.len()) {
        (Permission::ByQueue, 1..=10) | (Permission::AllowAll | Permission::DenyAll, 0) => {
            Ok(Allow { permission, sources, text: text.to_owned() })
        }
        (Permission::ByQueue, _) => Err(wrong("byQueue needs 1 to 10 sourceQueueArns.")),
        _ => Err(wrong("sourceQueueArns can only be given with byQueue.")),
    }
}

/// A queue's name, and whether it is a FIFO queue's.
pub(super) fn name(name: &str, attributes: &BTreeMap<String, String>) -> Result<bool, AwsError> {
    let stem = name.strip_suffix(".fifo");
    let fits = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let fifo = attributes.get("FifoQueue").map(|value| boolean("FifoQueue", value)).transpose()?.unwrap_or(false);
    match stem {
        Some(_) if !fifo => {
            let message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
            Err(plain(message))
        }
        None if fifo => Err(plain(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or \
                                   underscores, must end with .fifo suffix and be 1 to 80 in length",
        )),
        _ if name.is_empty() || name.len() > 80 || !fits(stem.unwrap_or(name)) => {
            Err(plain("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"))
        }
        _ => Ok(fifo),
    }
}
