//! What API Gateway's WebSocket API gives a function, and what it gets back.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::decode::from_value;
use crate::error::Error;

/// The subprotocol that this speaks.
pub(super) const PROTOCOL: &str = "eventloom.v1";
/// The longest message in either direction.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html>
pub(super) const LARGEST: usize = 128 << 10;

/// A handshake, a message, or an end.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) method_arn: String,
    pub(super) request_context: Context,
    #[serde(default)]
    pub(super) body: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Context {
    #[serde(default)]
    pub(super) route_key: String,
    pub(super) connection_id: String,
    /// Milliseconds since the epoch.
    #[serde(default)]
    pub(super) connected_at: i64,
    #[serde(default)]
    pub(super) authorizer: Value,
}

impl Request {
    pub(super) fn read(payload: Value) -> Result<Self, Error> {
        from_value(payload).map_err(Error::reject)
    }

    /// A header, whatever the case of its name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// What the authorizer said, which it can say as text alone.
    pub(super) fn authorized(&self, name: &str) -> Option<&str> {
        self.request_context.authorizer.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }
}

/// Why a message of a browser is refused. The code is part of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The connection's token has expired, or its row is gone: the client connects anew.
    pub(super) fn unauthorized() -> Self {
        Self::new("unauthorized", "connect again with a fresh token")
    }
}

/// Why a request is not answered with what it asked for.
#[derive(Debug)]
pub(super) enum Failed {
    /// The browser is told.
    Refused(Refusal),
    /// The function fails, and the browser is told no more than that.
    Error(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The answer to a browser's message: `re` is what the browser calls it by.
pub(super) fn reply(re: &Value, answer: Result<Value, Failed>) -> Result<Value, Error> {
    let body = match answer {
        Ok(mut body) => {
            if let Some(members) = body.as_object_mut() {
                members.insert("re".to_owned(), re.clone());
                members.insert("ok".to_owned(), true.into());
            }
            body
        }
        Err(Failed::Refused(Refusal { code, message })) => {
            tracing::info!(code, "refused");
            json!({"re": re, "ok": false, "error": {"code": code, "message": message}})
        }
        Err(Failed::Error(error)) => return Err(error),
    };
    Ok(json!({"statusCode": 200, "body": body.to_string()}))
}
