//! Rows of the runtime's own table: markers, and who works on what.
//!
//! A row's key is what it is about; `expires_at`, in seconds, is when it may be forgotten. DynamoDB deletes it some time
//! later, so a row that has expired is filtered where it is read.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::cx::Invocation;
use crate::item::Item;
use crate::scalar::Timestamp;

/// The variable that holds the table's name.
pub(crate) const TABLE: &str = "TABLE_RUNTIME";

/// The condition that there is no such row, or none any more; `:now` is [`seconds`].
pub(crate) const ABSENT: &str = "attribute_not_exists(pk) OR expires_at < :now";

/// The key of a row: what it is about, part by part. No part but the last may be chosen by whoever sends events.
pub(crate) fn key(parts: &[&str]) -> Item {
    Item::from([
        ("pk".to_owned(), AttributeValue::S(parts.join("#"))),
        ("sk".to_owned(), AttributeValue::S("-".to_owned())),
    ])
}

/// A row with nothing in it, which lives `keep` seconds.
pub(crate) fn row(parts: &[&str], now: Timestamp, keep: u64) -> Item {
    let mut row = key(parts);
    row.insert("expires_at".to_owned(), seconds(now.plus(Duration::from_secs(keep))));
    row
}

/// A time as DynamoDB's expiry has it.
pub(crate) fn seconds(time: Timestamp) -> AttributeValue {
    AttributeValue::N(time.as_millis().div_euclid(1000).to_string())
}

/// Waits before another try: longer each time, and another time for each invocation, so that those who met do not meet
/// again.
pub(crate) async fn pause(invocation: &Invocation, tried: u32) {
    let longest = 20_u64.saturating_mul(1 << tried.min(6));
    let spread = invocation
        .request_id()
        .bytes()
        .fold(u64::from(tried), |spread, byte| spread.wrapping_mul(31).wrapping_add(u64::from(byte)));
    tokio::time::sleep(Duration::from_millis(longest / 2 + spread % (longest / 2 + 1))).await;
}
