//! AWS JSON 1.0 and 1.1: the operation is a header, the input is the body.

use serde_json::{Map, Value};

use super::{Request, Response};
use crate::kernel::AwsError;

/// AWS JSON as one service speaks it.
#[derive(Clone, Copy, Debug)]
pub struct AwsJson {
    /// `1.0` or `1.1`.
    pub version: &'static str,
    /// What stands before the dot in `x-amz-target`, as `AmazonSQS`.
    pub target: &'static str,
    /// Whether errors carry the code of the query protocol that the service spoke before, as those of SQS
    /// do: the code is then followed in `x-amzn-query-error` by who is to blame.
    pub query_errors: Option<fn(&str) -> &str>,
}

impl AwsJson {
    pub(super) fn decode(&self, request: &Request) -> Result<(String, Value), AwsError> {
        let target = request.header("x-amz-target").unwrap_or_default();
        let operation = target.strip_prefix(self.target).and_then(|rest| rest.strip_prefix('.'));
        // What has another form is an operation of the engine's own, which no client may call.
        let named = |operation: &&str| operation.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let Some(operation) = operation.filter(named) else {
            return Err(AwsError::new("UnknownOperationException", format!("`{target}` is no operation")).status(404));
        };
        let input = if request.body.is_empty() {
            Value::Object(Map::new())
        } else {
            serde_json::from_slice(&request.body)
                .map_err(|error| AwsError::new("SerializationException", error.to_string()))?
        };
        if !input.is_object() {
            return Err(AwsError::new("SerializationException", "the input is no JSON object"));
        }
        Ok((operation.to_owned(), input))
    }

    pub(super) fn encode(&self, answer: &Result<Value, AwsError>) -> Response {
        let content_type = match self.version {
            "1.0" => "application/x-amz-json-1.0",
            _ => "application/x-amz-json-1.1",
        };
        match answer {
            Ok(output) => Response::new(200, content_type, output.to_string()),
            Err(error) => {
                let response = Response::new(error.status, content_type, body(error).to_string());
                match self.query_errors {
                    Some(code) => {
                        let blamed = if error.is_server_fault() { "Receiver" } else { "Sender" };
                        response.header("x-amzn-query-error", &format!("{};{blamed}", code(&error.code)))
                    }
                    None => response,
                }
            }
        }
    }
}

/// An error's body, which REST services share.
pub(super) fn body(error: &AwsError) -> Value {
    let mut body = Map::new();
    body.insert("__type".to_owned(), error.code.clone().into());
    body.insert("message".to_owned(), error.message.clone().into());
    if let Some(fields) = &error.fields {
        body.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    Value::Object(body)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};
    use serde_json::json;

    use super::*;

    const SQS: AwsJson = AwsJson { version: "1.0", target: "AmazonSQS", query_errors: Some(|code| code) };

    fn request(target: &str, body: &str) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", target.parse().unwrap());
        let body = Bytes::from(body.to_owned());
        Request { method: Method::POST, path: "/".into(), query: String::new(), headers, body }
    }

    #[test]
    fn the_target_names_the_operation() {
        let decoded = SQS.decode(&request("AmazonSQS.SendMessage", r#"{"QueueUrl":"q"}"#)).unwrap();
        assert_eq!(decoded, ("SendMessage".to_owned(), json!({"QueueUrl": "q"})));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let code = |target, body| SQS.decode(&request(target, body)).unwrap_err().code;
        assert_eq!(code("DynamoDB_20120810.PutItem", "{}"), "UnknownOperationException");
        assert_eq!(code("AmazonSQS.eventloom:Use", "{}"), "UnknownOperationException");
        assert_eq!(code("AmazonSQS.SendMessage", "{"), "SerializationException");
        assert_eq!(code("AmazonSQS.SendMessage", "[]"), "SerializationException");
    }

    #[test]
    fn an_error_says_its_code_twice() {
        let error = AwsError::new("QueueDoesNotExist", "no such queue").with("Queue", "q");
        let response = SQS.encode(&Err(error));
        assert_eq!(response.status, 400);
        assert_eq!(response.headers["x-amzn-query-error"], "QueueDoesNotExist;Sender");
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(body, json!({"__type": "QueueDoesNotExist", "message": "no such queue", "Queue": "q"}));
    }
}
