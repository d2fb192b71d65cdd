//! Publishing: from a request to messages that are accepted and on their way.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::deliver::Sent;
use super::errors::{absent, invalid};
use super::fifo::Seen;
use super::filter::Scope;
use super::input::{BatchEntry, Entry, Publish, PublishBatch};
use super::model::{Message, Pending, Topic};
use super::{Sns, attributes};
use crate::kernel::{AwsError, Caller, Outcome};

/// Bytes of a message with its attributes, and of all messages of a batch.
const LARGEST: usize = 256 * 1024;
/// Entries of a batch.
const ENTRIES: usize = 10;

impl Sns {
    pub(super) fn publish(self: &Rc<Self>, caller: &Caller, input: Publish) -> Result<Value, AwsError> {
        if input.phone_number.is_some() {
            return Err(absent("Publish to a phone number"));
        }
        let Some(arn) = input.topic_arn.or(input.target_arn) else {
            return Err(invalid("TopicArn or TargetArn Reason: no value for required parameter"));
        };
        let topic = self.topic(&arn)?;
        self.allow(caller, "sns:Publish", &topic)?;
        if size(&input.entry) > LARGEST {
            return Err(invalid("Message too long"));
        }
        self.accept(&topic, input.entry)
    }

    pub(super) fn publish_batch(self: &Rc<Self>, caller: &Caller, input: PublishBatch) -> Result<Value, AwsError> {
        let topic = self.topic(&input.topic_arn)?;
        self.allow(caller, "sns:Publish", &topic)?;
        let entries = input.publish_batch_request_entries;
        check_batch(&entries)?;
        if topic.is_fifo() {
            entries.iter().try_for_each(|entry| check_fifo(&topic, &entry.entry))?;
        }
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for BatchEntry { id, entry } in entries {
            match self.accept(&topic, entry) {
                Ok(Value::Object(mut accepted)) => {
                    accepted.insert("Id".to_owned(), id.into());
                    successful.push(Value::Object(accepted));
                }
                Ok(_) => {}
                Err(error) => failed.push(json!({
                    "Id": id, "Code": error.code, "Message": error.message, "SenderFault": !error.is_server_fault(),
                })),
            }
        }
        Ok(json!({"Successful": successful, "Failed": failed}))
    }

    /// Accepts one message and begins its deliveries.
    fn accept(self: &Rc<Self>, topic: &Topic, entry: Entry) -> Result<Value, AwsError> {
        let by_protocol = check(topic, &entry)?;
        let now = self.world.clock.now();
        let mut message = Message {
            id: self.world.random.uuid(),
            topic: topic.record.arn.clone(),
            at: now,
            by_protocol,
            subject: entry.subject,
            attributes: entry.message_attributes,
            group: entry.message_group_id,
            deduplication: entry.message_deduplication_id,
            sequence: None,
            body: entry.message,
        };
        if let Some(default) = message.by_protocol.remove("default") {
            message.body = default;
        }
        if topic.is_fifo()
            && let Some(before) = self.enter(topic, &mut message)
        {
            self.world.log.tell(
                "sns",
                topic.record.arn.name(),
                "deduplicated",
                Outcome::Done,
                || json!({"message": before.message, "deduplication": message.deduplication}),
            );
            message.id = before.message;
            message.sequence = Some(before.sequence);
            return Ok(accepted(&message));
        }
        let pending = self.wanted_by(&message);
        self.world.log.tell(
            "sns",
            topic.record.arn.name(),
            "published",
            Outcome::Done,
            || json!({"message": message.id, "subject": message.subject, "deliveries": pending.len()}),
        );
        let answer = accepted(&message);
        if !pending.is_empty() {
            let sent = Sent::new(message, pending);
            self.keep(&sent);
            self.send(sent);
        }
        Ok(answer)
    }

    /// Gives a message of a FIFO topic its place, unless it was published before.
    fn enter(&self, topic: &Topic, message: &mut Message) -> Option<Seen> {
        let id = message.deduplication.get_or_insert_with(|| sha256(&message.body));
        let by_group = topic.record.attributes.get("FifoThroughputScope").is_some_and(|scope| scope == "MessageGroup");
        let group = message.group.as_deref().filter(|_| by_group).unwrap_or_default();
        let key = format!("{} {} {group} {id}", topic.arn(), group.len());
        let mut fifo = self.fifo.borrow_mut();
        for forgotten in fifo.forget(message.at) {
            self.tables.seen.delete(&forgotten);
        }
        if let Some(seen) = fifo.seen(&key) {
            return Some(seen.clone());
        }
        let sequence = fifo.next(topic.arn());
        message.sequence = Some(sequence);
        let seen = Seen { at: message.at, message: message.id.clone(), sequence };
        self.tables.sequences.put(topic.arn(), &sequence);
        self.tables.seen.put(&key, &seen);
        fifo.remember(key, seen);
        None
    }

    /// The confirmed subscriptions whose filter policy wants the message. The message is read once, and
    /// only if a policy looks at it.
    fn wanted_by(&self, message: &Message) -> Pending {
        let (mut attributes, mut body) = (None, None);
        let subscriptions = self.subscriptions_of(&message.topic);
        let wants = |filter: &super::filter::Filter| match filter.scope() {
            Scope::MessageAttributes => {
                filter.wants(attributes.get_or_insert_with(|| attributes::for_filters(&message.attributes)))
            }
            Scope::MessageBody => {
                let parsed = || serde_json::from_str::<Value>(&message.body).unwrap_or(Value::Null);
                let body = body.get_or_insert_with(parsed);
                body.is_object() && filter.wants(body)
            }
        };
        let mut wants = wants;
        subscriptions
            .iter()
            .filter(|subscription| subscription.record.token.is_none())
            .filter(|subscription| subscription.filter.as_ref().is_none_or(&mut wants))
            .map(|subscription| subscription.arn().to_owned())
            .collect()
    }
}

fn accepted(message: &Message) -> Value {
    let mut answer = json!({"MessageId": message.id});
    if let (Some(answer), Some(sequence)) = (answer.as_object_mut(), message.sequence_number()) {
        answer.insert("SequenceNumber".to_owned(), sequence.into());
    }
    answer
}

fn size(entry: &Entry) -> usize {
    entry.message.len() + attributes::size(&entry.message_attributes)
}

fn check_batch(entries: &[BatchEntry]) -> Result<(), AwsError> {
    let refused = |code: &str, message: &str| Err(AwsError::new(code, message));
    if entries.is_empty() {
        return refused("EmptyBatchRequest", "The batch request doesn't contain any entries.");
    }
    if entries.len() > ENTRIES {
        return refused(
            "TooManyEntriesInBatchRequest",
            "The batch request contains more entries than permissible (more than 10).",
        );
    }
    let plain = |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if entries.iter().any(|entry| entry.id.is_empty() || entry.id.len() > 80 || !plain(&entry.id)) {
        return refused(
            "InvalidBatchEntryId",
            "The Id of a batch entry in a batch request doesn't abide by the specification.",
        );
    }
    let distinct: BTreeSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    if distinct.len() < entries.len() {
        return refused("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.");
    }
    if entries.iter().map(|entry| size(&entry.entry)).sum::<usize>() > LARGEST {
        return refused(
            "BatchRequestTooLong",
            "The length of all the batch messages put together is more than the limit.",
        );
    }
    Ok(())
}

/// Refuses a message that SNS refuses; gives what each protocol's endpoints get instead of the message.
fn check(topic: &Topic, entry: &Entry) -> Result<BTreeMap<String, String>, AwsError> {
    if entry.message.is_empty() {
        return Err(invalid("Empty message"));
    }
    if let Some(subject) = &entry.subject
        && (subject.is_empty() || subject.chars().count() >= 100 || subject.chars().any(char::is_control))
    {
        return Err(invalid("Subject"));
    }
    attributes::check(&entry.message_attributes)?;
    check_fifo(topic, entry)?;
    match entry.message_structure.as_deref() {
        None | Some("") => Ok(BTreeMap::new()),
        Some("json") => {
            let parsed: BTreeMap<String, Value> = serde_json::from_str(&entry.message)
                .map_err(|_| invalid("Message Structure - JSON message body failed to parse"))?;
            let texts: BTreeMap<String, String> =
                parsed.into_iter().filter_map(|(protocol, text)| Some((protocol, text.as_str()?.to_owned()))).collect();
            if texts.contains_key("default") {
                Ok(texts)
            } else {
                Err(invalid("Message Structure - No default entry in JSON message body"))
            }
        }
        Some(_) => Err(invalid("MessageStructure")),
    }
}

fn check_fifo(topic: &Topic, entry: &Entry) -> Result<(), AwsError> {
    let token = |text: &str| (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if entry.message_group_id.as_deref().is_some_and(|group| !token(group)) {
        return Err(invalid("MessageGroupId"));
    }
    if !topic.is_fifo() {
        return match entry.message_deduplication_id {
            Some(_) => Err(invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type",
            )),
            None => Ok(()),
        };
    }
    if entry.message_group_id.is_none() {
        return Err(invalid("The MessageGroupId parameter is required for FIFO topics"));
    }
    match entry.message_deduplication_id.as_deref() {
        Some(id) if !token(id) => Err(invalid("MessageDeduplicationId")),
        None if !topic.is("ContentBasedDeduplication") => Err(invalid(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        )),
        _ => Ok(()),
    }
}

fn sha256(text: &str) -> String {
    digest(&SHA256, text.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
