//! The query protocol: a form in, XML out.
//!
//! A form is flat: `Attributes.entry.1.key=A&Attributes.entry.1.value=B`. Read as a tree, a node whose
//! children are all numbered is a list, and a list of `entry` with keys and values is a map.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Map, Value};

use super::{Request, Response};
use crate::kernel::AwsError;

/// How deep a name of a form may go.
const DEPTH: usize = 16;

/// The query protocol as one service speaks it.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// `http://sns.amazonaws.com/doc/2010-03-31/`.
    pub namespace: &'static str,
    /// The names of outputs' members that are maps, which XML writes as entries.
    pub maps: &'static [&'static str],
}

#[derive(Default)]
struct Node {
    text: Option<String>,
    children: BTreeMap<String, Node>,
}

impl Query {
    pub(super) fn decode(&self, request: &Request) -> Result<(String, Value), AwsError> {
        let malformed = |message: &str| AwsError::new("MalformedQueryString", message);
        let mut root = Node::default();
        let mut action = None;
        for form in [request.query.as_bytes(), &request.body] {
            for (name, value) in form_urlencoded::parse(form) {
                match &*name {
                    "Action" => action = Some(value.into_owned()),
                    "Version" => {}
                    _ if name.split('.').count() > DEPTH => return Err(malformed("a parameter's name is too deep")),
                    _ => {
                        let node = name
                            .split('.')
                            .fold(&mut root, |node, part| node.children.entry(part.to_owned()).or_default());
                        node.text = Some(value.into_owned());
                    }
                }
            }
        }
        let action = action.ok_or_else(|| AwsError::new("MissingAction", "the request has no Action"))?;
        // What has another form is an operation of the engine's own, which no client may call.
        if !action.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(AwsError::new("InvalidAction", format!("`{action}` is no operation")));
        }
        let input = if root.children.is_empty() { Value::Object(Map::new()) } else { tree(root) };
        Ok((action, input))
    }

    pub(super) fn encode(&self, operation: &str, answer: &Result<Value, AwsError>, request_id: &str) -> Response {
        let namespace = self.namespace;
        match answer {
            Ok(output) => {
                // A result without members is there too: some clients fail without it, and none fails with it.
                let mut xml = format!("<{operation}Response xmlns=\"{namespace}\"><{operation}Result>");
                self.members(&mut xml, output);
                let _ = write!(xml, "</{operation}Result>");
                let _ = write!(
                    xml,
                    "<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
                );
                Response::new(200, "text/xml", xml)
            }
            Err(error) => {
                let blamed = if error.is_server_fault() { "Receiver" } else { "Sender" };
                let (code, message) = (escape(&error.code), escape(&error.message));
                let xml = format!(
                    "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{blamed}</Type><Code>{code}</Code>\
                     <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
                );
                Response::new(error.status, "text/xml", xml)
            }
        }
    }

    fn members(&self, xml: &mut String, object: &Value) {
        for (name, value) in object.as_object().into_iter().flatten() {
            let _ = write!(xml, "<{name}>");
            if self.maps.contains(&name.as_str()) {
                for (key, value) in value.as_object().into_iter().flatten() {
                    let _ = write!(xml, "<entry><key>{}</key><value>", escape(key));
                    self.value(xml, value);
                    xml.push_str("</value></entry>");
                }
            } else {
                self.value(xml, value);
            }
            let _ = write!(xml, "</{name}>");
        }
    }

    fn value(&self, xml: &mut String, value: &Value) {
        match value {
            Value::Object(_) => self.members(xml, value),
            Value::Array(items) => {
                for item in items {
                    xml.push_str("<member>");
                    self.value(xml, item);
                    xml.push_str("</member>");
                }
            }
            Value::String(text) => xml.push_str(&escape(text)),
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) => {
                let _ = write!(xml, "{value}");
            }
        }
    }
}

/// A tree of a form as JSON: `member.N` is a list, `entry.N` a map, all else an object of its parts.
fn tree(node: Node) -> Value {
    let Node { text, mut children } = node;
    if let Some(text) = text {
        return Value::String(text);
    }
    if children.len() == 1 {
        if let Some(members) = children.remove("member") {
            return Value::Array(numbered(members).map(tree).collect());
        }
        if let Some(entries) = children.remove("entry") {
            return Value::Object(numbered(entries).filter_map(entry).collect());
        }
    }
    if !children.is_empty() && children.keys().all(|name| name.parse::<u32>().is_ok()) {
        return Value::Array(numbered(Node { text: None, children }).map(tree).collect());
    }
    Value::Object(children.into_iter().map(|(name, child)| (name, tree(child))).collect())
}

fn numbered(node: Node) -> impl Iterator<Item = Node> {
    let by_number: BTreeMap<u32, Node> =
        node.children.into_iter().filter_map(|(number, child)| Some((number.parse().ok()?, child))).collect();
    by_number.into_values()
}

fn entry(mut node: Node) -> Option<(String, Value)> {
    let mut take = |names: [&str; 2]| names.iter().find_map(|name| node.children.remove(*name));
    let key = take(["key", "Name"])?.text?;
    Some((key, tree(take(["value", "Value"])?)))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // XML 1.0 has no other way to carry a carriage return, and none at all for other controls.
            '\r' => escaped.push_str("&#13;"),
            '\t' | '\n' => escaped.push(character),
            control if control < ' ' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method};
    use serde_json::json;

    use super::*;

    const SNS: Query = Query { namespace: "http://sns.amazonaws.com/doc/2010-03-31/", maps: &["Attributes"] };

    fn decode(form: &str) -> Result<(String, Value), AwsError> {
        let body = Bytes::from(form.to_owned());
        let headers = HeaderMap::new();
        SNS.decode(&Request { method: Method::POST, path: "/".into(), query: String::new(), headers, body })
    }

    #[test]
    fn entries_are_a_map_and_members_a_list() {
        let form = "Action=PublishBatch&Version=2010-03-31&TopicArn=t\
            &Attributes.entry.1.key=A&Attributes.entry.1.value=1\
            &PublishBatchRequestEntries.member.2.Id=b&PublishBatchRequestEntries.member.1.Id=a\
            &PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Name=kind\
            &PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.DataType=String\
            &PublishBatchRequestEntries.member.1.MessageAttributes.entry.1.Value.StringValue=a%20%26%20b";
        let (action, input) = decode(form).unwrap();
        assert_eq!(action, "PublishBatch");
        assert_eq!(
            input,
            json!({
                "TopicArn": "t",
                "Attributes": {"A": "1"},
                "PublishBatchRequestEntries": [
                    {"Id": "a", "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "a & b"}}},
                    {"Id": "b"},
                ],
            }),
        );
    }

    #[test]
    fn a_form_without_an_action_is_refused() {
        assert_eq!(decode("TopicArn=t").unwrap_err().code, "MissingAction");
        assert_eq!(decode("Action=eventloom:ListMails").unwrap_err().code, "InvalidAction");
        let deep = format!("Action=A&{}=1", vec!["a"; 40].join("."));
        assert_eq!(decode(&deep).unwrap_err().code, "MalformedQueryString");
    }

    #[test]
    fn an_output_is_xml_with_its_text_escaped() {
        let output = json!({"Attributes": {"Owner": "<1>"}, "Topics": [{"TopicArn": "a&b"}]});
        let response = SNS.encode("ListTopics", &Ok(output), "id");
        assert_eq!(
            response.body,
            "<ListTopicsResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><ListTopicsResult>\
             <Attributes><entry><key>Owner</key><value>&lt;1&gt;</value></entry></Attributes>\
             <Topics><member><TopicArn>a&amp;b</TopicArn></member></Topics></ListTopicsResult>\
             <ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></ListTopicsResponse>"
        );
    }
}
