//! Time to live.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{ProjectionType, ScalarAttributeType, StreamViewType, TimeToLiveSpecification};
use aws_sdk_dynamodbstreams::Client as Streams;
use aws_sdk_dynamodbstreams::types::{OperationType, ShardIteratorType};

use super::{attribute, get, index, item, key, n, put, s, stream, table};
use crate::world::run;

async fn expiring(db: &Client) {
    table(db, "orders")
        .attribute_definitions(attribute("user", ScalarAttributeType::S))
        .global_secondary_indexes(index("by_user", &["user"], ProjectionType::All))
        .stream_specification(stream(StreamViewType::NewAndOldImages))
        .send()
        .await
        .unwrap();
    let settings = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires_at").build().unwrap();
    db.update_time_to_live().table_name("orders").time_to_live_specification(settings).send().await.unwrap();
}

#[test]
fn an_expired_item_goes_and_the_stream_says_who_did_it() {
    run(|test| async move {
        let (db, streams) = (Client::new(&test.sdk), Streams::new(&test.sdk));
        let clock = &test.engine.world().clock;
        expiring(&db).await;
        let soon = clock.now().seconds() + 90;
        for (sk, expires) in [(1, n(soon)), (2, n(soon + 3600)), (3, s("never")), (4, n(1))] {
            put(&db, "orders", item([("pk", s("a")), ("sk", n(sk)), ("user", s("ada")), ("expires_at", expires)]))
                .await;
        }
        clock.sleep(Duration::from_secs(90)).await;
        // It is seen until it is removed: a reader filters.
        assert!(get(&db, "orders", key("a", 1)).await.is_some());
        clock.sleep(Duration::from_secs(60)).await;
        assert_eq!(get(&db, "orders", key("a", 1)).await, None);
        // What has no number, and what expired more than five years ago, stays.
        for sk in 2..=4 {
            assert!(get(&db, "orders", key("a", sk)).await.is_some(), "{sk}");
        }
        let query = db.query().table_name("orders").index_name("by_user").key_condition_expression("#u = :u");
        let query = query.expression_attribute_names("#u", "user").expression_attribute_values(":u", s("ada"));
        assert_eq!(query.send().await.unwrap().count(), 3);

        let found = streams.list_streams().send().await.unwrap().streams.unwrap().remove(0).stream_arn.unwrap();
        let shards = streams.describe_stream().stream_arn(&found).send().await.unwrap().stream_description.unwrap();
        let from = streams.get_shard_iterator().stream_arn(found).shard_id(shards.shards()[0].shard_id().unwrap());
        let from = from.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await.unwrap();
        let answer = streams.get_records().set_shard_iterator(from.shard_iterator).send().await.unwrap();
        let records = answer.records.unwrap();
        let (last, others) = records.split_last().unwrap();
        assert!(others.iter().all(|record| record.user_identity().is_none()));
        assert_eq!(last.event_name(), Some(&OperationType::Remove));
        let identity = last.user_identity().unwrap();
        assert_eq!((identity.r#type(), identity.principal_id()), (Some("Service"), Some("dynamodb.amazonaws.com")));
        assert_eq!(last.dynamodb().unwrap().old_image().unwrap()["user"].as_s().unwrap(), "ada");
        // A removal by a client after it is the client's.
        db.delete_item().table_name("orders").set_key(Some(key("a", 2))).send().await.unwrap();
        let next = streams.get_records().set_shard_iterator(answer.next_shard_iterator).send().await.unwrap();
        assert_eq!((next.records().len(), next.records()[0].user_identity()), (1, None));
    });
}

#[test]
fn waiting_for_expiry_is_no_work() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        expiring(&db).await;
        let clock = &test.engine.world().clock;
        clock.sleep(Duration::from_secs(1)).await;
        assert_eq!(clock.next_work(), None);
        assert!(clock.next_wake().is_some());
    });
}

#[test]
fn a_jump_over_many_expiries_removes_them_all() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        expiring(&db).await;
        let clock = &test.engine.world().clock;
        for sk in 0..250 {
            let expires = clock.now().seconds() + sk * 60;
            put(&db, "orders", item([("pk", s("a")), ("sk", n(sk)), ("expires_at", n(expires))])).await;
        }
        clock.jump(Duration::from_secs(24 * 3600));
        clock.sleep(Duration::from_secs(1)).await;
        assert_eq!(db.scan().table_name("orders").send().await.unwrap().count(), 0);
    });
}
