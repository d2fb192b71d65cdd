//! Publishing to an SNS topic.
//!
//! In: events, in their order. Out: of each, whether SNS has it. Guaranteed: an event keeps its id, whoever repeats it; on
//! a FIFO topic no event is published while one of the same order before it is not.
//!
//! A message is the CloudEvent; its type is repeated in the attribute `type`, by which subscriptions filter.

use std::collections::BTreeSet;

use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};

use crate::cx::Invocation;
use crate::error::Error;
use crate::event_type::Arrival;

/// A topic, as a function is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Topic {
    /// The variable that holds its ARN.
    pub arn: &'static str,
    /// Whether it keeps order.
    pub fifo: bool,
    /// The events that it carries, by their types.
    pub carries: &'static [&'static str],
}

/// Entries of one `PublishBatch`. <https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html>
const ENTRIES: usize = 10;

/// Bytes of one message, and of all of one `PublishBatch` together, attributes included.
/// <https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html>
pub(crate) const BYTES: usize = 262_144;

/// What the attribute `type` takes of a message, beside the type's name: its own name and its data type.
const ATTRIBUTE: usize = "type".len() + "String".len();

/// The longest id of a message group.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagegroupid-property.html>
const GROUP: usize = 128;

/// An event as it is published.
pub(crate) struct Message<'a> {
    pub(crate) event: &'a Arrival,
    pub(crate) body: String,
}

impl<'a> Message<'a> {
    pub(crate) fn of(event: &'a Arrival) -> Result<Self, Error> {
        Ok(Self { event, body: event.body().map_err(Error::reject)? })
    }

    /// What SNS counts.
    fn bytes(&self) -> usize {
        self.body.len() + ATTRIBUTE + self.event.kind().len()
    }
}

/// Why SNS did not take an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Another try may go well; or it was not tried, for one before it failed.
    Now(String),
    /// No try will.
    ForEver(String),
}

/// Publishes one event.
pub(crate) async fn send(invocation: &Invocation, topic: &Topic, event: &Arrival) -> Result<(), Error> {
    match publish(invocation, topic, &[Message::of(event)?]).await?.pop() {
        Some(Ok(())) => Ok(()),
        Some(Err(Refused::ForEver(reason))) => Err(Error::reject(reason)),
        Some(Err(Refused::Now(reason))) => Err(Error::retry(reason)),
        None => Err(Error::retry("SNS did not say what became of it")),
    }
}

/// Publishes events in their order, as many at once as SNS takes; stops behind a call with a failure, so that nothing
/// overtakes. Answers for each.
pub(crate) async fn publish(
    invocation: &Invocation,
    topic: &Topic,
    messages: &[Message<'_>],
) -> Result<Vec<Result<(), Refused>>, Error> {
    let arn = invocation.cx().var(topic.arn)?;
    let mut done = Vec::with_capacity(messages.len());
    let mut rest = messages;
    while !rest.is_empty() {
        let (batch, behind) = rest.split_at(fitting(rest, topic.fifo));
        rest = behind;
        match batch {
            [large] if large.bytes() > BYTES => {
                done.push(Err(Refused::ForEver(format!("a message has at most {BYTES} bytes"))));
                continue;
            }
            batch => done.extend(publish_batch(invocation, topic, arn, batch).await),
        }
        let failed = |answer: &Result<(), Refused>| matches!(answer, Err(Refused::Now(_)));
        if done.iter().rev().take(batch.len()).any(failed) {
            break;
        }
    }
    done.resize_with(messages.len(), || Err(Refused::Now("one before it was not published".to_owned())));
    Ok(done)
}

/// How many of the first messages go in one call, one at least. Of a FIFO topic no two of one order: SNS may take the
/// second without the first.
fn fitting(messages: &[Message<'_>], fifo: bool) -> usize {
    let (mut bytes, mut orders) = (0, BTreeSet::new());
    for (place, message) in messages.iter().take(ENTRIES).enumerate() {
        bytes += message.bytes();
        if bytes > BYTES || (fifo && !orders.insert(message.event.order())) {
            return place.max(1);
        }
    }
    messages.len().min(ENTRIES)
}

async fn publish_batch(
    invocation: &Invocation,
    topic: &Topic,
    arn: &str,
    batch: &[Message<'_>],
) -> Vec<Result<(), Refused>> {
    let entries = batch.iter().enumerate().map(|(place, message)| entry(topic, place, message)).collect();
    let entries: Vec<PublishBatchRequestEntry> = match entries {
        Ok(entries) => entries,
        Err(error) => return batch.iter().map(|_| Err(Refused::Now(error.to_string()))).collect(),
    };
    let sns = invocation.cx().aws().sns();
    let sent = sns.publish_batch().topic_arn(arn).set_publish_batch_request_entries(Some(entries)).send().await;
    let answer = match sent {
        Ok(answer) => answer,
        Err(error) => {
            let error = crate::error::sdk(&error);
            return batch.iter().map(|_| Err(Refused::Now(error.clone()))).collect();
        }
    };
    let of = |place: usize| {
        let id = place.to_string();
        if answer.successful().iter().any(|entry| entry.id() == Some(&*id)) {
            return Ok(());
        }
        match answer.failed().iter().find(|entry| entry.id() == id) {
            Some(entry) if entry.sender_fault() => Err(Refused::ForEver(entry.code().to_owned())),
            Some(entry) => Err(Refused::Now(entry.code().to_owned())),
            None => Err(Refused::Now("SNS did not say what became of it".to_owned())),
        }
    };
    (0..batch.len()).map(of).collect()
}

fn entry(topic: &Topic, place: usize, message: &Message<'_>) -> Result<PublishBatchRequestEntry, Error> {
    let event = message.event;
    let kind = MessageAttributeValue::builder().data_type("String").string_value(event.kind());
    let entry = PublishBatchRequestEntry::builder()
        .id(place.to_string())
        .message(&message.body)
        .message_attributes("type", kind.build().map_err(Error::retry)?);
    let entry = match topic.fifo {
        true => entry.message_group_id(group(event.order())).message_deduplication_id(event.id()),
        false => entry,
    };
    entry.build().map_err(Error::retry)
}

/// The id of a message group: as it is where SQS and SNS take it, else a hash of it.
pub(crate) fn group(order: &str) -> String {
    let taken = |byte: u8| byte.is_ascii_alphanumeric() || byte.is_ascii_punctuation();
    let fits = !order.is_empty() && order.len() <= GROUP && order.bytes().all(taken);
    if fits { order.to_owned() } else { crate::event::hashed(&[order]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_group_is_the_order_or_a_hash_of_it() {
        assert_eq!(group("01J9ZC1X8Q4T5W6Y7Z8A9B0C1D"), "01J9ZC1X8Q4T5W6Y7Z8A9B0C1D");
        for strange in ["", "a b", "ə", &"x".repeat(129)] {
            assert_eq!(group(strange).len(), 32, "{strange}");
        }
        assert_ne!(group("a b"), group("a  b"));
    }
}
