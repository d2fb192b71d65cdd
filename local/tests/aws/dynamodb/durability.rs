//! What is left when the process is killed.

use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{StreamViewType, Tag, TransactWriteItem, Update};
use aws_sdk_dynamodbstreams::Client as Streams;
use aws_sdk_dynamodbstreams::types::ShardIteratorType;
use local::engine::Engine;
use local::kernel::{Caller, Clock, Place, Random, Store, World};
use tokio::task::LocalSet;

use super::{get, key, n, put, stream, table};
use crate::world::sdk;

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("eventloom-dynamodb-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// An engine on the files of a folder.
fn engine(folder: &Path) -> Engine {
    let store = Store::open(&folder.join("engine.sqlite")).unwrap();
    Engine::start(World::new(Clock::system(), Random::seeded(1), store, Place::default())).unwrap()
}

/// What a kill at this moment would leave: all files as they are.
fn killed(from: &Path, name: &str) -> PathBuf {
    let to = folder(name);
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "sqlite-shm") {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
    to
}

fn run<F: Future<Output = ()>>(test: F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, test);
}

fn clients(engine: &Engine) -> (Client, Streams) {
    let sdk = sdk(engine, &engine.credentials(Caller::Account));
    (Client::new(&sdk), Streams::new(&sdk))
}

/// The sort keys in a table's stream.
async fn streamed(streams: &Streams) -> Vec<i64> {
    let arn = streams.list_streams().send().await.unwrap().streams.unwrap().remove(0).stream_arn.unwrap();
    let found = streams.describe_stream().stream_arn(&arn).send().await.unwrap().stream_description.unwrap();
    let from = streams.get_shard_iterator().stream_arn(arn).shard_id(found.shards()[0].shard_id().unwrap());
    let from = from.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await.unwrap();
    let records = streams.get_records().set_shard_iterator(from.shard_iterator).send().await.unwrap().records.unwrap();
    let sk = |record: &aws_sdk_dynamodbstreams::types::Record| {
        record.dynamodb().unwrap().keys().unwrap()["sk"].as_n().unwrap().parse().unwrap()
    };
    records.iter().map(sk).collect()
}

#[test]
fn an_answered_write_and_its_record_survive_a_kill() {
    run(async {
        let path = folder("writes");
        let engine_ = engine(&path);
        let (db, _) = clients(&engine_);
        let tag = Tag::builder().key("a").value("1").build().unwrap();
        table(&db, "orders").stream_specification(stream(StreamViewType::NewImage)).tags(tag).send().await.unwrap();
        for sk in 0..12 {
            put(&db, "orders", key("a", sk)).await;
            let left = killed(&path, "writes-left");
            let after = engine(&left);
            let (db, streams) = clients(&after);
            assert_eq!(db.scan().table_name("orders").send().await.unwrap().count(), i32::try_from(sk).unwrap() + 1);
            assert_eq!(streamed(&streams).await, (0..=sk).collect::<Vec<_>>());
        }
    });
}

#[test]
fn a_token_survives_a_kill() {
    run(async {
        let path = folder("tokens");
        let engine_ = engine(&path);
        let (db, _) = clients(&engine_);
        table(&db, "orders").send().await.unwrap();
        let add = |db: &Client| {
            let update = Update::builder()
                .table_name("orders")
                .set_key(Some(key("sum", 0)))
                .update_expression("ADD amount :one");
            let update = update.expression_attribute_values(":one", n(1)).build().unwrap();
            db.transact_write_items()
                .client_request_token("one")
                .transact_items(TransactWriteItem::builder().update(update).build())
                .send()
        };
        add(&db).await.unwrap();
        let after = engine(&killed(&path, "tokens-left"));
        let (db, _) = clients(&after);
        add(&db).await.unwrap();
        assert_eq!(get(&db, "orders", key("sum", 0)).await.unwrap()["amount"], n(1));
    });
}

#[test]
fn what_follows_a_restart_goes_on() {
    run(async {
        let path = folder("restart");
        {
            let first = engine(&path);
            let (db, _) = clients(&first);
            table(&db, "orders").stream_specification(stream(StreamViewType::KeysOnly)).send().await.unwrap();
            put(&db, "orders", key("a", 1)).await;
        }
        let (db, streams) = clients(&engine(&path));
        // Nothing changes, and then something does: what watches each write is there again.
        put(&db, "orders", key("a", 1)).await;
        put(&db, "orders", key("a", 2)).await;
        assert_eq!(streamed(&streams).await, [1, 2]);
    });
}
