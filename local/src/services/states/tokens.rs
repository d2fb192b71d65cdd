//! The operations by which a task that waits for its token is told how it went.

use std::rc::Rc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::States;
use super::data::Failure;
use super::input::{payload, read};
use super::record::Execution;
use super::run::Event;
use super::token;
use crate::kernel::{AwsError, Caller};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Success {
    task_token: String,
    output: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Failed {
    task_token: String,
    error: Option<String>,
    cause: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Heartbeat {
    task_token: String,
}

impl States {
    pub(super) fn send_task_success(self: &Rc<Self>, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let success: Success = read(input)?;
        let (execution, thread) = self.of_token(caller, "SendTaskSuccess", &success.task_token)?;
        let output = payload(&success.output, "InvalidOutput")
            .map_err(|error| AwsError::new("InvalidOutput", format!("Invalid Output: '{}'", error.message)))?;
        let result = Ok(output.into_value());
        self.hand_over(&execution, Event::Token { thread, token: success.task_token, result })
    }

    pub(super) fn send_task_failure(self: &Rc<Self>, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let failed: Failed = read(input)?;
        let (execution, thread) = self.of_token(caller, "SendTaskFailure", &failed.task_token)?;
        let result = Err(Failure::told(failed.error, failed.cause));
        self.hand_over(&execution, Event::Token { thread, token: failed.task_token, result })
    }

    pub(super) fn send_task_heartbeat(self: &Rc<Self>, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let Heartbeat { task_token: token } = read(input)?;
        let (execution, thread) = self.of_token(caller, "SendTaskHeartbeat", &token)?;
        self.hand_over(&execution, Event::Heartbeat { thread, token })
    }

    fn of_token(&self, caller: &Caller, operation: &str, text: &str) -> Result<(Rc<Execution>, u64), AwsError> {
        let invalid = || AwsError::new("InvalidToken", "Invalid Token: 'Invalid token'");
        let (arn, thread) = token::parse(text).ok_or_else(invalid)?;
        let found = self.executions.borrow().by_arn.get(&arn).cloned();
        let machine = found.as_ref().map_or("*", |execution| &execution.begun.about.machine_arn);
        self.allow(caller, operation, machine)?;
        let missing = || AwsError::new("TaskDoesNotExist", "Task does not exist");
        Ok((found.ok_or_else(missing)?, thread))
    }

    fn hand_over(self: &Rc<Self>, execution: &Rc<Execution>, event: Event) -> Result<Value, AwsError> {
        if self.feed(execution, event) {
            Ok(json!({}))
        } else {
            Err(AwsError::new("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'"))
        }
    }
}
