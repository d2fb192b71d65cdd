//! An event by its name into the flow, as a person or a script does it.
//!
//! In: an event's name, and its data or a whole CloudEvent. Out: a CloudEvent in each topic that carries the
//! event, as the template's metadata says.

use serde::Serialize;
use serde_json::{Value, json};

use crate::kernel::{AwsError, Caller, World};

/// A topic of the flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// The name in the flow.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The events that it carries.
    pub carries: Vec<String>,
}

/// What was published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    /// The CloudEvent's id.
    pub id: String,
    /// The names of the topics.
    pub topics: Vec<String>,
}

/// Why an event was not published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// No topic carries it.
    #[error("no topic carries `{event}`; the flow's topics carry: {known}")]
    Unknown {
        /// The event.
        event: String,
        /// Those that there are.
        known: String,
    },
    /// The document is a CloudEvent of another event.
    #[error("the document is a CloudEvent of `{0}`, not of `{1}`")]
    Other(String, String),
    /// The topic refused.
    #[error("the topic `{topic}` refused: {why}")]
    Refused {
        /// The topic's name.
        topic: String,
        /// What SNS said.
        #[source]
        why: AwsError,
    },
}

/// Publishes an event to all topics that carry it. `document` is its data, or a CloudEvent in structured JSON,
/// whose `partitionkey` is the message group in a FIFO topic.
pub async fn publish(world: &World, topics: &[Topic], event: &str, document: Value) -> Result<Published, PublishError> {
    let carriers: Vec<&Topic> = topics.iter().filter(|topic| topic.carries.iter().any(|name| name == event)).collect();
    if carriers.is_empty() {
        let mut known: Vec<&str> = topics.iter().flat_map(|topic| &topic.carries).map(String::as_str).collect();
        known.sort_unstable();
        known.dedup();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        return Err(PublishError::Unknown { event: event.to_owned(), known });
    }
    let cloudevent = wrapped(world, event, document)?;
    let text = |name: &str| cloudevent.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = text("id").unwrap_or_default();
    let group = text("partitionkey").unwrap_or_else(|| id.clone());
    let message = cloudevent.to_string();
    // What subscriptions filter by that need only the event's name.
    let attributes = json!({"type": {"DataType": "String", "StringValue": event}});
    let mut published = Published { id: id.clone(), topics: Vec::new() };
    for topic in carriers {
        let mut input = json!({"TopicArn": topic.arn, "Message": message, "MessageAttributes": attributes});
        if let (true, Some(members)) = (topic.arn.ends_with(".fifo"), input.as_object_mut()) {
            members.insert("MessageGroupId".to_owned(), group.clone().into());
            members.insert("MessageDeduplicationId".to_owned(), id.clone().into());
        }
        let answer = world.bus.request(Caller::Account, "sns", "Publish", input).await;
        answer.map_err(|why| PublishError::Refused { topic: topic.name.clone(), why })?;
        published.topics.push(topic.name.clone());
    }
    Ok(published)
}

/// The document as a CloudEvent.
fn wrapped(world: &World, event: &str, document: Value) -> Result<Value, PublishError> {
    match document.get("specversion").and(document.get("type")).and_then(Value::as_str) {
        Some(kind) if kind == event => Ok(document),
        Some(other) => Err(PublishError::Other(other.to_owned(), event.to_owned())),
        None => Ok(json!({
            "specversion": "1.0",
            "id": world.random.uuid(),
            "source": "urn:eventloom:local",
            "type": event,
            "time": world.clock.now().rfc3339(),
            "datacontenttype": "application/json",
            "data": document,
        })),
    }
}
