//! AWS's protocols: from an HTTP request to a call of an operation, from its answer to a response.
//!
//! In: bytes that a client sent, of which nothing is trusted. Out: an operation's name and its input in
//! the shape of AWS's JSON, whichever protocol carried it; and back. Guaranteed: what cannot be read is
//! an [`AwsError`] of the protocol's own code.

mod http;
mod json;
mod query;
mod rest;

use serde_json::Value;

pub use self::http::{Request, Response};
pub use self::json::AwsJson;
pub use self::query::Query;
pub use self::rest::{Payload, Rest, Route};
use crate::kernel::AwsError;

/// A protocol of a service, with what it must know of the service's API.
#[derive(Clone, Copy, Debug)]
pub enum Protocol {
    /// AWS JSON 1.0 and 1.1: SQS, DynamoDB, Step Functions.
    Json(AwsJson),
    /// The query protocol: SNS, STS.
    Query(Query),
    /// REST with JSON: Lambda, Scheduler, SES.
    Rest(Rest),
}

impl Protocol {
    /// The operation that a request asks for, and its input.
    pub fn decode(&self, request: &Request) -> Result<(String, Value), AwsError> {
        match self {
            Self::Json(json) => json.decode(request),
            Self::Query(query) => query.decode(request),
            Self::Rest(rest) => rest.decode(request),
        }
    }

    /// The response to an answer. `operation` is empty if the request could not be read so far.
    pub fn encode(&self, operation: &str, answer: &Result<Value, AwsError>, request_id: &str) -> Response {
        let response = match self {
            Self::Json(json) => json.encode(answer),
            Self::Query(query) => query.encode(operation, answer, request_id),
            Self::Rest(rest) => rest.encode(operation, answer),
        };
        response.header("x-amzn-requestid", request_id)
    }
}
