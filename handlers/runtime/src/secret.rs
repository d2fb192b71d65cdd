//! A secret's value, fetched once and kept for a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::scalar::Timestamp;

/// How long a value is used before it is fetched again: so soon a new one is known everywhere.
const FRESH: Duration = Duration::from_secs(300);

/// The secrets that a function knows.
#[derive(Default)]
pub(crate) struct Secrets(Mutex<BTreeMap<String, (Timestamp, Arc<str>)>>);

/// The value of the secret whose ARN stands in this variable: for generated code.
///
/// # Errors
///
/// Another try may go well.
pub async fn secret(invocation: &Invocation, variable: &str) -> Result<Arc<str>, Error> {
    let (cx, now) = (invocation.cx(), invocation.now());
    let known = || cx.secrets().0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((until, value)) = known().get(variable)
        && now < *until
    {
        return Ok(Arc::clone(value));
    }
    let get = cx.aws().secrets().get_secret_value().secret_id(cx.var(variable)?);
    let got = get.send().await.map_err(|error| Error::retry(sdk(&error)))?;
    let value: Arc<str> = got.secret_string().ok_or_else(|| Error::retry("the secret has no text yet"))?.into();
    known().insert(variable.to_owned(), (now.plus(FRESH), Arc::clone(&value)));
    Ok(value)
}
