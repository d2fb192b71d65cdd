//! One GET over HTTP, with the client that the AWS SDK's clients use.
//!
//! Guaranteed: bounded in time and size, no redirect is followed, and plain HTTP goes to this machine alone.

use std::convert::Infallible;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::client::interceptors::context::{Error as Failure, Output};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::ser_de::DeserializeResponse;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::timeout::TimeoutConfig;
use http_body_util::{BodyExt, Limited};

use crate::error::Error;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most bytes of an answer.
const LARGEST: usize = 128 << 10;

/// The body at `url`.
pub(super) async fn get(config: &SdkConfig, url: &str) -> Result<Vec<u8>, Error> {
    if !url.starts_with("https://") && !is_loopback(url) {
        return Err(Error::reject("an address that keys are read from is neither https nor on this machine"));
    }
    let failed = |why: &str| Error::retry(format!("the keys of tokens could not be read: {why}"));
    let client = config.http_client().ok_or_else(|| failed("there is no HTTP client"))?;
    let operation = Operation::builder()
        .service_name("jwks")
        .operation_name("get")
        .http_client(client)
        .endpoint_url(url)
        .no_auth()
        .no_retry()
        .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE).build());
    let operation = match (config.sleep_impl(), config.time_source()) {
        (Some(sleep), Some(time)) => operation.sleep_impl(sleep).time_source(time),
        _ => return Err(failed("there is no clock")),
    };
    let operation = operation
        .serializer(|(): ()| Ok(HttpRequest::new(SdkBody::empty())))
        .deserializer_impl::<Answer, Infallible>(Whole)
        .build();
    let answer = operation.invoke(()).await.map_err(|_| failed("no answer"))?;
    if answer.status != 200 {
        return Err(failed(&format!("the answer's status is {}", answer.status)));
    }
    let body = Limited::new(answer.body, LARGEST).collect();
    match tokio::time::timeout(PATIENCE, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes().to_vec()),
        Ok(Err(_)) => Err(failed("the answer is too large, or broke off")),
        Err(_) => Err(failed("the answer takes too long")),
    }
}

#[derive(Debug)]
struct Answer {
    status: u16,
    body: SdkBody,
}

/// Takes the answer before its body is read, so that its size can be bounded.
#[derive(Debug)]
struct Whole;

impl DeserializeResponse for Whole {
    fn deserialize_streaming(&self, response: &mut HttpResponse) -> Option<Result<Output, OrchestratorError<Failure>>> {
        let answer = Answer { status: response.status().as_u16(), body: response.take_body() };
        Some(Ok(Output::erase(answer)))
    }

    fn deserialize_nonstreaming(&self, response: &HttpResponse) -> Result<Output, OrchestratorError<Failure>> {
        Ok(Output::erase(Answer { status: response.status().as_u16(), body: SdkBody::empty() }))
    }
}

/// Whether a URL is of this machine, over plain HTTP.
pub(super) fn is_loopback(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix("[::1]") {
        Some(port) if port.is_empty() || port.starts_with(':') => "localhost",
        Some(_) => return false,
        None => authority.split(':').next().unwrap_or_default(),
    };
    // A user's name before an `@` would make another host of what stands behind it.
    matches!(host, "localhost" | "127.0.0.1") && !authority.contains('@')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for url in ["http://127.0.0.1:4566/x", "http://localhost", "http://localhost:1", "http://[::1]:80/"] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "https://localhost",
            "http://localhost.evil.example",
            "http://127.0.0.1@evil.example/",
            "http://localhost:80@evil.example/",
            "http://[::1].evil.example/",
            "http://127.0.0.2/",
            "null",
            "",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
