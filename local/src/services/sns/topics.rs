//! Topics: their attributes and tags.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::errors::{absent, in_attribute, in_attributes, in_policy, invalid};
use super::input::{CreateTopic, List, OfResource, OfTopic, SetTopicAttributes, Tag};
use super::model::{Topic, TopicRecord};
use super::{Sns, page};
use crate::kernel::{AwsError, Caller, Outcome};

/// Attributes that change nothing here and are given back: display, tracing, delivery status.
const INERT: [&str; 17] = [
    "DisplayName",
    "TracingConfig",
    "ApplicationSuccessFeedbackRoleArn",
    "ApplicationSuccessFeedbackSampleRate",
    "ApplicationFailureFeedbackRoleArn",
    "HTTPSuccessFeedbackRoleArn",
    "HTTPSuccessFeedbackSampleRate",
    "HTTPFailureFeedbackRoleArn",
    "FirehoseSuccessFeedbackRoleArn",
    "FirehoseSuccessFeedbackSampleRate",
    "FirehoseFailureFeedbackRoleArn",
    "LambdaSuccessFeedbackRoleArn",
    "LambdaSuccessFeedbackSampleRate",
    "LambdaFailureFeedbackRoleArn",
    "SQSSuccessFeedbackRoleArn",
    "SQSSuccessFeedbackSampleRate",
    "SQSFailureFeedbackRoleArn",
];

/// Attributes that AWS has and that would be ignored here.
const ABSENT: [&str; 4] = ["ArchivePolicy", "DeliveryPolicy", "MaximumMessageSize", "DataProtectionPolicy"];

impl Sns {
    pub(super) fn create_topic(&self, caller: &Caller, input: CreateTopic) -> Result<Value, AwsError> {
        let CreateTopic { name, mut attributes, tags, data_protection_policy } = input;
        if data_protection_policy.is_some() {
            return Err(absent("CreateTopic with DataProtectionPolicy"));
        }
        check_name(&name, &mut attributes)?;
        for (attribute, value) in &attributes {
            check_attribute(attribute, value, name.ends_with(".fifo"), true)?;
        }
        let tags = checked_tags(tags)?;
        let arn = self.world.place.arn("sns", &name);
        self.check(caller, "sns:CreateTopic", arn.as_str(), None, &[])?;
        if let Some(topic) = self.topics.borrow().get(arn.as_str()) {
            if attributes.iter().any(|(name, value)| topic.record.attributes.get(name) != Some(value)) {
                return Err(in_attributes("Topic already exists with different attributes"));
            }
            if tags.iter().any(|(key, value)| topic.record.tags.get(key) != Some(value)) {
                return Err(invalid("Tags Reason: Topic already exists with different tags"));
            }
            return Ok(json!({"TopicArn": arn}));
        }
        let topic = Topic::new(TopicRecord { arn: arn.clone(), attributes, tags })?;
        self.check_policy(&topic)?;
        self.put_topic(topic);
        self.world.log.tell("sns", &name, "created", Outcome::Done, || json!({"arn": arn}));
        Ok(json!({"TopicArn": arn}))
    }

    pub(super) fn delete_topic(&self, caller: &Caller, input: &OfTopic) -> Result<Value, AwsError> {
        let topic = match self.topic(&input.topic_arn) {
            // That there is none is no error.
            Err(error) if error.code == "NotFound" => return Ok(json!({})),
            topic => topic?,
        };
        self.allow(caller, "sns:DeleteTopic", &topic)?;
        for subscription in self.subscriptions_of(&topic.record.arn) {
            self.remove_subscription(subscription.arn());
        }
        self.tables.topics.delete(topic.arn());
        self.topics.borrow_mut().remove(topic.arn());
        self.world.log.tell("sns", topic.record.arn.name(), "deleted", Outcome::Done, || json!({}));
        Ok(json!({}))
    }

    pub(super) fn list_topics(&self, caller: &Caller, input: List) -> Result<Value, AwsError> {
        self.check(caller, "sns:ListTopics", "*", None, &[])?;
        let topics = self.topics.borrow();
        let topics = topics.keys().map(|arn| (arn.clone(), arn));
        page(topics, input.next_token, |arn| json!({"TopicArn": arn}), "Topics")
    }

    pub(super) fn get_topic_attributes(&self, caller: &Caller, input: &OfTopic) -> Result<Value, AwsError> {
        let topic = self.topic(&input.topic_arn)?;
        self.allow(caller, "sns:GetTopicAttributes", &topic)?;
        let subscriptions = self.subscriptions_of(&topic.record.arn);
        let pending = subscriptions.iter().filter(|subscription| subscription.record.token.is_some()).count();
        let mut attributes: Map<String, Value> = json!({
            "TopicArn": topic.record.arn,
            "Owner": topic.record.arn.account(),
            "DisplayName": "",
            "Policy": default_policy(&topic),
            "EffectiveDeliveryPolicy": json!({"http": {"defaultHealthyRetryPolicy": {
                "minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3, "numMaxDelayRetries": 0,
                "numNoDelayRetries": 0, "numMinDelayRetries": 0, "backoffFunction": "linear",
            }, "disableSubscriptionOverrides": false}}).to_string(),
            "SubscriptionsConfirmed": (subscriptions.len() - pending).to_string(),
            "SubscriptionsPending": pending.to_string(),
            "SubscriptionsDeleted": "0",
        })
        .as_object()
        .cloned()
        .unwrap_or_default();
        attributes.extend(topic.record.attributes.iter().map(|(name, value)| (name.clone(), value.clone().into())));
        Ok(json!({"Attributes": attributes}))
    }

    pub(super) fn set_topic_attributes(&self, caller: &Caller, input: SetTopicAttributes) -> Result<Value, AwsError> {
        let topic = self.topic(&input.topic_arn)?;
        self.allow(caller, "sns:SetTopicAttributes", &topic)?;
        check_attribute(&input.attribute_name, &input.attribute_value, topic.is_fifo(), false)?;
        let is_policy = input.attribute_name == "Policy";
        let mut record = topic.record.clone();
        if input.attribute_value.is_empty() {
            record.attributes.remove(&input.attribute_name);
        } else {
            record.attributes.insert(input.attribute_name, input.attribute_value);
        }
        let topic = Topic::new(record)?;
        if is_policy {
            self.check_policy(&topic)?;
        }
        self.put_topic(topic);
        Ok(json!({}))
    }

    /// Refuses a policy that is not understood.
    fn check_policy(&self, topic: &Topic) -> Result<(), AwsError> {
        let policy = topic.policy.as_ref();
        let understood = policy.map_or(Ok(()), |policy| self.world.guard.understands(policy));
        understood.map_err(|error| in_policy(&error))
    }

    pub(super) fn tag(&self, caller: &Caller, input: OfResource) -> Result<Value, AwsError> {
        self.change_tags(caller, "sns:TagResource", &input.resource_arn.clone(), |tags| {
            tags.extend(checked_tags(input.tags)?);
            if tags.len() > 50 {
                return Err(AwsError::new(
                    "TagLimitExceeded",
                    "Could not complete request: tag quota of per resource exceeded",
                ));
            }
            Ok(())
        })
    }

    pub(super) fn untag(&self, caller: &Caller, input: &OfResource) -> Result<Value, AwsError> {
        self.change_tags(caller, "sns:UntagResource", &input.resource_arn, |tags| {
            tags.retain(|key, _| !input.tag_keys.contains(key));
            Ok(())
        })
    }

    fn change_tags(
        &self,
        caller: &Caller,
        action: &str,
        arn: &str,
        change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(), AwsError>,
    ) -> Result<Value, AwsError> {
        let topic = self.tagged(arn)?;
        self.allow(caller, action, &topic)?;
        let mut changed = Topic::clone(&topic);
        change(&mut changed.record.tags)?;
        self.put_topic(changed);
        Ok(json!({}))
    }

    pub(super) fn list_tags(&self, caller: &Caller, input: &OfResource) -> Result<Value, AwsError> {
        let topic = self.tagged(&input.resource_arn)?;
        self.allow(caller, "sns:ListTagsForResource", &topic)?;
        let tags = topic.record.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value}));
        Ok(json!({"Tags": tags.collect::<Vec<_>>()}))
    }

    fn tagged(&self, arn: &str) -> Result<Rc<Topic>, AwsError> {
        let missing = || AwsError::new("ResourceNotFound", "Resource does not exist").status(404);
        self.topics.borrow().get(arn).cloned().ok_or_else(missing)
    }

    fn put_topic(&self, topic: Topic) {
        self.tables.topics.put(topic.arn(), &topic.record);
        self.topics.borrow_mut().insert(topic.arn().to_owned(), Rc::new(topic));
    }
}

/// The policy that a topic has unless it was given one.
fn default_policy(topic: &Topic) -> String {
    let actions = [
        "SNS:GetTopicAttributes",
        "SNS:SetTopicAttributes",
        "SNS:AddPermission",
        "SNS:RemovePermission",
        "SNS:DeleteTopic",
        "SNS:Subscribe",
        "SNS:ListSubscriptionsByTopic",
        "SNS:Publish",
    ];
    json!({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [{
        "Sid": "__default_statement_ID", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": actions,
        "Resource": topic.record.arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": topic.record.arn.account()}},
    }]})
    .to_string()
}

fn check_name(name: &str, attributes: &mut BTreeMap<String, String>) -> Result<(), AwsError> {
    let fifo = attributes.get("FifoTopic").is_some_and(|value| value == "true");
    let plain = if fifo { name.strip_suffix(".fifo").unwrap_or_default() } else { name };
    let valid = plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if !plain.is_empty() && name.len() <= 256 && valid {
        if !fifo {
            attributes.remove("FifoTopic");
        }
        return Ok(());
    }
    Err(invalid(if fifo {
        "Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, \
         numbers, underscores, and hyphens, and must be between 1 and 256 characters long."
    } else {
        "Topic Name"
    }))
}

/// Refuses an attribute that topics do not have, or have not here, and values that it does not take.
fn check_attribute(name: &str, value: &str, fifo: bool, creating: bool) -> Result<(), AwsError> {
    let worded = if creating { in_attributes } else { in_attribute };
    let one_of = |values: &[&str]| {
        if values.contains(&value) {
            Ok(())
        } else {
            Err(worded(&format!("{name}: Invalid value [{value}]. Must be one of {}", values.join(", "))))
        }
    };
    match name {
        "Policy" | "KmsMasterKeyId" => Ok(()),
        "SignatureVersion" => one_of(&["1", "2"]),
        "TracingConfig" => one_of(&["PassThrough", "Active"]),
        "DisplayName" if value.len() > 100 || value.chars().any(char::is_control) => Err(worded("DisplayName")),
        name if INERT.contains(&name) => Ok(()),
        name if ABSENT.contains(&name) => Err(absent(&format!("the topic attribute {name}"))),
        "FifoTopic" if creating => one_of(&["true", "false"]),
        "ContentBasedDeduplication" if fifo => one_of(&["true", "false"]),
        "FifoThroughputScope" if fifo => one_of(&["Topic", "MessageGroup"]),
        "ContentBasedDeduplication" | "FifoThroughputScope" => {
            Err(worded(&format!("{name} can only be set on FIFO topics")))
        }
        _ if creating => Err(worded(&format!("Unknown attribute {name}"))),
        _ => Err(worded("AttributeName")),
    }
}

fn checked_tags(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, AwsError> {
    let mut checked = BTreeMap::new();
    for Tag { key, value } in tags {
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return Err(invalid("Tags Reason: a key has 1 to 128 characters, and a value at most 256"));
        }
        if checked.insert(key, value).is_some() {
            return Err(invalid("Duplicated keys are not allowed."));
        }
    }
    Ok(checked)
}
