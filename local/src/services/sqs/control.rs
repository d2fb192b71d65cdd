//! The operations on queues: make, find, change, purge, tag, permit, delete.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::error::{invalid, invalid_policy, missing, no_queue, plain, unknown_attribute};
use super::queue::{Change, Queue};
use super::records::QueueRecord;
use super::settings::{self, Settings};
use super::{Held, NAME, Sqs, input};
use crate::kernel::{Access, Arn, AwsError, Caller, Outcome};

/// Only one purge within this time.
const PURGE_PAUSE: Duration = Duration::from_secs(60);

/// Attributes that are computed, or may be without a value.
const OTHER_ATTRIBUTES: [&str; 16] = [
    "All",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "ContentBasedDeduplication",
    "CreatedTimestamp",
    "DeduplicationScope",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "LastModifiedTimestamp",
    "Policy",
    "QueueArn",
    "RedriveAllowPolicy",
    "RedrivePolicy",
];

/// What a permission can be for ("Amazon SQS API permissions" in the SQS Developer Guide).
const ACTIONS: [&str; 21] = [
    "*",
    "AddPermission",
    "CancelMessageMoveTask",
    "ChangeMessageVisibility",
    "CreateQueue",
    "DeleteMessage",
    "DeleteQueue",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "RemovePermission",
    "SendMessage",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];

impl Sqs {
    pub(super) fn create_queue(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input::CreateQueue { queue_name: name, attributes, tags } = input::read(input)?;
        if name.is_empty() {
            return Err(missing("QueueName"));
        }
        let arn = self.world.place.arn(NAME, &name);
        let action = "sqs:CreateQueue";
        self.world.guard.check(&Access { caller, action, resource: arn.as_str(), policy: None, context: &[] })?;
        let fifo = settings::name(&name, &attributes)?;
        let url = self.url(&name);
        let found = self.queues.borrow().get(&name).cloned();
        if let Some(found) = found {
            let queue = found.queue.borrow();
            let (is, asked) = (queue.settings.read(), queue.settings.with(&attributes)?.read());
            let differs = attributes.keys().find(|name| is.get(name.as_str()) != asked.get(name.as_str()));
            return match differs {
                None => Ok(json!({ "QueueUrl": url })),
                Some(differs) => Err(AwsError::new(
                    "QueueNameExists",
                    format!("A queue already exists with the same name and a different value for attribute {differs}"),
                )),
            };
        }
        let settings = Settings::new(fifo).with(&attributes)?;
        self.check_policy(&settings)?;
        check_tags(&tags)?;
        self.check_redrive(&arn, &settings)?;
        let now = self.world.clock.now();
        let record = QueueRecord { settings: settings.clone(), tags, created: now, modified: now, purged: None };
        self.records.queues.put(&name, &record);
        let held = Held::new(arn, record, Queue::new(settings));
        self.queues.borrow_mut().insert(name.clone(), Rc::new(held));
        self.world.log.tell(NAME, &name, "created", Outcome::Done, || json!({}));
        Ok(json!({ "QueueUrl": url }))
    }

    /// Refuses a policy that is not understood.
    fn check_policy(&self, settings: &Settings) -> Result<(), AwsError> {
        let policy = settings.policy.as_ref();
        let understood = policy.map_or(Ok(()), |policy| self.world.guard.understands(policy));
        understood.map_err(|error| invalid_policy(&error))
    }

    /// Refuses a dead-letter queue that is not there, of the other type, or not willing.
    fn check_redrive(&self, source: &Arn, settings: &Settings) -> Result<(), AwsError> {
        let Some(redrive) = &settings.redrive else { return Ok(()) };
        let text = settings.read().remove("RedrivePolicy").unwrap_or_default();
        let wrong = |reason: &str| Err(invalid(&text, "RedrivePolicy", reason));
        if &redrive.target == source {
            return wrong("Dead letter target can't be the queue itself.");
        }
        let Some(target) = self.with_arn(redrive.target.as_str()) else {
            return wrong("Dead letter target does not exist.");
        };
        let target = target.queue.borrow();
        if target.settings.fifo != settings.fifo {
            return wrong("Dead-letter queue must be same type of queue as the source.");
        }
        if target.settings.allow.as_ref().is_some_and(|allow| !allow.admits(source)) {
            return wrong("The redrive allow policy of the dead letter target does not allow this source queue.");
        }
        Ok(())
    }

    pub(super) fn delete_queue(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::DeleteQueue = input::read(input)?;
        let held = self.granted(caller, "sqs:DeleteQueue", &input.queue_url)?;
        self.queues.borrow_mut().remove(&held.name);
        {
            let mut queue = held.queue.borrow_mut();
            queue.purge();
            let changes = queue.changes().into_iter().chain(queue.all_held().into_iter().map(Change::Released));
            for change in changes.collect::<Vec<_>>() {
                self.records.write(&held.name, &queue, &change);
            }
        }
        self.records.queues.delete(&held.name);
        super::moves::forget(self, &held.arn);
        held.deleted.set(true);
        held.arrived.notify_waiters();
        self.world.log.tell(NAME, &held.name, "deleted", Outcome::Done, || json!({}));
        Ok(json!({}))
    }

    pub(super) fn get_queue_url(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::GetQueueUrl = input::read(input)?;
        if input.queue_name.is_empty() {
            return Err(missing("QueueName"));
        }
        if input.owner.is_some_and(|owner| owner != *self.world.place.account) {
            return Err(no_queue());
        }
        let held = self.queues.borrow().get(&input.queue_name).cloned().ok_or_else(no_queue)?;
        self.check(caller, "sqs:GetQueueUrl", &held)?;
        Ok(json!({ "QueueUrl": self.url(&held.name) }))
    }

    pub(super) fn list_queues(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::ListQueues = input::read(input)?;
        let action = "sqs:ListQueues";
        self.world.guard.check(&Access { caller, action, resource: "*", policy: None, context: &[] })?;
        let prefix = input.queue_name_prefix.unwrap_or_default();
        let names = self.queues.borrow();
        let names = names.keys().filter(|name| name.starts_with(&prefix)).cloned().collect();
        self.page("QueueUrls", names, input.max_results, input.next_token)
    }

    /// The URLs of a page of queues; the token is the last name of the page before.
    fn page(
        &self,
        member: &str,
        names: Vec<String>,
        most: Option<i64>,
        token: Option<String>,
    ) -> Result<Value, AwsError> {
        let size = match most.map(usize::try_from) {
            None => 1000,
            Some(Ok(size @ 1..=1000)) => size,
            Some(_) => {
                return Err(invalid(&most.unwrap_or_default(), "MaxResults", "Must be an integer from 1 to 1000."));
            }
        };
        let rest: Vec<&String> = names.iter().filter(|name| token.as_ref().is_none_or(|token| *name > token)).collect();
        let page: Vec<&String> = rest.iter().take(size).copied().collect();
        let mut answer = Map::new();
        if !page.is_empty() || member == "queueUrls" {
            answer.insert(member.to_owned(), page.iter().map(|name| self.url(name)).collect());
        }
        if most.is_some() && rest.len() > page.len() {
            answer.insert("NextToken".to_owned(), json!(page.last()));
        }
        Ok(Value::Object(answer))
    }

    pub(super) fn get_queue_attributes(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::GetQueueAttributes = input::read(input)?;
        let held = self.granted(caller, "sqs:GetQueueAttributes", &input.queue_url)?;
        self.settle(&held);
        self.commit(&held);
        let queue = held.queue.borrow();
        let record = held.record.borrow();
        let (visible, delayed, in_flight) = queue.counts();
        let mut all = queue.settings.read();
        all.extend([
            ("QueueArn", held.arn.to_string()),
            ("CreatedTimestamp", record.created.seconds().to_string()),
            ("LastModifiedTimestamp", record.modified.seconds().to_string()),
            ("ApproximateNumberOfMessages", visible.to_string()),
            ("ApproximateNumberOfMessagesDelayed", delayed.to_string()),
            ("ApproximateNumberOfMessagesNotVisible", in_flight.to_string()),
        ]);
        let names = &input.attribute_names;
        let known = |name: &str| all.contains_key(name) || OTHER_ATTRIBUTES.contains(&name);
        if let Some(unknown) = names.iter().find(|name| !known(name)) {
            return Err(unknown_attribute(unknown));
        }
        let asked = |name: &str| names.iter().any(|asked| asked == "All" || asked == name);
        let read: Map<String, Value> = all
            .into_iter()
            .filter(|(name, _)| asked(name))
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        Ok(if read.is_empty() { json!({}) } else { json!({ "Attributes": read }) })
    }

    pub(super) fn set_queue_attributes(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::SetQueueAttributes = input::read(input)?;
        let held = self.granted(caller, "sqs:SetQueueAttributes", &input.queue_url)?;
        if input.attributes.is_empty() {
            return Err(missing("Attribute.Name"));
        }
        if input.attributes.contains_key("FifoQueue") {
            return Err(AwsError::new("InvalidAttributeName", "Unknown Attribute FifoQueue."));
        }
        let settings = held.queue.borrow().settings.with(&input.attributes)?;
        if input.attributes.contains_key("Policy") {
            self.check_policy(&settings)?;
        }
        if input.attributes.contains_key("RedrivePolicy") {
            self.check_redrive(&held.arn, &settings)?;
        }
        self.change_settings(&held, settings);
        Ok(json!({}))
    }

    fn change_settings(&self, held: &Held, settings: Settings) {
        held.queue.borrow_mut().settings = settings.clone();
        self.change_record(held, |record| record.settings = settings);
        self.settle(held);
        self.commit(held);
    }

    fn change_record(&self, held: &Held, change: impl FnOnce(&mut QueueRecord)) {
        let mut record = held.record.borrow_mut();
        change(&mut record);
        record.modified = self.world.clock.now();
        self.records.queues.put(&held.name, &*record);
    }

    pub(super) fn purge_queue(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::PurgeQueue = input::read(input)?;
        let held = self.granted(caller, "sqs:PurgeQueue", &input.queue_url)?;
        let now = self.settle(&held);
        let purged = held.record.borrow().purged;
        if purged.is_some_and(|purged| now < purged + PURGE_PAUSE) {
            let message = format!("Only one PurgeQueue operation on {} is allowed every 60 seconds.", held.name);
            return Err(AwsError::new("PurgeQueueInProgress", message).status(403));
        }
        self.change_record(&held, |record| record.purged = Some(now));
        let messages = held.queue.borrow_mut().purge();
        self.commit(&held);
        self.world.log.tell(NAME, &held.name, "purged", Outcome::Done, || json!({ "messages": messages }));
        Ok(json!({}))
    }

    pub(super) fn list_dead_letter_source_queues(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::ListDeadLetterSourceQueues = input::read(input)?;
        let held = self.granted(caller, "sqs:ListDeadLetterSourceQueues", &input.queue_url)?;
        self.page("queueUrls", self.sources(&held.arn), input.max_results, input.next_token)
    }

    /// The names of the queues whose dead letters go there.
    pub(super) fn sources(&self, target: &Arn) -> Vec<String> {
        let to_target = |held: &&Rc<Held>| {
            let queue = held.queue.borrow();
            queue.settings.redrive.as_ref().is_some_and(|redrive| redrive.target == *target)
        };
        self.queues.borrow().values().filter(to_target).map(|held| held.name.clone()).collect()
    }

    pub(super) fn tag_queue(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::TagQueue = input::read(input)?;
        let held = self.granted(caller, "sqs:TagQueue", &input.queue_url)?;
        let mut tags = held.record.borrow().tags.clone();
        tags.extend(input.tags);
        check_tags(&tags)?;
        self.change_record(&held, |record| record.tags = tags);
        Ok(json!({}))
    }

    pub(super) fn untag_queue(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::UntagQueue = input::read(input)?;
        let held = self.granted(caller, "sqs:UntagQueue", &input.queue_url)?;
        self.change_record(&held, |record| record.tags.retain(|key, _| !input.tag_keys.contains(key)));
        Ok(json!({}))
    }

    pub(super) fn list_queue_tags(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::ListQueueTags = input::read(input)?;
        let held = self.granted(caller, "sqs:ListQueueTags", &input.queue_url)?;
        let record = held.record.borrow();
        Ok(if record.tags.is_empty() { json!({}) } else { json!({ "Tags": record.tags }) })
    }

    pub(super) fn add_permission(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::AddPermission = input::read(input)?;
        let held = self.granted(caller, "sqs:AddPermission", &input.queue_url)?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if input.label.is_empty() || input.label.len() > 80 || !input.label.bytes().all(fits) {
            return Err(invalid(&input.label, "Label", "Must be 1 to 80 letters, digits, hyphens or underscores."));
        }
        if input.accounts.is_empty() || input.actions.is_empty() {
            return Err(missing(if input.accounts.is_empty() { "AWSAccountIds" } else { "Actions" }));
        }
        if let Some(action) = input.actions.iter().find(|action| !ACTIONS.contains(&action.as_str())) {
            let reason = "Please refer to the appropriate WSDL for a list of valid actions.";
            return Err(invalid(&format!("SQS:{action}"), "ActionName", reason));
        }
        let mut settings = held.queue.borrow().settings.clone();
        let (mut policy, mut statements) = policy_of(&settings);
        if statements.iter().any(|statement| statement["Sid"] == *input.label) {
            return Err(invalid(&input.label, "Label", "Already exists."));
        }
        let principals: Vec<String> =
            input.accounts.iter().map(|account| format!("arn:aws:iam::{account}:root")).collect();
        let actions: Vec<String> = input.actions.iter().map(|action| format!("SQS:{action}")).collect();
        statements.push(json!({
            "Sid": input.label,
            "Effect": "Allow",
            "Principal": { "AWS": principals },
            "Action": actions,
            "Resource": held.arn.as_str(),
        }));
        policy.insert("Statement".to_owned(), statements.into());
        settings.policy = Some(policy.into());
        self.change_settings(&held, settings);
        Ok(json!({}))
    }

    pub(super) fn remove_permission(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: input::RemovePermission = input::read(input)?;
        let held = self.granted(caller, "sqs:RemovePermission", &input.queue_url)?;
        let mut settings = held.queue.borrow().settings.clone();
        let (mut policy, mut statements) = policy_of(&settings);
        let before = statements.len();
        statements.retain(|statement| statement["Sid"] != *input.label);
        if before == statements.len() {
            return Err(invalid(&input.label, "Label", "can't find label on existing policy."));
        }
        settings.policy = (!statements.is_empty()).then(|| {
            policy.insert("Statement".to_owned(), statements.into());
            policy.into()
        });
        self.change_settings(&held, settings);
        Ok(json!({}))
    }
}

/// A queue's policy (an empty one if it has none) and its statements.
fn policy_of(settings: &Settings) -> (Map<String, Value>, Vec<Value>) {
    let policy = settings.policy.as_ref().and_then(Value::as_object).cloned();
    let policy = policy.unwrap_or_else(|| Map::from_iter([("Version".to_owned(), json!("2012-10-17"))]));
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.clone(),
        Some(statement) => vec![statement.clone()],
        None => Vec::new(),
    };
    (policy, statements)
}

/// Refuses more tags than a queue can have, and those that are none.
fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    if tags.len() > 50 {
        return Err(plain("Too many tags: a queue can have at most 50."));
    }
    let fits =
        |(key, value): (&String, &String)| (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
    if tags.iter().all(fits) { Ok(()) } else { Err(plain("Tag keys must be 1 to 128 characters, values at most 256.")) }
}
