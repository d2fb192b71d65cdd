//! A secret's value, fetched once and kept for a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::scalar::Timestamp;

/// How long a value is used before it is fetched again: so soon a new one is known everywhere.
const FRESH: Duration = Duration::from_secs(300);

/// The secrets that a function knows, by their variable and version; nothing where there is no such version.
#[derive(Default)]
pub(crate) struct Secrets(Mutex<BTreeMap<(String, &'static str), Known>>);

/// A value, and until when it is used.
type Known = (Timestamp, Option<Arc<str>>);

/// The versions of a secret that Secrets Manager keeps.
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version>
const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// The value of the secret whose ARN stands in this variable: for generated code.
///
/// # Errors
///
/// Another try may go well.
pub async fn secret(invocation: &Invocation, variable: &str) -> Result<Arc<str>, Error> {
    version(invocation, variable, CURRENT).await?.ok_or_else(|| Error::retry("the secret has no text yet"))
}

/// The value that it had before it was changed; nothing where it never was.
pub(crate) async fn previous(invocation: &Invocation, variable: &str) -> Result<Option<Arc<str>>, Error> {
    version(invocation, variable, PREVIOUS).await
}

async fn version(invocation: &Invocation, variable: &str, stage: &'static str) -> Result<Option<Arc<str>>, Error> {
    let (cx, now) = (invocation.cx(), invocation.now());
    let known = || cx.secrets().0.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (variable.to_owned(), stage);
    if let Some((until, value)) = known().get(&key)
        && now < *until
    {
        return Ok(value.clone());
    }
    let get = cx.aws().secrets().get_secret_value().secret_id(cx.var(variable)?).version_stage(stage);
    let value: Option<Arc<str>> = match get.send().await {
        Ok(got) => got.secret_string().map(Into::into),
        // No such version: the secret is there, for the stack has made it.
        Err(error) if error.as_service_error().is_some_and(|e| e.is_resource_not_found_exception()) => None,
        Err(error) => return Err(Error::retry(sdk(&error))),
    };
    // A secret that has no value yet may get one at any moment.
    if value.is_some() || stage == PREVIOUS {
        known().insert(key, (now.plus(FRESH), value.clone()));
    }
    Ok(value)
}
