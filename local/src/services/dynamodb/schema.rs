//! What this module adds to dynoxide's database: tables of its own, an index, and triggers.
//!
//! In: the connection, as it was just opened. Guaranteed from then on, whoever writes:
//! - a table has the date and the id of the engine's time and chance, not of the system's;
//! - a record of a removal by TTL says so;
//! - a write that changes nothing leaves no stream record, as on AWS;
//! - the token of a transaction is kept in the transaction itself.
//!
//! All triggers are temporary: they are this connection's, and are made anew with it. No name of a
//! DynamoDB table has a colon, so none of these names is a table's.

use dynoxide::storage_backend::sql_builders::escape_table_name;
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use serde_json::Value;

/// A log that is not synced survives the death of the process, which is what is promised. The index makes
/// a stream's last number a lookup: without it each write reads the whole stream.
const SCHEMA: &str = r#"
PRAGMA synchronous = OFF;
PRAGMA temp_store = MEMORY;
CREATE INDEX IF NOT EXISTS "eventloom:records" ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
CREATE TABLE IF NOT EXISTS "eventloom:tokens" (
    token TEXT PRIMARY KEY, at INTEGER NOT NULL, request BLOB NOT NULL, answer TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS "eventloom:tokens:at" ON "eventloom:tokens" (at);
CREATE TABLE IF NOT EXISTS "eventloom:backups" (table_name TEXT PRIMARY KEY, days INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "eventloom:policies" (
    resource TEXT PRIMARY KEY, table_name TEXT NOT NULL, revision TEXT NOT NULL, policy TEXT NOT NULL
) WITHOUT ROWID;
CREATE TEMP TABLE "eventloom:now" (
    second INTEGER NOT NULL, table_id TEXT NOT NULL, expiring INTEGER NOT NULL, same INTEGER NOT NULL
);
INSERT INTO "eventloom:now" VALUES (0, '', 0, 0);
CREATE TEMP TABLE "eventloom:token" (token TEXT NOT NULL, at INTEGER NOT NULL, request BLOB NOT NULL);
CREATE TEMP TRIGGER "eventloom:created" AFTER INSERT ON _tables BEGIN
    UPDATE _tables SET (created_at, table_id) = (SELECT second, table_id FROM "eventloom:now")
    WHERE table_name = NEW.table_name;
END;
CREATE TEMP TRIGGER "eventloom:expired" AFTER INSERT ON _stream_records
WHEN (SELECT expiring FROM "eventloom:now") BEGIN
    UPDATE _stream_records SET user_identity = 'ttl' WHERE id = NEW.id;
END;
CREATE TEMP TRIGGER "eventloom:unchanged" AFTER INSERT ON _stream_records
WHEN NEW.event_name = 'MODIFY' AND (SELECT same FROM "eventloom:now") BEGIN
    DELETE FROM _stream_records WHERE id = NEW.id;
END;
"#;

/// What goes with each write to a table. dynoxide puts an item by one insert, and its stream record
/// follows at once.
const WATCH: &str = r#"
CREATE TEMP TRIGGER IF NOT EXISTS "eventloom:same:TABLE" BEFORE INSERT ON "TABLE"
WHEN (SELECT stream_enabled FROM _tables WHERE table_name = 'TABLE') BEGIN
    UPDATE "eventloom:now" SET same = coalesce(
        (SELECT eventloom_same(item_json, NEW.item_json) FROM "TABLE" WHERE pk = NEW.pk AND sk = NEW.sk), 0
    );
END;
CREATE TEMP TRIGGER IF NOT EXISTS "eventloom:put:TABLE" BEFORE INSERT ON "TABLE"
WHEN EXISTS (SELECT 1 FROM "eventloom:token") BEGIN
    INSERT OR REPLACE INTO "eventloom:tokens" SELECT token, at, request, '{}' FROM "eventloom:token";
END;
CREATE TEMP TRIGGER IF NOT EXISTS "eventloom:gone:TABLE" BEFORE DELETE ON "TABLE"
WHEN EXISTS (SELECT 1 FROM "eventloom:token") BEGIN
    INSERT OR REPLACE INTO "eventloom:tokens" SELECT token, at, request, '{}' FROM "eventloom:token";
END;
"#;

/// Adds all of it, for the tables that are there.
pub(super) fn install(connection: &Connection) -> Result<(), rusqlite::Error> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("eventloom_same", 2, flags, |context| {
        let (ValueRef::Text(old), ValueRef::Text(new)) = (context.get_raw(0), context.get_raw(1)) else {
            return Ok(false);
        };
        Ok(old == new || same(old, new))
    })?;
    connection.execute_batch(SCHEMA)?;
    let tables = {
        let mut select = connection.prepare("SELECT table_name FROM _tables ORDER BY table_name")?;
        let names = select.query_map([], |row| row.get::<_, String>(0))?;
        names.collect::<Result<Vec<_>, _>>()?
    };
    tables.iter().try_for_each(|table| watch(connection, table))
}

/// Adds what goes with each write to a table. It goes with the table.
pub(super) fn watch(connection: &Connection, table: &str) -> Result<(), rusqlite::Error> {
    // A table's name has letters, digits and `_-.` alone.
    connection.execute_batch(&WATCH.replace("TABLE", &escape_table_name(table)))
}

/// Whether two items are the same; dynoxide writes the members of maps in any order.
fn same(old: &[u8], new: &[u8]) -> bool {
    let read = |text| serde_json::from_slice::<Value>(text).ok().map(ordered);
    matches!((read(old), read(new)), (Some(old), Some(new)) if old == new)
}

/// With the elements of sets in one order. The members of an object have none.
fn ordered(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| {
                    let is_set = matches!(name.as_str(), "SS" | "NS" | "BS");
                    match value {
                        Value::Array(mut elements) if is_set && elements.iter().all(Value::is_string) => {
                            elements.sort_unstable_by(|one, other| one.as_str().cmp(&other.as_str()));
                            (name, Value::Array(elements))
                        }
                        value => (name, ordered(value)),
                    }
                })
                .collect(),
        ),
        Value::Array(values) => Value::Array(values.into_iter().map(ordered).collect()),
        scalar => scalar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_the_same_whatever_its_order() {
        let old = br#"{"a":{"M":{"x":{"N":"1"},"y":{"SS":["p","q"]}}},"b":{"L":[{"S":"1"},{"S":"2"}]}}"#;
        let turned = br#"{"b":{"L":[{"S":"1"},{"S":"2"}]},"a":{"M":{"y":{"SS":["q","p"]},"x":{"N":"1"}}}}"#;
        let other = br#"{"a":{"M":{"x":{"N":"1"},"y":{"SS":["p","q"]}}},"b":{"L":[{"S":"2"},{"S":"1"}]}}"#;
        assert!(same(old, turned));
        assert!(!same(old, other));
        assert!(!same(old, b"{"));
    }
}
