//! Tables: their life, TTL's settings, backups and tags.
//!
//! In: an operation on a table. Out: its answer. Guaranteed: a table is made, and goes, in one
//! transaction, whatever it consists of. Backups are inert: what was set is shown.

use dynoxide::actions::{
    create_table, delete_table, describe_table, describe_time_to_live, list_tables, list_tags_of_resource,
    tag_resource, untag_resource, update_table, update_time_to_live,
};
use rusqlite::OptionalExtension;
use serde_json::{Value, json};

use super::base::sqlite;
use super::{State, expiry};
use crate::kernel::{AwsError, Outcome};

/// How long backups are kept unless told otherwise.
const DAYS: i64 = 35;

/// Answers an operation on tables.
pub(super) fn answer(state: &State, operation: &str, input: Value) -> Result<Value, AwsError> {
    let base = &state.base;
    match operation {
        "CreateTable" => create(state, input),
        "UpdateTable" => update(state, input),
        "DeleteTable" => delete(state, input),
        "DescribeTable" => base.ask_table(input, describe_table::execute),
        "ListTables" => base.ask(input, list_tables::execute),
        "UpdateTimeToLive" => update_ttl(state, input),
        "DescribeTimeToLive" => base.ask(input, describe_time_to_live::execute),
        "UpdateContinuousBackups" => update_backups(state, &input),
        "DescribeContinuousBackups" => backups(state, name(&input)),
        "TagResource" => base.ask(input, tag_resource::execute).map(|_| json!({})),
        "UntagResource" => base.ask(input, untag_resource::execute).map(|_| json!({})),
        "ListTagsOfResource" => base.ask(input, list_tags_of_resource::execute),
        _ => Err(AwsError::unsupported(super::NAME, operation)),
    }
}

fn name(input: &Value) -> &str {
    input.get("TableName").and_then(Value::as_str).unwrap_or_default()
}

fn tell(state: &State, table: &str, what: &'static str) {
    state.world.log.tell(super::NAME, table, what, Outcome::Done, || Value::Null);
}

fn create(state: &State, mut input: Value) -> Result<Value, AwsError> {
    let base = &state.base;
    let table = name(&input).to_owned();
    if let Some(Value::Object(encryption)) = input.get_mut("SSESpecification")
        && encryption.get("Enabled") == Some(&Value::Bool(true))
        && encryption.get("KMSMasterKeyId").is_none_or(Value::is_null)
    {
        // AWS's own key, which would be drawn from another source of chance.
        let key = base.place().arn("kms", &format!("key/{}", base.random().uuid()));
        encryption.insert("KMSMasterKeyId".to_owned(), key.as_str().into());
    }
    base.date()?;
    let made = base.at_once(|| base.ask_table(input, |tables, request, _| create_table::execute(tables, request)))?;
    state.kept.notify_one();
    tell(state, &table, "created");
    Ok(made)
}

fn update(state: &State, input: Value) -> Result<Value, AwsError> {
    let table = name(&input).to_owned();
    let stream = input.pointer("/StreamSpecification/StreamEnabled").and_then(Value::as_bool);
    let updated = state.base.ask_table(input, update_table::execute)?;
    match stream {
        Some(true) => state.kept.notify_one(),
        Some(false) => end_stream(state, &table)?,
        None => {}
    }
    tell(state, &table, "updated");
    Ok(updated)
}

fn delete(state: &State, input: Value) -> Result<Value, AwsError> {
    let base = &state.base;
    let table = name(&input).to_owned();
    let gone = base.at_once(|| {
        let gone = base.ask_table(input, delete_table::execute)?;
        end_stream(state, &table)?;
        let backups = r#"DELETE FROM "eventloom:backups" WHERE table_name = ?1"#;
        base.connection().execute(backups, [&table]).map_err(sqlite)?;
        Ok(gone)
    })?;
    // Who waits for its records learns that there is no stream.
    state.written([table.as_str()]);
    tell(state, &table, "deleted");
    Ok(gone)
}

fn end_stream(state: &State, table: &str) -> Result<(), AwsError> {
    let records = "DELETE FROM _stream_records WHERE table_name = ?1";
    state.base.connection().execute(records, [table]).map_err(sqlite)?;
    Ok(())
}

fn update_ttl(state: &State, input: Value) -> Result<Value, AwsError> {
    let base = &state.base;
    let table = name(&input).to_owned();
    let enabled = input.pointer("/TimeToLiveSpecification/Enabled").and_then(Value::as_bool);
    let attribute = input.pointer("/TimeToLiveSpecification/AttributeName").and_then(Value::as_str);
    let attribute = attribute.unwrap_or_default().to_owned();
    if let (Some(known), Some(enabled)) = (base.table(&table)?, enabled) {
        let already = match (known.ttl_enabled, enabled) {
            (true, true) => Some("TimeToLive is already enabled"),
            (false, false) => Some("TimeToLive is already disabled"),
            (true, false) | (false, true) => None,
        };
        if let Some(message) = already {
            return Err(AwsError::new("ValidationException", message));
        }
    }
    let updated = base.at_once(|| {
        let updated = base.ask(input, update_time_to_live::execute)?;
        expiry::index(base, &table, enabled.unwrap_or_default().then_some(attribute.as_str()))?;
        Ok(updated)
    })?;
    state.kept.notify_one();
    tell(state, &table, "updated");
    Ok(updated)
}

fn update_backups(state: &State, input: &Value) -> Result<Value, AwsError> {
    let (base, table) = (&state.base, name(input));
    existing(state, table)?;
    let settings = input.get("PointInTimeRecoverySpecification");
    let Some(enabled) = settings.and_then(|settings| settings.get("PointInTimeRecoveryEnabled")?.as_bool()) else {
        return Err(AwsError::new(
            "ValidationException",
            "1 validation error detected: Value null at 'pointInTimeRecoverySpecification' failed to satisfy \
             constraint: Member must not be null",
        ));
    };
    let days = settings.and_then(|settings| settings.get("RecoveryPeriodInDays")?.as_i64()).unwrap_or(DAYS);
    if !(1..=DAYS).contains(&days) {
        return Err(AwsError::new("ValidationException", "RecoveryPeriodInDays must be between 1 and 35"));
    }
    let changed = if enabled {
        let put = r#"INSERT OR REPLACE INTO "eventloom:backups" VALUES (?1, ?2)"#;
        base.connection().execute(put, rusqlite::params![table, days])
    } else {
        base.connection().execute(r#"DELETE FROM "eventloom:backups" WHERE table_name = ?1"#, [table])
    };
    changed.map_err(sqlite)?;
    backups(state, table)
}

fn backups(state: &State, table: &str) -> Result<Value, AwsError> {
    existing(state, table)?;
    let get = r#"SELECT days FROM "eventloom:backups" WHERE table_name = ?1"#;
    let days = state.base.connection().query_row(get, [table], |row| row.get::<_, i64>(0)).optional();
    let recovery = match days.map_err(sqlite)? {
        Some(days) => json!({"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": days}),
        None => json!({"PointInTimeRecoveryStatus": "DISABLED"}),
    };
    Ok(json!({"ContinuousBackupsDescription": {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": recovery,
    }}))
}

fn existing(state: &State, table: &str) -> Result<(), AwsError> {
    match state.base.table(table)? {
        Some(_) => Ok(()),
        None => Err(AwsError::new("TableNotFoundException", format!("Table not found: {table}"))),
    }
}
