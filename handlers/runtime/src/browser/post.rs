//! One post to one connection, and what follows from its failure.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::operation::post_to_connection::PostToConnectionError;
use aws_sdk_apigatewaymanagement::primitives::Blob;

use super::item::number;
use super::row::{Connection, YOUNG, connection_key, member_key};
use super::table::Table;
use crate::cx::Invocation;
use crate::error::Error;

/// Tries of one post to a connection that is full or an account that is throttled.
const TRIES: u32 = 4;
/// The first pause between them.
const PAUSE: Duration = Duration::from_millis(50);

/// What became of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Posted {
    /// API Gateway took it.
    Taken,
    /// There is no such connection, or not yet, or it reads too slowly: it fetches what it missed.
    Missed,
    /// It is not known what became of it: it has to be tried again.
    Failed,
}

/// Posts to a connection.
pub(super) async fn post(client: &Client, connection: &Connection, frame: &Blob) -> Result<Posted, Gone> {
    let mut pause = PAUSE;
    for attempt in 1..=TRIES {
        let sent = client.post_to_connection().connection_id(&connection.id).data(frame.clone()).send().await;
        let Err(error) = sent else { return Ok(Posted::Taken) };
        match error.as_service_error() {
            Some(PostToConnectionError::GoneException(_)) => return Err(Gone),
            // The account's quota, or this connection's buffer: which of them is not said.
            Some(PostToConnectionError::LimitExceededException(_)) if attempt < TRIES => {
                tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
                pause *= 3;
            }
            Some(
                PostToConnectionError::LimitExceededException(_) | PostToConnectionError::PayloadTooLargeException(_),
            ) => {
                break;
            }
            _ => return Ok(Posted::Failed),
        }
    }
    Ok(Posted::Missed)
}

/// The connection does not exist.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone;

/// Deletes what is left of a connection that does not exist: its own row, and the row of the shard that it was found
/// in. One that is young may not be known yet, so it stays.
pub(super) async fn clean_up(
    invocation: &Invocation,
    table: &Table<'_>,
    connection: &Connection,
    shard: Option<&str>,
) -> Result<(), Error> {
    let now = invocation.now();
    if connection.is_young(now) {
        return Ok(());
    }
    let before = now.as_millis().saturating_sub(i64::try_from(YOUNG.as_millis()).unwrap_or_default());
    let old = || vec![(":before", number(before))];
    let condition = "connected_at <= :before";
    table.delete_if(connection_key(&connection.id), condition, old()).await?;
    if let Some(shard) = shard {
        table.delete_if(member_key(shard, &connection.id), condition, old()).await?;
    }
    Ok(())
}
