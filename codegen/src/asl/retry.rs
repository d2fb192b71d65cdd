//! What happens when a state fails: tries again, or goes elsewhere.

use serde::{Serialize, Serializer};

use super::{Assign, StateName, Value};

/// The name of an error, as `Retry` and `Catch` match it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorName {
    /// `States.ALL`: any error but `States.DataLimitExceeded` and `States.Runtime`. Alone in its list,
    /// and in the last entry.
    All,
    /// `States.TaskFailed`: any failure of a task but a timeout.
    TaskFailed,
    /// `States.Timeout`: the state or its heartbeat took too long.
    Timeout,
    /// `States.QueryEvaluationError`: an expression could not be evaluated.
    QueryEvaluationError,
    /// `States.ExceedToleratedFailureThreshold`: too many items of a distributed map failed.
    ExceedToleratedFailureThreshold,
    /// One that a task reports: `Lambda.TooManyRequestsException`, or a function's own.
    Reported(String),
}

impl ErrorName {
    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::All => "States.ALL",
            Self::TaskFailed => "States.TaskFailed",
            Self::Timeout => "States.Timeout",
            Self::QueryEvaluationError => "States.QueryEvaluationError",
            Self::ExceedToleratedFailureThreshold => "States.ExceedToleratedFailureThreshold",
            Self::Reported(name) => name,
        }
    }

    /// Those of Lambda that pass by themselves: AWS asks every state machine to try them again
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html>).
    #[must_use]
    pub fn passing_of_lambda() -> Vec<Self> {
        let names = [
            "ClientExecutionTimeoutException",
            "ServiceException",
            "AWSLambdaException",
            "SdkClientException",
            "TooManyRequestsException",
        ];
        names.into_iter().map(|name| Self::Reported(format!("Lambda.{name}"))).collect()
    }
}

impl Serialize for ErrorName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// By what the wait grows from one try to the next. Always written with a fraction (`2.0`): one linter
/// rejects `2`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BackoffRate(f64);

/// The number is no backoff rate: at least 1.0, and at most 1,000.0 so that it is never written with
/// an exponent.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("`{0}` is no backoff rate: at least 1.0, at most 1000.0")]
pub struct BackoffRateError(pub f64);

impl BackoffRate {
    /// A rate of this number.
    ///
    /// # Errors
    /// Where it is not from 1.0 to 1,000.0.
    pub fn new(rate: f64) -> Result<Self, BackoffRateError> {
        if (1.0..=1000.0).contains(&rate) { Ok(Self(rate)) } else { Err(BackoffRateError(rate)) }
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

/// A rate is never NaN.
impl Eq for BackoffRate {}

impl Serialize for BackoffRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

/// Whether the wait is drawn at random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Jitter {
    /// From nothing to the whole wait.
    Full,
    /// Not at all.
    None,
}

/// Tries again. What is left out has Step Functions' default: 1 s, 3 tries, twice the wait each time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Retry {
    /// After which errors.
    pub error_equals: Vec<ErrorName>,
    /// Seconds before the first try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_seconds: Option<u32>,
    /// How many tries after the first run; 0 for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// How the wait grows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff_rate: Option<BackoffRate>,
    /// Seconds that the wait does not grow beyond.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_delay_seconds: Option<u32>,
    /// Whether the wait is drawn at random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jitter_strategy: Option<Jitter>,
}

/// Goes elsewhere, once no retry is left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Catch {
    /// After which errors.
    pub error_equals: Vec<ErrorName>,
    /// What the next state is given; the error's `Error` and `Cause` where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Variables to set.
    #[serde(skip_serializing_if = "Assign::is_empty")]
    pub assign: Assign,
    /// Where.
    pub next: StateName,
}
