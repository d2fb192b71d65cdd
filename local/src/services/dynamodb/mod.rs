//! DynamoDB and DynamoDB Streams.
//!
//! In: calls of DynamoDB's operations, by wire or over the bus. Out: what AWS would answer. Guaranteed:
//! what was accepted is in the engine's second file when the answer is given, each write together with
//! its stream record; the same seed gives the same tables and the same stream, byte for byte.
//!
//! Tables, expressions, indexes, transactions and capacity are `dynoxide`'s, which is called on this
//! thread and never waits. What it lacks is here:
//!
//! | module | is |
//! | --- | --- |
//! | `base` | the database, in the engine's time and chance |
//! | `schema` | what this module adds to the database |
//! | `answer` | from an operation's name and input to its answer |
//! | `tables` | tables: their life, TTL's settings, backups, tags |
//! | `transaction` | the client token of a transaction |
//! | `access` | what a call touches: authorization |
//! | `attributes` | what a request names: condition keys |
//! | `policy` | the policies on tables and streams |
//! | `encryption` | who may use the key of an encrypted table |
//! | `names` | ARNs, for dynoxide knows one region and account only |
//! | `streams` | the streams API |
//! | `iterator` | a place in a stream |
//! | `expiry` | the background: TTL and the end of stream records |
//!
//! Inert, that is kept and shown but without effect: provisioned and on-demand throughput, table class,
//! point-in-time recovery, tags. Nothing is encrypted; the policy of a table's key is asked as if it were.
//! Every other member that is not honoured is refused by name.
//!
//! **Waiting for stream records.** Who consumes a stream within the engine need not poll: the operation
//! `eventloom:WaitForRecords` of `dynamodbstreams`, with the input `{"ShardIterator": …}`, answers `{}` as
//! soon as `GetRecords` with that iterator would give a record, however long that takes. Who may get the
//! records may wait for them.

mod access;
mod answer;
mod attributes;
mod base;
mod encryption;
mod expiry;
mod iterator;
mod names;
mod policy;
mod schema;
mod streams;
mod tables;
mod transaction;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use tokio::sync::Notify;

use self::base::Base;
use self::policy::Policies;
use crate::kernel::{AwsError, Call, Service, StoreError, World};
use crate::wire::{AwsJson, Protocol};

/// As ARNs and signatures name DynamoDB.
pub const NAME: &str = "dynamodb";

/// DynamoDB's wire.
pub const PROTOCOL: Protocol =
    Protocol::Json(AwsJson { version: "1.0", target: "DynamoDB_20120810", query_errors: None });

/// The streams' API, which has a name of its own here.
pub const STREAMS_NAME: &str = "dynamodbstreams";

/// The streams' wire.
pub const STREAMS_PROTOCOL: Protocol =
    Protocol::Json(AwsJson { version: "1.0", target: "DynamoDBStreams_20120810", query_errors: None });

/// DynamoDB.
#[derive(Debug)]
pub struct DynamoDb(Rc<State>);

/// DynamoDB Streams.
#[derive(Debug)]
pub struct Streams(Rc<State>);

/// What both APIs and the background share.
#[derive(Debug)]
struct State {
    world: World,
    base: Base,
    policies: Policies,
    /// Who has the key of a table cached.
    keys: RefCell<encryption::Keys>,
    /// Who waits for records of a table's stream.
    readers: RefCell<BTreeMap<String, Rc<Notify>>>,
    /// A table has got a stream or a TTL.
    kept: Notify,
}

impl State {
    /// Tells who waits for them that there may be records in these tables' streams.
    fn written<'a>(&self, tables: impl IntoIterator<Item = &'a str>) {
        let readers = self.readers.borrow();
        for table in tables {
            if let Some(reader) = readers.get(table) {
                reader.notify_waiters();
            }
        }
    }
}

/// Opens the database and starts what goes on in the background.
pub fn start(world: &World) -> Result<(Rc<DynamoDb>, Rc<Streams>), StoreError> {
    let base = Base::open(world)?;
    let policies = Policies::load(base.connection())?;
    let state = Rc::new(State {
        world: world.clone(),
        base,
        policies,
        keys: RefCell::default(),
        readers: RefCell::default(),
        kept: Notify::new(),
    });
    tokio::task::spawn_local(expiry::keep(Rc::clone(&state)));
    Ok((Rc::new(DynamoDb(Rc::clone(&state))), Rc::new(Streams(state))))
}

impl Service for DynamoDb {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        Box::pin(async move { answer::answer(&self.0, call).await })
    }
}

impl Service for Streams {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        Box::pin(async move { streams::answer(&self.0, call).await })
    }
}
