//! The entry point of a workflow's handler step.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cx::Invocation;
use crate::decode::from_value;
use crate::error::Error;
use crate::once::{self, Once, Patience};
use crate::panics;

/// What the function of a step is told.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// How long a run is remembered that was done; none where a run that comes again is done again.
    pub once: Option<Once>,
}

/// What the state machine gives a step that runs once: the state, and what tells this run from all others.
#[derive(Deserialize)]
struct Run {
    run: String,
    state: Value,
}

/// Runs one step: its input is the state (unknown fields accepted), its answer what the handler returns. The state machine
/// adds the answer's fields to its state.
///
/// # Errors
///
/// [`Error::Reject`] names the field where the input is not of its type; else the handler's own.
/// The state machine knows each by [`Error::name`].
pub async fn step<I: DeserializeOwned, O: Serialize + DeserializeOwned>(
    invocation: &Invocation,
    payload: Value,
    step: &Step,
    handle: impl AsyncFn(&Invocation, I) -> Result<O, Error>,
) -> Result<Value, Error> {
    let output = match &step.once {
        Some(once) => {
            let run: Run = from_value(payload).map_err(Error::reject)?;
            let input = from_value(run.state).map_err(Error::reject)?;
            let work = handle(invocation, input);
            panics::caught(once::once(invocation, once, &run.run, Patience::UntilTheLeaseEnds, work)).await?
        }
        None => {
            let input = from_value(payload).map_err(Error::reject)?;
            panics::caught(handle(invocation, input)).await?
        }
    };
    serde_json::to_value(output).map_err(Error::reject)
}
