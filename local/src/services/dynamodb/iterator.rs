//! A place in a stream, as its reader carries it about.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::kernel::{AwsError, Time};

/// How long an iterator may be used.
const LIFE: Duration = Duration::from_secs(15 * 60);

/// A place in a stream: behind a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Iterator {
    /// The stream's ARN.
    pub(super) stream: String,
    /// The record before: records with greater numbers come next.
    pub(super) after: i64,
    /// When it was given out.
    pub(super) given: Time,
}

impl Iterator {
    /// As clients get it.
    pub(super) fn text(&self) -> String {
        STANDARD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads what a client sent.
    pub(super) fn read(text: &str, now: Time) -> Result<Self, AwsError> {
        let bytes = STANDARD.decode(text).ok();
        let read: Option<Self> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let read = read.ok_or_else(|| AwsError::new("ValidationException", "Invalid ShardIterator"))?;
        if now.since(read.given) > LIFE {
            return Err(AwsError::new(
                "ExpiredIteratorException",
                "The shard iterator has expired and can no longer be used to retrieve stream records. A shard iterator \
                 expires 15 minutes after it is retrieved using the GetShardIterator action.",
            ));
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iterator_lives_for_a_quarter_of_an_hour() {
        let given = Time::from_millis(1_767_225_600_000);
        let iterator = Iterator { stream: "arn".to_owned(), after: 7, given };
        assert_eq!(Iterator::read(&iterator.text(), given + LIFE), Ok(iterator.clone()));
        let late = Iterator::read(&iterator.text(), given + LIFE + Duration::from_millis(1));
        assert_eq!(late.map_err(|error| error.code), Err("ExpiredIteratorException".to_owned()));
        assert_eq!(Iterator::read("?", given).map_err(|error| error.code), Err("ValidationException".to_owned()));
    }
}
