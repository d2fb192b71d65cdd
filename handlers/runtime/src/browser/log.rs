//! The table of logs: conversations, how far users have seen them, and the threads of an inbox.
//!
//! | row | `conversation` | `sequence` | holds |
//! | --- | --- | --- | --- |
//! | a conversation | its key | 0 | `last`, the sequence of its last entry |
//! | an entry | its key | 1, 2, … | `frame`, as browsers get it |
//! | a cursor | `seen#TENANT#USER#NAME` | 0 | `cursor`, up to where the user has seen it |
//! | a thread | `thread#TENANT#USER#THREAD` | 0 | its last revision, and where that and its members were shown |
//!
//! Guaranteed: `last` and the entry that it counts are written in one transaction, so that a conversation's sequence
//! has no gap however its writers end. An entry that a later revision replaced is deleted, and one that has expired is
//! not shown: whoever reads is told up to where there is nothing more to come.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use serde_json::Value;

use super::item::{Item, failed, item, number, number_of, text, text_of};
use super::key;
use super::table::{Query, Table};
use crate::cx::Invocation;
use crate::error::Error;
use crate::scalar::Timestamp;

/// The name of a user's own conversation, on the wire.
pub(super) const INBOX: &str = "inbox";
/// The most entries of a page.
const PAGE: i32 = 200;
/// The most bytes of a page: an answer has to fit into a message.
const PAGE_BYTES: usize = 96 << 10;
/// How long before the deadline a writer gives up.
const MARGIN: Duration = Duration::from_millis(500);
/// The first pause after another writer was faster, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(200));

/// The key of a conversation, by its name on the wire; of the inbox, `user` says whose.
pub(super) fn conversation(tenant: Option<&str>, user: &str, name: &str) -> String {
    match name {
        INBOX => key::join(&["inbox", tenant.unwrap_or_default(), user]),
        _ => key::join(&["conversation", tenant.unwrap_or_default(), name]),
    }
}

/// The name of a conversation on the wire: the field that events are ordered by, and its value.
pub(super) fn name(field: &str, value: &str) -> String {
    format!("{field}:{value}")
}

/// The key of the row that says up to where a user has seen a conversation.
pub(super) fn cursor_key(tenant: Option<&str>, user: &str, name: &str) -> Item {
    entry_key(&key::join(&["seen", tenant.unwrap_or_default(), user, name]), 0)
}

/// The key of the row of a thread in a user's inbox.
pub(super) fn thread_key(tenant: Option<&str>, user: &str, thread: &str) -> Item {
    entry_key(&key::join(&["thread", tenant.unwrap_or_default(), user, thread]), 0)
}

/// The key of an entry; 0 is the conversation itself.
pub(super) fn entry_key(conversation: &str, sequence: u64) -> Item {
    item([("conversation", text(conversation)), ("sequence", number(sequence))])
}

/// A count under a name; 0 where there is none.
pub(super) fn count_of(row: &Item, name: &str) -> u64 {
    number_of(row, name).and_then(|number| u64::try_from(number).ok()).unwrap_or_default()
}

/// The sequence of the last entry.
pub(super) async fn last(table: &Table<'_>, conversation: &str) -> Result<u64, Error> {
    Ok(table.get(entry_key(conversation, 0)).await?.map_or(0, |row| count_of(&row, "last")))
}

/// What is written together with a new entry, and may stand against it.
pub(super) struct Beside {
    /// The writes, after those of the conversation and its entry.
    pub(super) writes: Vec<TransactWriteItem>,
}

/// How a transaction ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// All is written.
    Written,
    /// One of those beside stands against it: its place among them, and the row that is there.
    Against(usize, Option<Item>),
    /// Another writer was faster: the conversation's last sequence now, where it is known.
    Faster(Option<u64>),
}

/// Appends an entry. `frame` makes it, and what is written beside it, of its sequence. Repeats itself while other
/// writers are faster.
///
/// Out: the sequence and the frame, or the place and the row that stand against it.
pub(super) async fn append(
    invocation: &Invocation,
    table: &Table<'_>,
    conversation: &str,
    replay: u64,
    make: impl Fn(u64) -> Result<(String, Beside), Error>,
) -> Result<Result<(u64, String), (usize, Option<Item>)>, Error> {
    let expires = invocation.now().plus(Duration::from_secs(replay)).as_millis() / 1000;
    let mut before = last(table, conversation).await?;
    let mut pause = PAUSES.0;
    loop {
        let sequence = before + 1;
        let (frame, beside) = make(sequence)?;
        let mut writes = vec![counted(table, conversation, before)?];
        writes.push(entered(table, conversation, sequence, &frame, expires)?);
        let own = writes.len();
        writes.extend(beside.writes);
        match transact(table.client, own, writes).await? {
            Ended::Written => return Ok(Ok((sequence, frame))),
            Ended::Against(place, row) => return Ok(Err((place, row))),
            Ended::Faster(now) => {
                if invocation.remaining() < MARGIN + pause {
                    return Err(Error::retry("too many write into the conversation at the same time"));
                }
                tokio::time::sleep(pause.mul_f64(fastrand::f64())).await;
                pause = (pause * 2).min(PAUSES.1);
                before = match now {
                    Some(now) => now,
                    None => last(table, conversation).await?,
                };
            }
        }
    }
}

/// Counts the conversation on from `before`.
fn counted(table: &Table<'_>, conversation: &str, before: u64) -> Result<TransactWriteItem, Error> {
    let update = Update::builder()
        .table_name(table.name)
        .set_key(Some(entry_key(conversation, 0)))
        .update_expression("SET #last = :next")
        .expression_attribute_names("#last", "last")
        .expression_attribute_values(":next", number(before + 1))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let update = match before {
        0 => update.condition_expression("attribute_not_exists(#last)"),
        _ => update.condition_expression("#last = :before").expression_attribute_values(":before", number(before)),
    };
    Ok(TransactWriteItem::builder().update(update.build().map_err(Error::reject)?).build())
}

fn entered(
    table: &Table<'_>,
    conversation: &str,
    sequence: u64,
    frame: &str,
    expires: i64,
) -> Result<TransactWriteItem, Error> {
    let mut row = entry_key(conversation, sequence);
    row.insert("frame".to_owned(), text(frame));
    row.insert("expires_at".to_owned(), number(expires));
    put_new(table, row, "attribute_not_exists(conversation)")
}

/// A put of a row where there is none.
pub(super) fn put_new(table: &Table<'_>, row: Item, condition: &str) -> Result<TransactWriteItem, Error> {
    put_if(table, row, condition, Vec::new())
}

/// A put of a row if a condition holds.
pub(super) fn put_if(
    table: &Table<'_>,
    row: Item,
    condition: &str,
    values: Vec<(&str, AttributeValue)>,
) -> Result<TransactWriteItem, Error> {
    let mut put = Put::builder()
        .table_name(table.name)
        .set_item(Some(row))
        .condition_expression(condition)
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    for (name, value) in values {
        put = put.expression_attribute_values(name, value);
    }
    Ok(TransactWriteItem::builder().put(put.build().map_err(Error::reject)?).build())
}

/// A deletion of a row, whether it is there or not.
pub(super) fn deleted(table: &Table<'_>, key: Item) -> Result<TransactWriteItem, Error> {
    let delete = Delete::builder().table_name(table.name).set_key(Some(key)).build().map_err(Error::reject)?;
    Ok(TransactWriteItem::builder().delete(delete).build())
}

/// Runs a transaction whose first `own` writes are the conversation's. The SDK repeats one whose answer was lost under
/// the same token, which DynamoDB knows: so a refusal is never of one's own writing, unless the whole invocation is a
/// repetition, and then what stands beside says so.
async fn transact(client: &Client, own: usize, writes: Vec<TransactWriteItem>) -> Result<Ended, Error> {
    let ended = client.transact_write_items().set_transact_items(Some(writes)).send().await;
    let Err(error) = ended else { return Ok(Ended::Written) };
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
            judge(canceled.cancellation_reasons(), own).ok_or_else(|| failed("TransactWriteItems", &error))
        }
        Some(
            TransactWriteItemsError::TransactionInProgressException(_)
            | TransactWriteItemsError::IdempotentParameterMismatchException(_),
        ) => Ok(Ended::Faster(None)),
        _ => Err(failed("TransactWriteItems", &error)),
    }
}

/// Why a transaction was cancelled. What stands beside decides first: where this very message was written before, it
/// does not matter who else wrote since.
fn judge(reasons: &[CancellationReason], own: usize) -> Option<Ended> {
    let is = |reason: &CancellationReason, code: &str| reason.code.as_deref() == Some(code);
    let beside = reasons.iter().skip(own);
    if let Some((place, reason)) = beside.enumerate().find(|(_, reason)| is(reason, "ConditionalCheckFailed")) {
        return Some(Ended::Against(place, reason.item.clone().filter(|item| !item.is_empty())));
    }
    let head = reasons.first().filter(|reason| is(reason, "ConditionalCheckFailed"));
    if let Some(head) = head {
        return Some(Ended::Faster(head.item.as_ref().map(|item| count_of(item, "last"))));
    }
    let passes =
        |reason: &CancellationReason| is(reason, "TransactionConflict") || is(reason, "ConditionalCheckFailed");
    reasons.iter().any(passes).then_some(Ended::Faster(None))
}

/// A page of a conversation.
#[derive(Debug, PartialEq)]
pub(super) struct Entries {
    pub(super) frames: Vec<Value>,
    /// Up to here all is told.
    pub(super) upto: u64,
}

/// What was written after `after` and no later than `upto`, oldest first: as much as fits into a message.
pub(super) async fn read(
    table: &Table<'_>,
    conversation: &str,
    (after, upto): (u64, u64),
    now: Timestamp,
) -> Result<Entries, Error> {
    if upto <= after {
        return Ok(Entries { frames: Vec::new(), upto: after });
    }
    let query = Query {
        condition: "#conversation = :conversation AND #sequence BETWEEN :first AND :last",
        names: vec![("#conversation", "conversation"), ("#sequence", "sequence")],
        values: vec![(":conversation", text(conversation)), (":first", number(after + 1)), (":last", number(upto))],
        limit: Some(PAGE),
        consistent: true,
        ..Query::default()
    };
    let page = table.page(&query, None).await?;
    Ok(entries(&page.rows, (after, upto), page.next.is_some(), now))
}

fn entries(rows: &[Item], (after, upto): (u64, u64), is_cut: bool, now: Timestamp) -> Entries {
    let (mut frames, mut bytes, mut told) = (Vec::new(), 0, after);
    for row in rows {
        let frame = text_of(row, "frame").filter(|_| !is_expired(row, now)).unwrap_or_default();
        bytes += frame.len();
        if bytes > PAGE_BYTES && !frames.is_empty() {
            return Entries { frames, upto: told };
        }
        told = count_of(row, "sequence").max(told);
        frames.extend(serde_json::from_str::<Value>(frame).ok());
    }
    Entries { frames, upto: if is_cut { told } else { upto } }
}

/// Whether a row is over, though DynamoDB has not deleted it yet.
pub(super) fn is_expired(row: &Item, now: Timestamp) -> bool {
    number_of(row, "expires_at").is_some_and(|end| end.saturating_mul(1000) <= now.as_millis())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_millis(0)
    }

    fn row(sequence: u64, frame: &str) -> Item {
        let mut row = entry_key("c", sequence);
        row.insert("frame".to_owned(), text(frame));
        row.insert("expires_at".to_owned(), number(1));
        row
    }

    #[test]
    fn a_page_says_up_to_where_all_is_told() {
        let rows = [row(2, "2"), row(4, "4")];
        assert_eq!(entries(&rows, (1, 9), false, now()), Entries { frames: vec![json!(2), json!(4)], upto: 9 });
        assert_eq!(entries(&rows, (1, 9), true, now()).upto, 4);
        assert_eq!(entries(&[], (1, 9), false, now()), Entries { frames: vec![], upto: 9 });
    }

    #[test]
    fn a_page_ends_before_it_is_too_large_for_a_message_but_holds_one_entry() {
        let large = format!("\"{}\"", "x".repeat(60 << 10));
        let rows = [row(1, &large), row(2, &large)];
        let page = entries(&rows, (0, 2), false, now());
        assert_eq!((page.frames.len(), page.upto), (1, 1));
        let huge = format!("\"{}\"", "x".repeat(120 << 10));
        assert_eq!(entries(&[row(1, &huge)], (0, 1), false, now()).frames.len(), 1);
    }

    #[test]
    fn an_expired_entry_is_not_told_but_passed() {
        let page = entries(&[row(1, "1")], (0, 1), false, Timestamp::from_millis(1_000));
        assert_eq!(page, Entries { frames: vec![], upto: 1 });
    }

    fn reason(code: &str, last: Option<u64>) -> CancellationReason {
        let row = last.map(|last| item([("last", number(last))]));
        CancellationReason::builder().code(code).set_item(row).build()
    }

    #[test]
    fn a_message_that_was_written_before_stands_against_itself_whoever_else_wrote_since() {
        let reasons = [
            reason("ConditionalCheckFailed", Some(7)),
            reason("None", None),
            reason("ConditionalCheckFailed", Some(3)),
        ];
        assert!(matches!(judge(&reasons, 2), Some(Ended::Against(0, Some(_)))));
    }

    #[test]
    fn another_writer_that_was_faster_says_how_far_it_came() {
        let reasons = [reason("ConditionalCheckFailed", Some(7)), reason("None", None), reason("None", None)];
        assert!(matches!(judge(&reasons, 2), Some(Ended::Faster(Some(7)))));
        let reasons = [reason("TransactionConflict", None), reason("None", None), reason("None", None)];
        assert!(matches!(judge(&reasons, 2), Some(Ended::Faster(None))));
        assert!(judge(&[reason("ValidationError", None)], 2).is_none());
    }

    #[test]
    fn conversations_of_two_tenants_and_users_are_never_one() {
        let keys = [
            conversation(None, "a", INBOX),
            conversation(Some("a"), "", INBOX),
            conversation(Some("t"), "a", INBOX),
            conversation(None, "a", "group:g"),
            conversation(Some("t"), "a", "group:g"),
        ];
        let distinct: std::collections::BTreeSet<&String> = keys.iter().collect();
        assert_eq!(distinct.len(), keys.len());
        assert_eq!(conversation(None, "a", "group:g"), conversation(None, "b", "group:g"));
    }
}
