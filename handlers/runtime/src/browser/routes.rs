//! The routes that every WebSocket API has: `resume`, `seen`, and under `$default` `fetch` and `ping`.
//!
//! In: a browser's message, `{"action": …, "ref": …}`. Out: an answer, `{"re": REF, "ok": …}`. Guaranteed: who asks is
//! what the connection's row says and nothing else; a conversation is shown to those who belong to it at that moment;
//! an expired token ends the connection.

use aws_sdk_apigatewaymanagement::Client as Connections;
use serde_json::{Value, json};

use super::config::Gateway;
use super::item::{number, text};
use super::log::{self, INBOX};
use super::membership;
use super::request::{Failed, Refusal, Request, reply};
use super::row::{Connection, connection_key};
use super::shards;
use super::table::Table;
use crate::cx::Invocation;
use crate::error::Error;

/// Answers a built-in route.
///
/// # Errors
///
/// Where a table cannot be reached; the browser is told of a failure, and no more.
pub async fn route(invocation: &Invocation, payload: Value, config: &Gateway) -> Result<Value, Error> {
    let request = Request::read(payload)?;
    let body: Value = request.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    let re = body.get("ref").filter(|re| re.is_string() || re.is_number()).cloned().unwrap_or_default();
    let id = &request.request_context.connection_id;
    let connection = match live(invocation, config.connections, id).await {
        Ok(connection) => connection,
        Err(Failed::Refused(refusal)) => {
            end(invocation, config, id).await?;
            return reply(&re, Err(refusal.into()));
        }
        Err(Failed::Error(error)) => return Err(error),
    };
    let asked = Asked { invocation, config, connection: &connection, body: &body };
    let action = body.get("action").and_then(Value::as_str).unwrap_or_default();
    let answer = match (request.request_context.route_key.as_str(), action) {
        ("resume", _) => asked.resume().await,
        ("seen", _) => asked.seen().await,
        (_, "fetch") => asked.fetch().await,
        (_, "ping") => asked.ping().await,
        _ => Err(Refusal::new("unknown_action", "no such action").into()),
    };
    reply(&re, answer)
}

/// The connection, if it is known and its token still good.
pub(super) async fn live(invocation: &Invocation, table: &str, id: &str) -> Result<Connection, Failed> {
    let row = Table::of(invocation.cx(), table)?.get(connection_key(id)).await?;
    let connection = row.as_ref().and_then(Connection::read);
    connection.filter(|c| c.is_live(invocation.now())).ok_or_else(|| Refusal::unauthorized().into())
}

/// Ends a connection that may no longer be.
async fn end(invocation: &Invocation, config: &Gateway, id: &str) -> Result<(), Error> {
    let client: Connections = invocation.cx().aws().connections(invocation.cx().var(config.endpoint)?);
    // It may be gone already. If it is not, its next message ends here again.
    let ended = client.delete_connection().connection_id(id).send().await;
    tracing::info!(connection = id, is_ended = ended.is_ok(), "a connection whose token is over, or that is unknown");
    shards::forget(&Table::of(invocation.cx(), config.connections)?, id).await
}

/// A message of a browser.
struct Asked<'a> {
    invocation: &'a Invocation,
    config: &'a Gateway,
    connection: &'a Connection,
    body: &'a Value,
}

/// A conversation that the asking user may read.
struct Readable {
    name: String,
    key: String,
}

impl Asked<'_> {
    /// Makes the connection active, and says of each of its conversations how far it goes and how far the user has
    /// seen it. What is missing the browser fetches.
    async fn resume(&self) -> Result<Value, Failed> {
        let (cx, now, user) = (self.invocation.cx(), self.invocation.now(), self.connection);
        let groups = shards::join_all(cx, self.config, user, now).await?;
        self.mark("active").await?;
        let mut names = vec![INBOX.to_owned()];
        for conversation in self.config.conversations {
            let is_its = |at: &usize| self.config.memberships.get(*at) == Some(&conversation.membership);
            let of = groups.iter().filter(|(at, _)| is_its(at));
            names.extend(of.map(|(_, group)| log::name(conversation.field, group)));
        }
        names.sort_unstable();
        names.dedup();
        let keys: Vec<String> = names.iter().map(|name| self.key(name)).collect();
        let cursor = |name: &String| log::cursor_key(user.tenant.as_deref(), &user.user, name);
        let heads = keys.iter().map(|key| log::entry_key(key, 0));
        let rows = Table::of(cx, self.config.log)?.get_all(heads.chain(names.iter().map(cursor)).collect()).await?;
        let of = |key: &super::item::Item, field: &str| {
            let row = rows.iter().find(|row| row.get("conversation") == key.get("conversation"));
            row.map_or(0, |row| log::count_of(row, field))
        };
        let conversations: Vec<Value> = names
            .iter()
            .zip(&keys)
            .map(|(name, key)| {
                let (last, seen) = (of(&log::entry_key(key, 0), "last"), of(&cursor(name), "cursor"));
                json!({"conversation": name, "last": last, "seen": seen})
            })
            .collect();
        Ok(json!({
            "user": user.user, "now": now.to_string(), "expires": user.until, "conversations": conversations,
        }))
    }

    /// What a conversation holds after a sequence.
    async fn fetch(&self) -> Result<Value, Failed> {
        let readable = self.readable().await?;
        let table = Table::of(self.invocation.cx(), self.config.log)?;
        let last = log::last(&table, &readable.key).await?;
        let after = self.count("after")?;
        let upto = match self.body.get("upto") {
            None | Some(Value::Null) => last,
            Some(_) => self.count("upto")?.min(last),
        };
        let page = log::read(&table, &readable.key, (after, upto), self.invocation.now()).await?;
        Ok(json!({"conversation": readable.name, "items": page.frames, "upto": page.upto, "last": last}))
    }

    /// The user has seen a conversation up to a sequence. A cursor never goes back.
    async fn seen(&self) -> Result<Value, Failed> {
        let readable = self.readable().await?;
        let sequence = self.count("sequence")?;
        let table = Table::of(self.invocation.cx(), self.config.log)?;
        if sequence > log::last(&table, &readable.key).await? {
            return Err(Refusal::new("invalid", "the conversation does not go that far").into());
        }
        let key = log::cursor_key(self.connection.tenant.as_deref(), &self.connection.user, &readable.name);
        // One that fails has been passed already: by another page of the user, or by this very call.
        let condition = "attribute_not_exists(#cursor) OR #cursor < :cursor";
        let values = vec![(":cursor", number(sequence))];
        table.update_if(key, "SET #cursor = :cursor", condition, vec![("#cursor", "cursor")], values).await?;
        Ok(json!({"conversation": readable.name, "sequence": sequence}))
    }

    /// Keeps the connection from being idle, and catches up with memberships that changed while it began.
    async fn ping(&self) -> Result<Value, Failed> {
        let now = self.invocation.now();
        shards::join_all(self.invocation.cx(), self.config, self.connection, now).await?;
        self.mark(if self.connection.is_active { "active" } else { "pending" }).await?;
        Ok(json!({"now": now.to_string()}))
    }

    /// Notes that the connection is alive. One whose row is gone meanwhile has ended.
    async fn mark(&self, state: &str) -> Result<(), Failed> {
        let update = "SET #state = :state, #active = :now";
        let names = vec![("#state", "state"), ("#active", "active_at")];
        let values = vec![(":state", text(state)), (":now", number(self.invocation.now().as_millis()))];
        let table = Table::of(self.invocation.cx(), self.config.connections)?;
        let key = connection_key(&self.connection.id);
        match table.update_if(key, update, "attribute_exists(pk)", names, values).await? {
            true => Ok(()),
            false => Err(Refusal::unauthorized().into()),
        }
    }

    fn key(&self, name: &str) -> String {
        log::conversation(self.connection.tenant.as_deref(), &self.connection.user, name)
    }

    /// The conversation that is asked for, if the user belongs to it.
    async fn readable(&self) -> Result<Readable, Failed> {
        let name = self.body.get("conversation").and_then(Value::as_str).unwrap_or_default();
        let readable = || Readable { name: name.to_owned(), key: self.key(name) };
        if name == INBOX {
            return Ok(readable());
        }
        // Whether there is no such conversation or it is not this user's is not told apart.
        let (field, group) = name.split_once(':').unwrap_or_default();
        for conversation in self.config.conversations.iter().filter(|c| c.field == field && !group.is_empty()) {
            let cx = self.invocation.cx();
            if membership::is_member(cx, &conversation.membership, group, &self.connection.user).await? {
                return Ok(readable());
            }
        }
        Err(Refusal::new("forbidden", "no such conversation of this user").into())
    }

    fn count(&self, name: &str) -> Result<u64, Refusal> {
        let count = self.body.get(name).and_then(Value::as_u64).filter(|count| *count < 1 << 53);
        count.ok_or_else(|| Refusal::new("invalid", format!("`{name}` is no sequence")))
    }
}
