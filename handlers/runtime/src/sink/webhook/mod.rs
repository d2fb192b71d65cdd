//! A signed POST to another server, as [Standard Webhooks](https://www.standardwebhooks.com) has it.
//!
//! In: an event. Out: nothing, once the other server has answered 2xx. Guaranteed: the request goes to a public address over
//! HTTPS, to the flow's own URL and nowhere else, for no redirect is followed; it says who sent it and when, so that the
//! receiver can refuse what is forged or replayed; the same event has the same `webhook-id`, by which the receiver knows a
//! repetition. At least once: an answer may be lost.
//!
//! The body is the CloudEvent. `webhook-signature` is `v1,` and the base 64 of HMAC-SHA-256, by the secret, over
//! `{webhook-id}.{webhook-timestamp}.{body}`; a secret that begins with `whsec_` is base 64 behind it.

mod address;
mod client;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};

use crate::consumer::MARGIN;
use crate::cx::Invocation;
use crate::error::Error;
use crate::event_type::{Arrival, EventType};
use crate::panics;
use crate::scalar::Timestamp;
use crate::secret::secret;

/// A variable for tests: where to post instead, over plain HTTP, on any address. The generated template never sets it.
pub const OVERRIDE: &str = "EVENTLOOM_WEBHOOKS";

/// A webhook, as its function is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Webhook {
    /// The events that may come.
    pub events: &'static [EventType],
    /// The address.
    pub url: &'static str,
    /// The variable with the secret that signs.
    pub secret: &'static str,
    /// Further headers.
    pub headers: &'static [(&'static str, &'static str)],
    /// Seconds that the other server may take.
    pub timeout: u64,
}

/// Posts what a workflow or a consumer gives to the sink.
///
/// # Errors
///
/// [`Error::Reject`] where the other server refuses for good, by a 4xx or a redirect; else another try may go well.
pub async fn post(invocation: &Invocation, payload: Value, webhook: &Webhook) -> Result<Value, Error> {
    let event = Arrival::of_state(payload, webhook.events).map_err(Error::reject)?;
    panics::caught(deliver(invocation, webhook, &event)).await?;
    Ok(json!({}))
}

async fn deliver(invocation: &Invocation, webhook: &Webhook, event: &Arrival) -> Result<(), Error> {
    let body = event.body().map_err(Error::reject)?;
    let key = secret(invocation, webhook.secret).await?;
    let client = client::Client::new(webhook.url, invocation.cx().env(OVERRIDE))?;
    let patience = Duration::from_secs(webhook.timeout);
    loop {
        let headers = signed(&key, event.id(), invocation.now(), &body)?;
        let all = headers.iter().map(|(name, value)| (*name, value.as_str())).chain(webhook.headers.iter().copied());
        match judge(client.post(all, &body, patience).await?) {
            Judged::Taken => return Ok(()),
            Judged::Refused(status) => return Err(Error::reject(format!("the other server answered {status}"))),
            Judged::Later(status, wait) => {
                let wait = wait.filter(|wait| *wait + patience + MARGIN < invocation.remaining());
                let Some(wait) = wait else { return Err(Error::retry(format!("the other server answered {status}"))) };
                tracing::info!(status, seconds = wait.as_secs(), "asked to wait");
                tokio::time::sleep(wait).await;
            }
        }
    }
}

/// What tells the receiver who sent this, and when.
fn signed(secret: &str, id: &str, now: Timestamp, body: &str) -> Result<[(&'static str, String); 4], Error> {
    let key = match secret.strip_prefix("whsec_") {
        Some(key) => STANDARD.decode(key).map_err(|_| Error::reject("the secret behind `whsec_` is no base 64"))?,
        None => secret.as_bytes().to_vec(),
    };
    let at = now.as_millis().div_euclid(1000);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), format!("{id}.{at}.{body}").as_bytes());
    Ok([
        ("content-type", "application/cloudevents+json".to_owned()),
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at.to_string()),
        ("webhook-signature", format!("v1,{}", STANDARD.encode(tag))),
    ])
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
enum Judged {
    Taken,
    Refused(u16),
    Later(u16, Option<Duration>),
}

/// 2xx is taken; what the other server may think otherwise of later comes again; the rest never will. A redirect is
/// refused: it would lead to where the flow does not say.
fn judge(client::Answer { status, retry_after }: client::Answer) -> Judged {
    match status {
        200..=299 => Judged::Taken,
        408 | 425 | 429 | 500..=599 => Judged::Later(status, retry_after.map(Duration::from_secs)),
        _ => Judged::Refused(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, retry_after: Option<u64>) -> Judged {
        judge(client::Answer { status, retry_after })
    }

    #[test]
    fn a_refusal_is_final_and_a_failure_is_not() {
        assert_eq!(answer(204, None), Judged::Taken);
        for status in [301, 302, 307, 400, 401, 404, 410] {
            assert_eq!(answer(status, None), Judged::Refused(status));
        }
        for status in [408, 429, 500, 503] {
            assert_eq!(answer(status, None), Judged::Later(status, None));
        }
        assert_eq!(answer(429, Some(3)), Judged::Later(429, Some(Duration::from_secs(3))));
    }

    /// The example of <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.
    #[test]
    fn a_signature_is_that_of_standard_webhooks() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let now = Timestamp::from_millis(1_614_265_330_000);
        let made = signed(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", now, r#"{"test": 2432232314}"#).unwrap();
        assert_eq!(made[3].1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(signed("whsec_?", "a", now, "").is_err());
    }
}
