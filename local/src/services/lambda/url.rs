//! A function's own address: one HTTP request, one invocation (payload format 2.0).
//!
//! Source: "Invoking Lambda function URLs" in the Lambda Developer Guide.

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::errors::{invalid, not_found, read};
use super::invoke::{Request, SYNCHRONOUS, run};
use super::{Function, Lambda, Payload};
use crate::kernel::{AwsError, Caller, Time};
use crate::services::gateway::http::{payload, request_time, written};
use crate::wire;

/// A request as it came, over the bus.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct Input {
    url_id: String,
    method: String,
    /// With its leading slash, percent-encoded.
    path: String,
    #[serde(default)]
    query: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// As base64.
    #[serde(default)]
    body: String,
    #[serde(default)]
    source_ip: String,
}

impl Input {
    fn request(&self) -> Option<wire::Request> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
        }
        Some(wire::Request {
            method: Method::try_from(self.method.as_str()).ok()?,
            path: self.path.clone(),
            query: self.query.clone(),
            headers,
            body: STANDARD.decode(&self.body).ok()?.into(),
        })
    }
}

/// `eventloom:InvokeUrl {UrlId, Method, Path, Query, Headers: [[name, value]], Body, SourceIp}`, what a
/// server of function URLs calls for a request: answers `{StatusCode, Headers: [[name, value]], Body}`.
/// Bodies are base64. A function that fails is a 502, one without room a 429, as in AWS.
pub(super) async fn invoke(lambda: &Rc<Lambda>, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let input: Input = read(input)?;
    let request = input.request().ok_or_else(|| invalid("the request is no HTTP request"))?;
    let auth = |function: &Function| Some(function.url.as_ref().filter(|url| url.id == input.url_id)?.auth.clone());
    let found = {
        let functions = lambda.functions.borrow();
        functions.iter().find_map(|(name, entry)| Some((name.clone(), auth(&entry.function())?)))
    };
    let (name, auth) = found.ok_or_else(|| not_found("The resource you requested does not exist."))?;
    if auth == "AWS_IAM" && *caller == Caller::Anonymous {
        return Ok(shown(&message(403, "Forbidden")));
    }
    // Both are asked for since October 2025 (Lambda Developer Guide, "Control access to function URLs").
    let by_url = [("lambda:FunctionUrlAuthType", auth.as_str())];
    let via_url = [("lambda:InvokedViaFunctionUrl", "true")];
    let allowed = lambda.entry_with(caller, "lambda:InvokeFunctionUrl", &name, None, &by_url);
    let entry = match allowed.and(lambda.entry_with(caller, "lambda:InvokeFunction", &name, None, &via_url)) {
        Ok(entry) => entry,
        Err(error) if error.status < 500 => return Ok(shown(&message(403, "Forbidden"))),
        Err(error) => return Err(error),
    };
    if request.body.len() > SYNCHRONOUS {
        return Ok(shown(&message(413, "Request Too Long")));
    }
    let request_id = lambda.world.random.uuid();
    let context = context(lambda, &input, &request, &request_id);
    let event = payload("$default", &request, &input.path, Map::new(), context);
    let payload = Rc::new(Payload::from_value(event));
    let request = Request { request_id, payload, client_context: None };
    let response = match run(lambda, &entry, request).await {
        Err(error) if error.status == 429 => message(429, "Too Many Requests"),
        Err(error) => return Err(error),
        Ok(invoked) => match invoked.result.map(Payload::into_value) {
            Ok(Ok(answer)) => written(answer),
            _ => message(502, "Internal Server Error"),
        },
    };
    Ok(shown(&response))
}

fn context(lambda: &Lambda, input: &Input, request: &wire::Request, request_id: &str) -> Value {
    let place = &lambda.world.place;
    let now: Time = lambda.world.clock.now();
    json!({
        "accountId": &*place.account,
        "apiId": input.url_id,
        "domainName": request.header("host").unwrap_or_default(),
        "domainPrefix": input.url_id,
        "http": {
            "method": input.method,
            "path": input.path,
            "protocol": "HTTP/1.1",
            "sourceIp": input.source_ip,
            "userAgent": request.header("user-agent").unwrap_or_default(),
        },
        "requestId": request_id,
        "routeKey": "$default",
        "stage": "$default",
        "time": request_time(now),
        "timeEpoch": now.millis(),
    })
}

fn message(status: u16, text: &str) -> wire::Response {
    wire::Response::new(status, "application/json", json!({"Message": text}).to_string())
}

fn shown(response: &wire::Response) -> Value {
    let header = |(name, value): (&HeaderName, &HeaderValue)| Some(json!([name.as_str(), value.to_str().ok()?]));
    let headers: Vec<Value> = response.headers.iter().filter_map(header).collect();
    json!({"StatusCode": response.status, "Headers": headers, "Body": STANDARD.encode(&response.body)})
}
