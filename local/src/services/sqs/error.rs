//! SQS's refusals, in SQS's words.
//!
//! A code is the name of the shape in SQS's JSON protocol; clients see the code of the query protocol that
//! SQS spoke before ([`query_code`]), since that is what they were written against.

use crate::kernel::AwsError;

/// The code that goes into `x-amzn-query-error`. Source: the `awsQueryError` traits of SQS's API model.
pub(super) fn query_code(code: &str) -> &str {
    match code {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists" => "QueueAlreadyExists",
        "BatchEntryIdsNotDistinct" => "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        "BatchRequestTooLong" => "AWS.SimpleQueueService.BatchRequestTooLong",
        "EmptyBatchRequest" => "AWS.SimpleQueueService.EmptyBatchRequest",
        "InvalidBatchEntryId" => "AWS.SimpleQueueService.InvalidBatchEntryId",
        "TooManyEntriesInBatchRequest" => "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "MessageNotInflight" => "AWS.SimpleQueueService.MessageNotInflight",
        "PurgeQueueInProgress" => "AWS.SimpleQueueService.PurgeQueueInProgress",
        "KmsAccessDenied" => "KMS.AccessDeniedException",
        "KmsDisabled" => "KMS.DisabledException",
        "KmsInvalidState" => "KMS.InvalidStateException",
        "KmsNotFound" => "KMS.NotFoundException",
        "KmsThrottled" => "KMS.ThrottlingException",
        "UnsupportedOperation" => "AWS.SimpleQueueService.UnsupportedOperation",
        other => other,
    }
}

pub(super) fn no_queue() -> AwsError {
    AwsError::new("QueueDoesNotExist", "The specified queue does not exist.")
}

pub(super) fn missing(parameter: &str) -> AwsError {
    AwsError::new("MissingParameter", format!("The request must contain the parameter {parameter}."))
}

/// A parameter's value and why it is none.
pub(super) fn invalid(value: &(impl std::fmt::Display + ?Sized), parameter: &str, reason: &str) -> AwsError {
    plain(format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}"))
}

pub(super) fn plain(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterValue", message)
}

pub(super) fn invalid_attribute(name: &str) -> AwsError {
    AwsError::new("InvalidAttributeValue", format!("Invalid value for the parameter {name}."))
}

/// A policy that the judge does not understand.
pub(super) fn invalid_policy(error: &AwsError) -> AwsError {
    AwsError::new("InvalidAttributeValue", format!("Invalid value for the parameter Policy. Reason: {}", error.message))
}

/// KMS's refusal, as SQS hands it on.
pub(super) fn of_kms(error: AwsError) -> AwsError {
    let code = match error.code.as_str() {
        "AccessDeniedException" => "KmsAccessDenied",
        "DisabledException" => "KmsDisabled",
        "KMSInvalidStateException" => "KmsInvalidState",
        "NotFoundException" => "KmsNotFound",
        "ThrottlingException" => "KmsThrottled",
        _ => return error,
    };
    AwsError { code: code.to_owned(), status: 400, ..error }
}

pub(super) fn unknown_attribute(name: &str) -> AwsError {
    AwsError::new("InvalidAttributeName", format!("Unknown Attribute {name}."))
}

pub(super) fn no_receipt(handle: &str) -> AwsError {
    let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
    AwsError::new("ReceiptHandleIsInvalid", message)
}

pub(super) fn expired_receipt(handle: &str) -> AwsError {
    invalid(handle, "ReceiptHandle", "The receipt handle has expired.")
}

pub(super) fn wrong_queue_type(value: &(impl std::fmt::Display + ?Sized), parameter: &str) -> AwsError {
    invalid(value, parameter, "The request include parameter that is not valid for this queue type")
}

pub(super) fn no_resource(parameter: &str) -> AwsError {
    let message = format!("The resource that you specified for the {parameter} parameter doesn't exist.");
    AwsError::new("ResourceNotFoundException", message).status(404)
}
