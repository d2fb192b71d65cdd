//! Calling the function of a sink, and waiting for it.

use aws_sdk_lambda::primitives::Blob;
use serde_json::Value;

use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::event_type::Arrival;

/// A function, as another is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// The variable that holds its name.
    pub name: &'static str,
}

/// Calls it with the event as a workflow would: the event's fields side by side.
pub(crate) async fn invoke(invocation: &Invocation, function: &Function, event: &Arrival) -> Result<(), Error> {
    let cx = invocation.cx();
    let payload = Blob::new(event.state().to_string());
    let invoke = cx.aws().lambda().invoke().function_name(cx.var(function.name)?).payload(payload);
    let answer = invoke.send().await.map_err(|error| Error::retry(sdk(&error)))?;
    if answer.function_error().is_none() {
        return Ok(());
    }
    let payload = answer.payload().map(Blob::as_ref).unwrap_or_default();
    let said: Value = serde_json::from_slice(payload).unwrap_or_default();
    let of = |field: &str| said.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (name, message) = (of("errorType"), of("errorMessage"));
    let error = Error::named(name, message);
    Err(if error.is_final() || error.name() == Error::reject("").name() { Error::reject(error) } else { error })
}
