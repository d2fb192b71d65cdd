//! Reading the operations' inputs.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::data::{Data, PAYLOAD, within_limit};
use crate::kernel::{Arn, AwsError};

/// An operation's typed input. What the operation here does not know is refused by its name.
pub(super) fn read<T: DeserializeOwned>(input: Value) -> Result<T, AwsError> {
    serde_json::from_value(input).map_err(|error| validation(error.to_string()))
}

pub(super) fn validation(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationException", message)
}

/// A name of a machine or an execution ("Create state machine" of the API reference).
pub(super) fn check_name(name: &str) -> Result<(), AwsError> {
    let special = |c: char| c.is_whitespace() || c.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c);
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(special) {
        return Err(AwsError::new("InvalidName", format!("Invalid Name: '{name}'")));
    }
    Ok(())
}

/// An ARN of this service of which the resource begins so.
pub(super) fn arn(text: &str, kinds: &[&str]) -> Result<Arn, AwsError> {
    let invalid = || AwsError::new("InvalidArn", format!("Invalid Arn: '{text}'"));
    let arn = Arn::parse(text).map_err(|_| invalid())?;
    let kind = arn.resource().split(':').next().unwrap_or_default();
    if arn.service() == super::NAME && kinds.contains(&kind) { Ok(arn) } else { Err(invalid()) }
}

/// The JSON of a payload, which is given as text.
pub(super) fn payload(text: &str, code: &str) -> Result<Data, AwsError> {
    if text.len() > PAYLOAD {
        return Err(AwsError::new(code, format!("the payload is larger than {PAYLOAD} bytes")));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| AwsError::new(code, error.to_string()))?;
    within_limit(&value, "the payload").map_err(|failure| AwsError::new(code, failure.cause.unwrap_or_default()))?;
    Ok(Data::from(value))
}

/// A page of a list: how many, and behind which item.
pub(super) fn page(
    max_results: Option<u64>,
    next_token: Option<&str>,
    most: u64,
) -> Result<(usize, Option<u64>), AwsError> {
    let size = match max_results {
        None | Some(0) => 100,
        Some(size) if size <= most => size,
        Some(size) => return Err(validation(format!("maxResults is at most {most}, not {size}"))),
    };
    let invalid = || AwsError::new("InvalidToken", "Invalid Token: 'Invalid token'");
    let after = next_token.map(|token| token.parse().map_err(|_| invalid())).transpose()?;
    Ok((usize::try_from(size).unwrap_or(usize::MAX), after))
}
