//! The background: items whose TTL has passed go, and stream records that are a day old.
//!
//! In: the clock. Guaranteed: an item is deleted within a minute after its TTL, and is seen until then;
//! on AWS that takes up to days. The stream says that DynamoDB did it. A tick costs a lookup in an index
//! per table, however many items there are.

use std::rc::Rc;
use std::time::Duration;

use dynoxide::actions::delete_item;
use dynoxide::storage::TableMetadata;
use rusqlite::params;
use serde_json::{Map, Value, json};

use super::State;
use super::base::{Base, damaged, sqlite};
use super::streams::RETENTION;
use crate::kernel::{AwsError, Outcome, Time};

/// How often it looks.
const TICK: i64 = 60_000;
/// How many items go before others have their turn.
const PAGE: usize = 100;
/// What expired longer ago is left, as on AWS: it is more likely a mistake.
const OLDEST: Duration = Duration::from_secs(5 * 365 * 24 * 3600);

/// Goes on as long as the engine does.
pub(super) async fn keep(state: Rc<State>) {
    loop {
        let kept = state.kept.notified();
        match idle(&state.base) {
            Ok(true) => kept.await,
            Ok(false) => {
                let now = state.base.now().millis();
                state.world.clock.idle_until(Time::from_millis((now.div_euclid(TICK) + 1) * TICK)).await;
                let _busy = state.world.activity.begin();
                tick(&state).await;
            }
            Err(error) => {
                failed(&state, "", &error);
                return;
            }
        }
    }
}

/// Whether there is nothing to look after.
fn idle(base: &Base) -> Result<bool, AwsError> {
    Ok(base.expiring()?.is_empty() && base.streaming()?.is_empty())
}

async fn tick(state: &State) {
    for table in state.base.expiring().unwrap_or_default() {
        let mut gone = 0;
        loop {
            match expire(&state.base, &table) {
                Ok(0) => break,
                Ok(count) => gone += count,
                Err(error) => {
                    failed(state, &table.table_name, &error);
                    break;
                }
            }
            state.written([table.table_name.as_str()]);
            tokio::task::yield_now().await;
        }
        if gone > 0 {
            let name = &table.table_name;
            state.world.log.tell(super::NAME, name, "expired", Outcome::Done, || json!({"items": gone}));
        }
    }
    if let Err(error) = trim(&state.base) {
        failed(state, "", &error);
    }
}

fn failed(state: &State, table: &str, error: &AwsError) {
    state.world.log.tell(super::NAME, table, "expired", Outcome::Failed, || json!({"error": error.to_string()}));
}

/// Makes the index by which a table's expired items are found, or takes it out.
pub(super) fn index(base: &Base, table: &str, attribute: Option<&str>) -> Result<(), AwsError> {
    let name = format!("\"eventloom:ttl:{table}\"");
    let statement = match attribute {
        None => format!("DROP INDEX IF EXISTS {name}"),
        Some(attribute) => format!("CREATE INDEX IF NOT EXISTS {name} ON \"{table}\" ({})", moment(attribute)?),
    };
    base.connection().execute_batch(&statement).map_err(sqlite)
}

/// The TTL of a row, as SQL.
fn moment(attribute: &str) -> Result<String, AwsError> {
    if attribute.contains(['"', '\\']) {
        return Err(AwsError::new(
            "ValidationException",
            format!("the local engine has no TTL by an attribute with a quote or a backslash: `{attribute}`"),
        ));
    }
    let attribute = attribute.replace('\'', "''");
    Ok(format!("CAST(json_extract(item_json, '$.\"{attribute}\".\"N\"') AS NUMERIC)"))
}

/// Deletes a page of expired items; how many there were.
fn expire(base: &Base, table: &TableMetadata) -> Result<usize, AwsError> {
    let Some(attribute) = table.ttl_attribute.as_deref() else { return Ok(0) };
    let (moment, now) = (moment(attribute)?, base.now());
    let mut items: Vec<Value> = Vec::new();
    {
        let find = format!(
            "SELECT item_json FROM \"{}\" WHERE {moment} > ?1 AND {moment} < ?2 ORDER BY {moment}, pk, sk LIMIT ?3",
            table.table_name
        );
        let mut find = base.connection().prepare_cached(&find).map_err(sqlite)?;
        let bounds = params![(now - OLDEST).seconds(), now.seconds(), PAGE];
        let rows = find.query_map(bounds, |row| row.get::<_, String>(0)).map_err(sqlite)?;
        for row in rows {
            items.push(serde_json::from_str(&row.map_err(sqlite)?).map_err(damaged)?);
        }
    }
    let key = base.key(&table.table_name, None)?.unwrap_or_default();
    for item in &items {
        let key: Map<String, Value> =
            key.iter().filter_map(|name| Some((name.clone(), item.get(name)?.clone()))).collect();
        let delete = json!({"TableName": table.table_name, "Key": key});
        base.as_expiry(|| base.ask(delete, delete_item::execute))?;
    }
    Ok(items.len())
}

/// Deletes the stream records that are older than a day.
fn trim(base: &Base) -> Result<(), AwsError> {
    let oldest = (base.now() - RETENTION).millis().saturating_mul(1000);
    for table in base.streaming()? {
        let old = "DELETE FROM _stream_records WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) < ?2";
        base.connection().execute(old, params![table.table_name, oldest]).map_err(sqlite)?;
    }
    Ok(())
}
