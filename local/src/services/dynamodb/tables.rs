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

use super::base::{Base, sqlite};
use super::{State, encryption, expiry, names, policy, schema};
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
        "GetResourcePolicy" | "PutResourcePolicy" | "DeleteResourcePolicy" => policy::answer(state, operation, &input),
        _ => Err(AwsError::unsupported(super::NAME, operation)),
    }
}

fn name(input: &Value) -> &str {
    input.get("TableName").and_then(Value::as_str).unwrap_or_default()
}

fn invalid(message: &str) -> AwsError {
    AwsError::new("ValidationException", message)
}

fn tell(state: &State, table: &str, what: &'static str) {
    state.world.log.tell(super::NAME, table, what, Outcome::Done, || Value::Null);
}

fn create(state: &State, mut input: Value) -> Result<Value, AwsError> {
    let base = &state.base;
    let table = name(&input).to_owned();
    let policy = input.as_object_mut().and_then(|members| members.shift_remove("ResourcePolicy"));
    let policy = policy.as_ref().and_then(Value::as_str);
    if let Some(encryption) = input.get_mut("SSESpecification") {
        with_key(base, encryption);
    }
    distinct(base, &table)?;
    // Before the transaction: dynoxide remembers a table that it made, whether or not it is undone.
    policy.map_or(Ok(()), |policy| policy::read(state, policy).map(|_| ()))?;
    base.date()?;
    let made = base.at_once(|| {
        let made = base.ask_table(input, |tables, request, _| create_table::execute(tables, request))?;
        schema::watch(base.connection(), &table).map_err(sqlite)?;
        if let Some(policy) = policy {
            policy::put(state, &names::table(base.place(), &table), &table, policy)?;
        }
        Ok(made)
    })?;
    state.kept.notify_one();
    tell(state, &table, "created");
    Ok(made)
}

/// Refuses a name that SQLite could not tell from another: dynoxide's tables are SQLite's.
fn distinct(base: &Base, table: &str) -> Result<(), AwsError> {
    let find = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?1 COLLATE NOCASE AND name <> ?1";
    let other = base.connection().query_row(find, [table], |row| row.get::<_, String>(0)).optional().map_err(sqlite)?;
    let is_reserved = table.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("sqlite_"));
    let is_theirs = table.starts_with('_') && base.table(table)?.is_none() && {
        let find = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1";
        base.connection().query_row(find, [table], |_| Ok(())).optional().map_err(sqlite)?.is_some()
    };
    match other {
        Some(other) => Err(invalid(&format!("the local engine cannot tell the table `{table}` from `{other}`"))),
        None if is_reserved || is_theirs => {
            Err(invalid(&format!("the local engine keeps the name `{table}` for itself")))
        }
        None => Ok(()),
    }
}

/// Gives an encryption its key's ARN: of the key that is named, or of AWS's own, which dynoxide would draw
/// from another source of chance.
fn with_key(base: &Base, encryption: &mut Value) {
    let Value::Object(members) = encryption else { return };
    if members.get("Enabled") != Some(&Value::Bool(true)) {
        return;
    }
    members.entry("SSEType").or_insert_with(|| "KMS".into());
    let key = match members.get("KMSMasterKeyId").and_then(Value::as_str) {
        None => encryption::MANAGED.to_owned(),
        Some(key) if key.starts_with("arn:") => return,
        Some(key) if key.starts_with("alias/") => key.to_owned(),
        Some(key) => format!("key/{key}"),
    };
    members.insert("KMSMasterKeyId".to_owned(), base.place().arn("kms", &key).as_str().into());
}

fn update(state: &State, mut input: Value) -> Result<Value, AwsError> {
    let base = &state.base;
    let table = name(&input).to_owned();
    let known = base.table(&table)?;
    let stream = input.pointer("/StreamSpecification/StreamEnabled").and_then(Value::as_bool);
    match (stream, &known) {
        (Some(true), Some(known)) if known.stream_enabled => {
            return Err(invalid(&format!("Table already has an enabled stream: TableName: {table}")));
        }
        (Some(false), Some(known)) if !known.stream_enabled => {
            return Err(invalid(&format!("Table has no enabled stream: TableName: {table}")));
        }
        _ => {}
    }
    let encryption = input.as_object_mut().and_then(|members| members.shift_remove("SSESpecification"));
    let encryption = encryption.filter(|encryption| !encryption.is_null());
    let is_all = input.as_object().is_some_and(|members| members.keys().all(|member| member == "TableName"));
    let mut updated = match (&encryption, &known) {
        (Some(_), Some(_)) if is_all => None,
        _ => Some(base.ask_table(input, update_table::execute)?),
    };
    if let (Some(mut encryption), Some(known)) = (encryption, base.table(&table)?) {
        with_key(base, &mut encryption);
        base.encrypt(&known, encryption)?;
        let mut now = base.ask_table(json!({"TableName": table}), describe_table::execute)?;
        updated = now.get_mut("Table").map(|table| json!({"TableDescription": table.take()}));
    }
    match stream {
        Some(true) => state.kept.notify_one(),
        Some(false) => {
            end_stream(state, &table)?;
            state.written([table.as_str()]);
        }
        None => {}
    }
    tell(state, &table, "updated");
    Ok(updated.unwrap_or_default())
}

fn delete(state: &State, input: Value) -> Result<Value, AwsError> {
    let base = &state.base;
    let table = name(&input).to_owned();
    let gone = base.at_once(|| {
        let gone = base.ask_table(input, delete_table::execute)?;
        end_stream(state, &table)?;
        policy::forget(state, &table, false)?;
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
    policy::forget(state, table, true)
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
            return Err(invalid(message));
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
        return Err(invalid(
            "1 validation error detected: Value null at 'pointInTimeRecoverySpecification' failed to satisfy \
             constraint: Member must not be null",
        ));
    };
    let days = settings.and_then(|settings| settings.get("RecoveryPeriodInDays")?.as_i64()).unwrap_or(DAYS);
    if !(1..=DAYS).contains(&days) {
        return Err(invalid("RecoveryPeriodInDays must be between 1 and 35"));
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
