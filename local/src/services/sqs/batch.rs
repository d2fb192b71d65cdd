//! The batch operations: up to ten entries, each of which succeeds or fails by itself.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::error::{missing, query_code};
use super::settings::MAX_SIZE;
use super::{Sqs, input, message};
use crate::kernel::{AwsError, Caller};

impl Sqs {
    pub(super) fn send_message_batch(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let (url, entries) = entries::<input::SendEntry>(input, "SendMessageBatch", |entry| &entry.id)?;
        let held = self.granted(caller, "sqs:SendMessage", &url)?;
        let size: usize =
            entries.iter().map(|entry| message::size(&entry.message_body, &entry.message_attributes)).sum();
        if size > MAX_SIZE {
            let message = format!("Batch requests cannot be longer than {MAX_SIZE} bytes. You have sent {size} bytes.");
            return Err(AwsError::new("BatchRequestTooLong", message));
        }
        let now = self.settle(&held);
        let results = entries.into_iter().map(|mut entry| {
            let id = std::mem::take(&mut entry.id);
            (id, self.send(caller, &held, now, entry))
        });
        let answer = answer(results);
        self.commit(&held);
        Ok(answer)
    }

    pub(super) fn delete_message_batch(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let (url, entries) = entries::<input::DeleteEntry>(input, "DeleteMessageBatch", |entry| &entry.id)?;
        let held = self.granted(caller, "sqs:DeleteMessage", &url)?;
        self.settle(&held);
        let results = entries.into_iter().map(|entry| {
            let deleted = self.delete(&held, &entry.receipt_handle);
            (entry.id, deleted.map(|()| Map::new()))
        });
        let answer = answer(results);
        self.commit(&held);
        Ok(answer)
    }

    pub(super) fn change_message_visibility_batch(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let operation = "ChangeMessageVisibilityBatch";
        let (url, entries) = entries::<input::VisibilityEntry>(input, operation, |entry| &entry.id)?;
        let held = self.granted(caller, "sqs:ChangeMessageVisibility", &url)?;
        let now = self.settle(&held);
        let results = entries.into_iter().map(|entry| {
            let changed = self.change_visibility(&held, now, &entry.receipt_handle, entry.visibility_timeout);
            (entry.id, changed.map(|()| Map::new()))
        });
        let answer = answer(results);
        self.commit(&held);
        Ok(answer)
    }
}

/// The URL and the entries of a batch, which is refused whole if it is no batch.
fn entries<T: DeserializeOwned>(
    input: Value,
    operation: &str,
    id: impl Fn(&T) -> &str,
) -> Result<(String, Vec<T>), AwsError> {
    let input::Batch { queue_url, entries } = input::read(input)?;
    if entries.is_empty() {
        let message = format!("There should be at least one {operation}RequestEntry in the request.");
        return Err(AwsError::new("EmptyBatchRequest", message));
    }
    let count = entries.len();
    if count > 10 {
        let message = format!("Maximum number of entries per request are 10. You have sent {count}.");
        return Err(AwsError::new("TooManyEntriesInBatchRequest", message));
    }
    let entries = entries.into_iter().map(input::read).collect::<Result<Vec<T>, _>>()?;
    let mut seen = BTreeSet::new();
    for entry in &entries {
        let id = id(entry);
        if id.is_empty() {
            return Err(missing(&format!("{operation}RequestEntry.1.Id")));
        }
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if id.len() > 80 || !id.bytes().all(fits) {
            let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. \
                           It can be at most 80 letters long.";
            return Err(AwsError::new("InvalidBatchEntryId", message));
        }
        if !seen.insert(id) {
            return Err(AwsError::new("BatchEntryIdsNotDistinct", format!("Id {id} repeated.")));
        }
    }
    drop(seen);
    Ok((queue_url, entries))
}

/// What became of each entry.
fn answer(results: impl Iterator<Item = (String, Result<Map<String, Value>, AwsError>)>) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, result) in results {
        match result {
            Ok(mut result) => {
                result.insert("Id".to_owned(), id.into());
                successful.push(Value::Object(result));
            }
            Err(error) => failed.push(json!({
                "Id": id,
                "SenderFault": !error.is_server_fault(),
                "Code": query_code(&error.code),
                "Message": error.message,
            })),
        }
    }
    json!({ "Successful": successful, "Failed": failed })
}
