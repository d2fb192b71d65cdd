//! Where a function runs: what every kind of sandbox does, and what comes out of it.

use std::fmt;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use super::payload::Payload;
use crate::kernel::Time;

/// The largest answer of a function: 6 MB and a little, as AWS's own error says.
pub(super) const ANSWER: usize = 6_291_556;

/// The invocation itself, where faults strike beside the calls that it makes.
pub(super) const RUN: &str = "Run";

/// The reason of a process that was killed, in Lambda's words.
pub(super) const KILLED: &str = "Runtime exited with error: signal: killed";

/// What a function gets beside its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The invocation's id; the same for each retry of an asynchronous event.
    pub request_id: String,
    /// When it times out, on the engine's clock.
    pub deadline: Time,
    /// The function's ARN.
    pub function_arn: String,
    /// `X-Amzn-Trace-Id`.
    pub trace_id: String,
    /// The caller's context: JSON.
    pub client_context: Option<String>,
}

/// One invocation, as a sandbox gets it.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) context: Context,
    pub(super) payload: Rc<Payload>,
}

/// A function that failed: what AWS answers under `X-Amz-Function-Error`.
#[derive(Clone, Debug)]
pub struct FunctionError {
    /// As `Runtime.ExitError`, or the name of the function's own error.
    pub error_type: String,
    /// The text for a person.
    pub message: String,
    /// What the function itself answered.
    answer: Option<Rc<Payload>>,
}

impl FunctionError {
    /// An error of a kind, with a text.
    pub fn new(error_type: impl Into<String>, message: impl Into<String>) -> Self {
        Self { error_type: error_type.into(), message: message.into(), answer: None }
    }

    /// A function whose process ended.
    pub(super) fn exited(request_id: &str, reason: &str) -> Self {
        Self::new("Runtime.ExitError", format!("RequestId: {request_id} Error: {reason}"))
    }

    /// An answer that is larger than Lambda takes.
    pub(super) fn too_large() -> Self {
        let message = format!("Response payload size exceeded maximum allowed payload size ({ANSWER} bytes).");
        Self::new("Function.ResponseSizeTooLarge", message)
    }

    /// An error as a runtime reported it.
    pub(super) fn reported(error_type: Option<&str>, payload: Payload) -> Self {
        let text = |name: &str| payload.value().ok()?.get(name)?.as_str().map(str::to_owned);
        let error_type = error_type.map(str::to_owned).or_else(|| text("errorType"));
        Self {
            error_type: error_type.unwrap_or_else(|| "Unhandled".to_owned()),
            message: text("errorMessage").unwrap_or_default(),
            answer: Some(Rc::new(payload)),
        }
    }

    /// The answer's document.
    pub(crate) fn value(&self) -> Value {
        let answer = self.answer.as_ref().and_then(|answer| answer.value().ok());
        answer.cloned().unwrap_or_else(|| json!({"errorType": self.error_type, "errorMessage": self.message}))
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error_type, self.message)
    }
}

impl std::error::Error for FunctionError {}

/// A place in which one function runs, one invocation at a time. Dropped, it is gone.
pub(super) trait Sandbox: fmt::Debug {
    /// Runs one invocation. Whoever calls bounds its time, and drops the sandbox if it is over.
    fn invoke<'a>(&'a self, invocation: &'a Invocation) -> LocalBoxFuture<'a, Result<Payload, FunctionError>>;

    /// Whether it can take another invocation.
    fn is_alive(&self) -> bool;
}
