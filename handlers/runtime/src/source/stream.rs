//! The publisher of a table with `rows: event`: new rows of its stream to topics.
//!
//! In: a batch of the stream. Out: nothing, or the first record that must come again, with all behind it
//! (<https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>). Guaranteed: a row that was
//! inserted is published, or lies in the dead-letter queue with the reason, before the stream goes on; in order where the
//! topic keeps order; a record that comes again is the same event again.

use std::collections::BTreeMap;

use aws_sdk_sqs::types::MessageAttributeValue;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::consumer::MARGIN;
use crate::cx::Invocation;
use crate::decode::from_value;
use crate::error::Error;
use crate::event_type::{Arrival, EventType};
use crate::send::{self, Message, Refused, Topic};

/// What a publisher is told.
#[derive(Clone, Copy, Debug)]
pub struct Publisher {
    /// The events that the table's rows may be.
    pub events: &'static [EventType],
    /// Where they go: to each topic that carries them.
    pub to: &'static [Topic],
    /// The variable with the URL of the queue for rows that cannot be published.
    pub dead_letters: &'static str,
}

/// The stream's batch, as far as it is read.
#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default)]
    event_name: String,
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    sequence_number: String,
    #[serde(default)]
    new_image: BTreeMap<String, Value>,
}

/// A row, read.
struct Row<'r> {
    record: &'r Record,
    event: Result<Arrival, String>,
}

/// Publishes one batch.
///
/// # Errors
///
/// The whole batch comes again where it is no batch of a stream, or a variable is not set.
pub async fn publish(invocation: &Invocation, payload: Value, publisher: &Publisher) -> Result<Value, Error> {
    let batch: Batch = from_value(payload).map_err(Error::reject)?;
    let inserted = batch.records.iter().filter(|record| record.event_name == "INSERT");
    let rows: Vec<Row<'_>> = inserted.map(|record| Row { record, event: read(record, publisher) }).collect();
    let mut done = rows.as_slice();
    // As many as one call takes, so that what came before a failure is not sent again.
    for (at, part) in rows.chunks(PART).enumerate() {
        let failed = if invocation.remaining() <= MARGIN {
            tracing::warn!("the deadline is near: the rest of the batch is returned");
            Some(0)
        } else {
            publish_part(invocation, publisher, part).await?
        };
        if let Some(failed) = failed {
            done = rows.get(at * PART + failed..).unwrap_or_default();
            break;
        }
        done = &[];
    }
    let failures: Vec<Value> = match done {
        [first, ..] => vec![json!({ "itemIdentifier": first.record.dynamodb.sequence_number })],
        [] => Vec::new(),
    };
    Ok(json!({ "batchItemFailures": failures }))
}

/// Rows that are taken together.
const PART: usize = 10;

fn read(record: &Record, publisher: &Publisher) -> Result<Arrival, String> {
    let text = record.dynamodb.new_image.get("cloudevent").and_then(|value| value.get("S")).and_then(Value::as_str);
    let Some(text) = text else { return Err("the row has no `cloudevent`".to_owned()) };
    let event = Arrival::read(text, publisher.events).map_err(|error| error.to_string())?;
    if !publisher.to.iter().any(|topic| topic.carries.contains(&event.kind())) {
        return Err(format!("no topic of this source carries `{}`", event.kind()));
    }
    Ok(event)
}

/// Publishes some rows; answers with the place of the first that must come again.
async fn publish_part(
    invocation: &Invocation,
    publisher: &Publisher,
    rows: &[Row<'_>],
) -> Result<Option<usize>, Error> {
    let mut reasons: Vec<Option<String>> = rows.iter().map(|row| row.event.as_ref().err().cloned()).collect();
    let mut again: Option<usize> = None;
    for topic in publisher.to {
        let carried = rows.iter().enumerate().filter_map(|(place, row)| Some((place, row.event.as_ref().ok()?)));
        let carried = carried.filter(|(_, event)| topic.carries.contains(&event.kind()));
        let (places, messages): (Vec<usize>, Vec<Message<'_>>) = carried
            .map(|(place, event)| Ok((place, Message::of(event)?)))
            .collect::<Result<Vec<_>, Error>>()?
            .into_iter()
            .unzip();
        let answers = send::publish(invocation, topic, &messages).await?;
        for (place, answer) in places.into_iter().zip(answers) {
            match answer {
                Ok(()) => {}
                Err(Refused::ForEver(reason)) => {
                    if let Some(known) = reasons.get_mut(place) {
                        known.get_or_insert(reason);
                    }
                }
                Err(Refused::Now(reason)) => {
                    tracing::warn!(topic = topic.arn, reason, "not published: the record comes again");
                    again = Some(again.map_or(place, |first| first.min(place)));
                }
            }
        }
    }
    for (place, (row, reason)) in rows.iter().zip(reasons).enumerate() {
        let Some(reason) = reason.filter(|_| again.is_none_or(|first| place < first)) else { continue };
        if let Err(error) = set_aside(invocation, publisher, row.record, &reason).await {
            tracing::warn!(%error, "not set aside: the record comes again");
            return Ok(Some(place));
        }
        tracing::error!(reason, sequence = row.record.dynamodb.sequence_number, "poison: sent to the dead letters");
    }
    Ok(again)
}

/// Puts a row where a person finds it, whole, with the reason beside it.
async fn set_aside(invocation: &Invocation, publisher: &Publisher, record: &Record, reason: &str) -> Result<(), Error> {
    let url = invocation.cx().var(publisher.dead_letters)?;
    let row = &record.dynamodb.new_image;
    let body = match row.get("cloudevent").and_then(|value| value.get("S")).and_then(Value::as_str) {
        Some(event) => event.to_owned(),
        None => serde_json::to_string(row).map_err(Error::retry)?,
    };
    let reason = MessageAttributeValue::builder().data_type("String").string_value(reason).build();
    let send = invocation.cx().aws().sqs().send_message().queue_url(url).message_body(body);
    let send = send.message_attributes("reason", reason.map_err(Error::retry)?);
    send.send().await.map(drop).map_err(|error| Error::retry(crate::error::sdk(&error)))
}
