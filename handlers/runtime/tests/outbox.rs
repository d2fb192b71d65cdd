//! The outbox's writer over the real SDK, before a DynamoDB that gives one answer.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use aws_smithy_http_client::Builder;
use runtime::aws_sdk_dynamodb::Client;
use runtime::aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
use runtime::{Envelope, Event, Outbox, OutboxError, Timestamp, Written};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct Liked {
    id: String,
    liker: String,
}

impl Event for Liked {
    const FLOW: &'static str = "everi";
    const TYPE: &'static str = "Liked";

    fn id(&self) -> String {
        self.id.clone()
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }

    fn object(&self) -> Option<String> {
        Some("an update".to_owned())
    }
}

fn liked(liker: &str) -> Envelope<Liked> {
    Envelope::of(Liked { id: "1".to_owned(), liker: liker.to_owned() })
}

/// A writer into the table `actions` of a DynamoDB that answers once; the thread returns the request.
fn outbox(status: &'static str, answer: Value) -> (Outbox, JoinHandle<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let dynamodb = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut part = [0; 4096];
        loop {
            let read = stream.read(&mut part).unwrap();
            request.extend(part.iter().take(read));
            let text = String::from_utf8_lossy(&request);
            let Some((_, body)) = text.split_once("\r\n\r\n") else { continue };
            let Ok(body) = serde_json::from_str(body) else { continue };
            let answer = answer.to_string();
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
            stream.write_all(format!("{head}{answer}").as_bytes()).unwrap();
            return body;
        }
    });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
        .http_client(Builder::new().build_http())
        .build();
    (Outbox::new(Client::from_conf(config), "actions"), dynamodb)
}

fn refused(there: &Envelope<Liked>) -> Value {
    json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "Item": { "cloudevent": { "S": serde_json::to_string(there).unwrap() } },
    })
}

#[tokio::test]
async fn an_event_is_put_on_the_condition_that_it_is_new() {
    let (outbox, dynamodb) = outbox("200 OK", json!({}));
    assert_eq!(outbox.put(&liked("agshin")).await.unwrap(), Written::New);
    let said = json!({
        "TableName": "actions",
        "Item": {
            "id": { "S": liked("agshin").id },
            "event": { "S": "Liked" },
            "time": { "S": "1970-01-01T00:00:00.000Z" },
            "object": { "S": "an update" },
            "cloudevent": { "S": serde_json::to_string(&liked("agshin")).unwrap() },
        },
        "ConditionExpression": "attribute_not_exists(id)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    });
    assert_eq!(dynamodb.join().unwrap(), said);
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_succeeds_when_it_is_repeated() {
    let (outbox, _) = outbox("400 Bad Request", refused(&liked("agshin")));
    assert_eq!(outbox.put(&liked("agshin")).await.unwrap(), Written::Already);
}

#[tokio::test]
async fn an_id_that_another_event_has_is_refused() {
    let (outbox, _) = outbox("400 Bad Request", refused(&liked("rustam")));
    assert!(matches!(outbox.put(&liked("agshin")).await, Err(OutboxError::Conflict { .. })));
}

#[tokio::test]
async fn another_refusal_of_dynamodb_is_passed_on() {
    let answer = json!({ "__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException" });
    let (outbox, _) = outbox("400 Bad Request", answer);
    let Err(OutboxError::Put(error)) = outbox.put(&liked("agshin")).await else { unreachable!("it was put") };
    assert!(format!("{error:?}").contains("ResourceNotFoundException"), "{error:?}");
}
