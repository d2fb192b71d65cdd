//! The entry point of a workflow's handler step.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cx::Invocation;
use crate::decode::from_value;
use crate::error::Error;
use crate::panics;

/// Runs one step: its input is the state's input (unknown fields accepted), its answer what the
/// handler returns. The state machine adds the answer's fields to its state.
///
/// # Errors
///
/// [`Error::Reject`] names the field where the input is not of its type; else the handler's own.
/// The state machine knows each by [`Error::name`].
pub async fn step<I: DeserializeOwned, O: Serialize>(
    invocation: &Invocation,
    payload: Value,
    handle: impl AsyncFn(&Invocation, I) -> Result<O, Error>,
) -> Result<Value, Error> {
    let input = from_value(payload).map_err(Error::reject)?;
    let output = panics::caught(handle(invocation, input)).await?;
    serde_json::to_value(output).map_err(Error::reject)
}
