//! The client token of a transaction: the same transaction is done once in ten minutes.
//!
//! In: a transaction. Out: its answer, or that of its first time. Guaranteed: ten minutes are the
//! engine's, and a token is kept in the transaction itself (`schema` sees to it), so that a process that is
//! killed at any moment does it once.

use std::time::Duration;

use dynoxide::actions::{transact_get_items, transact_write_items};
use rusqlite::{OptionalExtension, params};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::base::{Base, damaged, sqlite};
use crate::kernel::AwsError;

/// How long DynamoDB knows a token.
const WINDOW: Duration = Duration::from_secs(600);
/// A token's greatest length.
const LENGTH: usize = 36;

/// Writes a transaction, or answers again.
pub(super) fn write(base: &Base, input: Value) -> Result<Value, AwsError> {
    let Some(token) = input.get("ClientRequestToken").and_then(Value::as_str).map(str::to_owned) else {
        return base.ask(input, transact_write_items::execute);
    };
    if token.len() > LENGTH {
        return Err(AwsError::new(
            "ValidationException",
            format!(
                "1 validation error detected: Value '{token}' at 'clientRequestToken' failed to satisfy constraint: \
                 Member must have length less than or equal to {LENGTH}"
            ),
        ));
    }
    let request = fingerprint(&input)?;
    let since = (base.now() - WINDOW).millis();
    let find = r#"SELECT request, answer FROM "eventloom:tokens" WHERE token = ?1 AND at > ?2"#;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?));
    let known = base.connection().query_row(find, params![token, since], read).optional().map_err(sqlite)?;
    if let Some((first, answer)) = known {
        if first != request {
            return Err(AwsError::new(
                "IdempotentParameterMismatchException",
                "DynamoDB rejected the request because you retried a request with a different payload but with an \
                 idempotent token that was already used.",
            ));
        }
        return again(base, &input, serde_json::from_str(&answer).map_err(damaged)?);
    }
    let now = base.now().millis();
    base.at_once(|| {
        let connection = base.connection();
        connection.execute(r#"DELETE FROM "eventloom:tokens" WHERE at <= ?1"#, [since]).map_err(sqlite)?;
        let next = r#"INSERT INTO "eventloom:token" VALUES (?1, ?2, ?3)"#;
        connection.execute(next, params![token, now, request]).map_err(sqlite)
    })?;
    let answer = base.ask(input, transact_write_items::execute);
    base.connection().execute(r#"DELETE FROM "eventloom:token""#, []).map_err(sqlite)?;
    let answer = answer?;
    let mut kept = answer.clone();
    if let Some(members) = kept.as_object_mut() {
        members.shift_remove("ConsumedCapacity");
    }
    // A transaction of checks alone has written nothing, and its token neither.
    let put = r#"INSERT INTO "eventloom:tokens" VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (token) DO UPDATE SET answer = excluded.answer WHERE answer <> excluded.answer"#;
    base.connection().execute(put, params![token, now, request, kept.to_string()]).map_err(sqlite)?;
    Ok(answer)
}

/// What the items are, however their members are ordered.
fn fingerprint(input: &Value) -> Result<Vec<u8>, AwsError> {
    let mut items = input.get("TransactItems").cloned().unwrap_or_default();
    items.sort_all_objects();
    let text = serde_json::to_vec(&items).map_err(damaged)?;
    Ok(Sha256::digest(&text).to_vec())
}

/// The answer once more: nothing is written, and what it costs is to read the items.
fn again(base: &Base, input: &Value, mut answer: Value) -> Result<Value, AwsError> {
    let wanted = input.get("ReturnConsumedCapacity").and_then(Value::as_str).unwrap_or("NONE");
    if wanted == "NONE" {
        return Ok(answer);
    }
    let items = input.get("TransactItems").and_then(Value::as_array).into_iter().flatten();
    let mut gets = Vec::new();
    for part in items.filter_map(Value::as_object).flat_map(serde_json::Map::values).filter(|part| !part.is_null()) {
        let table = part.get("TableName").and_then(Value::as_str).unwrap_or_default();
        let key = match part.get("Item") {
            Some(item) => {
                let names = base.key(table, None)?.unwrap_or_default();
                let key = names.into_iter().filter_map(|name| Some((name.clone(), item.get(&name)?.clone())));
                Value::Object(key.collect())
            }
            None => part.get("Key").cloned().unwrap_or_default(),
        };
        gets.push(json!({"Get": {"TableName": table, "Key": key}}));
    }
    let read = json!({"TransactItems": gets, "ReturnConsumedCapacity": wanted});
    let read = base.ask(read, transact_get_items::execute)?;
    if let (Some(members), Some(capacity)) = (answer.as_object_mut(), read.get("ConsumedCapacity")) {
        members.insert("ConsumedCapacity".to_owned(), capacity.clone());
    }
    Ok(answer)
}
