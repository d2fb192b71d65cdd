//! A source that is a route over HTTP.
//!
//! In: a request that API Gateway has authorized (payload format 2.0,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>). Out: an answer.
//! Guaranteed: 202 is said once the event is sent, and not before; a request that is repeated, with the id that the caller
//! gave, is the same event again; another request with that id is refused.
//!
//! | answer | means |
//! | --- | --- |
//! | 202 | taken, under the `id` in the body |
//! | 400 | no event of its type; `error` names the field |
//! | 403 | the row that the flow asks for is not there |
//! | 409 | another event has this id |
//! | 413, 415 | too large; no JSON |
//! | 503 | not now: the same request may be sent again |

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::cx::Invocation;
use crate::decode::from_value;
use crate::error::{Error, sdk};
use crate::event_type::Arrival;
use crate::intake::{Intake, Refused, Request, ulid};
use crate::item;
use crate::scalar::Timestamp;
use crate::send::{self, BYTES, Destination};
use crate::state;

/// What a route is told.
#[derive(Clone, Copy, Debug)]
pub struct Http {
    /// How the event is made.
    pub intake: Intake,
    /// The token's claim that is the user.
    pub user: &'static str,
    /// The token's claim that is the tenant.
    pub tenant: Option<&'static str>,
    /// Where the event goes.
    pub to: &'static [Destination],
    /// Seconds for which an id is remembered.
    pub keep: u64,
}

/// What API Gateway sends, as far as it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    path_parameters: BTreeMap<String, String>,
    request_context: Context,
    #[serde(default)]
    body: String,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    request_id: String,
    #[serde(default)]
    authorizer: Authorizer,
}

#[derive(Default, Deserialize)]
struct Authorizer {
    #[serde(default)]
    jwt: Jwt,
}

#[derive(Default, Deserialize)]
struct Jwt {
    #[serde(default)]
    claims: Map<String, Value>,
}

/// Answers one request.
///
/// # Errors
///
/// Where it is no request: whatever a caller can do wrong is answered.
pub async fn answer(invocation: &Invocation, payload: Value, http: &Http) -> Result<Value, Error> {
    let call: Call = from_value(payload).map_err(Error::reject)?;
    let (status, body) = match take(invocation, http, call).await {
        Ok(id) => (202, json!({ "id": id })),
        Err(Answer(status, said)) => {
            tracing::info!(status, reason = said, "refused");
            (status, json!({ "error": said }))
        }
    };
    let headers = json!({ "content-type": "application/json", "cache-control": "no-store" });
    Ok(json!({ "statusCode": status, "headers": headers, "body": body.to_string() }))
}

/// An answer that is no 202: its status, and what is said.
#[derive(Debug)]
struct Answer(u16, String);

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Invalid(said) => Self(400, said),
            Refused::Forbidden => Self(403, "not allowed".to_owned()),
            Refused::Failed(error) => error.into(),
        }
    }
}

impl From<Error> for Answer {
    fn from(error: Error) -> Self {
        tracing::warn!(error = error.name(), reason = %error, "not taken");
        match error.is_final() {
            true => Self(400, error.to_string()),
            false => Self(503, "not now: send it again".to_owned()),
        }
    }
}

async fn take(invocation: &Invocation, http: &Http, call: Call) -> Result<String, Answer> {
    let now = invocation.now();
    let claim = |name: &str| call.request_context.authorizer.jwt.claims.get(name).map(crate::template::text);
    let (user, tenant) = (claim(http.user), http.tenant.and_then(claim));
    let id = ulid(now, &[invocation.cx().function(), &call.request_context.request_id]);
    let body = body(&call)?;
    let headers = call.headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    let mut request = Request { user, tenant, now, path: call.path_parameters, headers, body, id };
    let mut event = http.intake.made(&request)?;
    // Asked before the id is taken: who may not send takes no id from those who may.
    http.intake.allowed(invocation, &request, &event).await?;
    // An id of our own is of this request alone.
    if event.roles.id != request.id {
        match remembered(invocation, http, &request, &event).await? {
            Remembered::Taken => {}
            // What the first try has set from the clock stands.
            Remembered::Again(then) => {
                request.now = then;
                event = http.intake.made(&request)?;
            }
            Remembered::Other => return Err(Answer(409, "another event has this id".to_owned())),
        }
    }
    let id = event.roles.id.clone();
    send::send_all(invocation, http.to, &[event]).await?;
    Ok(id)
}

fn body(call: &Call) -> Result<Map<String, Value>, Answer> {
    let no_json = || Answer(415, "send JSON, as `application/json`".to_owned());
    let of_json = |kind: &str| {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        kind == "application/json" || kind.ends_with("+json")
    };
    let kind = call.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if call.body.is_empty() {
        return Ok(Map::new());
    }
    if call.body.len() > BYTES * 4 / 3 {
        return Err(Answer(413, format!("a body has at most {BYTES} bytes")));
    }
    if kind.is_some_and(|(_, kind)| !of_json(kind)) {
        return Err(no_json());
    }
    let bytes = match call.is_base64_encoded {
        true => STANDARD.decode(&call.body).map_err(|_| no_json())?,
        false => call.body.clone().into_bytes(),
    };
    if bytes.len() > BYTES {
        return Err(Answer(413, format!("a body has at most {BYTES} bytes")));
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(Answer(400, "the body is no object".to_owned())),
        Err(error) => {
            Err(Answer(400, format!("the body is not JSON: wrong at line {}, column {}", error.line(), error.column())))
        }
    }
}

enum Remembered {
    /// It is new.
    Taken,
    /// It was taken before, at this time.
    Again(Timestamp),
    /// Another request has its id.
    Other,
}

/// Remembers an id, with what tells its request from another of the same id.
async fn remembered(
    invocation: &Invocation,
    http: &Http,
    request: &Request,
    event: &Arrival,
) -> Result<Remembered, Error> {
    let (cx, print) = (invocation.cx(), print(request));
    let mut row = state::row(&["taken", cx.function(), event.id()], request.now, http.keep);
    row.insert("print".to_owned(), AttributeValue::S(print.clone()));
    row.insert("taken_at".to_owned(), AttributeValue::N(request.now.as_millis().to_string()));
    let put = cx.aws().dynamodb().put_item().table_name(cx.var(state::TABLE)?).set_item(Some(row));
    let put = put
        .condition_expression(state::ABSENT)
        .expression_attribute_values(":now", state::seconds(request.now))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let Err(error) = put.send().await else { return Ok(Remembered::Taken) };
    let Some(PutItemError::ConditionalCheckFailedException(failed)) = error.as_service_error() else {
        return Err(Error::retry(sdk(&error)));
    };
    let there = failed.item();
    match there.and_then(|row| item::int(row, "taken_at")) {
        Some(at) if there.and_then(|row| item::text(row, "print")) == Some(&*print) => {
            Ok(Remembered::Again(Timestamp::from_millis(at)))
        }
        _ => Ok(Remembered::Other),
    }
}

/// What two requests share that are the same one: the caller, the path, what is said.
fn print(request: &Request) -> String {
    let path = json!(request.path).to_string();
    let body = sorted(&Value::Object(request.body.clone())).to_string();
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    crate::event::hashed(&[&said(&request.user), &said(&request.tenant), &path, &body])
}

/// The same value, whatever the order in which its fields were written.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, Value> =
                map.iter().map(|(name, value)| (name, self::sorted(value))).collect();
            Value::Object(sorted.into_iter().map(|(name, value)| (name.clone(), value)).collect())
        }
        Value::Array(list) => list.iter().map(self::sorted).collect(),
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(body: &str, kind: &str) -> Call {
        serde_json::from_value(json!({
            "headers": { "Content-Type": kind }, "requestContext": { "requestId": "r" }, "body": body,
        }))
        .unwrap()
    }

    #[test]
    fn a_body_is_an_object_of_json_within_bounds() {
        assert!(body(&call(r#"{"a":1}"#, "application/json; charset=utf-8")).is_ok());
        assert!(body(&call("", "")).unwrap().is_empty());
        let status = |text: &str, kind: &str| body(&call(text, kind)).unwrap_err().0;
        assert_eq!(status("[]", "application/json"), 400);
        assert_eq!(status("{", "application/json"), 400);
        assert_eq!(status("{}", "text/plain"), 415);
        assert_eq!(status(&"x".repeat(BYTES + 1), "application/json"), 413);
    }

    #[test]
    fn the_order_of_fields_makes_no_other_request() {
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(sorted(&value(r#"{"a":[{"c":1,"b":2}],"d":3}"#)).to_string(), r#"{"a":[{"b":2,"c":1}],"d":3}"#);
    }
}
