//! Rows of DynamoDB: their values, written and read.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::error::Error;

/// A row.
pub(super) type Item = HashMap<String, AttributeValue>;

/// A text.
pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A whole number.
pub(super) fn number(value: impl fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A row with these attributes.
pub(super) fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The text under a name.
pub(super) fn text_of<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// The whole number under a name.
pub(super) fn number_of(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// The set of texts under a name; empty where there is none.
pub(super) fn texts_of(item: &Item, name: &str) -> Vec<String> {
    item.get(name).and_then(|value| value.as_ss().ok()).cloned().unwrap_or_default()
}

/// A call that failed, as a reason to try again. The service's own code is told and nothing of the request.
pub(super) fn failed<E, R>(what: &str, error: &SdkError<E, R>) -> Error
where
    E: aws_sdk_dynamodb::error::ProvideErrorMetadata,
{
    let code = error.as_service_error().and_then(|error| error.code()).unwrap_or(match error {
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "not reached",
        SdkError::ResponseError(_) => "broken response",
        _ => "unknown",
    });
    Error::retry(format!("{what} failed: {code}"))
}
