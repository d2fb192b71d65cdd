//! Streams: order, retries, splits, what is given up.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::types::{DestinationConfig, EventSourcePosition, FunctionResponseType, OnFailure, ScalingConfig};
use local::faults::Rates;
use serde_json::{Value, json};

use super::{PREFIX, done, fail, failures, filter, records, stream_of, table};
use crate::functions::{Calls, Flow, sad};
use crate::restart::Restarts;
use crate::world::{Test, run};

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
        flow.pass(4 * 3600).await;
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
        let flow = Flow::again(test);
        let calls = flow.put("orders", done);
        let mut seen = Vec::new();
        while seen.len() < 2 {
            seen.extend(rows(&calls).concat());
            tokio::task::yield_now().await;
        }
        assert_eq!(seen, [3, 4]);
    });
}
