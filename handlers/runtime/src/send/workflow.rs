//! Starting a Step Functions workflow.
//!
//! The execution's name is the event's id, so that to start it again is to find it there: delivered. Names are kept for 90
//! days (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>); an express workflow
//! does not keep them, and may run twice.

use aws_sdk_sfn::operation::start_execution::StartExecutionError;

use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::event_type::Arrival;

/// A workflow, as a function is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Workflow {
    /// The variable that holds its ARN.
    pub arn: &'static str,
}

/// Starts it with the event as its state.
pub(crate) async fn start(invocation: &Invocation, workflow: &Workflow, event: &Arrival) -> Result<(), Error> {
    let cx = invocation.cx();
    let start = cx.aws().sfn().start_execution().state_machine_arn(cx.var(workflow.arn)?);
    let started = start.name(event.id()).input(event.state().to_string()).send().await;
    let Err(error) = started else { return Ok(()) };
    match error.as_service_error() {
        Some(StartExecutionError::ExecutionAlreadyExists(_)) => Ok(()),
        Some(StartExecutionError::InvalidExecutionInput(_)) => Err(Error::reject(sdk(&error))),
        _ => Err(Error::retry(sdk(&error))),
    }
}
