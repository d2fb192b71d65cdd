//! What a function says of a batch: which of its items failed.
//!
//! Source: "Reporting batch item failures" in the Lambda Developer Guide.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::services::lambda::Payload;

/// How a batch ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// All of it is done, but for these.
    Done(BTreeSet<String>),
    /// None of it is: the answer cannot be read, or names what was not in the batch.
    Unreadable(String),
}

impl Report {
    /// Reads an answer of a function that reports failures of the batch with these ids.
    pub(super) fn read<'a>(answer: &Payload, ids: impl Iterator<Item = &'a str>) -> Self {
        let failures = match answer.value() {
            Ok(Value::Null) => return Self::Done(BTreeSet::new()),
            Ok(Value::String(text)) if text.is_empty() => return Self::Done(BTreeSet::new()),
            Ok(Value::Object(members)) => match members.get("batchItemFailures") {
                None | Some(Value::Null) => return Self::Done(BTreeSet::new()),
                Some(Value::Array(failures)) => failures,
                Some(_) => return Self::Unreadable("batchItemFailures is no list".to_owned()),
            },
            Ok(_) => return Self::Unreadable("the answer is no object".to_owned()),
            Err(error) => return Self::Unreadable(format!("the answer is no JSON: {error}")),
        };
        let mut failed = BTreeSet::new();
        for failure in failures {
            match failure.get("itemIdentifier").and_then(Value::as_str) {
                Some(id) if !id.is_empty() => failed.insert(id.to_owned()),
                _ => return Self::Unreadable(format!("{failure} has no itemIdentifier")),
            };
        }
        if !failed.is_empty() {
            let known: BTreeSet<&str> = ids.collect();
            if let Some(id) = failed.iter().find(|id| !known.contains(id.as_str())) {
                return Self::Unreadable(format!("`{id}` is no item of the batch"));
            }
        }
        Self::Done(failed)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn read(answer: &str) -> Report {
        Report::read(&Payload::from_bytes(Bytes::from(answer.to_owned())), ["a", "b"].into_iter())
    }

    #[test]
    fn nothing_reported_is_all_done() {
        for answer in ["", "null", "{}", "\"\"", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#] {
            assert_eq!(read(answer), Report::Done(BTreeSet::new()), "{answer}");
        }
    }

    #[test]
    fn what_is_reported_failed() {
        let answer = r#"{"batchItemFailures":[{"itemIdentifier":"b"}]}"#;
        assert_eq!(read(answer), Report::Done(BTreeSet::from(["b".to_owned()])));
    }

    #[test]
    fn a_bad_shape_fails_the_whole_batch() {
        for answer in [
            "{",
            "[]",
            "\"done\"",
            r#"{"batchItemFailures":{}}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"itemId":"a"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"other"}]}"#,
        ] {
            assert!(matches!(read(answer), Report::Unreadable(_)), "{answer}");
        }
    }
}
