//! What a handler may answer instead of its result.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use lambda_runtime::Diagnostic;

/// Why a handler did not do its work. The variant decides what happens next, so the writer of the
/// handler chooses it: `?` alone does not guess.
///
/// ```
/// use runtime::Error;
///
/// fn price(text: &str) -> Result<u32, Error> {
///     text.parse().map_err(Error::reject)
/// }
///
/// assert_eq!(price("x").unwrap_err().name(), "Eventloom.Reject");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It may work next time: the record comes back after its visibility timeout, a workflow
    /// retries the step.
    #[error("{0}")]
    Retry(String),
    /// It will never work. A queue sends the record to its dead-letter queue once its attempts are
    /// used up; a workflow does not retry.
    #[error("{0}")]
    Reject(String),
    /// A failure that the workflow's `catch` and `retry` know by its name. In a queue it is a
    /// [`Error::Retry`].
    #[error("{message}")]
    Named {
        /// The name, as the flow writes it.
        name: String,
        /// What happened, for the log.
        message: String,
    },
    /// The handler's skeleton is still as codegen made it.
    #[error("the handler `{0}` is not written yet")]
    NotWritten(&'static str),
    /// The handler panicked.
    #[error("the handler panicked: see the log line before this one")]
    Panicked,
    /// `dispatch` was asked for a function that is not in this binary.
    #[error("no function `{0}` in this binary")]
    UnknownFunction(String),
}

impl Error {
    /// A failure that may pass: throttling, a timeout, a neighbour that is down.
    pub fn retry(cause: impl ToString) -> Self {
        Self::Retry(cause.to_string())
    }

    /// A failure that repeating cannot mend: the event asks for what cannot be.
    pub fn reject(cause: impl ToString) -> Self {
        Self::Reject(cause.to_string())
    }

    /// A failure that the workflow catches by `name`.
    pub fn named(name: impl Into<String>, cause: impl ToString) -> Self {
        Self::Named { name: name.into(), message: cause.to_string() }
    }

    /// The answer of a skeleton: `handler` is its name in the flow.
    pub const fn not_written(handler: &'static str) -> Self {
        Self::NotWritten(handler)
    }

    /// The name under which a state machine's `Retry` and `Catch` know this error.
    pub fn name(&self) -> &str {
        match self {
            Self::Retry(_) => "Eventloom.Retry",
            Self::Reject(_) => "Eventloom.Reject",
            Self::Named { name, .. } => name,
            Self::NotWritten(_) => "Eventloom.NotWritten",
            Self::Panicked => "Eventloom.Panicked",
            Self::UnknownFunction(_) => "Eventloom.UnknownFunction",
        }
    }

    /// Whether repeating the same work cannot help.
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::Reject(_) | Self::NotWritten(_) | Self::UnknownFunction(_))
    }
}

/// What AWS said, without what the request held: the error's code where it has one.
pub(crate) fn sdk<E: ProvideErrorMetadata>(error: &SdkError<E>) -> String {
    match error {
        SdkError::ServiceError(service) => service.err().code().unwrap_or("an error without a code").to_owned(),
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(_) => "the service was not reached".to_owned(),
        SdkError::ResponseError(_) => "the answer could not be read".to_owned(),
        _ => "the request could not be made".to_owned(),
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        Self { error_type: error.name().to_owned(), error_message: error.to_string() }
    }
}
