//! Batches of reads and writes.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{DeleteRequest, KeysAndAttributes, PutRequest, WriteRequest};

use super::{Item, get, invalid, item, key, n, put, refusal, s, table};
use crate::world::run;

fn write(item: Item) -> WriteRequest {
    WriteRequest::builder().put_request(PutRequest::builder().set_item(Some(item)).build().unwrap()).build()
}

fn delete(key: Item) -> WriteRequest {
    WriteRequest::builder().delete_request(DeleteRequest::builder().set_key(Some(key)).build().unwrap()).build()
}

fn keys(keys: Vec<Item>) -> KeysAndAttributes {
    KeysAndAttributes::builder().set_keys(Some(keys)).build().unwrap()
}

#[test]
fn a_batch_writes_and_reads_over_tables() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        for name in ["orders", "users"] {
            table(&db, name).send().await.unwrap();
        }
        put(&db, "users", key("old", 1)).await;
        let batch = db
            .batch_write_item()
            .request_items("orders", (1..=25).map(|sk| write(key("a", sk))).collect::<Vec<_>>()[..24].to_vec());
        let written = batch.request_items("users", vec![delete(key("old", 1))]).send().await.unwrap();
        assert!(written.unprocessed_items().unwrap().is_empty());
        assert_eq!(get(&db, "users", key("old", 1)).await, None);

        let read = db.batch_get_item().request_items("orders", keys((20..30).map(|sk| key("a", sk)).collect()));
        let read = read.request_items("users", keys(vec![key("old", 1)])).send().await.unwrap();
        assert!(read.unprocessed_keys().unwrap().is_empty());
        let responses = read.responses.unwrap();
        assert_eq!(responses["orders"].len(), 5);
        assert!(responses["users"].is_empty());
    });
}

#[test]
fn a_batch_has_its_limits() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let writes = |count: i64| {
            db.batch_write_item().request_items("orders", (0..count).map(|sk| write(key("a", sk))).collect())
        };
        writes(25).send().await.unwrap();
        let many = refusal(writes(26).send().await);
        assert_eq!(many.0, "ValidationException");
        assert!(many.1.contains("Member must have length less than or equal to 25"), "{}", many.1);
        let reads =
            |count: i64| db.batch_get_item().request_items("orders", keys((0..count).map(|sk| key("a", sk)).collect()));
        reads(100).send().await.unwrap();
        let many = refusal(reads(101).send().await);
        assert_eq!(many.0, "ValidationException");
        assert!(many.1.contains("less than or equal to 100"), "{}", many.1);

        let twice = db.batch_write_item().request_items("orders", vec![write(key("a", 1)), delete(key("a", 1))]);
        assert_eq!(refusal(twice.send().await), invalid("Provided list of item keys contains duplicates"));
        let twice = db.batch_get_item().request_items("orders", keys(vec![key("a", 1), key("a", 1)]));
        assert_eq!(refusal(twice.send().await), invalid("Provided list of item keys contains duplicates"));
        let missing = db.batch_write_item().request_items("other", vec![write(key("a", 1))]);
        assert_eq!(refusal(missing.send().await).0, "ResourceNotFoundException");
    });
}

#[test]
fn a_read_of_more_than_16_mebibytes_leaves_keys() {
    run(|test| async move {
        let db = Client::new(&test.sdk);
        table(&db, "orders").send().await.unwrap();
        let text = "x".repeat(400_000);
        for sk in 0..45 {
            put(&db, "orders", item([("pk", s("a")), ("sk", n(sk)), ("text", s(&text))])).await;
        }
        let (mut asked, mut found, mut calls) = (keys((0..45).map(|sk| key("a", sk)).collect()), 0, 0);
        loop {
            let read = db.batch_get_item().request_items("orders", asked).send().await.unwrap();
            calls += 1;
            found += read.responses.unwrap()["orders"].len();
            match read.unprocessed_keys.unwrap().remove("orders") {
                Some(rest) => asked = rest,
                None => break,
            }
        }
        assert_eq!((found, calls), (45, 2));
    });
}
