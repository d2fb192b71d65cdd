//! SNS's errors.

use crate::kernel::AwsError;

/// `InvalidParameter`, whose message names itself once more.
pub(super) fn invalid(message: impl std::fmt::Display) -> AwsError {
    AwsError::new("InvalidParameter", format!("Invalid parameter: {message}"))
}

/// A mistake in one of the attributes that a resource is made with.
pub(super) fn in_attributes(message: &str) -> AwsError {
    invalid(format_args!("Attributes Reason: {message}"))
}

/// A mistake in the one attribute that is set.
pub(super) fn in_attribute(message: &str) -> AwsError {
    invalid(message)
}

/// A mistake in a message attribute.
pub(super) fn value(message: impl Into<String>) -> AwsError {
    AwsError::new("ParameterValueInvalid", message)
}

pub(super) fn no_topic() -> AwsError {
    AwsError::new("NotFound", "Topic does not exist").status(404)
}

pub(super) fn no_subscription() -> AwsError {
    AwsError::new("NotFound", "Subscription does not exist").status(404)
}

/// What AWS has and this engine has not, by name.
pub(super) fn absent(what: &str) -> AwsError {
    AwsError::unsupported("sns", what)
}

/// A policy that the judge does not understand.
pub(super) fn in_policy(error: &AwsError) -> AwsError {
    invalid(format_args!("Policy Error: {}", error.message))
}

/// KMS's refusal, as SNS hands it on.
pub(super) fn of_kms(error: AwsError) -> AwsError {
    let code = match error.code.as_str() {
        "AccessDeniedException" => "KMSAccessDenied",
        "DisabledException" => "KMSDisabled",
        "KMSInvalidStateException" => "KMSInvalidState",
        "NotFoundException" => "KMSNotFound",
        "ThrottlingException" => "KMSThrottled",
        _ => return error,
    };
    AwsError { code: code.to_owned(), status: 400, ..error }
}

/// SNS has a code of its own for what nobody allowed.
pub(super) fn denied(error: AwsError) -> AwsError {
    if error.code.starts_with("AccessDenied") {
        AwsError { code: "AuthorizationError".to_owned(), status: 403, ..error }
    } else {
        error
    }
}
