//! An error as an AWS service answers it.

use std::fmt;

use serde_json::{Map, Value};

/// A service's refusal: AWS's own code and message, whatever protocol carries it.
#[derive(Clone, Debug, PartialEq)]
pub struct AwsError {
    /// The code, as `ResourceNotFoundException`.
    pub code: String,
    /// The text for a person.
    pub message: String,
    /// The HTTP status, 400 to 599; from 500 on the service is to blame and SDKs try again.
    pub status: u16,
    /// Further members of the error's shape, as `CancellationReasons`.
    pub fields: Option<Box<Map<String, Value>>>,
}

impl AwsError {
    /// The caller's mistake: status 400.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: 400, fields: None }
    }

    /// With another status.
    #[must_use]
    pub const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// With a further member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.get_or_insert_default().insert(name.to_owned(), value.into());
        self
    }

    /// An operation that AWS has and this engine does not.
    pub fn unsupported(service: &str, operation: &str) -> Self {
        Self::new(
            "UnsupportedOperation",
            format!("the local engine does not have {operation} of {service}: docs/local.md lists what it has"),
        )
        .status(501)
    }

    /// The engine itself failed.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new("InternalFailure", message).status(500)
    }

    /// Whether the service, not the caller, is to blame.
    pub const fn is_server_fault(&self) -> bool {
        self.status >= 500
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for AwsError {}
