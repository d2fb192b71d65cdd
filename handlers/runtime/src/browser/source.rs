//! A source whose events come from browsers.
//!
//! In: a message, `{"action": ROUTE, …the event's fields}`. Out: the event, numbered in its conversation, in the log and
//! sent on; and an answer, `{"re": ID, "ok": …}`.
//!
//! Guaranteed: what the flow sets is never the browser's; an event is written only where its row of `allow` is there;
//! of one user and one id there is one event, however often it is sent, and all answers to it say the same; a
//! conversation has no gaps. An event is sent on after it is written, so a crash between the two leaves it in the log
//! alone: the browser, which has no answer, sends it again, and then it is sent on too.

use std::time::Duration;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::config::{Lookup, Set, Source};
use super::item::{Item, item, number, text, text_of};
use super::key;
use super::log::{self, Beside};
use super::request::{Failed, LARGEST, Refusal, Request, reply};
use super::routes::live;
use super::row::Connection;
use super::table::{Query, Table};
use super::text;
use crate::cx::Invocation;
use crate::envelope::Envelope;
use crate::error::Error;
use crate::event::event_id;
use crate::event_type::{Arrival, Roles};
use crate::send::send_all;

/// What the envelope may add to an event until a browser gets it.
const ENVELOPE: usize = 1 << 10;
/// How long a message is known to be a repetition: as long as a queue and its dead letters keep it, and a day.
const REMEMBERED: Duration = Duration::from_secs(19 * 24 * 3600);

/// Takes an event from a browser.
///
/// # Errors
///
/// Where a table or a topic cannot be reached; the browser is told of a failure, and no more.
pub async fn receive(invocation: &Invocation, payload: Value, config: &Source) -> Result<Value, Error> {
    let request = Request::read(payload)?;
    let body: Option<Map<String, Value>> = request.body.as_deref().and_then(|body| serde_json::from_str(body).ok());
    let body = body.unwrap_or_default();
    let re = body.get(config.id).filter(|re| re.is_string() || re.is_number()).cloned().unwrap_or_default();
    let id = &request.request_context.connection_id;
    reply(&re, take(invocation, config, id, body).await)
}

async fn take(
    invocation: &Invocation,
    config: &Source,
    connection: &str,
    body: Map<String, Value>,
) -> Result<Value, Failed> {
    let connection = live(invocation, config.connections, connection).await?;
    let digest = digest(&body, config.set);
    let event = config.event.event(filled(invocation, config, &connection, body).into());
    let Arrival { envelope, roles } = event.map_err(|error| Refusal::new("invalid", error.to_string()))?;
    let envelope = wrapped(envelope, &roles, &connection, config)?;
    if let Some(lookup) = &config.allow
        && !is_allowed(invocation, lookup, &connection, &envelope).await?
    {
        return Err(Refusal::new("forbidden", "the user may not send this").into());
    }
    let marker = marker(invocation, &envelope, &digest);
    let accepted = match &roles.order_by {
        Some(order) => numbered(invocation, config, &connection, envelope, order, marker).await?,
        None => once(invocation, config, envelope, marker).await?,
    };
    let accepted = Arrival::read(&accepted, &[config.event]).map_err(Error::reject)?;
    send_all(invocation, config.to, std::slice::from_ref(&accepted)).await?;
    let Arrival { envelope, .. } = accepted;
    Ok(json!({
        "id": envelope.id, "time": envelope.time.to_string(),
        "conversation": envelope.conversation, "sequence": envelope.sequence,
    }))
}

/// The browser's fields under those that the flow sets.
fn filled(invocation: &Invocation, config: &Source, by: &Connection, body: Map<String, Value>) -> Map<String, Value> {
    let known = |name: &str| match name {
        "user" => Some(by.user.clone().into()),
        "tenant" => by.tenant.clone().map(Value::from),
        "now" => Some(invocation.now().to_string().into()),
        field => body.get(field).cloned(),
    };
    let set: Vec<(&str, Option<Value>)> =
        config.set.iter().map(|(field, parts)| (*field, text::value(parts, &known))).collect();
    let mut filled = body;
    filled.remove("action");
    for (field, value) in set {
        // What has no value is not the browser's to say either.
        match value {
            Some(value) => filled.insert(field.to_owned(), value),
            None => filled.remove(field),
        };
    }
    filled
}

/// What tells a repetition from another message with the same id: all that the browser itself said.
fn digest(body: &Map<String, Value>, set: Set) -> String {
    let mut said: Vec<(&String, &Value)> =
        body.iter().filter(|(name, _)| set.iter().all(|(set, _)| set != name)).collect();
    said.sort_by_key(|(name, _)| *name);
    let text = serde_json::to_string(&said).unwrap_or_default();
    Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The event's envelope. Its id is of the user and the user's own id: nobody can repeat another's.
fn wrapped(
    mut envelope: Envelope<Value>,
    roles: &Roles,
    by: &Connection,
    config: &Source,
) -> Result<Envelope<Value>, Failed> {
    if roles.tenant.is_some() && roles.tenant != by.tenant {
        return Err(Refusal::new("forbidden", "the event is of another tenant").into());
    }
    let named = [by.tenant.as_deref().unwrap_or_default(), &by.user, &roles.id].join("\0");
    envelope.id = event_id(config.event.flow(), config.event.name(), &named);
    envelope.tenant.clone_from(&by.tenant);
    let size = serde_json::to_string(&envelope).map_or(usize::MAX, |text| text.len());
    if size > LARGEST - ENVELOPE {
        return Err(Refusal::new("too_large", "the event is larger than a browser takes").into());
    }
    Ok(envelope)
}

async fn is_allowed(
    invocation: &Invocation,
    lookup: &Lookup,
    by: &Connection,
    envelope: &Envelope<Value>,
) -> Result<bool, Error> {
    let known = |name: &str| match name {
        "user" => Some(by.user.clone().into()),
        "tenant" => by.tenant.clone().map(Value::from),
        "now" => Some(invocation.now().to_string().into()),
        field => envelope.data.get(field).cloned(),
    };
    exists(invocation, lookup, &known).await
}

/// Whether there is a row that a lookup finds.
async fn exists(
    invocation: &Invocation,
    lookup: &Lookup,
    known: &dyn Fn(&str) -> Option<Value>,
) -> Result<bool, Error> {
    let mut values = Vec::new();
    for of in lookup.matching {
        let Some(value) = text::rendered(of.value, known).filter(|value| !value.is_empty()) else {
            return Ok(false);
        };
        values.push((of.field, if of.number { number(value) } else { text(value) }));
    }
    let table = Table::of(invocation.cx(), lookup.table)?;
    if lookup.is_row {
        let key = values.into_iter().map(|(field, value)| (field.to_owned(), value)).collect();
        return Ok(table.get(key).await?.is_some());
    }
    let names: Vec<(String, String)> = (0..values.len()).map(|at| (format!("#f{at}"), format!(":v{at}"))).collect();
    let conditions: Vec<String> = names.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let (key, rest) = conditions.split_at(lookup.keys.min(conditions.len()));
    let (key, rest) = (key.join(" AND "), rest.join(" AND "));
    let query = Query {
        index: lookup.index,
        condition: &key,
        filter: (!rest.is_empty()).then_some(rest.as_str()),
        names: names.iter().zip(&values).map(|((name, _), (field, _))| (name.as_str(), *field)).collect(),
        values: names.iter().zip(&values).map(|((_, name), (_, value))| (name.as_str(), value.clone())).collect(),
        consistent: true,
        ..Query::default()
    };
    Ok(!table.all(&query, 1).await?.is_empty())
}

/// The row by which a repetition is known.
fn marker(invocation: &Invocation, envelope: &Envelope<Value>, digest: &str) -> Item {
    item([
        ("pk", text(key::join(&["received", &envelope.id]))),
        ("sk", text("received")),
        ("digest", text(digest)),
        ("expires_at", number(invocation.now().plus(REMEMBERED).as_millis() / 1000)),
    ])
}

/// Writes the event into its conversation, or finds the one that was written before.
async fn numbered(
    invocation: &Invocation,
    config: &Source,
    by: &Connection,
    envelope: Envelope<Value>,
    order: &str,
    marker: Item,
) -> Result<String, Failed> {
    let cx = invocation.cx();
    let (table, runtime) = (Table::of(cx, config.log)?, Table::of(cx, config.runtime)?);
    let name = log::name(config.order_by.unwrap_or_default(), order);
    let conversation = log::conversation(by.tenant.as_deref(), &by.user, &name);
    let digest = marker.get("digest").cloned();
    let frame = |sequence: u64| {
        let mut numbered = envelope.clone();
        (numbered.conversation, numbered.sequence) = (Some(name.clone()), Some(sequence));
        serde_json::to_string(&numbered).map_err(Error::reject)
    };
    let make = |sequence: u64| {
        let mut marker = marker.clone();
        marker.insert("sequence".to_owned(), number(sequence));
        let frame = frame(sequence)?;
        let marker = log::put_new(&runtime, marker, "attribute_not_exists(pk)")?;
        Ok((frame, Beside { writes: vec![marker] }))
    };
    Ok(match log::append(invocation, &table, &conversation, config.replay, make).await? {
        Ok((_, frame)) => frame,
        Err((_, there)) => {
            let there = there.filter(|there| there.get("digest") == digest.as_ref());
            let there = there.ok_or_else(|| Refusal::new("conflict", "another message has this id"))?;
            let entry = table.get(log::entry_key(&conversation, log::count_of(&there, "sequence"))).await?;
            let frame = entry.as_ref().and_then(|entry| text_of(entry, "frame")).map(str::to_owned);
            frame.ok_or_else(|| Refusal::new("conflict", "a message with this id was sent long ago"))?
        }
    })
}

/// Remembers an event that is in no conversation, or finds the one that was remembered before.
async fn once(
    invocation: &Invocation,
    config: &Source,
    envelope: Envelope<Value>,
    mut marker: Item,
) -> Result<String, Failed> {
    let table = Table::of(invocation.cx(), config.runtime)?;
    let digest = marker.get("digest").cloned();
    marker.insert("frame".to_owned(), text(serde_json::to_string(&envelope).map_err(Error::reject)?));
    let key = item([("pk", marker.get("pk").cloned().unwrap_or_else(|| text(""))), ("sk", text("received"))]);
    table.put_new(marker).await?;
    // Whoever wrote it: what is there now is the event.
    let there = table.get(key).await?.filter(|there| there.get("digest") == digest.as_ref());
    let there = there.ok_or_else(|| Refusal::new("conflict", "another message has this id"))?;
    let frame = text_of(&there, "frame").ok_or_else(|| Error::retry("a marker without its event"))?;
    Ok(frame.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::text::Part;
    use super::*;

    const SET: Set = &[("sender", &[Part::Name("user")]), ("time", &[Part::Name("now")])];

    fn body(value: Value) -> Map<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_repetition_says_the_same_whatever_it_pretends_to_be_set() {
        let said = body(json!({"action": "send", "id": "1", "text": "hi"}));
        let again = body(json!({"text": "hi", "id": "1", "action": "send", "sender": "another", "time": "x"}));
        assert_eq!(digest(&said, SET), digest(&again, SET));
        assert_ne!(digest(&said, SET), digest(&body(json!({"action": "send", "id": "1", "text": "ho"})), SET));
    }
}
