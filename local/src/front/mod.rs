//! The door: from a request as a client sent it to the response, whichever way it came in.
//!
//! In: an HTTP request, over loopback or from an SDK in this process. Out: the response. Guaranteed: the
//! caller is who signed the request, with a key that this engine gave out; a request that is not signed
//! by one reaches no service.

mod client;
mod keys;
mod serve;
mod sigv4;

use std::collections::BTreeMap;

pub use client::{Client, client};
pub use serve::{Limits, Origins, Refused, admit, serve};
pub(crate) use serve::{protocol, written};

use crate::kernel::{AwsError, Bus, Call, Caller, Random};
pub use crate::kernel::{Credentials, Keys};
use crate::wire::{AwsJson, Protocol, Query, Request, Response};

/// What a request gets of which not even the service is known: JSON, and XML where it is a form.
fn unknown(request: &Request) -> Protocol {
    let content_type = request.header("content-type").unwrap_or_default();
    if content_type.starts_with("application/x-www-form-urlencoded") {
        return Protocol::Query(Query { namespace: "https://aws.amazon.com/", maps: &[] });
    }
    Protocol::Json(AwsJson { version: "1.0", target: "", query_errors: None })
}

/// A refusal at the door by its name in the protocol ("Common errors" in the references of IAM and of DynamoDB).
fn named(mut refusal: AwsError, protocol: Protocol) -> AwsError {
    let name = match refusal.code.as_str() {
        "MissingAuthenticationTokenException" => "MissingAuthenticationToken",
        "IncompleteSignatureException" => "IncompleteSignature",
        "InvalidSignatureException" => "SignatureDoesNotMatch",
        "UnrecognizedClientException" => "InvalidClientTokenId",
        _ => return refusal,
    };
    if matches!(protocol, Protocol::Query(_)) {
        name.clone_into(&mut refusal.code);
    }
    refusal
}

/// The door of an engine.
#[derive(Clone, Debug)]
pub struct Front {
    protocols: BTreeMap<&'static str, Protocol>,
    keys: Keys,
    bus: Bus,
    random: Random,
}

impl Front {
    /// A door to the services that clients may call.
    pub fn new(protocols: BTreeMap<&'static str, Protocol>, keys: Keys, bus: Bus, random: Random) -> Self {
        Self { protocols, keys, bus, random }
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request) -> Response {
        let request_id = self.random.uuid();
        let signature = match sigv4::Signature::of(&request) {
            Ok(signature) => signature,
            Err(error) => {
                let protocol = unknown(&request);
                return protocol.encode("", &Err(named(error, protocol)), &request_id);
            }
        };
        let name = service(&signature.service, &request);
        let Some((name, protocol)) = self.protocols.get_key_value(name) else {
            let error = AwsError::unsupported(&signature.service, request.header("x-amz-target").unwrap_or("any"));
            return unknown(&request).encode("", &Err(error), &request_id);
        };
        let caller = match keys::caller(&self.keys, &request, &signature) {
            Ok(caller) => caller,
            Err(error) => return protocol.encode("", &Err(named(error, *protocol)), &request_id),
        };
        match protocol.decode(&request) {
            Ok((operation, input)) => {
                let answer = self.call(name, caller, &operation, input).await;
                protocol.encode(&operation, &answer, &request_id)
            }
            Err(error) => protocol.encode("", &Err(error), &request_id),
        }
    }

    /// Who sent a request that is not for a service of AWS, as one to a function's address: nobody, where it is not
    /// signed.
    pub fn caller(&self, request: &Request) -> Result<Caller, AwsError> {
        if request.header("authorization").is_none_or(|header| !header.starts_with("AWS4-")) {
            return Ok(Caller::Anonymous);
        }
        keys::caller(&self.keys, request, &sigv4::Signature::of(request)?)
    }

    async fn call(
        &self,
        name: &str,
        caller: Caller,
        operation: &str,
        input: serde_json::Value,
    ) -> Result<serde_json::Value, AwsError> {
        self.bus.call(name, Call { caller, operation: operation.to_owned(), input }).await
    }
}

/// The service's name here: DynamoDB's streams are signed as DynamoDB is, and are an API of their own.
fn service<'a>(signed: &'a str, request: &Request) -> &'a str {
    let target = request.header("x-amz-target").unwrap_or_default();
    if target.starts_with("DynamoDBStreams_") { "dynamodbstreams" } else { signed }
}
