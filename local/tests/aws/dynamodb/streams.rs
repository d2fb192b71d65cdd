//! Streams: shards, iterators, records.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{StreamSpecification, StreamViewType};
use aws_sdk_dynamodbstreams::Client as Streams;
use aws_sdk_dynamodbstreams::types::{AttributeValue, OperationType, Record, ShardIteratorType};
use futures_util::FutureExt;
use local::kernel::Caller;
use serde_json::json;

use super::{item, key, n, put, refusal, s, stream, table};
use crate::world::run;

/// A stream's ARN and its shard.
async fn shard(streams: &Streams, table: &str) -> (String, String) {
    let arn =
        streams.list_streams().table_name(table).send().await.unwrap().streams.unwrap().remove(0).stream_arn.unwrap();
    let found = streams.describe_stream().stream_arn(&arn).send().await.unwrap().stream_description.unwrap();
    assert_eq!((found.shards().len(), found.stream_arn(), found.table_name()), (1, Some(arn.as_str()), Some(table)));
    (arn, found.shards()[0].shard_id().unwrap().to_owned())
}

async fn iterator(streams: &Streams, table: &str, kind: ShardIteratorType, number: Option<&str>) -> String {
    let (arn, shard) = shard(streams, table).await;
    let iterator = streams.get_shard_iterator().stream_arn(arn).shard_id(shard).shard_iterator_type(kind);
    iterator.set_sequence_number(number.map(str::to_owned)).send().await.unwrap().shard_iterator.unwrap()
}

async fn records(streams: &Streams, iterator: &str) -> (Vec<Record>, String) {
    let answer = streams.get_records().shard_iterator(iterator).send().await.unwrap();
    (answer.records.unwrap(), answer.next_shard_iterator.unwrap())
}

async fn all(streams: &Streams, table: &str) -> Vec<Record> {
    records(streams, &iterator(streams, table, ShardIteratorType::TrimHorizon, None).await).await.0
}

fn number(record: &Record) -> &str {
    record.dynamodb().unwrap().sequence_number().unwrap()
}

fn sk(record: &Record) -> i64 {
    record.dynamodb().unwrap().keys().unwrap()["sk"].as_n().unwrap().parse().unwrap()
}

#[test]
fn each_view_shows_its_images() {
    run(|test| async move {
        let (db, streams) = (Client::new(&test.sdk), Streams::new(&test.sdk));
        let views = [
            (StreamViewType::KeysOnly, false, false),
            (StreamViewType::NewImage, true, false),
            (StreamViewType::OldImage, false, true),
            (StreamViewType::NewAndOldImages, true, true),
        ];
        for (view, new, old) in views {
            let name = format!("t-{view}");
            table(&db, &name).stream_specification(stream(view.clone())).send().await.unwrap();
            put(&db, &name, item([("pk", s("a")), ("sk", n(1)), ("state", s("new"))])).await;
            put(&db, &name, item([("pk", s("a")), ("sk", n(1)), ("state", s("paid"))])).await;
            db.delete_item().table_name(&name).set_key(Some(key("a", 1))).send().await.unwrap();
            // Nothing was there.
            db.delete_item().table_name(&name).set_key(Some(key("a", 1))).send().await.unwrap();
            let records = all(&streams, &name).await;
            let names: Vec<_> = records.iter().map(|record| record.event_name().unwrap().clone()).collect();
            assert_eq!(names, [OperationType::Insert, OperationType::Modify, OperationType::Remove]);
            let state = |text: &str| Some(AttributeValue::S(text.into()));
            for (record, was, is) in [
                (&records[0], None, state("new")),
                (&records[1], state("new"), state("paid")),
                (&records[2], state("paid"), None),
            ] {
                assert_eq!(
                    (record.event_source(), record.aws_region(), record.user_identity()),
                    (Some("aws:dynamodb"), Some("eu-west-1"), None)
                );
                let change = record.dynamodb().unwrap();
                assert_eq!(change.stream_view_type().unwrap().as_str(), view.as_str());
                assert_eq!(change.keys().unwrap().len(), 2);
                assert_eq!(change.approximate_creation_date_time().unwrap().secs(), 1_767_225_600);
                let image = |image: Option<&std::collections::HashMap<String, AttributeValue>>| {
                    image.map(|image| image["state"].clone())
                };
                assert_eq!(image(change.new_image()), is.filter(|_| new));
                assert_eq!(image(change.old_image()), was.filter(|_| old));
                assert!(change.size_bytes().unwrap() > 0);
            }
        }
        assert_eq!(streams.list_streams().send().await.unwrap().streams().len(), 4);
    });
}

#[test]
fn a_write_that_changes_nothing_leaves_no_record() {
    run(|test| async move {
        let (db, streams) = (Client::new(&test.sdk), Streams::new(&test.sdk));
        table(&db, "orders").stream_specification(stream(StreamViewType::KeysOnly)).send().await.unwrap();
        let tags = |tags: [&str; 2]| aws_sdk_dynamodb::types::AttributeValue::Ss(tags.map(str::to_owned).to_vec());
        let order =
            |state: &str, names| item([("pk", s("a")), ("sk", n(1)), ("state", s(state)), ("tags", tags(names))]);
        for (state, names) in [("new", ["x", "y"]), ("new", ["y", "x"]), ("paid", ["x", "y"]), ("paid", ["x", "y"])] {
            put(&db, "orders", order(state, names)).await;
        }
        let set = |state: &str| {
            let update = db.update_item().table_name("orders").set_key(Some(key("a", 1)));
            update
                .update_expression("SET #s = :s")
                .expression_attribute_names("#s", "state")
                .expression_attribute_values(":s", s(state))
                .send()
        };
        set("paid").await.unwrap();
        set("sent").await.unwrap();
        let names: Vec<_> =
            all(&streams, "orders").await.iter().map(|record| record.event_name().unwrap().clone()).collect();
        assert_eq!(names, [OperationType::Insert, OperationType::Modify, OperationType::Modify]);
    });
}

#[test]
fn an_iterator_begins_where_it_says() {
    run(|test| async move {
        let (db, streams) = (Client::new(&test.sdk), Streams::new(&test.sdk));
        table(&db, "orders").stream_specification(stream(StreamViewType::NewImage)).send().await.unwrap();
        for sk in 0..5 {
            put(&db, "orders", key("a", sk)).await;
        }
        let first = all(&streams, "orders").await;
        assert_eq!(first.iter().map(sk).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert!(first.is_sorted_by(|one, other| number(one) < number(other)));
        let from = |kind, number: Option<String>| {
            let streams = &streams;
            async move { records(streams, &iterator(streams, "orders", kind, number.as_deref()).await).await }
        };
        let third = number(&first[2]).to_owned();
        let at = from(ShardIteratorType::AtSequenceNumber, Some(third.clone())).await.0;
        assert_eq!(at.iter().map(sk).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(at[0].event_id(), first[2].event_id());
        let after = from(ShardIteratorType::AfterSequenceNumber, Some(third)).await.0;
        assert_eq!(after.iter().map(sk).collect::<Vec<_>>(), [3, 4]);

        let (none, next) = from(ShardIteratorType::Latest, None).await;
        assert!(none.is_empty());
        put(&db, "orders", key("a", 5)).await;
        assert_eq!(records(&streams, &next).await.0.iter().map(sk).collect::<Vec<_>>(), [5]);

        let horizon = iterator(&streams, "orders", ShardIteratorType::TrimHorizon, None).await;
        let two = streams.get_records().shard_iterator(&horizon).limit(2).send().await.unwrap();
        assert_eq!(two.records().iter().map(sk).collect::<Vec<_>>(), [0, 1]);
        let rest = records(&streams, two.next_shard_iterator().unwrap()).await.0;
        assert_eq!(rest.iter().map(sk).collect::<Vec<_>>(), [2, 3, 4, 5]);
    });
}

#[test]
fn a_bad_request_of_a_stream_is_refused() {
    run(|test| async move {
        let (db, streams) = (Client::new(&test.sdk), Streams::new(&test.sdk));
        table(&db, "orders").stream_specification(stream(StreamViewType::NewImage)).send().await.unwrap();
        let (arn, shard) = shard(&streams, "orders").await;
        let missing = refusal(streams.describe_stream().stream_arn(format!("{arn}0")).send().await);
        let text = format!("Requested resource not found: Stream: {arn}0 not found");
        assert_eq!(missing, ("ResourceNotFoundException".into(), text));
        let iterator =
            |shard: &str, kind| streams.get_shard_iterator().stream_arn(&arn).shard_id(shard).shard_iterator_type(kind);
        let other = refusal(iterator("shardId-00000000000000000000-00000000", ShardIteratorType::Latest).send().await);
        assert_eq!(other.0, "ResourceNotFoundException");
        let without = refusal(iterator(&shard, ShardIteratorType::AtSequenceNumber).send().await);
        assert_eq!(without.0, "ValidationException");
        let unasked =
            refusal(iterator(&shard, ShardIteratorType::Latest).sequence_number("100000000000000000001").send().await);
        assert_eq!(unasked.0, "ValidationException");
        let garbage = refusal(streams.get_records().shard_iterator("garbage").send().await);
        assert_eq!(garbage, super::invalid("Invalid ShardIterator"));
        let horizon = iterator(&shard, ShardIteratorType::TrimHorizon).send().await.unwrap().shard_iterator.unwrap();
        let limit = refusal(streams.get_records().shard_iterator(&horizon).limit(1001).send().await);
        assert!(limit.1.contains("less than or equal to 1000"), "{}", limit.1);

        test.engine.world().clock.sleep(Duration::from_secs(15 * 60 + 1)).await;
        let late = refusal(streams.get_records().shard_iterator(&horizon).send().await);
        assert_eq!(late.0, "ExpiredIteratorException");
    });
}

#[test]
fn a_record_is_there_for_a_day() {
    run(|test| async move {
        let (db, streams) = (Client::new(&test.sdk), Streams::new(&test.sdk));
        let clock = &test.engine.world().clock;
        table(&db, "orders").stream_specification(stream(StreamViewType::NewImage)).send().await.unwrap();
        clock.sleep(Duration::from_secs(60)).await;
        put(&db, "orders", key("a", 1)).await;
        clock.sleep(Duration::from_secs(12 * 3600)).await;
        put(&db, "orders", key("a", 2)).await;
        clock.sleep(Duration::from_secs(12 * 3600 - 1)).await;
        let both = all(&streams, "orders").await;
        assert_eq!(both.iter().map(sk).collect::<Vec<_>>(), [1, 2]);
        clock.sleep(Duration::from_secs(2)).await;
        assert_eq!(all(&streams, "orders").await.iter().map(sk).collect::<Vec<_>>(), [2]);
        let (arn, shard) = shard(&streams, "orders").await;
        let trimmed = streams.get_shard_iterator().stream_arn(arn).shard_id(shard).sequence_number(number(&both[0]));
        let trimmed = trimmed.shard_iterator_type(ShardIteratorType::AtSequenceNumber).send().await;
        assert_eq!(refusal(trimmed).0, "TrimmedDataAccessException");
    });
}

#[test]
fn who_waits_for_records_wakes_at_once_and_is_no_work() {
    run(|test| async move {
        let (db, streams) = (Client::new(&test.sdk), Streams::new(&test.sdk));
        let world = test.engine.world();
        table(&db, "orders").stream_specification(stream(StreamViewType::NewImage)).send().await.unwrap();
        let latest = iterator(&streams, "orders", ShardIteratorType::Latest, None).await;
        let wait = || {
            world.bus.request(
                Caller::Account,
                "dynamodbstreams",
                "eventloom:WaitForRecords",
                json!({"ShardIterator": latest}),
            )
        };
        let waiter = wait();
        tokio::pin!(waiter);
        assert!((&mut waiter).now_or_never().is_none());
        assert!(world.activity.is_quiet());
        // What waits hides no work of others.
        let work = world.activity.begin();
        assert!(!world.activity.is_quiet());
        drop(work);
        let before = world.clock.now();
        world.clock.sleep(Duration::from_secs(3600)).await;
        put(&db, "orders", key("a", 1)).await;
        let answer = waiter.await.unwrap();
        assert_eq!((answer, world.clock.now()), (json!({}), before + Duration::from_secs(3600)));
        assert!(world.activity.is_quiet());
    });
}

#[test]
fn who_waits_on_a_stream_that_ends_is_told() {
    run(|test| async move {
        let (db, streams) = (Client::new(&test.sdk), Streams::new(&test.sdk));
        let world = test.engine.world();
        table(&db, "orders").stream_specification(stream(StreamViewType::NewImage)).send().await.unwrap();
        let latest = iterator(&streams, "orders", ShardIteratorType::Latest, None).await;
        let waiter = world.bus.request(
            Caller::Account,
            "dynamodbstreams",
            "eventloom:WaitForRecords",
            json!({"ShardIterator": latest}),
        );
        tokio::pin!(waiter);
        assert!((&mut waiter).now_or_never().is_none());
        let off = StreamSpecification::builder().stream_enabled(false).build().unwrap();
        db.update_table().table_name("orders").stream_specification(off).send().await.unwrap();
        assert_eq!(waiter.await.err().unwrap().code, "ResourceNotFoundException");
        assert!(streams.list_streams().send().await.unwrap().streams().is_empty());
    });
}
