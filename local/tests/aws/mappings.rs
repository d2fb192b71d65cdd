//! Event source mappings: queues and streams into functions of this process.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
    StreamSpecification, StreamViewType,
};
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::create_event_source_mapping::builders::CreateEventSourceMappingFluentBuilder;
use aws_sdk_lambda::types::{
    DestinationConfig, EventSourcePosition, Filter, FilterCriteria, FunctionResponseType, OnFailure,
    ProvisionedPollerConfig, ScalingConfig,
};
use aws_sdk_sqs::types::{MessageAttributeValue, QueueAttributeName, SendMessageBatchRequestEntry};
use local::faults::Rates;
use local::kernel::{Access, Authorize, AwsError};
use local::services::lambda::FunctionError;
use serde_json::{Value, json};

use crate::functions::{Calls, Flow, sad};
use crate::restart::Restarts;
use crate::world::{Test, run};

const PREFIX: &str = "arn:aws:sqs:eu-west-1:000000000000:";

async fn done(_: Value) -> Result<Value, FunctionError> {
    Ok(Value::Null)
}

async fn fail(_: Value) -> Result<Value, FunctionError> {
    Err(sad())
}

/// What an answer says of failed items.
fn failures<'a>(ids: impl IntoIterator<Item = &'a str>) -> Value {
    let ids: Vec<Value> = ids.into_iter().map(|id| json!({"itemIdentifier": id})).collect();
    json!({"batchItemFailures": ids})
}

fn records(event: &Value) -> &[Value] {
    event["Records"].as_array().unwrap()
}

fn bodies(event: &Value) -> Vec<&str> {
    records(event).iter().map(|record| record["body"].as_str().unwrap()).collect()
}

/// The bodies of each batch so far, which are forgotten.
fn batches(calls: &Calls) -> Vec<Vec<String>> {
    let events = calls.events();
    events.iter().map(|event| bodies(event).into_iter().map(str::to_owned).collect()).collect()
}

impl Flow {
    async fn queue(&self, name: &str, attributes: &[(&str, &str)]) -> String {
        let mut create = self.sqs.create_queue().queue_name(name);
        for (name, value) in attributes {
            create = create.attributes(QueueAttributeName::from(*name), *value);
        }
        create.send().await.unwrap().queue_url.unwrap()
    }

    async fn send(&self, url: &str, body: &str) {
        self.sqs.send_message().queue_url(url).message_body(body).send().await.unwrap();
    }

    async fn send_ten(&self, url: &str, bodies: std::ops::Range<u32>) {
        let entry = |number: u32| {
            let entry = SendMessageBatchRequestEntry::builder().id(number.to_string());
            entry.message_body(number.to_string()).build().unwrap()
        };
        let send = self.sqs.send_message_batch().queue_url(url).set_entries(Some(bodies.map(entry).collect()));
        assert!(send.send().await.unwrap().failed().is_empty());
    }

    async fn send_to(&self, url: &str, group: &str, body: &str) {
        let send = self.sqs.send_message().queue_url(url).message_body(body).message_group_id(group);
        send.message_deduplication_id(body.get(..2).unwrap_or(body)).send().await.unwrap();
    }

    /// How many messages wait, and how many are in flight.
    async fn left(&self, url: &str) -> (String, String) {
        let get = self.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let mut all = get.send().await.unwrap().attributes.unwrap();
        let mut take = |name: &str| all.remove(&QueueAttributeName::from(name)).unwrap();
        (take("ApproximateNumberOfMessages"), take("ApproximateNumberOfMessagesNotVisible"))
    }

    fn map(&self, queue: &str) -> CreateEventSourceMappingFluentBuilder {
        self.lambda.create_event_source_mapping().function_name("orders").event_source_arn(format!("{PREFIX}{queue}"))
    }

    async fn mapped(&self, create: CreateEventSourceMappingFluentBuilder) -> String {
        create.send().await.unwrap().uuid.unwrap()
    }
}

fn filter(pattern: &Value) -> FilterCriteria {
    FilterCriteria::builder().filters(Filter::builder().pattern(pattern.to_string()).build()).build()
}

fn none_left() -> (String, String) {
    ("0".to_owned(), "0".to_owned())
}

#[test]
fn a_message_comes_to_its_function_and_is_deleted() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", done).await;
        let url = flow.queue("orders", &[]).await;
        flow.mapped(flow.map("orders")).await;
        let attribute = MessageAttributeValue::builder().data_type("String").string_value("sent").build().unwrap();
        let send = flow.sqs.send_message().queue_url(&url).message_body("hello").message_attributes("kind", attribute);
        let sent = send.send().await.unwrap();
        flow.pass(1).await;
        let event = calls.events().remove(0);
        let record = &records(&event)[0];
        assert_eq!((&record["messageId"], &record["body"]), (&json!(sent.message_id()), &json!("hello")));
        assert_eq!(record["messageAttributes"]["kind"]["stringValue"], "sent");
        assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
        assert_eq!((&record["eventSource"], &record["awsRegion"]), (&json!("aws:sqs"), &json!("eu-west-1")));
        assert_eq!(record["eventSourceARN"], format!("{PREFIX}orders"));
        assert_eq!(flow.left(&url).await, none_left());
        assert!(flow.world().activity.is_quiet(), "who waits for messages is not at work");
        assert_eq!(flow.world().clock.next_work(), None);
    });
}

#[test]
fn a_batch_that_fails_comes_again_until_it_is_dead() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", fail).await;
        let dead = flow.queue("dead", &[]).await;
        let redrive = json!({"deadLetterTargetArn": format!("{PREFIX}dead"), "maxReceiveCount": 3}).to_string();
        let url = flow.queue("orders", &[("RedrivePolicy", &redrive), ("VisibilityTimeout", "60")]).await;
        let uuid = flow.mapped(flow.map("orders")).await;
        flow.send(&url, "hello").await;
        flow.pass(59).await;
        assert_eq!((calls.len(), flow.left(&url).await), (1, ("0".to_owned(), "1".to_owned())));
        flow.pass(2).await;
        assert_eq!(calls.len(), 2);
        flow.pass(200).await;
        assert_eq!((calls.len(), flow.left(&url).await), (3, none_left()));
        assert_eq!(flow.left(&dead).await.0, "1");
        let got = flow.lambda.get_event_source_mapping().uuid(uuid).send().await.unwrap();
        assert_eq!(got.last_processing_result(), Some("PROBLEM: Function call failed"));
    });
}

#[test]
fn what_is_reported_as_failed_comes_again_alone() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let tries: Rc<RefCell<BTreeMap<String, u32>>> = Rc::default();
        let seen = Rc::clone(&tries);
        let calls = flow
            .function("orders", move |event| {
                let failed = records(&event).iter().filter(|record| {
                    let mut seen = seen.borrow_mut();
                    let tries = seen.entry(record["body"].as_str().unwrap().to_owned()).or_default();
                    *tries += 1;
                    record["body"] == "7" && *tries < 3
                });
                let answer = failures(failed.map(|record| record["messageId"].as_str().unwrap()));
                async move { Ok(answer) }
            })
            .await;
        let url = flow.queue("orders", &[]).await;
        let reports = FunctionResponseType::ReportBatchItemFailures;
        flow.mapped(flow.map("orders").function_response_types(reports)).await;
        flow.send_ten(&url, 0..10).await;
        flow.pass(100).await;
        assert_eq!(batches(&calls)[1..], [["7"], ["7"]]);
        assert!(tries.borrow().iter().all(|(body, tries)| *tries == if body == "7" { 3 } else { 1 }));
        assert_eq!(flow.left(&url).await, none_left());
    });
}

#[test]
fn a_report_that_cannot_be_read_fails_the_whole_batch() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", done).await;
        let url = flow.queue("orders", &[]).await;
        let reports = FunctionResponseType::ReportBatchItemFailures;
        flow.mapped(flow.map("orders").function_response_types(reports)).await;
        for (answer, taken) in [
            (json!(null), true),
            (json!({}), true),
            (failures([]), true),
            (json!({"batchItemFailures": null}), true),
            (failures([""]), false),
            (failures(["nobody"]), false),
            (json!({"batchItemFailures": [{"id": "x"}]}), false),
            (json!({"batchItemFailures": [{"itemIdentifier": null}]}), false),
            (json!({"batchItemFailures": {}}), false),
            (json!("fine"), false),
        ] {
            let said = answer.clone();
            let calls = flow.put("orders", move |_| std::future::ready(Ok(said.clone())));
            flow.send(&url, "hello").await;
            flow.pass(1).await;
            let expected = if taken { none_left() } else { ("0".to_owned(), "1".to_owned()) };
            assert_eq!((calls.len(), flow.left(&url).await), (1, expected), "{answer}");
            flow.put("orders", done);
            flow.pass(60).await;
            assert_eq!(flow.left(&url).await, none_left());
        }
        assert_eq!(calls.len(), 0);
    });
}

#[test]
fn without_reports_an_answer_means_nothing() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.function("orders", |event| {
            let all = failures(records(&event).iter().map(|record| record["messageId"].as_str().unwrap()));
            async move { Ok(all) }
        })
        .await;
        let url = flow.queue("orders", &[]).await;
        flow.mapped(flow.map("orders")).await;
        flow.send(&url, "hello").await;
        flow.pass(1).await;
        assert_eq!(flow.left(&url).await, none_left());
    });
}

#[test]
fn a_window_gathers_a_batch_that_is_larger_than_a_receive() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", done).await;
        let url = flow.queue("orders", &[("VisibilityTimeout", "120")]).await;
        flow.mapped(flow.map("orders").batch_size(25).maximum_batching_window_in_seconds(20)).await;
        flow.send_ten(&url, 0..10).await;
        flow.pass(19).await;
        assert_eq!(calls.len(), 0);
        assert!(flow.world().clock.next_work().is_some(), "an open window is work to come");
        flow.send_ten(&url, 10..15).await;
        flow.pass(2).await;
        assert_eq!(batches(&calls).iter().map(Vec::len).collect::<Vec<_>>(), [15]);
        for ten in 0..3 {
            flow.send_ten(&url, 10 * ten..10 * ten + 10).await;
        }
        flow.pass(1).await;
        assert_eq!(batches(&calls).iter().map(Vec::len).collect::<Vec<_>>(), [25], "a full batch waits no longer");
        flow.pass(20).await;
        assert_eq!(batches(&calls).iter().map(Vec::len).collect::<Vec<_>>(), [5]);
        assert_eq!(flow.left(&url).await, none_left());
    });
}

#[test]
fn a_batch_is_within_the_events_limit() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", done).await;
        let url = flow.queue("orders", &[]).await;
        for _ in 0..9 {
            flow.send(&url, &"x".repeat(1_000_000)).await;
        }
        flow.mapped(flow.map("orders")).await;
        flow.pass(1).await;
        assert_eq!(calls.events().iter().map(|event| records(event).len()).collect::<Vec<_>>(), [6, 3]);
        assert_eq!(flow.left(&url).await, none_left());
    });
}

#[test]
fn what_no_filter_matches_is_deleted_unseen() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", done).await;
        let url = flow.queue("orders", &[]).await;
        let uuid = flow.mapped(flow.map("orders").filter_criteria(filter(&json!({"body": {"kind": ["sent"]}})))).await;
        for body in [r#"{"kind":"sent"}"#, r#"{"kind":"seen"}"#, "plain"] {
            flow.send(&url, body).await;
        }
        flow.pass(1).await;
        assert_eq!(batches(&calls).concat(), [r#"{"kind":"sent"}"#]);
        assert_eq!(flow.left(&url).await, none_left());
        let none = FilterCriteria::builder().set_filters(Some(Vec::new())).build();
        flow.lambda.update_event_source_mapping().uuid(uuid).filter_criteria(none).send().await.unwrap();
        flow.send(&url, "plain").await;
        flow.pass(1).await;
        assert_eq!(batches(&calls).concat(), ["plain"]);
    });
}

/// A function that counts how many of it run at once, each for some seconds.
async fn busy(flow: &Flow, seconds: u64) -> Rc<Cell<(u32, u32)>> {
    let running = Rc::new(Cell::new((0, 0)));
    let (count, clock) = (Rc::clone(&running), flow.world().clock.clone());
    flow.put("orders", move |_| {
        let (count, clock) = (Rc::clone(&count), clock.clone());
        async move {
            let (now, most) = count.get();
            count.set((now + 1, most.max(now + 1)));
            clock.sleep(Duration::from_secs(seconds)).await;
            let (now, most) = count.get();
            count.set((now - 1, most));
            Ok(Value::Null)
        }
    });
    flow.create("orders").timeout(20).send().await.unwrap();
    running
}

#[test]
fn batches_at_once_are_bounded_and_become_more() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let running = busy(&flow, 10).await;
        let url = flow.queue("orders", &[("VisibilityTimeout", "120")]).await;
        for ten in 0..40 {
            flow.send_ten(&url, 10 * ten..10 * ten + 10).await;
        }
        let map = flow.map("orders").batch_size(1);
        let scaling = |most| ScalingConfig::builder().maximum_concurrency(most).build();
        let uuid = flow.mapped(map.scaling_config(scaling(2))).await;
        flow.pass(5).await;
        assert_eq!(running.get(), (2, 2));
        // What is set anew counts what runs already.
        let update = || flow.lambda.update_event_source_mapping().uuid(&uuid);
        update().scaling_config(scaling(3)).send().await.unwrap();
        flow.pass(1).await;
        assert_eq!(running.get(), (3, 3));
        update().scaling_config(ScalingConfig::builder().build()).send().await.unwrap();
        flow.world().clock.sleep(Duration::from_millis(100)).await;
        assert_eq!(running.get().0, 5, "five at first");
        flow.world().clock.sleep(Duration::from_secs(2)).await;
        assert_eq!(running.get().0, 15, "and five more each second");
        update().enabled(false).send().await.unwrap();
        flow.pass(20).await;
        assert_eq!(running.get().0, 0);
    });
}

#[test]
fn a_batch_that_finds_no_room_waits_and_then_comes_again() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", done).await;
        let told = flow.told(&["throttled_batch"]);
        let reserve = |number| {
            let reserve = flow.lambda.put_function_concurrency().function_name("orders");
            reserve.reserved_concurrent_executions(number).send()
        };
        reserve(0).await.unwrap();
        let url = flow.queue("orders", &[]).await;
        flow.mapped(flow.map("orders")).await;
        flow.send(&url, "hello").await;
        flow.pass(10).await;
        assert!(!told.borrow().is_empty());
        reserve(1).await.unwrap();
        flow.pass(10).await;
        let event = calls.events().remove(0);
        assert_eq!(records(&event)[0]["attributes"]["ApproximateReceiveCount"], "1", "it was the same receive");
        reserve(0).await.unwrap();
        flow.send(&url, "again").await;
        flow.pass(100).await;
        reserve(1).await.unwrap();
        flow.pass(60).await;
        let event = calls.events().remove(0);
        let count: u32 = records(&event)[0]["attributes"]["ApproximateReceiveCount"].as_str().unwrap().parse().unwrap();
        assert!(count > 1, "after the visibility timeout it was another");
    });
}

#[test]
fn a_group_is_in_order_and_never_in_two_batches_at_once() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let (seen, failed): (Rc<RefCell<Vec<String>>>, Rc<Cell<bool>>) = Default::default();
        let (order, once, clock) = (Rc::clone(&seen), Rc::clone(&failed), flow.world().clock.clone());
        flow.function("orders", move |event| {
            let (order, once, clock) = (Rc::clone(&order), Rc::clone(&once), clock.clone());
            async move {
                clock.sleep(Duration::from_secs(1)).await;
                if bodies(&event).contains(&"a3") && !once.replace(true) {
                    return Err(sad());
                }
                order.borrow_mut().extend(bodies(&event).into_iter().map(str::to_owned));
                Ok(Value::Null)
            }
        })
        .await;
        let url = flow.queue("orders.fifo", &[("FifoQueue", "true")]).await;
        flow.mapped(flow.map("orders.fifo").batch_size(2)).await;
        for body in 0..6 {
            flow.send_to(&url, "a", &format!("a{body}")).await;
            flow.send_to(&url, "b", &format!("b{body}")).await;
        }
        flow.pass(200).await;
        let seen = seen.borrow();
        for group in ["a", "b"] {
            let of_group: Vec<_> = seen.iter().filter(|body| body.starts_with(group)).cloned().collect();
            assert_eq!(of_group, (0..6).map(|body| format!("{group}{body}")).collect::<Vec<_>>());
        }
        let place = |body: &str| seen.iter().position(|other| other == body).unwrap();
        assert!(place("b5") < place("a3"), "a group that failed holds up itself alone: {seen:?}");
    });
}

#[test]
fn a_group_that_is_too_large_for_an_event_comes_in_parts_that_wait_for_each_other() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let running = Rc::new(Cell::new(0));
        let (now, clock) = (Rc::clone(&running), flow.world().clock.clone());
        let calls = flow
            .function("orders", move |event| {
                let (now, clock) = (Rc::clone(&now), clock.clone());
                async move {
                    assert_eq!(now.replace(1), 0, "two batches of a group at once");
                    clock.sleep(Duration::from_secs(1)).await;
                    now.set(0);
                    if records(&event).len() == 6 { Err(sad()) } else { Ok(Value::Null) }
                }
            })
            .await;
        let url = flow.queue("orders.fifo", &[("FifoQueue", "true")]).await;
        for body in 0..9 {
            flow.send_to(&url, "a", &format!("{body}{}", "x".repeat(1_000_000))).await;
        }
        flow.mapped(flow.map("orders.fifo")).await;
        flow.pass(10).await;
        assert_eq!(calls.events().len(), 1, "what follows a failed part does not overtake it");
        assert_eq!(flow.left(&url).await, ("0".to_owned(), "9".to_owned()));
    });
}

#[test]
fn what_was_received_is_not_lost_when_a_mapping_changes() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", done).await;
        let url = flow.queue("orders", &[("VisibilityTimeout", "600")]).await;
        let map = flow.map("orders").batch_size(100).maximum_batching_window_in_seconds(300);
        let uuid = flow.mapped(map).await;
        flow.send(&url, "one").await;
        flow.pass(1).await;
        assert_eq!(calls.len(), 0);
        flow.lambda.update_event_source_mapping().uuid(&uuid).enabled(false).send().await.unwrap();
        flow.pass(1).await;
        assert_eq!((batches(&calls), flow.left(&url).await), (vec![vec!["one".to_owned()]], none_left()));
        flow.send(&url, "two").await;
        flow.pass(30).await;
        assert_eq!((calls.len(), flow.left(&url).await.0), (0, "1".to_owned()), "nobody polls");
        let update = flow.lambda.update_event_source_mapping().uuid(&uuid).enabled(true);
        update.maximum_batching_window_in_seconds(0).batch_size(10).send().await.unwrap();
        flow.pass(1).await;
        assert_eq!(batches(&calls), [["two"]]);
        flow.lambda.delete_event_source_mapping().uuid(&uuid).send().await.unwrap();
        flow.send(&url, "three").await;
        flow.pass(30).await;
        assert_eq!((calls.len(), flow.left(&url).await.0), (0, "1".to_owned()));
        let error = flow.lambda.get_event_source_mapping().uuid(&uuid).send().await.unwrap_err();
        assert_eq!(error.code(), Some("ResourceNotFoundException"));
    });
}

#[test]
fn a_queue_that_is_gone_or_throttles_is_asked_again() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", done).await;
        let url = flow.queue("orders", &[]).await;
        let faults = flow.engine.faults();
        flow.mapped(flow.map("orders")).await;
        faults.at("sqs", Rates { throttle: 0.3, internal_error: 0.3, lost_response: 0.3, ..Rates::default() });
        for ten in 0..5 {
            flow.send_ten(&url, 10 * ten..10 * ten + 10).await;
        }
        flow.pass(3600).await;
        faults.none();
        flow.pass(3600).await;
        assert_eq!(flow.left(&url).await, none_left());
        let mut seen = batches(&calls).concat();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 50, "each came at least once");

        flow.sqs.delete_queue().queue_url(&url).send().await.unwrap();
        flow.pass(3600).await;
        flow.queue("orders", &[]).await;
        flow.send(&url, "new").await;
        flow.pass(100).await;
        assert_eq!(batches(&calls), [["new"]]);
    });
}

#[test]
fn a_mapping_without_its_function_waits_for_it() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", done).await;
        let url = flow.queue("orders", &[]).await;
        flow.mapped(flow.map("orders")).await;
        flow.pass(1).await;
        flow.lambda.delete_function().function_name("orders").send().await.unwrap();
        flow.pass(60).await;
        flow.send(&url, "hello").await;
        flow.pass(60).await;
        assert_eq!((calls.len(), flow.left(&url).await.0), (0, "1".to_owned()));
        flow.create("orders").send().await.unwrap();
        flow.pass(10).await;
        assert_eq!((calls.len(), flow.left(&url).await), (1, none_left()));
    });
}

#[test]
fn a_mapping_is_created_listed_and_tagged() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.function("orders", done).await;
        flow.function("others", done).await;
        for queue in ["a", "b"] {
            flow.queue(queue, &[]).await;
        }
        let made = flow.map("a").tags("team", "orders").send().await.unwrap();
        assert_eq!((made.state(), made.batch_size()), (Some("Creating"), Some(10)));
        assert_eq!(made.function_arn(), Some("arn:aws:lambda:eu-west-1:000000000000:function:orders"));
        let pollers = ProvisionedPollerConfig::builder().minimum_pollers(2).maximum_pollers(20).build();
        let provisioned = flow.map("b").provisioned_poller_config(pollers).send().await.unwrap();
        assert_eq!(provisioned.provisioned_poller_config().unwrap().maximum_pollers(), Some(20));
        flow.map("a").function_name("others").enabled(false).send().await.unwrap();

        let list = || flow.lambda.list_event_source_mappings();
        let page = list().max_items(2).send().await.unwrap();
        let rest = list().marker(page.next_marker().unwrap()).send().await.unwrap();
        assert_eq!((page.event_source_mappings().len(), rest.event_source_mappings().len()), (2, 1));
        let of_a = list().event_source_arn(format!("{PREFIX}a")).send().await.unwrap();
        assert_eq!(of_a.event_source_mappings().len(), 2);
        let of_others = list().function_name("others").send().await.unwrap();
        assert_eq!(of_others.event_source_mappings()[0].state(), Some("Disabled"));

        let arn = made.event_source_mapping_arn().unwrap();
        flow.lambda.tag_resource().resource(arn).tags("b", "2").send().await.unwrap();
        flow.lambda.untag_resource().resource(arn).tag_keys("team").send().await.unwrap();
        let tags = flow.lambda.list_tags().resource(arn).send().await.unwrap().tags.unwrap();
        assert_eq!(tags.into_iter().collect::<Vec<_>>(), [("b".to_owned(), "2".to_owned())]);
        let deleted = flow.lambda.delete_event_source_mapping().uuid(made.uuid().unwrap()).send().await.unwrap();
        assert_eq!(deleted.state(), Some("Deleting"));
    });
}

#[test]
fn a_mapping_that_cannot_be_is_refused() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.function("orders", done).await;
        flow.create("slow").function_name("slow").timeout(31).send().await.unwrap_err();
        flow.put("slow", done);
        flow.create("slow").timeout(31).send().await.unwrap();
        for (queue, fifo) in [("a", "false"), ("b.fifo", "true"), ("twice", "false")] {
            let attributes: &[_] = if fifo == "true" { &[("FifoQueue", fifo)] } else { &[] };
            flow.queue(queue, attributes).await;
        }
        flow.mapped(flow.map("twice")).await;
        let scaling = ScalingConfig::builder().maximum_concurrency(2).build();
        let pollers = ProvisionedPollerConfig::builder().minimum_pollers(2).build();
        let bad_scaling = ScalingConfig::builder().maximum_concurrency(1).build();
        let cases = [
            ("already exists", flow.map("twice")),
            ("QueueDoesNotExist", flow.map("missing")),
            ("Function does not exist", flow.map("a").function_name("nobody")),
            (
                "visibility timeout: 30 seconds is less than Function timeout: 31 seconds",
                flow.map("a").function_name("slow"),
            ),
            ("batch window in seconds must be greater than 0", flow.map("a").batch_size(11)),
            ("value less than or equal to 10000", flow.map("a").batch_size(10_001)),
            ("value less than or equal to 300", flow.map("a").maximum_batching_window_in_seconds(301)),
            ("no batching window", flow.map("b.fifo").maximum_batching_window_in_seconds(1)),
            ("value greater than or equal to 2", flow.map("a").scaling_config(bad_scaling)),
            ("exclude each other", flow.map("a").scaling_config(scaling).provisioned_poller_config(pollers)),
            ("Unsupported StartingPosition", flow.map("a").starting_position(EventSourcePosition::Latest)),
            ("Unsupported BisectBatchOnFunctionError", flow.map("a").bisect_batch_on_function_error(true)),
            ("Invalid filter pattern", flow.map("a").filter_criteria(filter(&json!({"a": "b"})))),
            ("no function response type", flow.map("a").function_response_types("Other".into())),
            ("does not honour `Topics`", flow.map("a").topics("orders")),
            ("does not honour `KMSKeyArn`", flow.map("a").kms_key_arn("arn:aws:kms:eu-west-1:000000000000:key/1")),
            (
                "maps queues and DynamoDB streams",
                flow.map("a")
                    .event_source_arn("arn:aws:kinesis:eu-west-1:000000000000:stream/a")
                    .starting_position(EventSourcePosition::Latest),
            ),
        ];
        for (message, create) in cases {
            let error = create.send().await.unwrap_err();
            assert!(error.message().unwrap_or_default().contains(message), "{message}: {error:?}");
        }
        let five = |pattern: Value| {
            let filters = (0..6).map(|_| Filter::builder().pattern(pattern.to_string()).build()).collect();
            FilterCriteria::builder().set_filters(Some(filters)).build()
        };
        let error = flow.map("a").filter_criteria(five(json!({"body": ["x"]}))).send().await.unwrap_err();
        assert!(error.message().unwrap().contains("at most 5 filters"), "{error:?}");
    });
}

/// Lets a role do all but receive.
#[derive(Debug)]
struct NoReceive;

impl Authorize for NoReceive {
    fn authorize(&self, access: &Access<'_>) -> Result<(), AwsError> {
        match access.action {
            "sqs:ReceiveMessage" | "dynamodb:GetRecords" => Err(AwsError::new("AccessDenied", access.action)),
            _ => Ok(()),
        }
    }
}

#[test]
fn a_role_that_may_not_read_is_no_source() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.function("orders", done).await;
        flow.queue("a", &[]).await;
        let stream = table(&flow, "rows").await;
        flow.world().guard.put(Rc::new(NoReceive));
        let error = flow.map("a").send().await.unwrap_err();
        assert!(error.message().unwrap().contains("does not have permissions to call ReceiveMessage on SQS"));
        let error = stream_of(&flow, &stream).send().await.unwrap_err();
        assert!(error.message().unwrap().contains("Cannot access stream"), "{error:?}");
    });
}

#[test]
fn a_restart_loses_no_message() {
    let restarts = Restarts::new("mappings");
    restarts.live(|test: Test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", |_| std::future::pending()).await;
        let url = flow.queue("orders", &[]).await;
        flow.mapped(flow.map("orders")).await;
        flow.send(&url, "taken").await;
        while calls.len() == 0 {
            tokio::task::yield_now().await;
        }
        flow.send(&url, "waiting").await;
    });
    restarts.live(|test: Test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.put("orders", done);
        // What was in flight comes again after its visibility timeout.
        flow.world().clock.jump(Duration::from_secs(30));
        let mut seen = BTreeSet::new();
        while !["taken", "waiting"].into_iter().all(|body| seen.contains(body)) {
            seen.extend(batches(&calls).concat());
            tokio::task::yield_now().await;
        }
        assert_eq!(seen.len(), 2);
    });
}

/// A table with a stream, whose ARN this is.
async fn table(flow: &Flow, name: &str) -> String {
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewImage);
    let create = flow.dynamodb.create_table().table_name(name).key_schema(key);
    let create = create.attribute_definitions(id.build().unwrap()).billing_mode(BillingMode::PayPerRequest);
    let made = create.stream_specification(stream.build().unwrap()).send().await.unwrap();
    made.table_description.unwrap().latest_stream_arn.unwrap()
}

fn stream_of(flow: &Flow, stream: &str) -> CreateEventSourceMappingFluentBuilder {
    let create = flow.lambda.create_event_source_mapping().function_name("orders").event_source_arn(stream);
    create.starting_position(EventSourcePosition::TrimHorizon)
}

async fn put(flow: &Flow, ids: impl IntoIterator<Item = u32>) {
    for id in ids {
        let put = flow.dynamodb.put_item().table_name("rows").item("id", AttributeValue::S(id.to_string()));
        put.send().await.unwrap();
    }
}

/// The keys of a batch of rows.
fn ids(event: &Value) -> Vec<u32> {
    let id = |record: &Value| record["dynamodb"]["Keys"]["id"]["S"].as_str().unwrap().parse().unwrap();
    records(event).iter().map(id).collect()
}

fn rows(calls: &Calls) -> Vec<Vec<u32>> {
    calls.events().iter().map(ids).collect()
}

fn destination() -> DestinationConfig {
    DestinationConfig::builder().on_failure(OnFailure::builder().destination(format!("{PREFIX}dead")).build()).build()
}

/// The records of what was given up.
async fn given_up(flow: &Flow, url: &str) -> Vec<Value> {
    let receive = flow.sqs.receive_message().queue_url(url).max_number_of_messages(10).send().await.unwrap();
    let messages = receive.messages.unwrap_or_default();
    messages.iter().map(|message| serde_json::from_str(message.body().unwrap()).unwrap()).collect()
}

#[test]
fn rows_come_in_order_and_once() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", done).await;
        let stream = table(&flow, "rows").await;
        put(&flow, 0..5).await;
        flow.mapped(stream_of(&flow, &stream).batch_size(3)).await;
        flow.pass(1).await;
        assert_eq!(rows(&calls), [vec![0, 1, 2], vec![3, 4]]);
        put(&flow, 5..6).await;
        flow.pass(1).await;
        let event = calls.events().remove(0);
        let record = &records(&event)[0];
        assert_eq!((&record["eventName"], &record["eventSource"]), (&json!("INSERT"), &json!("aws:dynamodb")));
        assert_eq!(record["eventSourceARN"], stream);
        assert_eq!(record["dynamodb"]["NewImage"]["id"]["S"], "5");
        flow.pass(24 * 3600).await;
        put(&flow, 6..7).await;
        flow.pass(1).await;
        assert_eq!(rows(&calls), [[6]], "an iterator that grew old is no end");
        assert!(flow.world().activity.is_quiet(), "who waits for rows is not at work");
        assert_eq!(flow.world().clock.next_work(), None);
    });
}

#[test]
fn a_stream_that_throttles_and_loses_answers_is_read_to_its_end() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", done).await;
        let stream = table(&flow, "rows").await;
        let rates = Rates { throttle: 0.3, internal_error: 0.3, lost_response: 0.3, ..Rates::default() };
        flow.engine.faults().at("dynamodbstreams", rates);
        flow.mapped(stream_of(&flow, &stream).batch_size(3)).await;
        put(&flow, 0..20).await;
        flow.pass(3600).await;
        assert_eq!(rows(&calls).concat(), (0..20).collect::<Vec<_>>(), "what is done is not read again");
    });
}

#[test]
fn what_was_written_before_is_none_of_the_latest() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", done).await;
        let stream = table(&flow, "rows").await;
        put(&flow, 0..3).await;
        flow.pass(2).await;
        flow.mapped(stream_of(&flow, &stream).starting_position(EventSourcePosition::Latest)).await;
        flow.pass(1).await;
        put(&flow, 3..5).await;
        flow.pass(1).await;
        assert_eq!(rows(&calls).concat(), [3, 4]);
    });
}

#[test]
fn rows_wait_for_their_window_and_pass_filters() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", done).await;
        let stream = table(&flow, "rows").await;
        let inserts =
            filter(&json!({"eventName": ["INSERT"], "dynamodb": {"Keys": {"id": {"S": [{"anything-but": "1"}]}}}}));
        let map = stream_of(&flow, &stream).filter_criteria(inserts).maximum_batching_window_in_seconds(10);
        flow.mapped(map).await;
        put(&flow, 0..2).await;
        flow.pass(8).await;
        put(&flow, 2..4).await;
        let remove = flow.dynamodb.delete_item().table_name("rows").key("id", AttributeValue::S("3".to_owned()));
        remove.send().await.unwrap();
        flow.pass(1).await;
        assert_eq!(calls.len(), 0);
        flow.pass(2).await;
        assert_eq!(rows(&calls), [[0, 2, 3]]);
    });
}

#[test]
fn a_batch_of_rows_that_fails_holds_up_the_shard_until_it_is_given_up() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls =
            flow.function("orders", |event| async move {
                if ids(&event).contains(&1) { Err(sad()) } else { Ok(Value::Null) }
            })
            .await;
        let stream = table(&flow, "rows").await;
        let dead = flow.queue("dead", &[]).await;
        put(&flow, 0..4).await;
        let map = stream_of(&flow, &stream).batch_size(2).maximum_retry_attempts(2).destination_config(destination());
        flow.mapped(map).await;
        flow.pass(600).await;
        assert_eq!(rows(&calls), [vec![0, 1], vec![0, 1], vec![0, 1], vec![2, 3]]);
        let records = given_up(&flow, &dead).await;
        assert_eq!(records.len(), 1);
        let record = &records[0];
        assert_eq!(record["requestContext"]["condition"], "RetryAttemptsExhausted");
        assert_eq!(record["requestContext"]["approximateInvokeCount"], 3);
        assert_eq!(record["responseContext"]["functionError"], "Unhandled");
        let batch = &record["DDBStreamBatchInfo"];
        assert_eq!((&batch["batchSize"], &batch["streamArn"]), (&json!(2), &json!(stream)));
        assert!(batch["startSequenceNumber"].as_str().unwrap() < batch["endSequenceNumber"].as_str().unwrap());
        assert_eq!(batch["approximateArrivalOfFirstRecord"], "2026-01-01T00:00:00Z");
    });
}

#[test]
fn a_batch_that_is_split_loses_the_bad_row_alone() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls =
            flow.function("orders", |event| async move {
                if ids(&event).contains(&5) { Err(sad()) } else { Ok(Value::Null) }
            })
            .await;
        let stream = table(&flow, "rows").await;
        let dead = flow.queue("dead", &[]).await;
        put(&flow, 0..8).await;
        let map = stream_of(&flow, &stream).bisect_batch_on_function_error(true).maximum_retry_attempts(1);
        flow.mapped(map.destination_config(destination())).await;
        flow.pass(600).await;
        assert_eq!(
            rows(&calls),
            [
                vec![0, 1, 2, 3, 4, 5, 6, 7],
                vec![0, 1, 2, 3],
                vec![4, 5, 6, 7],
                vec![4, 5],
                vec![4],
                vec![5],
                vec![5],
                vec![6, 7]
            ],
        );
        assert_eq!(given_up(&flow, &dead).await[0]["DDBStreamBatchInfo"]["batchSize"], 1);
    });
}

#[test]
fn rows_before_the_first_that_failed_are_done() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let tries = Rc::new(Cell::new(0));
        let seen = Rc::clone(&tries);
        let calls = flow
            .function("orders", move |event| {
                let bad = |record: &&Value| record["dynamodb"]["Keys"]["id"]["S"] == "2";
                let failed = records(&event).iter().find(bad).filter(|_| seen.replace(seen.get() + 1) < 2);
                let answer = failures(failed.map(|record| record["dynamodb"]["SequenceNumber"].as_str().unwrap()));
                async move { Ok(answer) }
            })
            .await;
        let stream = table(&flow, "rows").await;
        put(&flow, 0..5).await;
        let map = stream_of(&flow, &stream).function_response_types(FunctionResponseType::ReportBatchItemFailures);
        flow.mapped(map).await;
        flow.pass(60).await;
        assert_eq!(rows(&calls), [vec![0, 1, 2, 3, 4], vec![2, 3, 4], vec![2, 3, 4]]);
    });
}

#[test]
fn rows_that_grew_too_old_are_given_up() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", fail).await;
        let stream = table(&flow, "rows").await;
        let dead = flow.queue("dead", &[]).await;
        let map = stream_of(&flow, &stream).maximum_record_age_in_seconds(60).destination_config(destination());
        flow.mapped(map).await;
        put(&flow, 0..2).await;
        flow.pass(300).await;
        let tried = calls.events().len();
        assert!(tried > 3, "{tried}");
        let records = given_up(&flow, &dead).await;
        assert_eq!(records[0]["requestContext"]["condition"], "RecordAgeExceeded");
        flow.put("orders", done);
        put(&flow, 2..3).await;
        flow.pass(10).await;
        assert_eq!(given_up(&flow, &dead).await, [json!(null); 0]);
    });
}

#[test]
fn rows_of_one_item_are_in_one_of_several_lanes() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let running = Rc::new(Cell::new((0, 0)));
        let (count, clock) = (Rc::clone(&running), flow.world().clock.clone());
        let calls = flow
            .function("orders", move |_| {
                let (count, clock) = (Rc::clone(&count), clock.clone());
                async move {
                    let (now, most) = count.get();
                    count.set((now + 1, std::cmp::max(most, now + 1)));
                    clock.sleep(Duration::from_secs(1)).await;
                    count.set((count.get().0 - 1, count.get().1));
                    Ok(Value::Null)
                }
            })
            .await;
        let stream = table(&flow, "rows").await;
        for version in 0..60 {
            let put =
                flow.dynamodb.put_item().table_name("rows").item("id", AttributeValue::S((version % 20).to_string()));
            put.item("version", AttributeValue::N(version.to_string())).send().await.unwrap();
        }
        flow.mapped(stream_of(&flow, &stream).parallelization_factor(4).batch_size(10)).await;
        flow.pass(60).await;
        assert_eq!(running.get().1, 4);
        let events = calls.events();
        assert!(events.iter().all(|event| records(event).len() <= 10));
        let mut last: BTreeMap<u32, String> = BTreeMap::new();
        for record in events.iter().flat_map(records) {
            let id = record["dynamodb"]["Keys"]["id"]["S"].as_str().unwrap().parse().unwrap();
            let number = record["dynamodb"]["SequenceNumber"].as_str().unwrap().to_owned();
            assert!(last.insert(id, number.clone()).is_none_or(|before| before < number), "item {id} is in order");
        }
        assert_eq!((events.iter().map(|event| records(event).len()).sum::<usize>(), last.len()), (60, 20));
    });
}

#[test]
fn a_stream_that_cannot_be_mapped_so_is_refused() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.function("orders", done).await;
        let stream = table(&flow, "rows").await;
        let map = || stream_of(&flow, &stream);
        let lambda = OnFailure::builder().destination("arn:aws:lambda:eu-west-1:000000000000:function:orders").build();
        let lambda = DestinationConfig::builder().on_failure(lambda).build();
        for (message, create) in [
            ("none of TRIM_HORIZON, LATEST", map().starting_position(EventSourcePosition::AtTimestamp)),
            ("does not honour `TumblingWindowInSeconds`", map().tumbling_window_in_seconds(30)),
            ("value less than or equal to 10", map().parallelization_factor(11)),
            ("value greater than or equal to 60", map().maximum_record_age_in_seconds(59)),
            (
                "Unsupported ScalingConfig",
                map().scaling_config(ScalingConfig::builder().maximum_concurrency(2).build()),
            ),
            ("DestinationConfig is invalid", map().destination_config(lambda)),
        ] {
            let error = create.send().await.unwrap_err();
            assert!(error.message().unwrap().contains(message), "{message}: {error:?}");
        }
        let made = map().maximum_retry_attempts(-1).maximum_record_age_in_seconds(-1).send().await.unwrap();
        assert_eq!((made.maximum_retry_attempts(), made.maximum_record_age_in_seconds()), (Some(-1), Some(-1)));
        assert_eq!((made.batch_size(), made.starting_position().unwrap().as_str()), (Some(100), "TRIM_HORIZON"));
    });
}

#[test]
fn a_restart_goes_on_behind_the_rows_that_are_done() {
    let restarts = Restarts::new("streams");
    restarts.live(|test: Test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", done).await;
        let stream = table(&flow, "rows").await;
        put(&flow, 0..3).await;
        flow.mapped(stream_of(&flow, &stream)).await;
        while calls.len() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(rows(&calls), [[0, 1, 2]]);
        let calls = flow.put("orders", |_| std::future::pending());
        put(&flow, 3..4).await;
        // The batch before is done when the next one begins.
        while calls.len() == 0 {
            tokio::task::yield_now().await;
        }
        put(&flow, 4..5).await;
    });
    restarts.live(|test: Test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.put("orders", done);
        let mut seen = Vec::new();
        while seen.len() < 2 {
            seen.extend(rows(&calls).concat());
            tokio::task::yield_now().await;
        }
        assert_eq!(seen, [3, 4]);
    });
}
