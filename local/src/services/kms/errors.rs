//! KMS's errors.

use crate::kernel::{Arn, AwsError};

pub(super) fn validation(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationException", message)
}

pub(super) fn no_key(arn: &Arn) -> AwsError {
    AwsError::new("NotFoundException", format!("Key '{arn}' does not exist"))
}

pub(super) fn no_alias(arn: &Arn) -> AwsError {
    AwsError::new("NotFoundException", format!("Alias {arn} is not found."))
}

pub(super) fn invalid_state(arn: &Arn, state: &str) -> AwsError {
    AwsError::new("KMSInvalidStateException", format!("{arn} is {state}."))
}

/// What AWS has and this engine has not, by name.
pub(super) fn absent(what: &str) -> AwsError {
    AwsError::unsupported(super::NAME, what)
}
