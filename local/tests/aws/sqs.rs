//! SQS: every operation, as a client sees it.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::operation::receive_message::ReceiveMessageOutput;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, Message, MessageAttributeValue,
    MessageSystemAttributeName, MessageSystemAttributeNameForSends, MessageSystemAttributeValue, QueueAttributeName,
    SendMessageBatchRequestEntry,
};
use local::engine::Engine;
use local::kernel::{Caller, Clock, Place, Random, Store, World};
use serde_json::json;
use tokio::task::LocalSet;

use crate::world::{Test, run, sdk};

const MIB: usize = 1_048_576;

async fn queue(sqs: &Client, name: &str, attributes: &[(&str, &str)]) -> String {
    let mut request = sqs.create_queue().queue_name(name);
    for (name, value) in attributes {
        request = request.attributes(QueueAttributeName::from(*name), *value);
    }
    request.send().await.unwrap().queue_url.unwrap()
}

async fn fifo(sqs: &Client, name: &str, attributes: &[(&str, &str)]) -> String {
    queue(sqs, name, &[&[("FifoQueue", "true")], attributes].concat()).await
}

async fn send(sqs: &Client, url: &str, body: &str) -> String {
    sqs.send_message().queue_url(url).message_body(body).send().await.unwrap().message_id.unwrap()
}

async fn send_to(sqs: &Client, url: &str, group: &str, body: &str) -> String {
    let request = sqs.send_message().queue_url(url).message_body(body).message_group_id(group);
    request.message_deduplication_id(body).send().await.unwrap().sequence_number.unwrap()
}

async fn receive(sqs: &Client, url: &str) -> Vec<Message> {
    let request = sqs.receive_message().queue_url(url).max_number_of_messages(10);
    messages(request.message_system_attribute_names(MessageSystemAttributeName::All).send().await.unwrap())
}

fn messages(output: ReceiveMessageOutput) -> Vec<Message> {
    output.messages.unwrap_or_default()
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body().unwrap()).collect()
}

fn attribute<'a>(message: &'a Message, name: &str) -> &'a str {
    &message.attributes.as_ref().unwrap()[&MessageSystemAttributeName::from(name)]
}

async fn attributes(sqs: &Client, url: &str) -> HashMap<QueueAttributeName, String> {
    let request = sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
    request.send().await.unwrap().attributes.unwrap()
}

async fn counts(sqs: &Client, url: &str) -> [String; 3] {
    let all = attributes(sqs, url).await;
    ["", "Delayed", "NotVisible"]
        .map(|kind| all.get(&QueueAttributeName::from(&*format!("ApproximateNumberOfMessages{kind}"))).unwrap().clone())
}

async fn arn(sqs: &Client, url: &str) -> String {
    attributes(sqs, url).await.remove(&QueueAttributeName::QueueArn).unwrap()
}

fn redrive(arn: &str, count: u32) -> String {
    json!({"deadLetterTargetArn": arn, "maxReceiveCount": count}).to_string()
}

async fn pass(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

fn client(test: &Test) -> Client {
    Client::new(&test.sdk)
}

/// The error's code and message.
macro_rules! refused {
    ($request:expr) => {{
        let error = $request.send().await.unwrap_err();
        (error.code().unwrap().to_owned(), error.message().unwrap().to_owned())
    }};
}

#[test]
fn a_message_is_sent_received_and_deleted() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "orders", &[]).await;
        assert_eq!(url, "http://127.0.0.1:4566/000000000000/orders");
        let text = MessageAttributeValue::builder().data_type("String").string_value("x").build().unwrap();
        let bytes =
            MessageAttributeValue::builder().data_type("Binary.png").binary_value(Blob::new([1, 2])).build().unwrap();
        let trace = MessageSystemAttributeValue::builder().data_type("String").string_value("Root=1").build().unwrap();
        let request = sqs.send_message().queue_url(&url).message_body("hello").message_attributes("a.kind", text);
        let request = request.message_attributes("bytes", bytes).message_group_id("tenant-1");
        let sent = request
            .message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace)
            .send()
            .await
            .unwrap();
        assert_eq!(sent.md5_of_message_body(), Some("5d41402abc4b2a76b9719d911017c592"));
        assert!(sent.md5_of_message_system_attributes().is_some() && sent.sequence_number().is_none());

        let request = sqs.receive_message().queue_url(&url).message_attribute_names("All");
        let request = request.message_system_attribute_names(MessageSystemAttributeName::All);
        let received = messages(request.send().await.unwrap());
        let [message] = &received[..] else { panic!("{received:?}") };
        assert_eq!((message.message_id(), message.body()), (sent.message_id(), Some("hello")));
        assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
        assert_eq!(message.message_attributes().unwrap()["bytes"].binary_value().unwrap().as_ref(), [1, 2]);
        assert_eq!(attribute(message, "AWSTraceHeader"), "Root=1");
        assert_eq!(attribute(message, "MessageGroupId"), "tenant-1");
        assert_eq!(attribute(message, "ApproximateReceiveCount"), "1");
        assert_eq!(attribute(message, "SentTimestamp"), attribute(message, "ApproximateFirstReceiveTimestamp"));
        assert_eq!(counts(&sqs, &url).await, ["0", "0", "1"]);

        let handle = message.receipt_handle().unwrap();
        sqs.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
        sqs.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
        pass(60).await;
        assert_eq!(counts(&sqs, &url).await, ["0", "0", "0"]);
    });
}

#[test]
fn only_the_attributes_asked_for_are_returned() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[("VisibilityTimeout", "0")]).await;
        let value = || MessageAttributeValue::builder().data_type("Number").string_value("1").build().unwrap();
        let request = sqs.send_message().queue_url(&url).message_body("x");
        let request = request.message_attributes("a.x", value()).message_attributes("a.y", value());
        request.message_attributes("b", value()).send().await.unwrap();
        for (asked, names) in [("a.*", vec!["a.x", "a.y"]), ("b", vec!["b"]), (".*", vec!["a.x", "a.y", "b"])] {
            let request = sqs.receive_message().queue_url(&url).message_attribute_names(asked);
            let received = messages(request.send().await.unwrap());
            let mut found: Vec<&str> = received[0].message_attributes().unwrap().keys().map(String::as_str).collect();
            found.sort_unstable();
            assert_eq!(found, names);
            assert!(received[0].attributes().is_none());
        }
    });
}

#[test]
fn a_queue_that_is_not_there_has_the_code_of_the_query_protocol() {
    run(|test| async move {
        let sqs = client(&test);
        let gone =
            ("AWS.SimpleQueueService.NonExistentQueue".to_owned(), "The specified queue does not exist.".to_owned());
        assert_eq!(refused!(sqs.get_queue_url().queue_name("none")), gone);
        assert_eq!(refused!(sqs.receive_message().queue_url("http://x/000000000000/none")), gone);
        let url = queue(&sqs, "q", &[]).await;
        assert_eq!(refused!(sqs.purge_queue().queue_url("http://x/123456789012/q")), gone);
        for url in [url.as_str(), "https://sqs.eu-west-1.amazonaws.com/000000000000/q", "q"] {
            send(&sqs, url, "x").await;
        }
        let error = sqs.delete_queue().queue_url("none").send().await.unwrap_err().into_service_error();
        assert!(error.is_queue_does_not_exist(), "{error:?}");
    });
}

#[test]
fn a_queue_is_made_once_and_differing_attributes_are_refused() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[("DelaySeconds", "5")]).await;
        assert_eq!(queue(&sqs, "q", &[("DelaySeconds", "5")]).await, url);
        assert_eq!(queue(&sqs, "q", &[]).await, url);
        let again = sqs.create_queue().queue_name("q").attributes(QueueAttributeName::DelaySeconds, "6");
        assert_eq!(
            refused!(again),
            (
                "QueueAlreadyExists".to_owned(),
                "A queue already exists with the same name and a different value for attribute DelaySeconds".to_owned()
            )
        );
        for name in ["", "a b", "q.fifo", &"x".repeat(81)] {
            refused!(sqs.create_queue().queue_name(name));
        }
        refused!(sqs.create_queue().queue_name("q2").attributes(QueueAttributeName::FifoQueue, "true"));
        sqs.delete_queue().queue_url(&url).send().await.unwrap();
        queue(&sqs, "q", &[("DelaySeconds", "6")]).await;
    });
}

#[test]
fn attributes_are_read_back_and_their_bounds_are_kept() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[("KmsMasterKeyId", "alias/x"), ("MaximumMessageSize", "1048576")]).await;
        let set = |name: &str, value: &str| {
            sqs.set_queue_attributes().queue_url(&url).attributes(QueueAttributeName::from(name), value)
        };
        for (name, least, most) in [
            ("DelaySeconds", 0, 900),
            ("MaximumMessageSize", 1024, 1_048_576),
            ("MessageRetentionPeriod", 60, 1_209_600),
            ("ReceiveMessageWaitTimeSeconds", 0, 20),
            ("VisibilityTimeout", 0, 43_200),
            ("KmsDataKeyReusePeriodSeconds", 60, 86_400),
        ] {
            for value in [least, most] {
                set(name, &value.to_string()).send().await.unwrap();
                assert_eq!(attributes(&sqs, &url).await[&QueueAttributeName::from(name)], value.to_string());
            }
            for value in [least - 1, most + 1] {
                let message = format!("Invalid value for the parameter {name}.");
                assert_eq!(refused!(set(name, &value.to_string())), ("InvalidAttributeValue".to_owned(), message));
            }
        }
        let unknown = ("InvalidAttributeName".to_owned(), "Unknown Attribute Nonsense.".to_owned());
        assert_eq!(refused!(set("Nonsense", "1")), unknown);
        let request = sqs.get_queue_attributes().queue_url(&url);
        assert_eq!(refused!(request.attribute_names(QueueAttributeName::from("Nonsense"))), unknown);
        assert_eq!(refused!(set("Policy", "{")).0, "InvalidAttributeValue");
        assert_eq!(refused!(set("ContentBasedDeduplication", "true")).0, "InvalidAttributeName");
        let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        set("Policy", &policy).send().await.unwrap();
        let all = attributes(&sqs, &url).await;
        assert_eq!(
            (&all[&QueueAttributeName::Policy], &*all[&QueueAttributeName::KmsMasterKeyId]),
            (&policy, "alias/x")
        );
        assert_eq!(all[&QueueAttributeName::QueueArn], "arn:aws:sqs:eu-west-1:000000000000:q");
        set("Policy", "").send().await.unwrap();
        assert!(!attributes(&sqs, &url).await.contains_key(&QueueAttributeName::Policy));
    });
}

#[test]
fn queues_are_listed_by_prefix_and_page() {
    run(|test| async move {
        let sqs = client(&test);
        for name in ["a-1", "a-2", "a-3", "b-1"] {
            queue(&sqs, name, &[]).await;
        }
        let request = sqs.list_queues().queue_name_prefix("a-").max_results(2);
        let first = request.clone().send().await.unwrap();
        assert_eq!(first.queue_urls().len(), 2);
        let second = request.next_token(first.next_token().unwrap()).send().await.unwrap();
        assert_eq!(second.queue_urls(), ["http://127.0.0.1:4566/000000000000/a-3"]);
        assert_eq!(second.next_token(), None);
        assert_eq!(sqs.list_queues().send().await.unwrap().queue_urls().len(), 4);
        assert_eq!(refused!(sqs.list_queues().max_results(1001)).0, "InvalidParameterValue");
    });
}

#[test]
fn tags_are_kept() {
    run(|test| async move {
        let sqs = client(&test);
        let url = sqs.create_queue().queue_name("q").tags("flow", "everi").send().await.unwrap().queue_url.unwrap();
        sqs.tag_queue().queue_url(&url).tags("team", "x").send().await.unwrap();
        sqs.untag_queue().queue_url(&url).tag_keys("flow").send().await.unwrap();
        let tags = sqs.list_queue_tags().queue_url(&url).send().await.unwrap().tags.unwrap();
        assert_eq!(tags, HashMap::from([("team".to_owned(), "x".to_owned())]));
    });
}

#[test]
fn a_permission_is_a_statement_of_the_policy() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[]).await;
        let add = || {
            let request = sqs.add_permission().queue_url(&url).label("peer").actions("SendMessage");
            request.aws_account_ids("123456789012")
        };
        add().send().await.unwrap();
        assert!(attributes(&sqs, &url).await[&QueueAttributeName::Policy].contains("arn:aws:iam::123456789012:root"));
        assert_eq!(refused!(add()).1, "Value peer for parameter Label is invalid. Reason: Already exists.");
        sqs.remove_permission().queue_url(&url).label("peer").send().await.unwrap();
        assert!(!attributes(&sqs, &url).await.contains_key(&QueueAttributeName::Policy));
        refused!(sqs.remove_permission().queue_url(&url).label("peer"));
    });
}

#[test]
fn a_purge_drops_all_and_is_allowed_once_a_minute() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[]).await;
        for body in ["a", "b"] {
            send(&sqs, &url, body).await;
        }
        receive(&sqs, &url).await;
        sqs.purge_queue().queue_url(&url).send().await.unwrap();
        assert_eq!(counts(&sqs, &url).await, ["0", "0", "0"]);
        assert_eq!(refused!(sqs.purge_queue().queue_url(&url)).0, "AWS.SimpleQueueService.PurgeQueueInProgress");
        pass(60).await;
        sqs.purge_queue().queue_url(&url).send().await.unwrap();
    });
}

#[test]
fn one_mib_is_accepted_and_a_byte_more_is_refused() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[]).await;
        send(&sqs, &url, &"x".repeat(MIB)).await;
        let expected = "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.";
        let request = sqs.send_message().queue_url(&url).message_body("x".repeat(MIB + 1));
        assert_eq!(refused!(request), ("InvalidParameterValue".to_owned(), expected.to_owned()));
        let value = MessageAttributeValue::builder().data_type("String").string_value("x").build().unwrap();
        let request = sqs.send_message().queue_url(&url).message_body("x".repeat(MIB)).message_attributes("a", value);
        assert_eq!(refused!(request).1, expected);
    });
}

#[test]
fn bodies_and_attributes_that_sqs_does_not_take_are_refused() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[]).await;
        let base = || sqs.send_message().queue_url(&url).message_body("x");
        assert_eq!(refused!(base().message_body("")).0, "MissingParameter");
        assert_eq!(refused!(base().message_body("\u{1}")).0, "InvalidMessageContents");
        send(&sqs, &url, "tab\t😀").await;
        let value = |kind: &str, text: &str| {
            MessageAttributeValue::builder().data_type(kind).string_value(text).build().unwrap()
        };
        for (name, kind, text) in [
            ("AWS.x", "String", "x"),
            ("amazon.x", "String", "x"),
            (".x", "String", "x"),
            ("x.", "String", "x"),
            ("a..b", "String", "x"),
            ("a b", "String", "x"),
            ("x", "Text", "x"),
            ("x", "Number", "one"),
            ("x", "String", ""),
            ("x", "Binary", "eA=="),
        ] {
            let (code, _) = refused!(base().message_attributes(name, value(kind, text)));
            assert_eq!(code, "InvalidParameterValue", "{name} {kind} {text}");
        }
        let mut eleven = base();
        for number in 0..11 {
            eleven = eleven.message_attributes(format!("a{number}"), value("String", "x"));
        }
        assert_eq!(refused!(eleven).1, "Number of message attributes [11] exceeds the allowed maximum [10].");
        assert_eq!(
            refused!(base().delay_seconds(901)).1,
            "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."
        );
        assert_eq!(refused!(base().message_deduplication_id("x")).0, "InvalidParameterValue");
        for number in [0, 11] {
            let (_, message) = refused!(sqs.receive_message().queue_url(&url).max_number_of_messages(number));
            assert_eq!(
                message,
                format!(
                    "Value {number} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
                )
            );
        }
        refused!(sqs.receive_message().queue_url(&url).wait_time_seconds(21));
        refused!(sqs.receive_message().queue_url(&url).visibility_timeout(43_201));
        refused!(sqs.receive_message().queue_url(&url).receive_request_attempt_id("x"));
    });
}

#[test]
fn a_batch_succeeds_and_fails_by_entry() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[]).await;
        let entry =
            |id: &str, body: &str| SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap();
        let batch = |entries: Vec<_>| sqs.send_message_batch().queue_url(&url).set_entries(Some(entries));
        let answer = batch(vec![entry("a", "x"), entry("b", "\u{1}")]).send().await.unwrap();
        assert_eq!(answer.successful()[0].id(), "a");
        let failed = &answer.failed()[0];
        assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("b", "InvalidMessageContents", true));
        let code = |code: &str| format!("AWS.SimpleQueueService.{code}");
        assert_eq!(refused!(batch(vec![])).0, code("EmptyBatchRequest"));
        assert_eq!(refused!(batch(vec![entry("a", "x"), entry("a", "x")])).0, code("BatchEntryIdsNotDistinct"));
        assert_eq!(refused!(batch(vec![entry("a b", "x")])).0, code("InvalidBatchEntryId"));
        let eleven = (0..11).map(|number| entry(&number.to_string(), "x")).collect();
        assert_eq!(
            refused!(batch(eleven)),
            (
                code("TooManyEntriesInBatchRequest"),
                "Maximum number of entries per request are 10. You have sent 11.".to_owned()
            )
        );
        let half = "x".repeat(MIB / 2);
        batch(vec![entry("a", &half), entry("b", &half)]).send().await.unwrap();
        let large = batch(vec![entry("a", &half), entry("b", &half), entry("c", "x")]);
        assert_eq!(
            refused!(large),
            (
                code("BatchRequestTooLong"),
                "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.".to_owned()
            )
        );

        let received = receive(&sqs, &url).await;
        assert_eq!(received.len(), 3);
        let handle = |at: usize| received[at].receipt_handle().unwrap();
        let entry = |id: &str, handle: &str, timeout| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(handle);
            entry.visibility_timeout(timeout).build().unwrap()
        };
        let entries = vec![entry("a", handle(0), 0), entry("b", handle(1), 43_201), entry("c", "nonsense", 1)];
        let request = sqs.change_message_visibility_batch().queue_url(&url).set_entries(Some(entries));
        let answer = request.send().await.unwrap();
        let failed: Vec<(&str, &str)> = answer.failed().iter().map(|failed| (failed.id(), failed.code())).collect();
        assert_eq!(failed, [("b", "InvalidParameterValue"), ("c", "ReceiptHandleIsInvalid")]);
        assert_eq!(counts(&sqs, &url).await, ["1", "0", "2"]);
        let entry = |id: &str, handle: &str| {
            DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
        };
        let entries = vec![entry("a", handle(1)), entry("b", "nonsense")];
        let request = sqs.delete_message_batch().queue_url(&url).set_entries(Some(entries));
        let answer = request.send().await.unwrap();
        assert_eq!((answer.successful()[0].id(), answer.failed()[0].code()), ("a", "ReceiptHandleIsInvalid"));
    });
}

#[test]
fn a_message_that_is_not_deleted_comes_back_and_the_old_receipt_deletes_nothing() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[("VisibilityTimeout", "10")]).await;
        send(&sqs, &url, "x").await;
        let first = receive(&sqs, &url).await;
        assert!(receive(&sqs, &url).await.is_empty());
        pass(9).await;
        assert!(receive(&sqs, &url).await.is_empty());
        pass(1).await;
        let second = receive(&sqs, &url).await;
        assert_eq!(attribute(&second[0], "ApproximateReceiveCount"), "2");
        assert_ne!(first[0].receipt_handle(), second[0].receipt_handle());
        sqs.delete_message().queue_url(&url).receipt_handle(first[0].receipt_handle().unwrap()).send().await.unwrap();
        assert_eq!(counts(&sqs, &url).await, ["0", "0", "1"]);
        pass(10).await;
        // Its timeout is over, and nobody has received it since: the receipt holds.
        sqs.delete_message().queue_url(&url).receipt_handle(second[0].receipt_handle().unwrap()).send().await.unwrap();
        assert_eq!(counts(&sqs, &url).await, ["0", "0", "0"]);
        let other = queue(&sqs, "other", &[]).await;
        let request = sqs.delete_message().queue_url(&other).receipt_handle(second[0].receipt_handle().unwrap());
        assert_eq!(refused!(request).0, "ReceiptHandleIsInvalid");
    });
}

#[test]
fn visibility_is_prolonged_ended_and_bounded_by_twelve_hours() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[]).await;
        send(&sqs, &url, "x").await;
        let received = receive(&sqs, &url).await;
        let handle = received[0].receipt_handle().unwrap();
        let change = |timeout| {
            sqs.change_message_visibility().queue_url(&url).receipt_handle(handle).visibility_timeout(timeout)
        };
        change(43_200).send().await.unwrap();
        pass(100).await;
        assert_eq!(
            refused!(change(43_101)).1,
            "Value 43101 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message \
             is beyond the limit [43200 seconds]"
        );
        change(43_100).send().await.unwrap();
        change(0).send().await.unwrap();
        assert_eq!(refused!(change(1)).0, "AWS.SimpleQueueService.MessageNotInflight");
        assert_eq!(receive(&sqs, &url).await.len(), 1);
        assert!(refused!(change(1)).1.ends_with("The receipt handle has expired."));
        sqs.purge_queue().queue_url(&url).send().await.unwrap();
        assert!(refused!(change(1)).1.contains("Message does not exist"));
    });
}

#[test]
fn delays_are_of_the_message_or_else_of_the_queue() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[("DelaySeconds", "10")]).await;
        send(&sqs, &url, "queue's").await;
        sqs.send_message().queue_url(&url).message_body("own").delay_seconds(0).send().await.unwrap();
        assert_eq!(counts(&sqs, &url).await, ["1", "1", "0"]);
        assert_eq!(bodies(&receive(&sqs, &url).await), ["own"]);
        pass(10).await;
        assert_eq!(bodies(&receive(&sqs, &url).await), ["queue's"]);
    });
}

#[test]
fn a_long_poll_wakes_at_once() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[("ReceiveMessageWaitTimeSeconds", "20"), ("VisibilityTimeout", "5")]).await;
        let clock = test.engine.world().clock.clone();
        let start = clock.now();
        assert!(receive(&sqs, &url).await.is_empty());
        assert_eq!(clock.now().since(start), Duration::from_secs(20));
        // A message comes.
        let start = clock.now();
        let (received, ()) = tokio::join!(receive(&sqs, &url), async {
            pass(3).await;
            send(&sqs, &url, "x").await;
        });
        assert_eq!((received.len(), clock.now().since(start)), (1, Duration::from_secs(3)));
        // It becomes visible again.
        assert_eq!(receive(&sqs, &url).await.len(), 1);
        assert_eq!(clock.now().since(start), Duration::from_secs(8));
        // It is given back while another waits.
        let start = clock.now();
        let handle = receive(&sqs, &url).await[0].receipt_handle().unwrap().to_owned();
        let (received, ()) = tokio::join!(receive(&sqs, &url), async {
            pass(2).await;
            let request = sqs.change_message_visibility().queue_url(&url).receipt_handle(handle);
            request.visibility_timeout(0).send().await.unwrap();
        });
        assert_eq!((received.len(), clock.now().since(start)), (1, Duration::from_secs(5 + 2)));
        // A delayed message comes while a later one is waited for.
        let start = clock.now();
        let (received, ()) = tokio::join!(receive(&sqs, &url), async {
            sqs.send_message().queue_url(&url).message_body("soon").delay_seconds(1).send().await.unwrap();
        });
        assert_eq!((bodies(&received), clock.now().since(start)), (vec!["soon"], Duration::from_secs(1)));
    });
}

#[test]
fn each_message_wakes_one_of_many_that_wait() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[]).await;
        let poll = || async {
            messages(sqs.receive_message().queue_url(&url).wait_time_seconds(20).send().await.unwrap()).len()
        };
        let start = test.engine.world().clock.now();
        let (a, b, c, ()) = tokio::join!(poll(), poll(), poll(), async {
            pass(1).await;
            assert!(test.engine.world().activity.is_quiet(), "a poll that waits is no work");
            let entry = |id: &str| SendMessageBatchRequestEntry::builder().id(id).message_body(id).build().unwrap();
            let request = sqs.send_message_batch().queue_url(&url).entries(entry("a")).entries(entry("b"));
            request.entries(entry("c")).send().await.unwrap();
        });
        assert_eq!((a, b, c), (1, 1, 1));
        assert_eq!(test.engine.world().clock.now().since(start), Duration::from_secs(1));
    });
}

#[test]
fn a_deleted_queue_ends_the_polls_of_it() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[]).await;
        let (code, ()) =
            tokio::join!(async { refused!(sqs.receive_message().queue_url(&url).wait_time_seconds(20)).0 }, async {
                pass(1).await;
                sqs.delete_queue().queue_url(&url).send().await.unwrap();
            });
        assert_eq!(code, "AWS.SimpleQueueService.NonExistentQueue");
    });
}

#[test]
fn a_message_is_dropped_when_its_retention_ends() {
    run(|test| async move {
        let sqs = client(&test);
        let url = queue(&sqs, "q", &[("MessageRetentionPeriod", "60")]).await;
        let seen = std::rc::Rc::new(std::cell::Cell::new(0));
        let count = seen.clone();
        test.engine.world().log.listen(move |happening| {
            if happening.what == "expired" {
                count.set(count.get() + 1);
            }
        });
        send(&sqs, &url, "x").await;
        receive(&sqs, &url).await;
        pass(59).await;
        assert_eq!((seen.get(), counts(&sqs, &url).await[0].as_str()), (0, "1"));
        pass(2).await;
        assert_eq!(seen.get(), 1, "dropped although nobody called");
        assert_eq!(counts(&sqs, &url).await, ["0", "0", "0"]);
    });
}

#[test]
fn a_fifo_queue_keeps_each_groups_order_and_blocks_it_while_in_flight() {
    run(|test| async move {
        let sqs = client(&test);
        let url = fifo(&sqs, "q.fifo", &[]).await;
        let mut last = String::new();
        for (group, body) in [("a", "a1"), ("a", "a2"), ("b", "b1")] {
            let number = send_to(&sqs, &url, group, body).await;
            assert!(number > last && number.len() == 20, "{number}");
            last = number;
        }
        let one = || async { messages(sqs.receive_message().queue_url(&url).send().await.unwrap()) };
        let first = one().await;
        assert_eq!(bodies(&first), ["a1"]);
        assert_eq!(bodies(&one().await), ["b1"]);
        assert!(one().await.is_empty());
        pass(30).await;
        let expired = sqs.delete_message().queue_url(&url).receipt_handle(first[0].receipt_handle().unwrap());
        assert!(refused!(expired).1.ends_with("The receipt handle has expired."));
        let again = one().await;
        assert_eq!(bodies(&again), ["a1"], "what failed comes again before its followers");
        sqs.delete_message().queue_url(&url).receipt_handle(again[0].receipt_handle().unwrap()).send().await.unwrap();
        let next = receive(&sqs, &url).await;
        assert_eq!(bodies(&next), ["a2", "b1"]);
        assert_eq!((attribute(&next[0], "MessageGroupId"), attribute(&next[0], "MessageDeduplicationId")), ("a", "a2"));
        assert_eq!(attribute(&next[0], "SequenceNumber").len(), 20);
    });
}

#[test]
fn a_fifo_queue_accepts_an_id_once_in_five_minutes() {
    run(|test| async move {
        let sqs = client(&test);
        let url = fifo(&sqs, "q.fifo", &[]).await;
        let first = send_to(&sqs, &url, "g", "x").await;
        assert_eq!(send_to(&sqs, &url, "other", "x").await, first);
        let received = receive(&sqs, &url).await;
        assert_eq!(received.len(), 1);
        sqs.delete_message()
            .queue_url(&url)
            .receipt_handle(received[0].receipt_handle().unwrap())
            .send()
            .await
            .unwrap();
        pass(299).await;
        assert_eq!(send_to(&sqs, &url, "g", "x").await, first, "a deleted message's id still holds");
        pass(1).await;
        assert_ne!(send_to(&sqs, &url, "g", "x").await, first);

        let base = || sqs.send_message().queue_url(&url).message_body("y");
        assert_eq!(refused!(base()).1, "The request must contain the parameter MessageGroupId.");
        assert!(refused!(base().message_group_id("g")).1.starts_with("The queue should either have ContentBased"));
        assert_eq!(refused!(base().message_group_id("a b").message_deduplication_id("x")).0, "InvalidParameterValue");
        let delayed = base().message_group_id("g").message_deduplication_id("y").delay_seconds(1);
        assert_eq!(refused!(delayed).0, "InvalidParameterValue");
    });
}

#[test]
fn deduplication_is_by_content_and_by_group_where_asked() {
    run(|test| async move {
        let sqs = client(&test);
        let scoped = [
            ("ContentBasedDeduplication", "true"),
            ("DeduplicationScope", "messageGroup"),
            ("FifoThroughputLimit", "perMessageGroupId"),
        ];
        let url = fifo(&sqs, "q.fifo", &scoped).await;
        for group in ["a", "a", "b"] {
            sqs.send_message().queue_url(&url).message_body("same").message_group_id(group).send().await.unwrap();
        }
        assert_eq!(counts(&sqs, &url).await, ["2", "0", "0"]);
        let alone = sqs.create_queue().queue_name("r.fifo").attributes(QueueAttributeName::FifoQueue, "true");
        refused!(alone.attributes(QueueAttributeName::FifoThroughputLimit, "perMessageGroupId"));
    });
}

#[test]
fn a_receive_attempt_is_repeated_until_what_it_gave_is_touched() {
    run(|test| async move {
        let sqs = client(&test);
        let url = fifo(&sqs, "q.fifo", &[]).await;
        for body in ["1", "2", "3"] {
            send_to(&sqs, &url, "g", body).await;
        }
        let attempt = || async {
            let request = sqs.receive_message().queue_url(&url).max_number_of_messages(2);
            messages(request.receive_request_attempt_id("attempt").send().await.unwrap())
        };
        let first = attempt().await;
        pass(20).await;
        assert_eq!(attempt().await, first);
        pass(20).await;
        assert_eq!(attempt().await, first, "the timeout began anew");
        sqs.delete_message().queue_url(&url).receipt_handle(first[0].receipt_handle().unwrap()).send().await.unwrap();
        assert!(attempt().await.is_empty(), "the group is blocked, and the attempt is spoilt");
    });
}

#[test]
fn what_is_received_too_often_goes_to_the_dead_letter_queue() {
    run(|test| async move {
        let sqs = client(&test);
        for suffix in ["", ".fifo"] {
            let is_fifo: &[_] = if suffix.is_empty() { &[] } else { &[("FifoQueue", "true")] };
            let dead = queue(&sqs, &format!("dead{suffix}"), is_fifo).await;
            let dead_arn = arn(&sqs, &dead).await;
            let policy = redrive(&dead_arn, 2);
            let attributes = [is_fifo, &[("RedrivePolicy", &*policy), ("VisibilityTimeout", "5")]].concat();
            let url = queue(&sqs, &format!("q{suffix}"), &attributes).await;
            let mut request = sqs.send_message().queue_url(&url).message_body("x");
            if !suffix.is_empty() {
                request = request.message_group_id("g").message_deduplication_id("x");
            }
            let id = request.send().await.unwrap().message_id.unwrap();
            let mut sent = String::new();
            for _ in 0..2 {
                sent = attribute(&receive(&sqs, &url).await[0], "SentTimestamp").to_owned();
                pass(5).await;
            }
            assert!(receive(&sqs, &url).await.is_empty());
            assert_eq!(counts(&sqs, &url).await, ["0", "0", "0"]);
            let received = receive(&sqs, &dead).await;
            assert_eq!(received[0].message_id(), Some(&*id));
            assert_eq!(attribute(&received[0], "SentTimestamp"), sent);
            assert_eq!(attribute(&received[0], "ApproximateReceiveCount"), "3");
            assert_eq!(attribute(&received[0], "DeadLetterQueueSourceArn"), arn(&sqs, &url).await);
            let sources = sqs.list_dead_letter_source_queues().queue_url(&dead).send().await.unwrap();
            assert_eq!(sources.queue_urls(), [url]);
        }
    });
}

#[test]
fn a_redrive_policy_must_name_a_willing_queue_of_the_same_type() {
    run(|test| async move {
        let sqs = client(&test);
        let dead = queue(&sqs, "dead", &[]).await;
        let dead_arn = arn(&sqs, &dead).await;
        fifo(&sqs, "dead.fifo", &[]).await;
        let url = queue(&sqs, "q", &[]).await;
        let set = |url: &str, name: QueueAttributeName, value: &str| {
            sqs.set_queue_attributes().queue_url(url).attributes(name, value)
        };
        for (policy, reason) in [
            ("{".to_owned(), "not a valid JSON map"),
            ("{}".to_owned(), "mandatory attribute: deadLetterTargetArn."),
            (json!({"deadLetterTargetArn": dead_arn}).to_string(), "mandatory attribute: maxReceiveCount."),
            (redrive(&dead_arn, 0), "valid values are from 1 to 1000 both inclusive."),
            (redrive("arn:aws:sqs:eu-west-1:000000000000:none", 1), "Dead letter target does not exist."),
            (redrive(&format!("{dead_arn}.fifo"), 1), "must be same type of queue as the source."),
        ] {
            let (code, message) = refused!(set(&url, QueueAttributeName::RedrivePolicy, &policy));
            assert!(code == "InvalidParameterValue" && message.contains(reason), "{message}");
        }
        for (allow, allowed) in [
            (json!({"redrivePermission": "denyAll"}), false),
            (
                json!({"redrivePermission": "byQueue", "sourceQueueArns": ["arn:aws:sqs:eu-west-1:000000000000:x"]}),
                false,
            ),
            (
                json!({"redrivePermission": "byQueue", "sourceQueueArns": ["arn:aws:sqs:eu-west-1:000000000000:q"]}),
                true,
            ),
            (json!({"redrivePermission": "allowAll"}), true),
        ] {
            let allow = allow.to_string();
            set(&dead, QueueAttributeName::RedriveAllowPolicy, &allow).send().await.unwrap();
            let answer = set(&url, QueueAttributeName::RedrivePolicy, &redrive(&dead_arn, 1)).send().await;
            assert_eq!(answer.is_ok(), allowed, "{allow}");
        }
        refused!(set(&dead, QueueAttributeName::RedriveAllowPolicy, r#"{"redrivePermission":"byQueue"}"#));
    });
}

/// A queue `q`, its dead-letter queue `dead`, and dead letters in it.
async fn buried(sqs: &Client, count: usize) -> (String, String, String) {
    let dead = queue(sqs, "dead", &[]).await;
    let dead_arn = arn(sqs, &dead).await;
    let url = queue(sqs, "q", &[("RedrivePolicy", &redrive(&dead_arn, 1)), ("VisibilityTimeout", "0")]).await;
    for number in 0..count {
        send(sqs, &url, &number.to_string()).await;
    }
    while counts(sqs, &url).await[0] != "0" {
        receive(sqs, &url).await;
    }
    (url, dead, dead_arn)
}

#[test]
fn dead_letters_are_moved_back_as_new_messages() {
    run(|test| async move {
        let sqs = client(&test);
        let (url, dead, dead_arn) = buried(&sqs, 3).await;
        pass(100).await;
        sqs.start_message_move_task().source_arn(&dead_arn).send().await.unwrap();
        pass(1).await;
        assert_eq!(counts(&sqs, &dead).await, ["0", "0", "0"]);
        let received = receive(&sqs, &url).await;
        assert_eq!(bodies(&received), ["0", "1", "2"]);
        assert_eq!(attribute(&received[0], "ApproximateReceiveCount"), "1");
        let sent: i64 = attribute(&received[0], "SentTimestamp").parse().unwrap();
        assert!(test.engine.world().clock.now().millis() - sent <= 1000);
        let tasks = sqs.list_message_move_tasks().source_arn(&dead_arn).send().await.unwrap();
        let task = &tasks.results()[0];
        assert_eq!((task.status(), task.approximate_number_of_messages_moved()), (Some("COMPLETED"), 3));
        assert_eq!((task.task_handle(), task.destination_arn()), (None, None));
    });
}

#[test]
fn a_move_task_keeps_its_rate_and_can_be_cancelled() {
    run(|test| async move {
        let sqs = client(&test);
        let (_, dead, dead_arn) = buried(&sqs, 10).await;
        let other = queue(&sqs, "other", &[]).await;
        let start = || {
            let request = sqs.start_message_move_task().source_arn(&dead_arn).max_number_of_messages_per_second(2);
            request.destination_arn("arn:aws:sqs:eu-west-1:000000000000:other")
        };
        let handle = start().send().await.unwrap().task_handle.unwrap();
        assert!(refused!(start()).1.starts_with("There is already a task running."));
        tokio::time::sleep(Duration::from_millis(1900)).await;
        assert_eq!(counts(&sqs, &other).await[0], "4");
        let cancelled = sqs.cancel_message_move_task().task_handle(&handle).send().await.unwrap();
        assert_eq!(cancelled.approximate_number_of_messages_moved(), 4);
        pass(10).await;
        assert_eq!((&*counts(&sqs, &other).await[0], &*counts(&sqs, &dead).await[0]), ("4", "6"));
        assert_eq!(refused!(sqs.cancel_message_move_task().task_handle(&handle)).1, "Task does not exist.");
        assert_eq!(
            refused!(sqs.cancel_message_move_task().task_handle("x")).1,
            "Value for parameter TaskHandle is invalid."
        );
        let tasks = sqs.list_message_move_tasks().source_arn(&dead_arn).max_results(10).send().await.unwrap();
        assert_eq!(tasks.results()[0].status(), Some("CANCELLED"));
        let other_arn = arn(&sqs, &other).await;
        assert_eq!(
            refused!(sqs.start_message_move_task().source_arn(&other_arn)).1,
            "Source queue must be configured as a Dead Letter Queue."
        );
        let request = sqs.start_message_move_task().source_arn(&dead_arn);
        let (code, _) = refused!(request.destination_arn("arn:aws:sqs:eu-west-1:000000000000:none"));
        assert_eq!(code, "ResourceNotFoundException");
        // A message that was sent there by hand came from nowhere.
        send(&sqs, &dead, "by hand").await;
        sqs.start_message_move_task().source_arn(&dead_arn).send().await.unwrap();
        pass(1).await;
        let tasks = sqs.list_message_move_tasks().source_arn(&dead_arn).send().await.unwrap();
        let failed = &tasks.results()[0];
        assert_eq!(
            (failed.status(), failed.failure_reason(), failed.approximate_number_of_messages_moved()),
            (Some("FAILED"), Some("CouldNotDetermineMessageSource"), 6)
        );
        sqs.start_message_move_task().source_arn(&dead_arn).send().await.unwrap();
    });
}

#[test]
fn all_is_there_after_a_restart() {
    let folder = std::env::temp_dir().join(format!("eventloom-sqs-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("engine.sqlite");
    let clock_start = local::kernel::Time::from_millis(1_767_225_600_000);
    // Real time: a commit is made on a thread of its own. The clock is jumped.
    let live = |test: &dyn Fn(Client, Clock) -> futures_util::future::LocalBoxFuture<'static, ()>, after: u64| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let clock = Clock::new(clock_start + Duration::from_secs(after));
            clock.pause();
            let world = World::new(clock.clone(), Random::seeded(after), Store::open(&path).unwrap(), Place::default());
            let engine = Engine::start(world).unwrap();
            test(Client::new(&sdk(&engine, &engine.credentials(Caller::Account))), clock).await;
        });
    };
    live(
        &|sqs, _| {
            Box::pin(async move {
                let url = queue(&sqs, "q", &[("DelaySeconds", "0"), ("VisibilityTimeout", "100")]).await;
                for body in ["in flight", "waiting", "deleted"] {
                    send(&sqs, &url, body).await;
                }
                let request = sqs.receive_message().queue_url(&url).max_number_of_messages(1);
                assert_eq!(bodies(&messages(request.send().await.unwrap())), ["in flight"]);
                let rest = receive(&sqs, &url).await;
                for message in &rest {
                    let handle = message.receipt_handle().unwrap();
                    match message.body().unwrap() {
                        "deleted" => {
                            sqs.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
                        }
                        _ => {
                            let request = sqs.change_message_visibility().queue_url(&url).receipt_handle(handle);
                            request.visibility_timeout(0).send().await.unwrap();
                        }
                    }
                }
                let url = fifo(&sqs, "f.fifo", &[]).await;
                send_to(&sqs, &url, "g", "once").await;
            })
        },
        0,
    );
    live(
        &|sqs, clock| {
            Box::pin(async move {
                assert_eq!(counts(&sqs, "q").await, ["1", "0", "1"]);
                assert_eq!(attributes(&sqs, "q").await[&QueueAttributeName::VisibilityTimeout], "100");
                assert_eq!(bodies(&receive(&sqs, "q").await), ["waiting"]);
                clock.jump(Duration::from_secs(50));
                let back = receive(&sqs, "q").await;
                assert_eq!(bodies(&back), ["in flight"]);
                assert_eq!(attribute(&back[0], "ApproximateReceiveCount"), "2");
                send_to(&sqs, "f.fifo", "g", "once").await;
                assert_eq!(counts(&sqs, "f.fifo").await, ["1", "0", "0"], "the id is still held");
            })
        },
        50,
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_queues_policy_is_judged() {
    use local::kernel::{Access, Authorize, AwsError};
    #[derive(Debug)]
    struct Judge;
    impl Authorize for Judge {
        fn authorize(&self, access: &Access<'_>) -> Result<(), AwsError> {
            let stated = access.policy.is_some_and(|policy| policy["Statement"][0]["Action"] == access.action);
            let account = matches!(access.caller, Caller::Account);
            if account || stated { Ok(()) } else { Err(AwsError::new("AccessDenied", access.resource).status(403)) }
        }
    }
    run(|test| async move {
        let sqs = client(&test);
        let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"});
        let policy = json!({"Statement": [allow]}).to_string();
        let url = queue(&sqs, "q", &[("Policy", &policy)]).await;
        test.engine.world().guard.put(std::rc::Rc::new(Judge));
        let nobody = Client::new(&sdk(&test.engine, &test.engine.credentials(Caller::Anonymous)));
        send(&nobody, &url, "x").await;
        let (code, message) = refused!(nobody.receive_message().queue_url(&url));
        assert_eq!((&*code, &*message), ("AccessDenied", "arn:aws:sqs:eu-west-1:000000000000:q"));
    });
}

#[test]
fn a_parameter_that_sqs_does_not_have_is_named() {
    run(|test| async move {
        let call = |operation: &str, input| {
            let (bus, operation) = (test.engine.world().bus.clone(), operation.to_owned());
            async move { bus.request(Caller::Account, "sqs", &operation, input).await.unwrap_err() }
        };
        let error = call("CreateQueue", json!({"QueueName": "q", "Colour": "red"})).await;
        assert!(error.message.contains("Colour"), "{error}");
        assert_eq!(call("Juggle", json!({})).await.code, "UnsupportedOperation");
    });
}
