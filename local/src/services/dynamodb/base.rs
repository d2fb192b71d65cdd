//! The database: dynoxide's tables in a SQLite database, in the engine's time and chance.
//!
//! In: requests in the shape of DynamoDB's JSON. Out: answers in that shape, their members sorted, or
//! DynamoDB's error. Guaranteed: no call waits for another thread, and nothing that is seen comes from
//! the system's clock or from chance that is not the engine's.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use dynoxide::actions::vector_lifecycle::VectorIndexLifecycle;
use dynoxide::storage::{Storage, TableMetadata};
use dynoxide::types::SseSpecification;
use dynoxide::{DynoxideError, storage_backend};
use futures_util::FutureExt;
use rusqlite::{Connection, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{names, schema};
use crate::kernel::{AwsError, Clock, Place, Random, StoreError, Time, World};

/// The database.
pub(super) struct Base {
    storage: Storage,
    /// Where dynoxide reads the time.
    hand: Arc<Hand>,
    clock: Clock,
    random: Random,
    place: Place,
    lifecycle: VectorIndexLifecycle,
}

impl Base {
    /// The database beside the engine's file, or one in memory if the engine keeps nothing.
    pub(super) fn open(world: &World) -> Result<Self, StoreError> {
        let hand = Arc::new(Hand(AtomicI64::new(world.clock.now().millis())));
        let storage = match world.store.beside(super::NAME) {
            Some(path) => Storage::new(&path.to_string_lossy()),
            None => Storage::memory(),
        };
        let storage = storage.map_err(failed)?.with_clock(Arc::clone(&hand) as Arc<dyn storage_backend::Clock>);
        schema::install(storage.conn())?;
        Ok(Self {
            storage,
            hand,
            clock: world.clock.clone(),
            random: world.random.clone(),
            place: world.place.clone(),
            lifecycle: VectorIndexLifecycle::new(),
        })
    }

    /// Where it says it is.
    pub(super) const fn place(&self) -> &Place {
        &self.place
    }

    /// The engine's chance.
    pub(super) const fn random(&self) -> &Random {
        &self.random
    }

    /// The moment that it is.
    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    /// The connection, for what dynoxide has no words for.
    pub(super) fn connection(&self) -> &Connection {
        self.storage.conn()
    }

    /// Lets dynoxide answer a request.
    pub(super) fn ask<'a, I, O, F>(
        &'a self,
        input: Value,
        execute: impl FnOnce(&'a Storage, I) -> F,
    ) -> Result<Value, AwsError>
    where
        I: DeserializeOwned,
        O: Serialize,
        F: Future<Output = dynoxide::Result<O>>,
    {
        let request = serde_json::from_value(input).map_err(|error| unread(&error.to_string()))?;
        self.hand.0.store(self.now().millis(), Ordering::Relaxed);
        // dynoxide's futures over SQLite are ready at once.
        let answer = execute(&self.storage, request).now_or_never();
        let answer = answer.ok_or_else(|| AwsError::internal("the database waited"))?.map_err(refused)?;
        let mut answer = serde_json::to_value(answer).map_err(|error| AwsError::internal(error.to_string()))?;
        // dynoxide keeps items in maps without an order.
        answer.sort_all_objects();
        Ok(answer)
    }

    /// As [`ask`](Self::ask), for operations on tables: the answer has this place's ARNs.
    pub(super) fn ask_table<'a, I, O, F>(
        &'a self,
        input: Value,
        execute: impl FnOnce(&'a Storage, I, &'a VectorIndexLifecycle) -> F,
    ) -> Result<Value, AwsError>
    where
        I: DeserializeOwned,
        O: Serialize,
        F: Future<Output = dynoxide::Result<O>>,
    {
        let mut answer = self.ask(input, |storage, request| execute(storage, request, &self.lifecycle))?;
        names::ours(&mut answer, &self.place);
        Ok(answer)
    }

    /// Does all of `work` or none of it. For what dynoxide does not make a transaction of itself.
    pub(super) fn at_once<T>(&self, work: impl FnOnce() -> Result<T, AwsError>) -> Result<T, AwsError> {
        self.storage.begin_transaction().map_err(refused)?;
        match work() {
            Ok(done) => self.storage.commit().map_err(refused).map(|()| done),
            Err(error) => {
                self.storage.rollback().map_err(refused)?;
                Err(error)
            }
        }
    }

    /// What is known of a table, if there is one.
    pub(super) fn table(&self, name: &str) -> Result<Option<TableMetadata>, AwsError> {
        self.storage.get_table_metadata(name).map_err(refused)
    }

    /// The names of a table's or an index's key attributes, the partition key's first; none if there is no
    /// such table or index.
    pub(super) fn key(&self, name: &str, index: Option<&str>) -> Result<Option<Vec<String>>, AwsError> {
        let Some(table) = self.table(name)? else { return Ok(None) };
        let schema = match index {
            None => Some(serde_json::from_str(&table.key_schema).map_err(damaged)?),
            Some(index) => {
                let definitions = [table.gsi_definitions, table.lsi_definitions].into_iter().flatten();
                let parsed = definitions.map(|text| serde_json::from_str(&text).map_err(damaged));
                let indexes: Vec<Vec<Value>> = parsed.collect::<Result<_, _>>()?;
                let mut indexes = indexes.into_iter().flatten();
                let found = indexes.find(|found| found.get("IndexName").and_then(Value::as_str) == Some(index));
                found.and_then(|mut found| found.get_mut("KeySchema").map(Value::take))
            }
        };
        let Some(Value::Array(schema)) = schema else { return Ok(None) };
        let names = schema.iter().filter_map(|key| key.get("AttributeName")?.as_str().map(str::to_owned));
        Ok(Some(names.collect()))
    }

    /// Sets a table's encryption, which dynoxide's `UpdateTable` does not.
    pub(super) fn encrypt(&self, table: &TableMetadata, encryption: Value) -> Result<(), AwsError> {
        let read: SseSpecification = serde_json::from_value(encryption).map_err(|error| unread(&error.to_string()))?;
        let text = serde_json::to_string(&read).map_err(damaged)?;
        let set = "UPDATE _tables SET sse_specification = ?1 WHERE table_name = ?2";
        self.connection().execute(set, params![text, table.table_name]).map_err(sqlite)?;
        // dynoxide forgets what it knows of a table when it changes the table itself.
        let protection = table.deletion_protection_enabled;
        self.storage.update_deletion_protection(&table.table_name, protection).map_err(refused)
    }

    /// The tables with a TTL.
    pub(super) fn expiring(&self) -> Result<Vec<TableMetadata>, AwsError> {
        self.storage.list_ttl_enabled_tables().map_err(refused)
    }

    /// The tables with a stream, by their names.
    pub(super) fn streaming(&self) -> Result<Vec<TableMetadata>, AwsError> {
        let mut tables = self.storage.list_stream_enabled_tables().map_err(refused)?;
        tables.sort_by(|one, other| one.table_name.cmp(&other.table_name));
        Ok(tables)
    }

    /// Says what a table that is made now has for its id and its date.
    pub(super) fn date(&self) -> Result<(), AwsError> {
        let now = self.now().seconds();
        let set = r#"UPDATE "eventloom:now" SET second = ?1, table_id = ?2"#;
        self.connection().execute(set, params![now, self.random.uuid()]).map_err(sqlite)?;
        Ok(())
    }

    /// Does `work` as DynamoDB itself: the stream says that TTL removed the items.
    pub(super) fn as_expiry<T>(&self, work: impl FnOnce() -> Result<T, AwsError>) -> Result<T, AwsError> {
        let set = |expiring: bool| {
            self.connection().execute(r#"UPDATE "eventloom:now" SET expiring = ?1"#, [expiring]).map_err(sqlite)
        };
        set(true)?;
        let done = work();
        set(false)?;
        done
    }
}

impl fmt::Debug for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Base").field("path", &self.storage.db_path()).finish_non_exhaustive()
    }
}

/// The time as dynoxide reads it: milliseconds, set before each request.
struct Hand(AtomicI64);

impl storage_backend::Clock for Hand {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(Time::from_millis(self.0.load(Ordering::Relaxed)).seconds()).unwrap_or(0)
    }

    fn now_unix_secs_f64(&self) -> f64 {
        Time::from_millis(self.0.load(Ordering::Relaxed)).fractional_seconds()
    }
}

/// SQLite's refusal of what this module asked.
#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
pub(super) fn sqlite(error: rusqlite::Error) -> AwsError {
    AwsError::new("InternalServerError", format!("the tables' file failed: {error}")).status(500)
}

/// What dynoxide or this module wrote cannot be read.
#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
pub(super) fn damaged(error: serde_json::Error) -> AwsError {
    AwsError::new("InternalServerError", format!("the tables' file cannot be read: {error}")).status(500)
}

/// dynoxide cannot open the file.
fn failed(error: DynoxideError) -> StoreError {
    match error {
        DynoxideError::SqliteError(error) => error.into(),
        other => StoreError::Tables(other.to_string()),
    }
}

/// dynoxide's refusal, with the members that DynamoDB's error has.
pub(super) fn refused(error: DynoxideError) -> AwsError {
    let (kind, status, message) = (error.error_type(), error.status_code(), error.to_string());
    let code = kind.rsplit('#').next().unwrap_or(kind);
    let refused = AwsError::new(code, message).status(status);
    let with = |name, value: Result<Value, serde_json::Error>| match value {
        Ok(mut value) => {
            value.sort_all_objects();
            refused.clone().with(name, value)
        }
        Err(_) => refused.clone(),
    };
    match &error {
        DynoxideError::ConditionalCheckFailedException(_, Some(item)) => with("Item", serde_json::to_value(item)),
        DynoxideError::TransactionCanceledException(_, reasons) => {
            with("CancellationReasons", serde_json::to_value(reasons))
        }
        _ => refused,
    }
}

/// A request that dynoxide could not read: its words begin with the kind of the error.
fn unread(message: &str) -> AwsError {
    let kinds: [(&str, &str, &str); 5] = [
        ("SERIALIZATION_AS_READ:", "SerializationException", ""),
        ("VALIDATION_AS_READ:", "ValidationException", ""),
        ("SERIALIZATION:", "SerializationException", ""),
        ("VALIDATION_REQUEST:", "ValidationException", "1 validation error detected: "),
        ("VALIDATION:", "ValidationException", ""),
    ];
    for (mark, code, before) in kinds {
        if let Some(rest) = message.strip_prefix(mark) {
            return AwsError::new(code, format!("{before}{rest}"));
        }
    }
    let ours = ["missing field", "unknown variant", "invalid type: null", "AttributeValue"];
    let code =
        if ours.iter().any(|words| message.contains(words)) { "ValidationException" } else { "SerializationException" };
    AwsError::new(code, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_cannot_be_read_has_dynamodbs_code() {
        let unread = |message| {
            let error = unread(message);
            (error.code, error.message)
        };
        assert_eq!(unread("VALIDATION:no name"), ("ValidationException".into(), "no name".into()));
        assert_eq!(
            unread("VALIDATION_REQUEST:no key"),
            ("ValidationException".into(), "1 validation error detected: no key".into()),
        );
        assert_eq!(unread("SERIALIZATION:x").0, "SerializationException");
        assert_eq!(unread("missing field `Key`").0, "ValidationException");
        assert_eq!(unread("invalid type: integer `1`, expected a string").0, "SerializationException");
    }
}
