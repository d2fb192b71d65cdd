//! A sink that delivers to a user's browsers.
//!
//! In: what a workflow's step, a queue or a grouper gives: the event's fields with `target` (a CloudEvent of them is
//! taken too), or `{target, thread, revision, withdrawn: true}`. Out: an entry in the target's inbox, and a post to each
//! of its connections.
//!
//! Guaranteed: what is posted is in the inbox first, so that who is away finds it; of a thread the inbox holds the last
//! revision, and one that comes late changes nothing; whoever calls again posts the same once more, which browsers drop
//! by its id. A revision with as many members as the one before is as seen as that one.

use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use super::config::{Shown, Sink};
use super::item::{Item, item, number, text, text_of};
use super::log::{self, Beside, INBOX, count_of};
use super::post::{Gone, Posted, clean_up, post};
use super::shards;
use super::table::Table;
use crate::cx::Invocation;
use crate::envelope::Envelope;
use crate::error::Error;
use crate::event::event_id;
use crate::scalar::Timestamp;

/// Posts at the same time: a user has few browsers.
const AT_ONCE: usize = 16;
/// The longest that a thread is known: it outlives whatever may still come of it.
const THREAD_DAYS: i64 = 400;

/// Delivers to a user's browsers. The answer has no fields of its own: a workflow adds nothing to its state.
///
/// # Errors
///
/// [`Error::Reject`] where what came is no event of the sink; [`Error::Retry`] where it could not be logged or posted.
pub async fn show(invocation: &Invocation, payload: Value, config: &Sink) -> Result<Value, Error> {
    let delivery = Delivery::read(payload, config)?;
    if is_muted(invocation, config, &delivery).await? {
        return Ok(json!({}));
    }
    let Some(frame) = logged(invocation, config, &delivery).await? else {
        tracing::info!(sink = config.name, "a later revision is there");
        return Ok(json!({}));
    };
    let reached = posted(invocation, config, &delivery, &frame).await?;
    tracing::info!(sink = config.name, event_type = delivery.kind, reached, "shown");
    Ok(json!({}))
}

/// What is to be shown to whom.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Delivery {
    kind: &'static str,
    pub(super) target: String,
    pub(super) tenant: Option<String>,
    pub(super) thread: String,
    revision: u64,
    /// How many members it has: more of them than before are not seen yet.
    count: u64,
    /// The members' type, which a user may have muted.
    about: String,
    content: Content,
}

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Data { id: String, time: Timestamp, data: Value },
    Withdrawn,
}

impl Delivery {
    fn read(payload: Value, config: &Sink) -> Result<Self, Error> {
        Self::of(payload, config.events, config.flow)
    }

    /// Reads what is to be shown; `events` is what may come.
    pub(super) fn of(payload: Value, events: &'static [Shown], flow: &str) -> Result<Self, Error> {
        let (kind, data) = match payload.get("specversion") {
            Some(_) => {
                let envelope: Envelope<Value> = serde_json::from_value(payload).map_err(Error::reject)?;
                (Some(envelope.kind), envelope.data)
            }
            None => (None, payload),
        };
        let shown = which(kind.as_deref(), &data, events)?;
        let field = |name: &str| data.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let required = |name: &str| field(name).ok_or_else(|| Error::reject(format!("lacks the field `{name}`")));
        let count = |name: &str| data.get(name).and_then(Value::as_u64);
        let (target, about) = (required("target")?.to_owned(), field("event").unwrap_or(shown.kind).to_owned());
        let tenant = shown.tenant.map(|name| required(name).map(str::to_owned)).transpose()?;
        let revision = count("revision").unwrap_or(1);
        if data.get("withdrawn") == Some(&Value::Bool(true)) {
            let thread = required("thread")?.to_owned();
            let content = Content::Withdrawn;
            return Ok(Self { kind: shown.kind, target, tenant, thread, revision, count: 0, about, content });
        }
        let own = required(shown.id)?.to_owned();
        let time = required(shown.time)?.parse().map_err(Error::reject)?;
        let thread = field("thread").filter(|_| shown.is_group).unwrap_or(&own).to_owned();
        let members = if shown.is_group { count("count").unwrap_or(1) } else { 1 };
        // A group is delivered more than once: each revision is a message of its own.
        let id = match shown.is_group {
            true => format!("{}-{revision}", event_id(flow, shown.kind, &own)),
            false => event_id(flow, shown.kind, &own),
        };
        let content = Content::Data { id, time, data };
        Ok(Self { kind: shown.kind, target, tenant, thread, revision, count: members, about, content })
    }

    /// What browsers get.
    fn frame(&self, flow: &str, sequence: u64) -> Result<String, Error> {
        let frame = match &self.content {
            Content::Data { id, time, data } => {
                let mut envelope = Envelope::named(flow, self.kind, id.clone(), *time, data.clone());
                (envelope.conversation, envelope.sequence) = (Some(INBOX.to_owned()), Some(sequence));
                envelope.tenant.clone_from(&self.tenant);
                serde_json::to_string(&envelope)
            }
            Content::Withdrawn => serde_json::to_string(&json!({
                "withdrawn": {"type": self.kind, "thread": self.thread, "revision": self.revision},
                "conversation": INBOX,
                "sequence": sequence,
            })),
        };
        frame.map_err(Error::reject)
    }
}

/// Which event it is. Of several, a group's `event` is its members' type: then it is the group that no other name is.
fn which(kind: Option<&str>, data: &Value, events: &'static [Shown]) -> Result<&'static Shown, Error> {
    if let [only] = events {
        return Ok(only);
    }
    let named = kind.or_else(|| data.get("event").and_then(Value::as_str));
    let exact = events.iter().find(|event| Some(event.kind) == named);
    let group = || events.iter().find(|event| event.is_group && kind.is_none());
    exact.or_else(group).ok_or_else(|| Error::reject("it is no event of this sink"))
}

/// Whether the target does not want this here.
async fn is_muted(invocation: &Invocation, config: &Sink, delivery: &Delivery) -> Result<bool, Error> {
    let Some(table) = config.preferences else { return Ok(false) };
    let key = item([("user", text(&delivery.target))]);
    let row = Table::of(invocation.cx(), table)?.get(key).await?;
    Ok(row.is_some_and(|row| mutes(&row, config.name, &delivery.about)))
}

fn mutes(row: &Item, sink: &str, event: &str) -> bool {
    let list = |name: &str| {
        row.get(name).map(|value| match value {
            AttributeValue::L(list) => list.iter().filter_map(|value| value.as_s().ok().cloned()).collect(),
            AttributeValue::Ss(set) => set.clone(),
            _ => Vec::new(),
        })
    };
    let is_among = |names: &[String], name: &str| names.iter().any(|one| one == name);
    let channel = list("channels").is_some_and(|channels| !is_among(&channels, sink));
    channel || list("mutes").is_some_and(|mutes| is_among(&mutes, event))
}

/// Writes it into the inbox, or finds that it is there. Out: the frame; none where a later revision is there.
async fn logged(invocation: &Invocation, config: &Sink, delivery: &Delivery) -> Result<Option<String>, Error> {
    let cx = invocation.cx();
    let table = Table::of(cx, config.log)?;
    let inbox = log::conversation(delivery.tenant.as_deref(), &delivery.target, INBOX);
    let key = log::thread_key(delivery.tenant.as_deref(), &delivery.target, &delivery.thread);
    let replay = cx.var("REPLAY_SECONDS")?.parse().map_err(|_| Error::reject("REPLAY_SECONDS is no number"))?;
    loop {
        let before = table.get(key.clone()).await?;
        let known = before.as_ref().map_or(0, |row| count_of(row, "revision"));
        if known > delivery.revision {
            return Ok(None);
        }
        if known == delivery.revision {
            let sequence = before.as_ref().map_or(0, |row| count_of(row, "position"));
            let entry = table.get(log::entry_key(&inbox, sequence)).await?;
            // One that has expired is shown no more.
            return Ok(entry.as_ref().and_then(|entry| text_of(entry, "frame")).map(str::to_owned));
        }
        let expires = invocation.now().as_millis() / 1000 + THREAD_DAYS * 24 * 3600;
        let make = |sequence: u64| {
            let row = thread_row(&key, before.as_ref(), delivery, sequence, expires);
            let write = match known {
                0 => log::put_new(&table, row, "attribute_not_exists(conversation)")?,
                _ => log::put_if(&table, row, "revision = :known", vec![(":known", number(known))])?,
            };
            let mut writes = vec![write];
            let old = before.as_ref().map_or(0, |row| count_of(row, "position"));
            if old > 0 && old != sequence {
                writes.push(log::deleted(&table, log::entry_key(&inbox, old))?);
            }
            Ok((delivery.frame(config.flow, sequence)?, Beside { writes }))
        };
        // Else another revision, or this very one in another invocation: what is there now decides.
        if let Ok((_, frame)) = log::append(invocation, &table, &inbox, replay, make).await? {
            return Ok(Some(frame));
        }
    }
}

/// A thread's row, with a new revision at `sequence`. `shown` is where all of its members were first shown.
fn thread_row(key: &Item, before: Option<&Item>, delivery: &Delivery, sequence: u64, expires: i64) -> Item {
    let same = before.filter(|row| count_of(row, "count") == delivery.count && delivery.content != Content::Withdrawn);
    let shown = same.map(|row| count_of(row, "shown")).filter(|shown| *shown > 0).unwrap_or(sequence);
    let mut row = key.clone();
    row.extend(item([
        ("revision", number(delivery.revision)),
        ("count", number(delivery.count)),
        ("position", number(sequence)),
        ("shown", number(shown)),
        ("expires_at", number(expires)),
    ]));
    row
}

/// Posts to each connection of the target. Out: how many took it.
async fn posted(invocation: &Invocation, config: &Sink, delivery: &Delivery, frame: &str) -> Result<usize, Error> {
    let cx = invocation.cx();
    let connections = Table::of(cx, config.connections)?;
    let client = cx.aws().connections(cx.var(config.endpoint)?);
    let live = shards::connections(&connections, &delivery.target, invocation.now()).await?;
    let live = live.into_iter().filter(|connection| connection.tenant == delivery.tenant);
    let frame = Blob::new(frame);
    let posts = stream::iter(live).map(|connection| {
        let (connections, client, frame) = (&connections, &client, &frame);
        async move {
            match post(client, &connection, frame).await {
                Ok(posted) => Ok(posted),
                Err(Gone) => {
                    clean_up(invocation, connections, &connection, None).await?;
                    Ok::<_, Error>(Posted::Missed)
                }
            }
        }
    });
    let posted: Vec<Posted> = posts.buffer_unordered(AT_ONCE).try_collect().await?;
    if posted.contains(&Posted::Failed) {
        return Err(Error::retry("a post failed"));
    }
    Ok(posted.iter().filter(|posted| **posted == Posted::Taken).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &[Shown] = &[Shown { kind: "Notice", id: "id", time: "last", tenant: None, is_group: true }];
    const SEVERAL: &[Shown] = &[
        Shown { kind: "Notice", id: "id", time: "last", tenant: None, is_group: true },
        Shown { kind: "Liked", id: "like_id", time: "time", tenant: Some("org"), is_group: false },
    ];

    fn notice(revision: u64, count: u64) -> Value {
        json!({
            "id": "g", "thread": "t", "target": "agshin", "event": "UpdateLiked", "count": count,
            "last": "2026-01-01T00:00:00.000Z", "revision": revision, "title": "x",
        })
    }

    fn read(payload: Value) -> Result<Delivery, Error> {
        Delivery::of(payload, EVENTS, "everi")
    }

    #[test]
    fn each_revision_of_a_group_is_a_message_of_its_own_in_one_thread() {
        let (first, second) = (read(notice(1, 1)).unwrap(), read(notice(2, 3)).unwrap());
        assert_eq!((&first.thread, first.revision), (&second.thread, 1));
        let id = |delivery: &Delivery| {
            let frame: Value = serde_json::from_str(&delivery.frame("everi", 7).unwrap()).unwrap();
            assert_eq!((&frame["sequence"], &frame["conversation"]), (&json!(7), &json!("inbox")));
            frame["id"].as_str().unwrap().to_owned()
        };
        assert_ne!(id(&first), id(&second));
        assert_eq!(id(&first), id(&read(notice(1, 1)).unwrap()));
    }

    #[test]
    fn as_many_members_as_before_are_as_seen_as_before() {
        let key = log::thread_key(None, "agshin", "t");
        let first = thread_row(&key, None, &read(notice(1, 1)).unwrap(), 5, 0);
        let same = thread_row(&key, Some(&first), &read(notice(2, 1)).unwrap(), 9, 0);
        assert_eq!((count_of(&same, "shown"), count_of(&same, "position")), (5, 9));
        let more = thread_row(&key, Some(&first), &read(notice(2, 2)).unwrap(), 9, 0);
        assert_eq!(count_of(&more, "shown"), 9);
    }

    #[test]
    fn a_withdrawal_needs_a_thread_and_has_no_data() {
        let withdrawn = json!({"target": "agshin", "thread": "t", "revision": 2, "withdrawn": true});
        let frame: Value = serde_json::from_str(&read(withdrawn).unwrap().frame("everi", 7).unwrap()).unwrap();
        assert_eq!(frame["withdrawn"], json!({"type": "Notice", "thread": "t", "revision": 2}));
        assert!(read(json!({"target": "agshin", "withdrawn": true})).is_err());
    }

    #[test]
    fn what_lacks_a_field_names_it_and_not_its_value() {
        let mut payload = notice(1, 1);
        payload["last"] = json!("secret");
        assert!(!read(payload).unwrap_err().to_string().contains("secret"));
        let mut payload = notice(1, 1);
        payload["target"] = Value::Null;
        assert_eq!(read(payload).unwrap_err().to_string(), "lacks the field `target`");
    }

    #[test]
    fn of_several_events_the_one_that_is_named_or_else_the_group() {
        let liked =
            json!({"target": "a", "event": "Liked", "like_id": "1", "time": "2026-01-01T00:00:00Z", "org": "acme"});
        let liked = Delivery::of(liked, SEVERAL, "everi").unwrap();
        assert_eq!((liked.kind, liked.tenant.as_deref(), liked.thread.as_str()), ("Liked", Some("acme"), "1"));
        assert_eq!(Delivery::of(notice(1, 1), SEVERAL, "everi").unwrap().kind, "Notice");
    }

    #[test]
    fn a_user_mutes_a_channel_or_a_kind_of_event() {
        let list = |names: &[&str]| AttributeValue::L(names.iter().map(|name| text(*name)).collect());
        assert!(!mutes(&item([("user", text("a"))]), "browser", "Liked"));
        assert!(mutes(&item([("channels", list(&["email"]))]), "browser", "Liked"));
        assert!(!mutes(&item([("channels", list(&["browser"]))]), "browser", "Liked"));
        assert!(mutes(&item([("mutes", list(&["Liked"]))]), "browser", "Liked"));
        assert!(mutes(&item([("mutes", AttributeValue::Ss(vec!["Liked".to_owned()]))]), "browser", "Liked"));
    }
}
