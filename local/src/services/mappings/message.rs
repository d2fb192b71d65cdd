//! A message of SQS as Lambda's event has it.

use serde_json::{Map, Value, json};

use crate::kernel::Arn;

/// A message that was received.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) receipt: String,
    /// Its record in the event.
    pub(super) record: Value,
    /// About how many bytes the record is, rather more than less.
    pub(super) size: usize,
}

impl Message {
    /// A message as `ReceiveMessage` answered it; `None` if it has no id or receipt.
    pub(super) fn new(received: Value, source: &Arn) -> Option<Self> {
        let Value::Object(mut received) = received else { return None };
        let mut take = |name: &str| received.remove(name);
        let (Some(Value::String(id)), Some(Value::String(receipt))) = (take("MessageId"), take("ReceiptHandle")) else {
            return None;
        };
        let body = take("Body").unwrap_or_default();
        let attributes = take("MessageAttributes").unwrap_or_default();
        let mut size = 1500 + escaped(&body);
        let mut record = Map::with_capacity(10);
        let mut put = |name: &str, value: Value| record.insert(name.to_owned(), value);
        put("messageId", id.clone().into());
        put("receiptHandle", receipt.clone().into());
        put("body", body);
        put("attributes", take("Attributes").unwrap_or_else(|| json!({})));
        let Value::Object(attributes) = attributes else {
            put("messageAttributes", json!({}));
            return Some(finish(record, take("MD5OfBody"), None, source, id, receipt, size));
        };
        let mut converted = Map::with_capacity(attributes.len());
        for (name, value) in attributes {
            let value = attribute(value);
            size += name.len() + value.to_string().len() + 4;
            converted.insert(name, value);
        }
        put("messageAttributes", converted.into());
        let sums = (take("MD5OfBody"), take("MD5OfMessageAttributes"));
        Some(finish(record, sums.0, sums.1, source, id, receipt, size))
    }
}

fn finish(
    mut record: Map<String, Value>,
    body_sum: Option<Value>,
    attributes_sum: Option<Value>,
    source: &Arn,
    id: String,
    receipt: String,
    size: usize,
) -> Message {
    let mut put = |name: &str, value: Value| record.insert(name.to_owned(), value);
    if let Some(sum) = attributes_sum {
        put("md5OfMessageAttributes", sum);
    }
    put("md5OfBody", body_sum.unwrap_or_default());
    put("eventSource", "aws:sqs".into());
    put("eventSourceARN", source.as_str().into());
    put("awsRegion", source.region().into());
    Message { id, receipt, record: record.into(), size }
}

/// An attribute, whose members an event names in lower case.
fn attribute(value: Value) -> Value {
    let mut converted = Map::new();
    if let Value::Object(members) = value {
        for (name, value) in members {
            let name = match name.as_str() {
                "StringValue" => "stringValue",
                "BinaryValue" => "binaryValue",
                "DataType" => "dataType",
                _ => continue,
            };
            converted.insert(name.to_owned(), value);
        }
    }
    converted.insert("stringListValues".to_owned(), json!([]));
    converted.insert("binaryListValues".to_owned(), json!([]));
    converted.into()
}

/// What filters are matched with: the record, whose body is JSON if it can be.
pub(super) fn filtered(record: &Value) -> Value {
    let mut record = record.clone();
    let body = record.get("body").and_then(Value::as_str).and_then(|body| serde_json::from_str(body).ok());
    if let (Some(body @ Value::Object(_)), Some(members)) = (body, record.as_object_mut()) {
        members.insert("body".to_owned(), body);
    }
    record
}

/// How long a text is in JSON.
fn escaped(text: &Value) -> usize {
    let text = text.as_str().unwrap_or_default();
    text.bytes()
        .map(|byte| {
            if byte == b'"' || byte == b'\\' {
                2
            } else if byte < 0x20 {
                6
            } else {
                1
            }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Arn {
        Arn::parse("arn:aws:sqs:eu-west-1:000000000000:orders").unwrap()
    }

    #[test]
    fn a_message_is_a_record() {
        let received = json!({
            "MessageId": "id", "ReceiptHandle": "receipt", "MD5OfBody": "sum", "Body": "{\"a\":1}",
            "Attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1767225600000"},
            "MD5OfMessageAttributes": "sum of attributes",
            "MessageAttributes": {
                "kind": {"StringValue": "sent", "DataType": "String"},
                "raw": {"BinaryValue": "AQI=", "DataType": "Binary"},
            },
        });
        let message = Message::new(received, &source()).unwrap();
        assert_eq!((message.id.as_str(), message.receipt.as_str()), ("id", "receipt"));
        assert!(message.size > message.record.to_string().len(), "{}", message.size);
        assert_eq!(
            message.record,
            json!({
                "messageId": "id", "receiptHandle": "receipt", "body": "{\"a\":1}",
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1767225600000"},
                "messageAttributes": {
                    "kind": {
                        "stringValue": "sent", "stringListValues": [], "binaryListValues": [], "dataType": "String",
                    },
                    "raw": {
                        "binaryValue": "AQI=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary",
                    },
                },
                "md5OfMessageAttributes": "sum of attributes", "md5OfBody": "sum", "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:000000000000:orders", "awsRegion": "eu-west-1",
            })
        );
    }

    #[test]
    fn a_body_is_filtered_as_json_if_it_is_an_object() {
        assert_eq!(filtered(&json!({"body": "{\"a\":1}"})), json!({"body": {"a": 1}}));
        assert_eq!(filtered(&json!({"body": "plain"})), json!({"body": "plain"}));
        assert_eq!(filtered(&json!({"body": "17"})), json!({"body": "17"}));
    }

    #[test]
    fn what_has_no_receipt_is_no_message() {
        assert!(Message::new(json!({"MessageId": "id"}), &source()).is_none());
    }
}
