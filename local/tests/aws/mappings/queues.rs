//! Queues: batches, failures, filters, concurrency, and what cannot be mapped.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::types::{
    EventSourcePosition, Filter, FilterCriteria, FunctionResponseType, ProvisionedPollerConfig, ScalingConfig,
};
use aws_sdk_sqs::types::MessageAttributeValue;
use local::faults::Rates;
use local::kernel::{Access, Authorize, AwsError};
use serde_json::{Value, json};

use super::{PREFIX, batches, bodies, done, fail, failures, filter, none_left, records, stream_of, table};
use crate::functions::{Flow, sad};
use crate::restart::Restarts;
use crate::world::{Test, run};

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
        let flow = Flow::again(test);
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
