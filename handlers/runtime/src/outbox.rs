//! The writer of a table with `rows: event`, the outbox: the product's own API puts each event here
//! in its own process, and the table's stream publishes it.
//!
//! | attribute | holds |
//! | --- | --- |
//! | `id` (key) | the CloudEvents id |
//! | `event` | the event's type |
//! | `time` | when it happened: RFC 3339, UTC, milliseconds; sorts as text |
//! | `actor`, `object`, `tenant` | the event's roles, where it has them |
//! | `cloudevent` | the CloudEvent in structured JSON, as it will be published |
//!
//! Guaranteed: an event is in the table once, whoever repeats what. The put is conditional on the
//! key's absence; a condition that fails proves nothing by itself, since the SDK repeats a put whose
//! answer was lost, so the row that is there decides.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use serde_json::Value;

use crate::envelope::Envelope;
use crate::event::Event;

/// What a successful put found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The event is new.
    New,
    /// The same event was there already: this is a repetition.
    Already,
}

/// Why the event is not in the table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutboxError {
    /// Another event has this id: the producer used an id of its own twice.
    #[error("another {kind} with the same id is there already: {id}")]
    Conflict {
        /// The event's type.
        kind: String,
        /// The CloudEvents id.
        id: String,
    },
    /// The event has no JSON.
    #[error("the event has no JSON form: {0}")]
    Json(#[from] serde_json::Error),
    /// DynamoDB refused, or was not reached.
    #[error("DynamoDB did not take the event")]
    Put(#[source] Box<aws_sdk_dynamodb::Error>),
}

/// A writer into one table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbox {
    client: Client,
    table: String,
}

impl Outbox {
    /// `table` is the table's physical name: an output of the stack.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Puts one event.
    ///
    /// # Errors
    ///
    /// [`OutboxError`]; the same put may be repeated after any of them but the first.
    pub async fn put<E: Event>(&self, envelope: &Envelope<E>) -> Result<Written, OutboxError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(row(envelope)?))
            .condition_expression("attribute_not_exists(id)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let Err(error) = put else { return Ok(Written::New) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => judge(envelope, failed.item()),
            _ => Err(OutboxError::Put(Box::new(error.into()))),
        }
    }
}

fn row<E: Event>(envelope: &Envelope<E>) -> Result<HashMap<String, AttributeValue>, serde_json::Error> {
    let roles = [
        ("id", Some(envelope.id.clone())),
        ("event", Some(envelope.kind.clone())),
        ("time", Some(envelope.time.to_string())),
        ("actor", envelope.data.actor()),
        ("object", envelope.data.object()),
        ("tenant", envelope.tenant.clone()),
        ("cloudevent", Some(serde_json::to_string(envelope)?)),
    ];
    let set = roles.into_iter().filter_map(|(name, text)| Some((name.to_owned(), AttributeValue::S(text?))));
    Ok(set.collect())
}

/// The put's condition failed on this row: was it ours? The data decides, and not the envelope: a
/// repetition may carry another trace.
fn judge<E: Event>(
    envelope: &Envelope<E>,
    there: Option<&HashMap<String, AttributeValue>>,
) -> Result<Written, OutboxError> {
    let text = there.and_then(|row| row.get("cloudevent")).and_then(|text| text.as_s().ok());
    let same = match text.map(|text| serde_json::from_str::<Envelope<Value>>(text)) {
        Some(Ok(there)) => there.kind == envelope.kind && there.data == serde_json::to_value(&envelope.data)?,
        _ => false,
    };
    if same {
        return Ok(Written::Already);
    }
    Err(OutboxError::Conflict { kind: envelope.kind.clone(), id: envelope.id.clone() })
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::scalar::Timestamp;

    #[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
    struct Liked {
        id: String,
        liker: String,
    }

    impl Event for Liked {
        const FLOW: &'static str = "everi";
        const TYPE: &'static str = "Liked";

        fn id(&self) -> String {
            self.id.clone()
        }

        fn time(&self) -> Timestamp {
            Timestamp::from_millis(0)
        }

        fn actor(&self) -> Option<String> {
            Some(self.liker.clone())
        }
    }

    fn liked(liker: &str) -> Envelope<Liked> {
        Envelope::of(Liked { id: "1".to_owned(), liker: liker.to_owned() })
    }

    #[test]
    fn a_row_has_the_event_and_those_roles_that_it_plays() {
        let row = row(&liked("agshin")).unwrap();
        let mut names: Vec<_> = row.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["actor", "cloudevent", "event", "id", "time"]);
        assert_eq!(row["actor"], AttributeValue::S("agshin".to_owned()));
        assert_eq!(row["time"], AttributeValue::S("1970-01-01T00:00:00.000Z".to_owned()));
    }

    #[test]
    fn ones_own_row_is_a_repetition_whatever_its_trace() {
        let there = row(&liked("agshin").traced("00-1")).unwrap();
        assert_eq!(judge(&liked("agshin").traced("00-2"), Some(&there)).unwrap(), Written::Already);
    }

    #[test]
    fn another_event_with_the_same_id_is_a_conflict() {
        let there = row(&liked("rustam")).unwrap();
        assert!(matches!(judge(&liked("agshin"), Some(&there)), Err(OutboxError::Conflict { .. })));
    }

    #[test]
    fn a_row_that_is_no_event_is_a_conflict() {
        assert!(matches!(judge(&liked("agshin"), Some(&HashMap::new())), Err(OutboxError::Conflict { .. })));
        assert!(matches!(judge(&liked("agshin"), None), Err(OutboxError::Conflict { .. })));
    }
}
