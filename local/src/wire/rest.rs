//! REST with JSON: the operation is a method and a path.

use serde_json::{Map, Value};

use super::{Request, Response, json};
use crate::kernel::AwsError;

/// REST as one service speaks it.
#[derive(Clone, Copy, Debug)]
pub struct Rest {
    /// The operations. The first that fits a request is it.
    pub routes: &'static [Route],
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// `Invoke`.
    pub operation: &'static str,
    /// The method, as `POST`.
    pub method: &'static str,
    /// The path, with the names of the input's members in braces: `/functions/{FunctionName}/invocations`.
    /// A label takes one part of the path, percent-decoded.
    pub path: &'static str,
    /// Parameters of the query, and the input's members that they fill.
    pub query: &'static [(&'static str, &'static str)],
    /// Parameters of the query that may be there several times, and the input's lists that they fill.
    pub lists: &'static [(&'static str, &'static str)],
    /// Headers in lower case, and the input's members that they fill.
    pub headers: &'static [(&'static str, &'static str)],
    /// What the request's body is.
    pub input: Payload,
    /// What the response's body is.
    pub output: Payload,
    /// The status of a response without an error.
    pub status: u16,
    /// Headers of the response, and the output's members that fill them; those are not in the body.
    pub answers: &'static [(&'static str, &'static str)],
}

impl Route {
    /// An operation whose members are all in its path and body, and which answers with 200.
    pub const fn new(operation: &'static str, method: &'static str, path: &'static str) -> Self {
        Self {
            operation,
            method,
            path,
            query: &[],
            lists: &[],
            headers: &[],
            input: Payload::Members,
            output: Payload::Members,
            status: 200,
            answers: &[],
        }
    }
}

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// JSON with the members.
    Members,
    /// The one member of this name, which is JSON itself; without one the body is empty.
    Json(&'static str),
    /// The one member of this name, as base64 in the input or output and as bytes on the wire.
    Bytes(&'static str),
}

/// Where some SDKs repeat the operation's name in the query.
const OPERATION: &str = "x-id";

impl Rest {
    pub(super) fn decode(&self, request: &Request) -> Result<(String, Value), AwsError> {
        let fits = |route: &&Route| request.method == route.method && labels(route.path, &request.path).is_some();
        let Some(route) = self.routes.iter().find(fits) else {
            let (method, path) = (&request.method, &request.path);
            let message = format!("{method} {path} is no operation that the local engine has");
            return Err(AwsError::new("UnknownOperationException", message).status(404));
        };
        let malformed = |error: serde_json::Error| AwsError::new("InvalidRequestContentException", error.to_string());
        let mut input = match route.input {
            _ if request.body.is_empty() => Map::new(),
            Payload::Members => serde_json::from_slice(&request.body).map_err(malformed)?,
            Payload::Json(name) => {
                Map::from_iter([(name.to_owned(), serde_json::from_slice(&request.body).map_err(malformed)?)])
            }
            Payload::Bytes(name) => Map::from_iter([(name.to_owned(), base64(&request.body).into())]),
        };
        for (name, value) in labels(route.path, &request.path).into_iter().flatten() {
            input.insert(name, value.into());
        }
        for (name, value) in form_urlencoded::parse(request.query.as_bytes()) {
            if let Some((_, member)) = route.query.iter().find(|(known, _)| *known == name) {
                input.insert((*member).to_owned(), value.into_owned().into());
            } else if let Some((_, member)) = route.lists.iter().find(|(known, _)| *known == name)
                && let Value::Array(list) = input.entry(*member).or_insert_with(|| Value::Array(Vec::new()))
            {
                list.push(value.into_owned().into());
            } else if name != OPERATION {
                let message = format!("the local engine does not honour `{name}` of {}", route.operation);
                return Err(AwsError::new("ValidationException", message));
            }
        }
        for (name, member) in route.headers {
            if let Some(value) = request.header(name) {
                input.insert((*member).to_owned(), value.into());
            }
        }
        Ok((route.operation.to_owned(), Value::Object(input)))
    }

    pub(super) fn encode(&self, operation: &str, answer: &Result<Value, AwsError>) -> Response {
        const JSON: &str = "application/json";
        let output = match answer {
            Ok(output) => output,
            Err(error) => {
                let response = Response::new(error.status, JSON, json::body(error).to_string());
                return response.header("x-amzn-errortype", &error.code);
            }
        };
        let Some(route) = self.routes.iter().find(|route| route.operation == operation) else {
            return Response::new(200, JSON, output.to_string());
        };
        let mut members = output.as_object().cloned().unwrap_or_default();
        let headers: Vec<_> = route
            .answers
            .iter()
            .filter_map(|(header, member)| match members.remove(*member)? {
                Value::String(text) => Some((*header, text)),
                other => Some((*header, other.to_string())),
            })
            .collect();
        let status = members
            .remove("StatusCode")
            .and_then(|status| u16::try_from(status.as_u64()?).ok())
            .unwrap_or(route.status);
        let response = match route.output {
            Payload::Members if status == 204 => Response::new(status, JSON, ""),
            Payload::Members => Response::new(status, JSON, Value::Object(members).to_string()),
            Payload::Json(name) => {
                let body = members.get(name).map_or_else(String::new, Value::to_string);
                Response::new(status, JSON, body)
            }
            Payload::Bytes(name) => {
                let body = members.get(name).and_then(Value::as_str).and_then(bytes).unwrap_or_default();
                Response::new(status, "application/octet-stream", body)
            }
        };
        headers.into_iter().fold(response, |response, (name, value)| response.header(name, &value))
    }
}

/// The labels of a path by a route's pattern, decoded; `None` if it does not fit.
fn labels(pattern: &str, path: &str) -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut parts = path.trim_end_matches('/').split('/');
    for expected in pattern.trim_end_matches('/').split('/') {
        let part = parts.next()?;
        match expected.strip_prefix('{').and_then(|label| label.strip_suffix('}')) {
            Some(_) if part.is_empty() => return None,
            Some(label) => found.push((label.to_owned(), percent_decoded(part)?)),
            None if expected != part => return None,
            None => {}
        }
    }
    parts.next().is_none().then_some(found)
}

/// The text behind `%XX`; `None` if it is no UTF-8 or the escapes are broken.
fn percent_decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};
    use serde_json::json;

    use super::*;

    const LAMBDA: Rest = Rest {
        routes: &[
            Route {
                query: &[("Qualifier", "Qualifier")],
                headers: &[("x-amz-invocation-type", "InvocationType")],
                input: Payload::Json("Payload"),
                output: Payload::Json("Payload"),
                answers: &[("x-amz-function-error", "FunctionError")],
                ..Route::new("Invoke", "POST", "/2015-03-31/functions/{FunctionName}/invocations")
            },
            Route { status: 204, ..Route::new("DeleteFunction", "DELETE", "/2015-03-31/functions/{FunctionName}") },
        ],
    };

    fn request(method: Method, path: &str, query: &str, body: &str) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-invocation-type", "Event".parse().unwrap());
        Request { method, path: path.into(), query: query.into(), headers, body: Bytes::from(body.to_owned()) }
    }

    #[test]
    fn a_path_names_the_operation_and_fills_members() {
        let path = "/2015-03-31/functions/arn%3Aaws%3Alambda/invocations";
        let decoded = LAMBDA.decode(&request(Method::POST, path, "Qualifier=live&x-id=Invoke", "[1]")).unwrap();
        let input = json!({
            "Payload": [1], "FunctionName": "arn:aws:lambda", "Qualifier": "live", "InvocationType": "Event",
        });
        assert_eq!(decoded, ("Invoke".to_owned(), input));
    }

    #[test]
    fn a_parameter_of_the_query_that_nobody_reads_is_refused_by_its_name() {
        let path = "/2015-03-31/functions/f/invocations";
        let error = LAMBDA.decode(&request(Method::POST, path, "Colour=red", "[1]")).unwrap_err();
        assert!(error.message.contains("does not honour `Colour` of Invoke"), "{error}");
    }

    #[test]
    fn another_path_or_method_is_refused() {
        for (method, path) in [
            (Method::GET, "/2015-03-31/functions/f/invocations"),
            (Method::POST, "/2015-03-31/functions//invocations"),
            (Method::POST, "/2015-03-31/functions/f/invocations/x"),
            (Method::POST, "/2015-03-31/functions/%zz/invocations"),
        ] {
            let error = LAMBDA.decode(&request(method, path, "", "")).unwrap_err();
            assert_eq!((error.code.as_str(), error.status), ("UnknownOperationException", 404));
        }
    }

    #[test]
    fn an_answer_fills_headers_and_the_body() {
        let answer = Ok(json!({"StatusCode": 202, "FunctionError": "Unhandled", "Payload": {"a": 1}}));
        let response = LAMBDA.encode("Invoke", &answer);
        assert_eq!((response.status, &*response.body), (202, br#"{"a":1}"#.as_slice()));
        assert_eq!(response.headers["x-amz-function-error"], "Unhandled");
        assert_eq!(LAMBDA.encode("DeleteFunction", &Ok(json!({}))).status, 204);
    }
}
