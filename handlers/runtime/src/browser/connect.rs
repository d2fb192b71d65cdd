//! `$connect` and `$disconnect`.

use serde_json::{Value, json};

use super::config::Gateway;
use super::request::{PROTOCOL, Request};
use super::row::Connection;
use super::shards;
use super::table::Table;
use crate::cx::Invocation;
use crate::error::Error;
use crate::scalar::Timestamp;

/// Takes a connection up: writes its row, pending until its first `resume`, and puts it into the shards of its user's
/// groups. The answer names the subprotocol, without which browsers end the handshake.
///
/// # Errors
///
/// Where a row could not be written; the handshake fails then, and the browser tries again.
pub async fn connect(invocation: &Invocation, payload: Value, config: &Gateway) -> Result<Value, Error> {
    let request = Request::read(payload)?;
    let user = request.authorized("user").ok_or_else(|| Error::reject("the authorizer named no user"))?;
    let until = request.authorized("expires").and_then(|until| until.parse().ok());
    let now = invocation.now();
    let connected = match request.request_context.connected_at {
        0 => now,
        millis => Timestamp::from_millis(millis),
    };
    let connection = Connection {
        id: request.request_context.connection_id.clone(),
        user: user.to_owned(),
        tenant: request.authorized("tenant").map(str::to_owned),
        connected,
        until: until.ok_or_else(|| Error::reject("the authorizer said no end of the token"))?,
        is_active: false,
        shards: Vec::new(),
    };
    // The row comes first: from then on the streams of memberships find it.
    Table::of(invocation.cx(), config.connections)?.put(connection.row()).await?;
    shards::join_all(invocation.cx(), config, &connection, now).await?;
    Ok(json!({"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": PROTOCOL}}))
}

/// Forgets a connection. API Gateway promises no call of this: what is left behind ends by its age, or when a post to
/// it finds nobody.
///
/// # Errors
///
/// Where a row could not be deleted.
pub async fn disconnect(invocation: &Invocation, payload: Value, config: &Gateway) -> Result<Value, Error> {
    let request = Request::read(payload)?;
    let table = Table::of(invocation.cx(), config.connections)?;
    shards::forget(&table, &request.request_context.connection_id).await?;
    Ok(json!({"statusCode": 200}))
}
