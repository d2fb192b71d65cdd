//! Whether a user has seen something: for a workflow's choice, and for a grouper's `suppress_if`.

use serde_json::{Value, json};

use super::config::Seen;
use super::log::{self, INBOX, count_of};
use super::sink::Delivery;
use super::table::Table;
use crate::cx::{Cx, Invocation};
use crate::error::Error;

/// Answers whether the target has seen all members of what was shown: `{"seen": true}`. What was never shown was not
/// seen.
///
/// # Errors
///
/// [`Error::Reject`] where what came is no event of the workflow.
pub async fn seen(invocation: &Invocation, payload: Value, config: &Seen) -> Result<Value, Error> {
    let delivery = Delivery::of(payload, config.events, "")?;
    let (tenant, user) = (delivery.tenant.as_deref(), delivery.target.as_str());
    for log in config.logs {
        let table = Table::of(invocation.cx(), log)?;
        let thread = table.get(log::thread_key(tenant, user, &delivery.thread)).await?;
        let shown = thread.as_ref().map_or(0, |row| count_of(row, "shown"));
        if shown > 0 && cursor(&table, tenant, user, INBOX).await? >= shown {
            return Ok(json!({"seen": true}));
        }
    }
    Ok(json!({"seen": false}))
}

/// Whether a user has seen an entry of a conversation: what a grouper asks of each member with `conversation` and
/// `sequence`. `log` is the variable with the log table's name.
///
/// # Errors
///
/// Where the log cannot be read.
pub async fn has_seen(
    cx: &Cx,
    log: &str,
    (tenant, user): (Option<&str>, &str),
    (conversation, sequence): (&str, u64),
) -> Result<bool, Error> {
    let table = Table::of(cx, log)?;
    Ok(sequence > 0 && cursor(&table, tenant, user, conversation).await? >= sequence)
}

async fn cursor(table: &Table<'_>, tenant: Option<&str>, user: &str, conversation: &str) -> Result<u64, Error> {
    let row = table.get(log::cursor_key(tenant, user, conversation)).await?;
    Ok(row.map_or(0, |row| count_of(&row, "cursor")))
}
