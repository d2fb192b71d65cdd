//! SNS: topics, subscriptions, and what reaches whom.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_sns::Client;
use aws_sdk_sns::error::ProvideErrorMetadata;
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry, Tag};
use local::engine::Engine;
use local::kernel::{Access, Arn, Authorize, AwsError, Caller, Clock, Place, Random, Store, Time, World};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use crate::fake::Fake;
use crate::world::{Test, run};

const QUEUE: &str = "arn:aws:sqs:eu-west-1:000000000000:orders";
const OTHER: &str = "arn:aws:sqs:eu-west-1:000000000000:other";
const DEAD: &str = "arn:aws:sqs:eu-west-1:000000000000:dead";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:000000000000:function:notify";

struct Sns {
    test: Test,
    client: Client,
    sqs: Rc<Fake>,
    lambda: Rc<Fake>,
}

impl Sns {
    fn new(test: Test) -> Self {
        let (sqs, lambda) = (Rc::new(Fake::default()), Rc::new(Fake::default()));
        test.engine.world().bus.put("sqs", sqs.clone());
        test.engine.world().bus.put("lambda", lambda.clone());
        Self { client: Client::new(&test.sdk), test, sqs, lambda }
    }

    fn world(&self) -> &World {
        self.test.engine.world()
    }

    async fn topic(&self, name: &str, attributes: &[(&str, &str)]) -> String {
        let mut call = self.client.create_topic().name(name);
        for (name, value) in attributes {
            call = call.attributes(*name, *value);
        }
        call.send().await.unwrap().topic_arn.unwrap()
    }

    async fn subscribe(&self, topic: &str, endpoint: &str, attributes: &[(&str, &str)]) -> String {
        let protocol = if endpoint.contains(":lambda:") { "lambda" } else { "sqs" };
        let mut call = self.client.subscribe().topic_arn(topic).protocol(protocol).endpoint(endpoint);
        for (name, value) in attributes {
            call = call.attributes(*name, *value);
        }
        call.send().await.unwrap().subscription_arn.unwrap()
    }

    async fn publish(&self, topic: &str, message: &str) -> String {
        self.client.publish().topic_arn(topic).message(message).send().await.unwrap().message_id.unwrap()
    }

    async fn quiet(&self) {
        self.world().activity.quiet().await;
    }
}

fn text(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

fn envelope(input: &Value) -> Value {
    serde_json::from_str(input["MessageBody"].as_str().unwrap()).unwrap()
}

/// The code and message of a call that must fail.
macro_rules! refused {
    ($call:expr) => {{
        let error = $call.send().await.unwrap_err();
        (error.code().unwrap().to_owned(), error.message().unwrap().to_owned())
    }};
}

#[test]
fn a_topic_is_made_found_and_deleted() {
    run(|test| async move {
        let sns = Sns::new(test);
        let arn = sns.topic("orders", &[("DisplayName", "Orders"), ("KmsMasterKeyId", "key")]).await;
        assert_eq!(arn, "arn:aws:sns:eu-west-1:000000000000:orders");
        assert_eq!(sns.topic("orders", &[("DisplayName", "Orders")]).await, arn, "making it again finds it");
        let attributes = sns.client.get_topic_attributes().topic_arn(&arn).send().await.unwrap().attributes.unwrap();
        assert_eq!((attributes["DisplayName"].as_str(), attributes["KmsMasterKeyId"].as_str()), ("Orders", "key"));
        assert_eq!(attributes["SubscriptionsConfirmed"], "0");
        assert!(attributes["Policy"].contains("__default_policy_ID"));

        let set = sns.client.set_topic_attributes().topic_arn(&arn).attribute_name("DisplayName");
        set.attribute_value("New").send().await.unwrap();
        let attributes = sns.client.get_topic_attributes().topic_arn(&arn).send().await.unwrap().attributes.unwrap();
        assert_eq!(attributes["DisplayName"], "New");

        sns.client.delete_topic().topic_arn(&arn).send().await.unwrap();
        sns.client.delete_topic().topic_arn(&arn).send().await.unwrap();
        assert_eq!(sns.client.list_topics().send().await.unwrap().topics().len(), 0);
        let error = refused!(sns.client.get_topic_attributes().topic_arn(&arn));
        assert_eq!(error, ("NotFound".to_owned(), "Topic does not exist".to_owned()));
    });
}

#[test]
fn a_topic_that_aws_refuses_is_refused() {
    run(|test| async move {
        let sns = Sns::new(test);
        let create = |name: &str| sns.client.create_topic().name(name);
        assert_eq!(refused!(create("a b")).1, "Invalid parameter: Topic Name");
        assert_eq!(refused!(create(&"a".repeat(257))).0, "InvalidParameter");
        assert!(refused!(create("a").attributes("FifoTopic", "true")).1.contains("must end with .fifo"));
        assert_eq!(refused!(create("a.fifo")).1, "Invalid parameter: Topic Name");
        assert!(refused!(create("a").attributes("FifoThroughputScope", "Topic")).1.contains("FIFO"));
        assert!(refused!(create("a").attributes("Color", "red")).1.contains("Unknown attribute Color"));
        assert_eq!(refused!(create("a").attributes("MaximumMessageSize", "1048576")).0, "UnsupportedOperation");
        assert_eq!(refused!(create("a").attributes("Policy", "no")).0, "InvalidParameter");
        sns.topic("a", &[]).await;
        assert!(refused!(create("a").attributes("DisplayName", "A")).1.contains("different attributes"));
    });
}

#[test]
fn lists_come_in_pages_of_a_hundred() {
    run(|test| async move {
        let sns = Sns::new(test);
        for number in 0..101 {
            sns.topic(&format!("topic-{number:03}"), &[]).await;
        }
        let first = sns.client.list_topics().send().await.unwrap();
        assert_eq!(first.topics().len(), 100);
        let second = sns.client.list_topics().next_token(first.next_token().unwrap()).send().await.unwrap();
        assert_eq!((second.topics().len(), second.next_token()), (1, None));
    });
}

#[test]
fn tags_are_kept() {
    run(|test| async move {
        let sns = Sns::new(test);
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().unwrap();
        let create = sns.client.create_topic().name("orders").tags(tag("team", "a"));
        let arn = create.send().await.unwrap().topic_arn.unwrap();
        sns.client.tag_resource().resource_arn(&arn).tags(tag("flow", "everi")).send().await.unwrap();
        sns.client.untag_resource().resource_arn(&arn).tag_keys("team").send().await.unwrap();
        let tags = sns.client.list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
        assert_eq!(tags.tags(), [tag("flow", "everi")]);
        let gone = sns.client.list_tags_for_resource().resource_arn(format!("{arn}x"));
        assert_eq!(refused!(gone).0, "ResourceNotFound");
    });
}

#[test]
fn a_queue_gets_the_message_in_an_envelope() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[]).await;
        let subscription = sns.subscribe(&topic, QUEUE, &[]).await;
        let call = sns.client.publish().topic_arn(&topic).message("hällo <&>\r\n").subject("Hi");
        let id = call.message_attributes("kind", text("a")).send().await.unwrap().message_id.unwrap();
        sns.quiet().await;
        let calls = sns.sqs.take();
        assert_eq!(calls.len(), 1);
        let source = Arn::parse(&topic).unwrap();
        assert_eq!(calls[0].caller, Caller::Service { principal: "sns.amazonaws.com", source });
        assert_eq!(calls[0].operation, "SendMessage");
        assert_eq!(calls[0].input["QueueUrl"], "http://127.0.0.1:4566/000000000000/orders");
        assert_eq!(calls[0].input.get("MessageAttributes"), None);
        assert_eq!(
            envelope(&calls[0].input),
            json!({
                "Type": "Notification",
                "MessageId": id,
                "TopicArn": topic,
                "Subject": "Hi",
                "Message": "hällo <&>\r\n",
                "Timestamp": "2026-01-01T00:00:00.000Z",
                "SignatureVersion": "1",
                "Signature": "",
                "SigningCertURL": "",
                "UnsubscribeURL":
                    format!("http://127.0.0.1:4566/?Action=Unsubscribe&SubscriptionArn={subscription}"),
                "MessageAttributes": {"kind": {"Type": "String", "Value": "a"}},
            })
        );
    });
}

#[test]
fn raw_delivery_is_the_message_and_its_attributes() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[]).await;
        sns.subscribe(&topic, QUEUE, &[("RawMessageDelivery", "true")]).await;
        let call = sns.client.publish().topic_arn(&topic).message("bare");
        call.message_attributes("kind", text("a")).send().await.unwrap();
        sns.quiet().await;
        let input = sns.sqs.inputs().remove(0);
        assert_eq!(input["MessageBody"], "bare");
        assert_eq!(input["MessageAttributes"], json!({"kind": {"DataType": "String", "StringValue": "a"}}));
    });
}

#[test]
fn raw_delivery_of_eleven_attributes_fails() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[]).await;
        let redrive = json!({"deadLetterTargetArn": DEAD}).to_string();
        sns.subscribe(&topic, QUEUE, &[("RawMessageDelivery", "true"), ("RedrivePolicy", &redrive)]).await;
        let mut call = sns.client.publish().topic_arn(&topic).message("bare");
        for number in 0..11 {
            call = call.message_attributes(format!("a{number}"), text("x"));
        }
        call.send().await.unwrap();
        sns.quiet().await;
        let inputs = sns.sqs.inputs();
        assert_eq!(inputs.len(), 1);
        assert_eq!(inputs[0]["QueueUrl"], "http://127.0.0.1:4566/000000000000/dead");
    });
}

#[test]
fn a_function_gets_an_event() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[("SignatureVersion", "2")]).await;
        let subscription = sns.subscribe(&topic, FUNCTION, &[]).await;
        let id = sns.publish(&topic, "hello").await;
        sns.quiet().await;
        let call = sns.lambda.take().remove(0);
        assert_eq!((call.operation.as_str(), &call.input["FunctionName"]), ("Invoke", &json!(FUNCTION)));
        assert_eq!(call.input["InvocationType"], "Event");
        let record = &call.input["Payload"]["Records"][0];
        assert_eq!(
            (&record["EventSource"], &record["EventSubscriptionArn"]),
            (&json!("aws:sns"), &json!(subscription))
        );
        assert_eq!((&record["Sns"]["MessageId"], &record["Sns"]["Message"]), (&json!(id), &json!("hello")));
        assert_eq!((&record["Sns"]["Subject"], &record["Sns"]["SignatureVersion"]), (&json!(null), &json!("2")));
        assert_eq!(record["Sns"]["MessageAttributes"], json!({}));
    });
}

#[test]
fn each_protocol_has_its_message() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[]).await;
        sns.subscribe(&topic, QUEUE, &[]).await;
        sns.subscribe(&topic, FUNCTION, &[]).await;
        let publish = |message: Value| {
            sns.client.publish().topic_arn(&topic).message_structure("json").message(message.to_string())
        };
        publish(json!({"default": "all", "sqs": "queue", "more": 1})).send().await.unwrap();
        sns.quiet().await;
        assert_eq!(envelope(&sns.sqs.inputs()[0])["Message"], "queue");
        assert_eq!(sns.lambda.inputs()[0]["Payload"]["Records"][0]["Sns"]["Message"], "all");
        let no_default = "Invalid parameter: Message Structure - No default entry in JSON message body";
        assert_eq!(refused!(publish(json!({"sqs": "queue"}))).1, no_default);
        assert!(refused!(publish(json!(["x"]))).1.contains("failed to parse"));
    });
}

#[test]
fn a_filter_policy_chooses_by_attributes_or_body() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[]).await;
        let by_attribute = json!({"kind": ["placed"], "price": [{"numeric": [">=", 100]}]}).to_string();
        sns.subscribe(&topic, QUEUE, &[("FilterPolicy", &by_attribute)]).await;
        let by_body = json!({"order": {"kind": ["placed"]}}).to_string();
        let scope = ("FilterPolicyScope", "MessageBody");
        sns.subscribe(&topic, OTHER, &[("FilterPolicy", &by_body), scope, ("RawMessageDelivery", "true")]).await;

        let number = MessageAttributeValue::builder().data_type("Number").string_value("100.0").build().unwrap();
        let call = sns.client.publish().topic_arn(&topic).message("no json");
        call.message_attributes("kind", text("placed")).message_attributes("price", number).send().await.unwrap();
        sns.quiet().await;
        let to = |inputs: Vec<Value>| inputs.iter().map(|input| input["QueueUrl"].to_string()).collect::<Vec<_>>();
        assert!(matches!(&to(sns.sqs.inputs())[..], [url] if url.contains("orders")));

        sns.publish(&topic, r#"{"order": {"kind": "placed"}}"#).await;
        sns.quiet().await;
        assert!(matches!(&to(sns.sqs.inputs())[..], [url] if url.contains("other")));

        sns.publish(&topic, r#"[{"order": {"kind": "placed"}}]"#).await;
        sns.quiet().await;
        assert_eq!(sns.sqs.take(), []);
    });
}

#[test]
fn a_changed_filter_policy_takes_effect_at_once() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[]).await;
        let subscription = sns.subscribe(&topic, QUEUE, &[("FilterPolicy", r#"{"kind":["a"]}"#)]).await;
        let set = |name: &str, value: &str| {
            let call = sns.client.set_subscription_attributes().subscription_arn(&subscription);
            call.attribute_name(name).attribute_value(value)
        };
        sns.publish(&topic, "x").await;
        sns.quiet().await;
        assert_eq!(sns.sqs.take(), []);
        set("FilterPolicy", r#"{"kind":[{"exists":false}]}"#).send().await.unwrap();
        sns.publish(&topic, "x").await;
        sns.quiet().await;
        assert_eq!(sns.sqs.take().len(), 1);

        let nested = "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy";
        assert_eq!(refused!(set("FilterPolicy", r#"{"a":{"b":["c"]}}"#)).1, nested);
        let list = "Invalid parameter: FilterPolicy: \"a\" must be an object or an array";
        assert_eq!(refused!(set("FilterPolicy", r#"{"a":"b"}"#)).1, list);
        let scope = "Invalid parameter: FilterPolicyScope: Invalid value [Random]. Please use either MessageBody or MessageAttributes";
        assert_eq!(refused!(set("FilterPolicyScope", "Random")).1, scope);
        assert_eq!(refused!(set("Color", "red")).1, "Invalid parameter: AttributeName");
        set("FilterPolicy", "").send().await.unwrap();
        let get = sns.client.get_subscription_attributes().subscription_arn(&subscription).send().await.unwrap();
        assert_eq!(get.attributes().unwrap().get("FilterPolicy"), None);
    });
}

#[test]
fn a_subscription_is_made_found_and_ended() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[]).await;
        let arn = sns.subscribe(&topic, QUEUE, &[("FilterPolicy", r#"{"a":["b"]}"#)]).await;
        assert_eq!(sns.subscribe(&topic, QUEUE, &[]).await, arn, "making it again finds it");
        let subscribe = || sns.client.subscribe().topic_arn(&topic).protocol("sqs");
        let other = refused!(subscribe().endpoint(QUEUE).attributes("RawMessageDelivery", "true"));
        assert!(other.1.contains("already exists with different attributes"));

        let get = sns.client.get_subscription_attributes().subscription_arn(&arn).send().await.unwrap();
        let attributes = get.attributes().unwrap();
        for (name, value) in [
            ("Protocol", "sqs"),
            ("Endpoint", QUEUE),
            ("RawMessageDelivery", "false"),
            ("PendingConfirmation", "false"),
            ("ConfirmationWasAuthenticated", "true"),
            ("FilterPolicy", r#"{"a":["b"]}"#),
            ("FilterPolicyScope", "MessageAttributes"),
            ("Owner", "000000000000"),
        ] {
            assert_eq!(attributes[name], value);
        }
        let listed = sns.client.list_subscriptions().send().await.unwrap();
        let by_topic = sns.client.list_subscriptions_by_topic().topic_arn(&topic).send().await.unwrap();
        assert_eq!(listed.subscriptions(), by_topic.subscriptions());
        assert_eq!(listed.subscriptions()[0].subscription_arn(), Some(arn.as_str()));

        sns.client.unsubscribe().subscription_arn(&arn).send().await.unwrap();
        assert_eq!(refused!(sns.client.get_subscription_attributes().subscription_arn(&arn)).0, "NotFound");
        sns.publish(&topic, "x").await;
        sns.quiet().await;
        assert_eq!(sns.sqs.take(), []);
        assert_eq!(refused!(sns.client.unsubscribe().subscription_arn("x")).0, "InvalidParameter");
    });
}

#[test]
fn an_endpoint_that_does_not_fit_is_refused() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[]).await;
        let fifo = sns.topic("orders.fifo", &[("FifoTopic", "true")]).await;
        let subscribe = |topic: &str, protocol: &str, endpoint: &str| {
            sns.client.subscribe().topic_arn(topic).protocol(protocol).endpoint(endpoint)
        };
        assert_eq!(refused!(subscribe(&topic, "sqs", "orders")).1, "Invalid parameter: SQS endpoint ARN");
        assert!(refused!(subscribe(&topic, "pigeon", "x")).1.contains("does not support this protocol string: pigeon"));
        assert_eq!(refused!(subscribe(&topic, "sms", "+123")).0, "UnsupportedOperation");
        assert_eq!(refused!(subscribe(&topic, "email", "no address")).0, "InvalidParameter");
        let queue = format!("{QUEUE}.fifo");
        assert!(refused!(subscribe(&topic, "sqs", &queue)).1.contains("can not be subscribed to standard SNS topics"));
        assert!(refused!(subscribe(&fifo, "lambda", FUNCTION)).1.contains("FIFO SNS topics"));
        assert_eq!(refused!(subscribe("arn:aws:sns:eu-west-1:000000000000:no", "sqs", QUEUE)).0, "NotFound");
        let redrive = subscribe(&topic, "sqs", QUEUE).attributes("RedrivePolicy", r#"{"deadLetterTargetArn":"x"}"#);
        assert!(refused!(redrive).1.contains("deadLetterTargetArn is an invalid arn"));
        let redrive = json!({"deadLetterTargetArn": DEAD}).to_string();
        let standard = subscribe(&fifo, "sqs", &queue).attributes("RedrivePolicy", redrive);
        assert!(refused!(standard).1.contains("must use a FIFO queue as DLQ"));
        let filter = subscribe(&topic, "sqs", QUEUE).attributes("FilterPolicy", "{invalidjson}");
        assert_eq!(refused!(filter).1, "Invalid parameter: Attributes Reason: FilterPolicy: failed to parse JSON.");
    });
}

#[test]
fn a_mail_address_waits_for_its_confirmation() {
    run(|test| async move {
        let sns = Sns::new(test);
        let tokens = Rc::new(std::cell::RefCell::new(Vec::new()));
        let seen = Rc::clone(&tokens);
        sns.world().log.listen(move |happening| {
            seen.borrow_mut().extend(happening.detail["token"].as_str().map(str::to_owned));
        });
        let topic = sns.topic("alarms", &[]).await;
        let subscribe = sns.client.subscribe().topic_arn(&topic).protocol("email").endpoint("a@everi.example");
        assert_eq!(subscribe.send().await.unwrap().subscription_arn(), Some("pending confirmation"));
        let listed = sns.client.list_subscriptions().send().await.unwrap();
        assert_eq!(listed.subscriptions()[0].subscription_arn(), Some("PendingConfirmation"));
        sns.publish(&topic, "nobody hears").await;

        let confirm = |token: &str| sns.client.confirm_subscription().topic_arn(&topic).token(token);
        assert_eq!(refused!(confirm("x")).1, "Invalid parameter: Token");
        let token = tokens.borrow()[0].clone();
        let arn = confirm(&token).send().await.unwrap().subscription_arn.unwrap();
        assert!(arn.starts_with(&topic));
        sns.client.publish().topic_arn(&topic).message("it burns").subject("Alarm").send().await.unwrap();
        sns.quiet().await;
        let bus = &sns.world().bus;
        let mails = bus.request(Caller::Account, "sns", "eventloom:ListMails", json!({})).await.unwrap();
        assert_eq!(mails["Mails"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&mails["Mails"][0]["To"], &mails["Mails"][0]["Text"]),
            (&json!("a@everi.example"), &json!("it burns"))
        );
    });
}

#[test]
fn nothing_is_ever_sent_over_http() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("alarms", &[]).await;
        let subscribe = sns.client.subscribe().topic_arn(&topic).protocol("http").endpoint("http://169.254.169.254/");
        assert_eq!(subscribe.send().await.unwrap().subscription_arn(), Some("pending confirmation"));
        let attributes = sns.client.get_topic_attributes().topic_arn(&topic).send().await.unwrap().attributes.unwrap();
        assert_eq!(
            (attributes["SubscriptionsPending"].as_str(), attributes["SubscriptionsConfirmed"].as_str()),
            ("1", "0")
        );
    });
}

#[test]
fn a_message_that_aws_refuses_is_refused() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[]).await;
        let publish = |message: &str| sns.client.publish().topic_arn(&topic).message(message);
        assert_eq!(refused!(publish("")).1, "Invalid parameter: Empty message");
        for subject in [String::new(), "a\nb".to_owned(), "a\rBcc: x".to_owned(), "x".repeat(100)] {
            assert_eq!(refused!(publish("x").subject(subject)).1, "Invalid parameter: Subject");
        }
        publish("x").subject("ü".repeat(99)).send().await.unwrap();
        publish(&"x".repeat(256 * 1024)).send().await.unwrap();
        assert_eq!(refused!(publish(&"x".repeat(256 * 1024 + 1))).1, "Invalid parameter: Message too long");
        let attributed = publish(&"x".repeat(256 * 1024)).message_attributes("a", text("b"));
        assert_eq!(refused!(attributed).1, "Invalid parameter: Message too long", "attributes count");
        assert_eq!(refused!(publish("x").message_attributes("a", text(""))).0, "ParameterValueInvalid");
        assert!(refused!(publish("x").message_deduplication_id("d")).1.contains("not valid for this topic type"));
        assert_eq!(refused!(publish("x").topic_arn(format!("{topic}x"))).0, "NotFound");
        assert_eq!(refused!(publish("x").topic_arn("orders")).0, "InvalidParameter");
        let phone = sns.client.publish().phone_number("+49").message("x");
        assert_eq!(refused!(phone).0, "UnsupportedOperation");
        let permission = sns.client.add_permission().topic_arn(&topic).label("l").aws_account_id("123456789012");
        assert!(refused!(permission.action_name("Publish")).1.contains("does not have AddPermission of sns"));
    });
}

#[test]
fn a_batch_says_what_became_of_each() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[]).await;
        sns.subscribe(&topic, QUEUE, &[]).await;
        let entry = |id: &str, message: &str| PublishBatchRequestEntry::builder().id(id).message(message);
        let batch = || sns.client.publish_batch().topic_arn(&topic);
        let call = batch()
            .publish_batch_request_entries(entry("a", "1").build().unwrap())
            .publish_batch_request_entries(entry("b", "2").subject("x\ny").build().unwrap())
            .publish_batch_request_entries(entry("c", "3").message_attributes("k", text("v")).build().unwrap());
        let answer = call.send().await.unwrap();
        sns.quiet().await;
        let ids: Vec<_> = answer.successful().iter().map(|entry| entry.id().unwrap()).collect();
        assert_eq!(ids, ["a", "c"]);
        let failed = &answer.failed()[0];
        assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("b", "InvalidParameter", true));
        let mut messages: Vec<_> = sns.sqs.inputs().iter().map(|input| envelope(input)["Message"].clone()).collect();
        messages.sort_by_key(Value::to_string);
        assert_eq!(messages, [json!("1"), json!("3")]);

        let all = |entries: Vec<(&str, String)>| {
            let entries = entries.into_iter().map(|(id, message)| entry(id, &message).build().unwrap()).collect();
            batch().set_publish_batch_request_entries(Some(entries))
        };
        let code = |entries: Vec<(&'static str, String)>| {
            let call = all(entries);
            async move { refused!(call).0 }
        };
        assert_eq!(code(vec![]).await, "EmptyBatchRequest");
        let eleven = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
        assert_eq!(code(eleven.map(|id| (id, "x".into())).to_vec()).await, "TooManyEntriesInBatchRequest");
        assert_eq!(code(vec![("a", "x".into()), ("a", "y".into())]).await, "BatchEntryIdsNotDistinct");
        assert_eq!(code(vec![("a b", "x".into())]).await, "InvalidBatchEntryId");
        let half = "x".repeat(130 * 1024);
        assert_eq!(code(vec![("a", half.clone()), ("b", half)]).await, "BatchRequestTooLong");
    });
}

#[test]
fn a_denied_delivery_goes_to_the_dead_letters_at_once() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[]).await;
        let redrive = json!({"deadLetterTargetArn": DEAD}).to_string();
        sns.subscribe(&topic, QUEUE, &[("RedrivePolicy", &redrive)]).await;
        sns.sqs.fail(AwsError::new("AccessDenied", "no").status(403));
        let id = sns.publish(&topic, "hello").await;
        sns.quiet().await;
        let inputs = sns.sqs.inputs();
        assert_eq!(inputs.len(), 2);
        assert_eq!(inputs[1]["QueueUrl"], "http://127.0.0.1:4566/000000000000/dead");
        assert_eq!(envelope(&inputs[1])["MessageId"], id);
        assert_eq!(sns.world().clock.next_work(), None);
    });
}

#[test]
fn a_function_that_is_gone_leaves_its_message_to_the_dead_letters() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[]).await;
        let redrive = json!({"deadLetterTargetArn": DEAD}).to_string();
        sns.subscribe(&topic, FUNCTION, &[("RedrivePolicy", &redrive)]).await;
        sns.lambda.fail(AwsError::new("ResourceNotFoundException", "no").status(404));
        sns.publish(&topic, "hello").await;
        sns.quiet().await;
        assert_eq!(envelope(&sns.sqs.inputs()[0])["Message"], "hello");
    });
}

#[test]
fn a_failing_endpoint_is_tried_again_in_phases() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[]).await;
        sns.subscribe(&topic, QUEUE, &[]).await;
        sns.subscribe(&topic, FUNCTION, &[]).await;
        for _ in 0..8 {
            sns.sqs.fail(AwsError::internal("down"));
        }
        let start = sns.world().clock.now();
        sns.publish(&topic, "hello").await;
        sns.quiet().await;
        assert_eq!(sns.lambda.take().len(), 1, "the others do not wait");
        while let Some(next) = sns.world().clock.next_work() {
            sns.world().clock.sleep_until(next).await;
            sns.quiet().await;
            tokio::task::yield_now().await;
        }
        assert_eq!(sns.sqs.take().len(), 9);
        // 1 + 1 seconds, then backoff of about 1, 1.4 and 1.9.
        let took = sns.world().clock.now().since(start);
        assert!(took > Duration::from_millis(5700) && took < Duration::from_millis(6500), "{took:?}");
    });
}

#[test]
fn a_delivery_ends_with_its_subscription() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders", &[]).await;
        sns.subscribe(&topic, QUEUE, &[]).await;
        for _ in 0..20 {
            sns.sqs.fail(AwsError::internal("down"));
        }
        sns.publish(&topic, "hello").await;
        sns.quiet().await;
        let subscription = sns.client.list_subscriptions().send().await.unwrap().subscriptions()[0].clone();
        sns.client.unsubscribe().subscription_arn(subscription.subscription_arn().unwrap()).send().await.unwrap();
        let next = sns.world().clock.next_work().unwrap();
        sns.world().clock.sleep_until(next + Duration::from_secs(1)).await;
        sns.quiet().await;
        assert_eq!(sns.world().clock.next_work(), None);
    });
}

#[test]
fn a_fifo_topic_keeps_order_and_drops_duplicates() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders.fifo", &[("FifoTopic", "true"), ("FifoThroughputScope", "MessageGroup")]).await;
        sns.subscribe(&topic, &format!("{QUEUE}.fifo"), &[]).await;
        sns.subscribe(&topic, OTHER, &[("RawMessageDelivery", "true")]).await;
        let publish = |group: &str, id: &str| {
            let call = sns.client.publish().topic_arn(&topic).message(format!("{group}{id}"));
            call.message_group_id(group).message_deduplication_id(id).send()
        };
        let first = publish("a", "1").await.unwrap();
        let second = publish("a", "2").await.unwrap();
        let again = publish("a", "1").await.unwrap();
        let elsewhere = publish("b", "1").await.unwrap();
        assert_eq!((again.message_id(), again.sequence_number()), (first.message_id(), first.sequence_number()));
        assert_ne!(elsewhere.message_id(), first.message_id());
        assert!(first.sequence_number() < second.sequence_number());
        assert_eq!(first.sequence_number().unwrap().len(), 20);
        sns.quiet().await;
        let inputs = sns.sqs.inputs();
        let fifo: Vec<_> =
            inputs.iter().filter(|input| input["QueueUrl"].as_str().unwrap().ends_with(".fifo")).collect();
        let messages: Vec<_> = fifo.iter().map(|input| envelope(input)["Message"].clone()).collect();
        assert_eq!(messages, [json!("a1"), json!("a2"), json!("b1")]);
        assert_eq!((&fifo[0]["MessageGroupId"], &fifo[0]["MessageDeduplicationId"]), (&json!("a"), &json!("1")));
        assert_eq!(envelope(fifo[0])["SequenceNumber"], first.sequence_number().unwrap());
        let standard = inputs.iter().find(|input| input["MessageBody"] == "a1").unwrap();
        assert_eq!(standard.get("MessageDeduplicationId"), None);

        sns.world().clock.jump(Duration::from_secs(300));
        assert_ne!(publish("a", "1").await.unwrap().message_id(), first.message_id());
    });
}

#[test]
fn a_failing_delivery_holds_up_its_group_alone() {
    run(|test| async move {
        let sns = Sns::new(test);
        let attributes = [("FifoTopic", "true"), ("ContentBasedDeduplication", "true")];
        let topic = sns.topic("orders.fifo", &attributes).await;
        sns.subscribe(&topic, &format!("{QUEUE}.fifo"), &[("RawMessageDelivery", "true")]).await;
        for _ in 0..5 {
            sns.sqs.fail(AwsError::internal("down"));
        }
        let publish = |group: &str, message: &str| {
            sns.client.publish().topic_arn(&topic).message_group_id(group).message(message)
        };
        publish("a", "1").send().await.unwrap();
        sns.quiet().await;
        publish("a", "2").send().await.unwrap();
        sns.quiet().await;
        assert!(sns.sqs.inputs().iter().all(|input| input["MessageBody"] == "1"));
        sns.world().clock.sleep(Duration::from_secs(60)).await;
        sns.quiet().await;
        let delivered: Vec<_> = sns.sqs.inputs().iter().map(|input| input["MessageBody"].clone()).collect();
        assert_eq!(delivered, [json!("1"), json!("1"), json!("2")]);
    });
}

#[test]
fn a_fifo_topic_wants_a_group_and_an_id() {
    run(|test| async move {
        let sns = Sns::new(test);
        let topic = sns.topic("orders.fifo", &[("FifoTopic", "true")]).await;
        let publish = || sns.client.publish().topic_arn(&topic).message("x");
        let group = "Invalid parameter: The MessageGroupId parameter is required for FIFO topics";
        assert_eq!(refused!(publish()).1, group);
        assert!(refused!(publish().message_group_id("g")).1.contains("ContentBasedDeduplication"));
        assert_eq!(refused!(publish().message_group_id("g g")).1, "Invalid parameter: MessageGroupId");
        let entry = PublishBatchRequestEntry::builder().id("a").message("x").build().unwrap();
        let batch = sns.client.publish_batch().topic_arn(&topic).publish_batch_request_entries(entry);
        assert_eq!(refused!(batch).1, group);
        let content = sns.client.set_topic_attributes().topic_arn(&topic).attribute_name("ContentBasedDeduplication");
        content.attribute_value("true").send().await.unwrap();
        let first = publish().message_group_id("g").send().await.unwrap();
        let second = publish().message_group_id("h").send().await.unwrap();
        assert_eq!(first.message_id(), second.message_id(), "ids hold for the whole topic");
    });
}

/// Allows what the topic's policy is asked for, but no publishing without a policy.
#[derive(Debug)]
struct Judge;

impl Authorize for Judge {
    fn authorize(&self, access: &Access<'_>) -> Result<(), AwsError> {
        let allowed = access.action != "sns:Publish" || access.policy.is_some_and(|policy| policy["Allow"] == true);
        if allowed { Ok(()) } else { Err(AwsError::new("AccessDeniedException", "add a statement").status(400)) }
    }
}

#[test]
fn the_topic_policy_is_asked() {
    run(|test| async move {
        let sns = Sns::new(test);
        sns.world().guard.put(Rc::new(Judge));
        let topic = sns.topic("orders", &[]).await;
        let error = refused!(sns.client.publish().topic_arn(&topic).message("x"));
        assert_eq!(error, ("AuthorizationError".to_owned(), "add a statement".to_owned()));
        let set = sns.client.set_topic_attributes().topic_arn(&topic).attribute_name("Policy");
        set.attribute_value(r#"{"Allow": true}"#).send().await.unwrap();
        sns.publish(&topic, "x").await;
    });
}

/// An engine on the file in `folder`, that ends with `test`, as if it were killed.
async fn engine_on<F: Future<Output = ()>>(folder: &Path, test: impl FnOnce(Engine, Rc<Fake>, Rc<Fake>) -> F) {
    let clock = Clock::new(Time::from_millis(1_767_225_600_000));
    let store = Store::open(&folder.join("engine.sqlite")).unwrap();
    let world = World::new(clock, Random::seeded(3), store.clone(), Place::default());
    let (sqs, lambda) = (Rc::new(Fake::default()), Rc::new(Fake::default()));
    LocalSet::new()
        .run_until(async {
            let engine = Engine::start(world).unwrap();
            engine.world().bus.put("sqs", sqs.clone());
            engine.world().bus.put("lambda", lambda.clone());
            test(engine, sqs, lambda).await;
            store.durable().await.unwrap();
        })
        .await;
}

#[test]
fn deliveries_go_on_after_a_restart() {
    run(|_| async move {
        let folder = std::env::temp_dir().join(format!("eventloom-sns-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        engine_on(&folder, |engine, sqs, lambda| async move {
            (0..1000).for_each(|_| sqs.fail(AwsError::internal("down")));
            let bus = &engine.world().bus;
            let call = |operation: &'static str, input: Value| bus.request(Caller::Account, "sns", operation, input);
            let topic = call("CreateTopic", json!({"Name": "orders"})).await.unwrap()["TopicArn"].clone();
            for (protocol, endpoint) in [("sqs", QUEUE), ("lambda", FUNCTION)] {
                let input = json!({"TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint});
                call("Subscribe", input).await.unwrap();
            }
            call("Publish", json!({"TopicArn": topic, "Message": "hello"})).await.unwrap();
            engine.world().activity.quiet().await;
            assert!(sqs.take().len() >= 4);
            assert_eq!(lambda.take().len(), 1);
        })
        .await;
        engine_on(&folder, |engine, sqs, lambda| async move {
            engine.world().activity.quiet().await;
            let inputs = sqs.inputs();
            assert_eq!(inputs.len(), 1);
            assert_eq!(envelope(&inputs[0])["Message"], "hello");
            assert_eq!(lambda.take(), [], "what was delivered is not delivered again");
        })
        .await;
        engine_on(&folder, |engine, sqs, _| async move {
            engine.world().activity.quiet().await;
            assert_eq!(sqs.take(), [], "nothing is left");
            let list = engine.world().bus.request(Caller::Account, "sns", "ListSubscriptions", json!({})).await;
            assert_eq!(list.unwrap()["Subscriptions"].as_array().unwrap().len(), 2);
        })
        .await;
        std::fs::remove_dir_all(&folder).unwrap();
    });
}
