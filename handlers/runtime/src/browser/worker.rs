//! The fan-out's worker: posts an event to the connections of some shards.
//!
//! Guaranteed: it posts to those alone who belong to the group now, whose connection is of the event's tenant, and whose
//! token is good; whom it reached is written before it answers, so that the second pass knows. A shard that was done
//! before is left alone. A worker that dies between a post and that row posts again: browsers drop what comes twice.

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

use super::config::FanOut;
use super::fan_out::{Done, Work, except};
use super::item::{Item, item, number, text};
use super::key;
use super::membership;
use super::post::{Gone, Posted, clean_up, post};
use super::row::{self, Connection};
use super::table::{Query, Table};
use crate::cx::Invocation;
use crate::decode::from_value;
use crate::error::Error;

/// How long it is known who was reached: as long as a queue and its dead letters keep the event, and a day.
const REMEMBERED: Duration = Duration::from_secs(19 * 24 * 3600);
/// Before the deadline, no further post is begun.
const MARGIN: Duration = Duration::from_secs(2);
/// The most users of one row of those who were reached: DynamoDB takes 400 KB, a user has 256 bytes at most.
const USERS: usize = 1_000;

/// Posts to some shards.
///
/// # Errors
///
/// Where nothing could be begun. A shard that failed is named in the answer.
pub async fn work(invocation: &Invocation, payload: Value, config: &FanOut) -> Result<Value, Error> {
    let work: Work = from_value(payload).map_err(Error::reject)?;
    let frame = Blob::new(serde_json::to_vec(&work.event).map_err(Error::reject)?);
    let cx = invocation.cx();
    let client = cx.aws().connections(cx.var(config.endpoint)?);
    let mut done = Done { reached: 0, failed: Vec::new() };
    for shard in &work.shards {
        match run(invocation, config, &work, *shard, (&client, &frame)).await {
            Ok(reached) => done.reached += reached,
            Err(error) => {
                tracing::error!(shard, event_id = work.event.id, reason = %error, "a shard failed");
                done.failed.push(*shard);
            }
        }
    }
    serde_json::to_value(done).map_err(Error::retry)
}

/// The key of the rows of those whom an event reached.
pub(super) fn delivered(event: &str) -> AttributeValue {
    text(key::join(&["delivered", event]))
}

async fn run(
    invocation: &Invocation,
    config: &FanOut,
    work: &Work,
    number_: u64,
    (client, frame): (&Client, &Blob),
) -> Result<usize, Error> {
    let (cx, now) = (invocation.cx(), invocation.now());
    let (connections, runtime) = (Table::of(cx, config.connections)?, Table::of(cx, config.runtime)?);
    let row = |part: usize| {
        let sk = key::join(&[config.queue, &work.group, &number_.to_string(), &part.to_string()]);
        item([("pk", delivered(&work.event.id)), ("sk", text(sk))])
    };
    if let Some(there) = runtime.get(row(0)).await? {
        return Ok(super::item::texts_of(&there, "users").len());
    }
    let shard = row::shard(config.membership.name, &work.group, number_);
    let query = Query {
        condition: "#pk = :pk",
        names: vec![("#pk", "pk")],
        values: vec![(":pk", text(&shard))],
        consistent: true,
        ..Query::default()
    };
    let rows = connections.all(&query, usize::MAX).await?;
    let left_out = except(&work.event, config);
    let candidates: Vec<Connection> = rows
        .iter()
        .filter_map(Connection::read)
        .filter(|c| {
            c.is_live(now) && (!config.tenants || c.tenant == work.event.tenant) && Some(c.user.as_str()) != left_out
        })
        .collect();
    let users: BTreeSet<String> = candidates.iter().map(|connection| connection.user.clone()).collect();
    let users = membership::among(cx, &config.membership, &work.group, users.into_iter().collect()).await?;
    let members: BTreeSet<String> = users.into_iter().collect();
    let targets = candidates.iter().filter(|connection| members.contains(&connection.user));
    let pace = Pacing::of(invocation)?;
    let posts = stream::iter(targets).map(|connection| {
        let connections = &connections;
        let (pace, shard) = (&pace, &shard);
        async move {
            pace.wait(invocation).await;
            if invocation.remaining() < MARGIN {
                return Ok::<_, Error>((connection, Posted::Failed));
            }
            match post(client, connection, frame).await {
                Ok(posted) => Ok((connection, posted)),
                Err(Gone) => {
                    clean_up(invocation, connections, connection, Some(shard)).await?;
                    Ok((connection, Posted::Missed))
                }
            }
        }
    });
    let posted: Vec<Result<(&Connection, Posted), Error>> = posts.buffer_unordered(pace.sockets).collect().await;
    let mut reached = BTreeSet::new();
    let mut unknown = 0;
    for posted in posted {
        match posted? {
            (connection, Posted::Taken) => drop(reached.insert(connection.user.clone())),
            (_, Posted::Missed) => {}
            (_, Posted::Failed) => unknown += 1,
        }
    }
    if unknown > 0 {
        return Err(Error::retry(format!("{unknown} posts of a shard failed")));
    }
    let count = reached.len();
    write(invocation, &runtime, row, reached.into_iter().collect()).await?;
    Ok(count)
}

/// Writes whom a shard reached. The first row is written last: with it the shard is done.
async fn write(
    invocation: &Invocation,
    runtime: &Table<'_>,
    row: impl Fn(usize) -> Item,
    users: Vec<String>,
) -> Result<(), Error> {
    let expires = invocation.now().plus(REMEMBERED).as_millis() / 1000;
    let parts: Vec<&[String]> = users.chunks(USERS).collect();
    for part in (0..parts.len().max(1)).rev() {
        let mut row = row(part);
        // A set of DynamoDB is never empty.
        if let Some(users) = parts.get(part) {
            row.insert("users".to_owned(), AttributeValue::Ss(users.to_vec()));
        }
        row.insert("expires_at".to_owned(), number(expires));
        runtime.put(row).await?;
    }
    Ok(())
}

/// What the account's quota leaves this worker.
struct Pacing {
    rate: f64,
    burst: f64,
    sockets: usize,
}

impl Pacing {
    fn of(invocation: &Invocation) -> Result<Self, Error> {
        let cx = invocation.cx();
        let number = |name: &'static str| {
            let number: Option<f64> = cx.var(name)?.parse().ok();
            number.filter(|n| *n >= 1.0).ok_or_else(|| Error::reject(format!("the variable `{name}` is no number")))
        };
        let sockets = number("SOCKETS")? as usize;
        Ok(Self { rate: number("POSTS_PER_SECOND")?, burst: number("POSTS_BURST")?, sockets })
    }

    async fn wait(&self, invocation: &Invocation) {
        invocation.cx().kept().pace.wait(self.rate, self.burst).await;
    }
}
