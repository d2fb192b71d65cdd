//! The second pass of a fan-out: whoever comes after the browsers.
//!
//! In: one batch of the rest queue, `{event, cursor}`. For each it reads a page of the targets, leaves out those whom a
//! browser reached, and gives the others on; then the next page is enqueued. Guaranteed: a page's message is
//! acknowledged once all of it is given on and the next is enqueued; what is given twice has one identity.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::config::{FanOut, GiveOn, Rest};
use super::fan_out::{each, except, group_of};
use super::item::{Item, failed, text, texts_of};
use super::key;
use super::membership;
use super::table::{Query, Table};
use super::worker::delivered;
use crate::cx::Invocation;
use crate::envelope::Envelope;
use crate::error::Error;
use crate::event_type::Arrival;
use crate::send;

/// Targets of a page.
const PAGE: i32 = 200;
/// Targets that are given on at the same time.
const AT_ONCE: usize = 10;
/// The most rows of those who were reached.
const REACHED: usize = 10_000;

#[derive(Debug, Deserialize, Serialize)]
struct Pass {
    event: Envelope<Value>,
    /// Where the page begins: the key of the last row before it.
    cursor: Option<HashMap<String, Written>>,
}

/// A value of a key.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
enum Written {
    S(String),
    N(String),
}

/// Gives events on to those whom no browser reached; `next` takes an event and a target.
///
/// # Errors
///
/// Where the payload is no batch of SQS.
pub async fn rest(
    invocation: &Invocation,
    payload: Value,
    config: &FanOut,
    next: impl AsyncFn(&Invocation, &Envelope<Value>, &str) -> Result<(), Error>,
) -> Result<Value, Error> {
    each(payload, async |body| {
        let pass: Pass = serde_json::from_str(body).map_err(Error::reject)?;
        run(invocation, config, pass, &next).await
    })
    .await
}

/// Gives events on to the flow's own destinations.
///
/// # Errors
///
/// Where the payload is no batch of SQS.
pub async fn give_on(invocation: &Invocation, payload: Value, config: &GiveOn) -> Result<Value, Error> {
    rest(
        invocation,
        payload,
        &config.fan_out,
        async |invocation: &Invocation, event: &Envelope<Value>, target: &str| {
            let event = Arrival::of(event.clone(), config.events).map_err(Error::reject)?;
            send::send_all(invocation, config.to, &[event.aimed(target, 1)]).await
        },
    )
    .await
}

async fn run(
    invocation: &Invocation,
    config: &FanOut,
    pass: Pass,
    next: &impl AsyncFn(&Invocation, &Envelope<Value>, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    let cx = invocation.cx();
    let group = group_of(&pass.event, config)?;
    let start = pass.cursor.map(|cursor| cursor.into_iter().map(|(name, value)| (name, value.read())).collect());
    let (users, after) = membership::page(cx, &config.membership, &group, PAGE, start).await?;
    let reached = match config.rest {
        Rest::Unreached => reached(invocation, config, &pass.event.id, &group).await?,
        Rest::All | Rest::None => BTreeSet::new(),
    };
    let left_out = except(&pass.event, config);
    let targets: BTreeSet<&str> = users.iter().map(String::as_str).collect();
    let targets = targets.into_iter().filter(|user| !reached.contains(*user) && Some(*user) != left_out);
    stream::iter(targets)
        .map(|target| next(invocation, &pass.event, target))
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    let Some(after) = after else { return Ok(()) };
    let cursor = Some(after.iter().filter_map(|(name, value)| Some((name.clone(), Written::of(value)?))).collect());
    let message = serde_json::to_string(&Pass { event: pass.event, cursor }).map_err(Error::reject)?;
    let send = cx.aws().sqs().send_message().queue_url(cx.var("QUEUE_CONTINUE")?).message_body(message);
    // The queue's own delay is for the first page.
    send.delay_seconds(0).send().await.map(drop).map_err(|error| failed("SendMessage", &error))
}

/// Whom the browsers of an event reached.
async fn reached(
    invocation: &Invocation,
    config: &FanOut,
    event: &str,
    group: &str,
) -> Result<BTreeSet<String>, Error> {
    let of = key::join(&[config.queue, group, ""]);
    let query = Query {
        condition: "#pk = :pk AND begins_with(#sk, :of)",
        names: vec![("#pk", "pk"), ("#sk", "sk")],
        values: vec![(":pk", delivered(event)), (":of", text(of))],
        consistent: true,
        ..Query::default()
    };
    let rows: Vec<Item> = Table::of(invocation.cx(), config.runtime)?.all(&query, REACHED).await?;
    Ok(rows.iter().flat_map(|row| texts_of(row, "users")).collect())
}

impl Written {
    fn of(value: &AttributeValue) -> Option<Self> {
        match value {
            AttributeValue::S(text) => Some(Self::S(text.clone())),
            AttributeValue::N(number) => Some(Self::N(number.clone())),
            _ => None,
        }
    }

    fn read(self) -> AttributeValue {
        match self {
            Self::S(text) => AttributeValue::S(text),
            Self::N(number) => AttributeValue::N(number),
        }
    }
}
