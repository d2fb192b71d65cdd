//! IAM's errors.

use super::policy::Malformed;
use crate::kernel::AwsError;

pub(super) fn validation(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationError", message)
}

pub(super) fn no_role(name: &str) -> AwsError {
    no_entity(format!("The role with name {name} cannot be found."))
}

pub(super) fn no_entity(message: impl Into<String>) -> AwsError {
    AwsError::new("NoSuchEntity", message).status(404)
}

pub(super) fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new("DeleteConflict", message).status(409)
}

pub(super) fn limit(message: impl Into<String>) -> AwsError {
    AwsError::new("LimitExceeded", message).status(409)
}

impl From<Malformed> for AwsError {
    fn from(error: Malformed) -> Self {
        Self::new("MalformedPolicyDocument", error.to_string())
    }
}
