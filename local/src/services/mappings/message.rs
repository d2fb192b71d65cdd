//! A message of SQS as Lambda's event has it.

use serde_json::{Map, Value, json};

use super::pattern::Pattern;
use crate::kernel::Arn;

/// A message that was received.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) receipt: String,
    /// Its group, if the queue is FIFO.
    pub(super) group: Option<String>,
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
        let mut size = 1500 + escaped(&body);
        let system = take("Attributes").unwrap_or_else(|| json!({}));
        let group = || Some(system.get("MessageGroupId")?.as_str()?.to_owned());
        let group = if source.name().ends_with(".fifo") { group() } else { None };
        let mut attributes = Map::new();
        if let Some(Value::Object(own)) = take("MessageAttributes") {
            for (name, value) in own {
                let value = attribute(value);
                size += name.len() + value.to_string().len() + 4;
                attributes.insert(name, value);
            }
        }
        let mut record = Map::with_capacity(10);
        let mut put = |name: &str, value: Value| record.insert(name.to_owned(), value);
        put("messageId", id.clone().into());
        put("receiptHandle", receipt.clone().into());
        put("body", body);
        put("attributes", system);
        put("messageAttributes", attributes.into());
        if let Some(sum) = take("MD5OfMessageAttributes") {
            put("md5OfMessageAttributes", sum);
        }
        put("md5OfBody", take("MD5OfBody").unwrap_or_default());
        put("eventSource", "aws:sqs".into());
        put("eventSourceARN", source.as_str().into());
        put("awsRegion", source.region().into());
        Some(Self { id, receipt, group, record: record.into(), size })
    }

    /// Whether one of the patterns matches: against the record, whose body is JSON if it is an object.
    pub(super) fn matches(&self, patterns: &[Pattern]) -> bool {
        let any = |record: &Value| patterns.iter().any(|pattern| pattern.matches(record));
        let parsed = self.record.get("body").and_then(Value::as_str).and_then(|body| serde_json::from_str(body).ok());
        let (Some(body @ Value::Object(_)), Some(members)) = (parsed, self.record.as_object()) else {
            return any(&self.record);
        };
        let others = members.iter().filter(|(name, _)| *name != "body");
        let mut record: Map<String, Value> = others.map(|(name, value)| (name.clone(), value.clone())).collect();
        record.insert("body".to_owned(), body);
        any(&record.into())
    }
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
        let matches = |pattern: Value, body: &str| {
            let received = json!({"MessageId": "id", "ReceiptHandle": "receipt", "Body": body});
            let pattern = Pattern::parse(&pattern.to_string()).unwrap();
            Message::new(received, &source()).unwrap().matches(&[pattern])
        };
        assert!(matches(json!({"body": {"a": [1]}}), r#"{"a":1}"#));
        assert!(!matches(json!({"body": {"a": [1]}}), "plain"), "a pattern for JSON drops plain text");
        assert!(!matches(json!({"body": ["plain"]}), r#"{"a":1}"#), "a pattern for plain text drops JSON");
        assert!(matches(json!({"body": ["plain"]}), "plain") && matches(json!({"body": ["17"]}), "17"));
        assert!(matches(json!({"eventSource": ["aws:sqs"]}), r#"{"a":1}"#));
    }

    #[test]
    fn only_a_fifo_queue_has_groups_that_hold_up() {
        let received =
            || json!({"MessageId": "id", "ReceiptHandle": "receipt", "Attributes": {"MessageGroupId": "group"}});
        let fifo = Arn::parse("arn:aws:sqs:eu-west-1:000000000000:orders.fifo").unwrap();
        assert_eq!(Message::new(received(), &fifo).unwrap().group.as_deref(), Some("group"));
        assert_eq!(Message::new(received(), &source()).unwrap().group, None);
    }

    #[test]
    fn what_has_no_receipt_is_no_message() {
        assert!(Message::new(json!({"MessageId": "id"}), &source()).is_none());
    }
}
