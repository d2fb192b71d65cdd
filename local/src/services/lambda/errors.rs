//! Lambda's refusals, in AWS's words.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error};
use serde_json::Value;

use crate::kernel::AwsError;

/// A parameter that is not what it must be.
pub(crate) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterValueException", message).with("Type", "User")
}

/// A parameter that AWS has and this engine does not honour.
pub(crate) fn not_honoured(parameter: &str) -> AwsError {
    invalid(format!(
        "the local engine does not honour `{parameter}` of Lambda: docs/local/lambda.md lists what it does"
    ))
}

pub(crate) fn not_found(message: impl Into<String>) -> AwsError {
    AwsError::new("ResourceNotFoundException", message).status(404).with("Type", "User")
}

pub(crate) fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new("ResourceConflictException", message).status(409).with("Type", "User")
}

pub(crate) fn throttled(reason: &str) -> AwsError {
    AwsError::new("TooManyRequestsException", "Rate Exceeded.").status(429).with("Reason", reason).with("Type", "User")
}

/// Whether the same call may succeed a little later.
pub(crate) fn is_transient(error: &AwsError) -> bool {
    error.is_server_fault() && error.status != 501 || error.status == 429 || error.code.contains("Throttl")
}

/// An operation's input. A parameter that the operation's struct does not have is refused by name.
pub(crate) fn read<T: DeserializeOwned>(input: Value) -> Result<T, AwsError> {
    serde_json::from_value(input).map_err(|error| {
        let message = error.to_string();
        let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
        unknown.map_or_else(|| invalid(format!("the input cannot be read: {message}")), not_honoured)
    })
}

/// A number, which a query carries as text.
pub(crate) fn number<'de, D, N>(deserializer: D) -> Result<Option<N>, D::Error>
where
    D: Deserializer<'de>,
    N: Deserialize<'de> + std::str::FromStr<Err = std::num::ParseIntError>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Number<N> {
        Number(N),
        Text(String),
    }
    match Option::<Number<N>>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Number::Number(number)) => Ok(Some(number)),
        Some(Number::Text(text)) => text.parse().map(Some).map_err(D::Error::custom),
    }
}

/// A value that is one of a few.
pub(crate) fn among(name: &str, value: &str, known: &[&str]) -> Result<(), AwsError> {
    if known.contains(&value) {
        return Ok(());
    }
    Err(invalid(format!("{name} is one of {}, not `{value}`", known.join(", "))))
}

/// A value within AWS's bounds.
pub(crate) fn within(name: &str, value: u32, least: u32, most: u32) -> Result<u32, AwsError> {
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    let (bound, relation) = if value < least { (least, "greater") } else { (most, "less") };
    Err(AwsError::new(
        "ValidationException",
        format!(
            "1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: Member must have \
             value {relation} than or equal to {bound}"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "PascalCase")]
    struct Input {
        #[serde(default, deserialize_with = "number")]
        max_items: Option<u32>,
    }

    #[test]
    fn a_parameter_that_is_not_honoured_is_named() {
        let error = read::<Input>(json!({"VpcConfig": {}})).unwrap_err();
        assert!(error.message.contains("does not honour `VpcConfig`"), "{error}");
    }

    #[test]
    fn a_number_of_a_query_is_text() {
        assert_eq!(read::<Input>(json!({"MaxItems": "7"})).unwrap().max_items, Some(7));
        assert_eq!(read::<Input>(json!({"MaxItems": 7})).unwrap().max_items, Some(7));
        assert_eq!(read::<Input>(json!({})).unwrap().max_items, None);
        assert_eq!(read::<Input>(json!({"MaxItems": "x"})).unwrap_err().code, "InvalidParameterValueException");
    }
}
