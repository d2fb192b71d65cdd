//! What the service knows: topics, subscriptions and messages, as they are kept.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::attributes::Attribute;
use super::errors::invalid;
use super::filter::{Filter, FilterError, Scope};
use crate::kernel::{Arn, AwsError, Time};

/// A topic's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct TopicRecord {
    pub(super) arn: Arn,
    /// The attributes that were set.
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
}

/// A topic, with its policy read.
#[derive(Clone, Debug)]
pub(super) struct Topic {
    pub(super) record: TopicRecord,
    pub(super) policy: Option<Value>,
}

impl Topic {
    /// A topic of a record; fails if the policy is no JSON.
    pub(super) fn new(record: TopicRecord) -> Result<Self, AwsError> {
        let policy =
            match record.attributes.get("Policy") {
                Some(text) => Some(serde_json::from_str(text).map_err(|_| invalid("Policy Error: null")).and_then(
                    |policy: Value| policy.is_object().then_some(policy).ok_or(invalid("Policy Error: null")),
                )?),
                None => None,
            };
        Ok(Self { record, policy })
    }

    pub(super) fn arn(&self) -> &str {
        self.record.arn.as_str()
    }

    pub(super) fn is(&self, attribute: &str) -> bool {
        self.record.attributes.get(attribute).is_some_and(|value| value == "true")
    }

    pub(super) fn is_fifo(&self) -> bool {
        self.is("FifoTopic")
    }
}

/// How messages reach an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Endpoint {
    Sqs,
    Lambda,
    Email,
    #[serde(rename = "email-json")]
    EmailJson,
    Http,
    Https,
}

impl Endpoint {
    pub(super) fn parse(protocol: &str) -> Option<Self> {
        serde_json::from_value(Value::from(protocol)).ok()
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Lambda => "lambda",
            Self::Email => "email",
            Self::EmailJson => "email-json",
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A subscription's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct SubscriptionRecord {
    /// The topic's ARN and a UUID, so that a topic's subscriptions stand together.
    pub(super) arn: String,
    pub(super) topic: Arn,
    pub(super) protocol: Endpoint,
    pub(super) endpoint: String,
    pub(super) principal: String,
    /// What confirms it, as long as it is pending.
    pub(super) token: Option<String>,
    pub(super) authenticated: bool,
    /// The attributes that were set.
    pub(super) attributes: BTreeMap<String, String>,
}

/// A subscription, with its attributes read.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) record: SubscriptionRecord,
    pub(super) filter: Option<Filter>,
    pub(super) raw: bool,
    pub(super) dead_letters: Option<Arn>,
}

impl Subscription {
    /// A subscription of a record; `set` words a mistake in an attribute as the operation does.
    pub(super) fn new(record: SubscriptionRecord, set: fn(&str) -> AwsError) -> Result<Self, AwsError> {
        let attribute = |name: &str| record.attributes.get(name).map(String::as_str);
        let scope = match attribute("FilterPolicyScope") {
            None | Some("MessageAttributes") => Scope::MessageAttributes,
            Some("MessageBody") => Scope::MessageBody,
            Some(other) => {
                return Err(set(&format!(
                    "FilterPolicyScope: Invalid value [{other}]. Please use either MessageBody or MessageAttributes"
                )));
            }
        };
        let filter = attribute("FilterPolicy").map_or(Ok(None), |text| Filter::parse(text, scope));
        let filter = filter.map_err(|error| match error {
            FilterError::Policy(_) => set(&error.to_string()),
            FilterError::Scope(message) => invalid(message),
        })?;
        let raw = match attribute("RawMessageDelivery") {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => {
                let message = format!("RawMessageDelivery: Invalid value [{other}]. Must be true or false.");
                return Err(set(&message));
            }
        };
        if raw && record.protocol != Endpoint::Sqs {
            let protocol = record.protocol.name();
            let message =
                format!("RawMessageDelivery: Delivery protocol [{protocol}] does not support raw message delivery.");
            return Err(set(&message));
        }
        let dead_letters = attribute("RedrivePolicy").map(|text| dead_letters(text, set)).transpose()?;
        let is_fifo = |name: &str| name.ends_with(".fifo");
        if is_fifo(record.topic.name())
            && is_fifo(&record.endpoint)
            && dead_letters.as_ref().is_some_and(|queue| !is_fifo(queue.name()))
        {
            let message = "RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.";
            return Err(set(message));
        }
        Ok(Self { filter, raw, dead_letters, record })
    }

    pub(super) fn arn(&self) -> &str {
        &self.record.arn
    }
}

fn dead_letters(text: &str, set: fn(&str) -> AwsError) -> Result<Arn, AwsError> {
    let policy: Value = serde_json::from_str(text).map_err(|_| set("RedrivePolicy: failed to parse JSON."))?;
    let target = policy.get("deadLetterTargetArn").and_then(Value::as_str).unwrap_or_default();
    Arn::parse(target)
        .ok()
        .filter(|arn| arn.service() == "sqs")
        .ok_or_else(|| set("RedrivePolicy: deadLetterTargetArn is an invalid arn"))
}

/// A message that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) topic: Arn,
    pub(super) at: Time,
    pub(super) body: String,
    /// What the endpoints of a protocol get instead: `MessageStructure` was `json`.
    pub(super) by_protocol: BTreeMap<String, String>,
    pub(super) subject: Option<String>,
    pub(super) attributes: BTreeMap<String, Attribute>,
    pub(super) group: Option<String>,
    pub(super) deduplication: Option<String>,
    pub(super) sequence: Option<u64>,
}

impl Message {
    /// What an endpoint of this protocol gets.
    pub(super) fn body_for(&self, protocol: Endpoint) -> &str {
        self.by_protocol.get(protocol.name()).unwrap_or(&self.body)
    }

    /// Twenty digits, which grow.
    pub(super) fn sequence_number(&self) -> Option<String> {
        self.sequence.map(|sequence| format!("{:020}", 10_000_000_000_000_000_000_u64.saturating_add(sequence)))
    }
}

/// The subscriptions that a message is still to be delivered to.
pub(super) type Pending = BTreeSet<String>;
