//! The key of an encrypted table: whether whoever reads or writes may use it.
//!
//! In: what a call touches. Out: KMS's refusal, or nothing. Guaranteed: KMS is asked once in five minutes
//! for each table and principal, as on AWS, where the table's key is cached so long; a change of the key's
//! policy holds from the next time on. Nothing is encrypted.
//!
//! Source: DynamoDB Developer Guide, "How DynamoDB encryption at rest works": DynamoDB calls `Decrypt` in
//! the name of the principal, with the table and the account as its encryption context.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::base::damaged;
use super::{NAME, State};
use crate::kernel::{AwsError, Caller, Time};

/// How long a table's key is cached.
const CACHED: Duration = Duration::from_secs(300);

/// AWS's own key for tables.
pub(super) const MANAGED: &str = "alias/aws/dynamodb";

/// For each table and principal the key that was used, and until when it is cached.
pub(super) type Keys = BTreeMap<(String, String), (String, Time)>;

/// Refuses a caller who may not use the key of a table.
pub(super) async fn use_key(state: &State, caller: &Caller, table: &str) -> Result<(), AwsError> {
    let Some(text) = state.base.table(table)?.and_then(|table| table.sse_specification) else { return Ok(()) };
    let settings: Value = serde_json::from_str(&text).map_err(damaged)?;
    let key = settings.get("KMSMasterKeyId").and_then(Value::as_str);
    let is_on = settings.get("Enabled").and_then(Value::as_bool).unwrap_or_default();
    // AWS's own key lets all of the account use it.
    let Some(key) = key.filter(|key| is_on && !key.ends_with(MANAGED)) else { return Ok(()) };
    let account = &*state.base.place().account;
    let entry = (table.to_owned(), caller.identity(account));
    let now = state.base.now();
    if state.keys.borrow().get(&entry).is_some_and(|(of, until)| of == key && now < *until) {
        return Ok(());
    }
    let asked = json!({
        "KeyId": key,
        "Actions": ["kms:Decrypt"],
        "Via": NAME,
        "EncryptionContext": {"aws:dynamodb:tableName": table, "aws:dynamodb:subscriberId": account},
    });
    state.world.bus.request(caller.clone(), "kms", "eventloom:Use", asked).await.map_err(refused)?;
    let mut keys = state.keys.borrow_mut();
    keys.retain(|_, (_, until)| now < *until);
    keys.insert(entry, (key.to_owned(), now + CACHED));
    Ok(())
}

/// KMS's refusal, as DynamoDB hands it on.
fn refused(error: AwsError) -> AwsError {
    match error.code.as_str() {
        "AccessDeniedException" => {
            AwsError::new(error.code, format!("KMS key access denied error: KMS error: {}", error.message))
        }
        _ if error.is_server_fault() => error,
        _ => AwsError::new("ValidationException", format!("KMS key error: {}: {}", error.code, error.message)),
    }
}
