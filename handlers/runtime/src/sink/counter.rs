//! A number in a row, to which each event adds once.
//!
//! In: an event. Out: nothing, once it is counted. Guaranteed: however often the event comes, as long as its marker lives,
//! it is counted once: marker and addition are one transaction, and of a failed one nothing is done.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};

use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::event_type::Arrival;
use crate::item;
use crate::lookup::Match;
use crate::state;

/// A counter, as a function is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    /// The sink's name: part of the marker's key.
    pub sink: &'static str,
    /// The variable that holds the table's name.
    pub table: &'static str,
    /// The row: its partition key, then its sort key where it has one.
    pub row: &'static [Match],
    /// What is added.
    pub add: &'static [Add],
    /// Seconds for which the event may come again.
    pub keep: u64,
}

/// A field, and what is added to it.
#[derive(Clone, Copy, Debug)]
pub struct Add {
    /// The field.
    pub field: &'static str,
    /// How much.
    pub by: i64,
}

/// Tries of one transaction before the event comes again: two events of one row meet.
const TRIES: u32 = 8;

/// Counts one event.
pub(crate) async fn count(invocation: &Invocation, counter: &Counter, event: &Arrival) -> Result<(), Error> {
    for tried in 0..TRIES {
        match transact(invocation, counter, event).await? {
            Tried::Counted => return Ok(()),
            Tried::Already => {
                tracing::debug!(sink = counter.sink, "counted before");
                return Ok(());
            }
            Tried::Conflict => state::pause(invocation, tried).await,
        }
    }
    Err(Error::retry("the row is written to by too many at once"))
}

enum Tried {
    Counted,
    Already,
    Conflict,
}

async fn transact(invocation: &Invocation, counter: &Counter, event: &Arrival) -> Result<Tried, Error> {
    let marker = marker(invocation, counter, event)?;
    let addition = addition(invocation, counter, event)?;
    let write = invocation.cx().aws().dynamodb().transact_write_items();
    let write = write
        .transact_items(TransactWriteItem::builder().put(marker).build())
        .transact_items(TransactWriteItem::builder().update(addition).build());
    let Err(error) = write.send().await else { return Ok(Tried::Counted) };
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            let codes = cancelled.cancellation_reasons().iter().filter_map(|reason| reason.code());
            judge(codes.collect::<Vec<_>>().as_slice())
        }
        // The SDK's own repetition, after an answer was lost, met the first.
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => Ok(Tried::Conflict),
        _ => Err(Error::retry(sdk(&error))),
    }
}

/// Why a transaction was cancelled: the marker's reason first, then the row's.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
fn judge(codes: &[&str]) -> Result<Tried, Error> {
    match codes {
        // The marker is there: this very event was counted, by us or by whoever was sent it too.
        ["ConditionalCheckFailed", ..] => Ok(Tried::Already),
        codes if codes.contains(&"ValidationError") => Err(Error::reject("the row cannot be added to")),
        _ => Ok(Tried::Conflict),
    }
}

fn marker(invocation: &Invocation, counter: &Counter, event: &Arrival) -> Result<Put, Error> {
    let now = invocation.now();
    let put = Put::builder()
        .table_name(invocation.cx().var(state::TABLE)?)
        .set_item(Some(state::row(&["counted", counter.sink, event.id()], now, counter.keep)))
        .condition_expression(state::ABSENT)
        .expression_attribute_values(":now", state::seconds(now));
    put.build().map_err(Error::retry)
}

fn addition(invocation: &Invocation, counter: &Counter, event: &Arrival) -> Result<Update, Error> {
    let mut update = Update::builder().table_name(invocation.cx().var(counter.table)?);
    for part in counter.row {
        let value = crate::template::filled(part.value, event)?;
        update = update.key(part.field, item::key(&value, part.number));
    }
    let mut added: Vec<String> = Vec::new();
    for (place, add) in counter.add.iter().enumerate() {
        update = update.expression_attribute_names(format!("#{place}"), add.field);
        update = update.expression_attribute_values(format!(":{place}"), AttributeValue::N(add.by.to_string()));
        added.push(format!("#{place} :{place}"));
    }
    update.update_expression(format!("ADD {}", added.join(", "))).build().map_err(Error::retry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_that_is_there_means_counted_and_nothing_else_does() {
        assert!(matches!(judge(&["ConditionalCheckFailed", "None"]), Ok(Tried::Already)));
        assert!(matches!(judge(&["ConditionalCheckFailed", "TransactionConflict"]), Ok(Tried::Already)));
        assert!(matches!(judge(&["TransactionConflict", "None"]), Ok(Tried::Conflict)));
        assert!(matches!(judge(&["None", "ThrottlingError"]), Ok(Tried::Conflict)));
        assert!(matches!(judge(&[]), Ok(Tried::Conflict)));
        assert!(judge(&["None", "ValidationError"]).is_err_and(|error| error.is_final()));
    }
}
