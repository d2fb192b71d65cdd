//! What a group says of its members.
//!
//! In: the members, as they were marked. Out: the emitted event, as JSON. The members are sorted by
//! time and id, so the order in which they came makes no difference, and the same members give the
//! same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::ids::{Id, Revision};
use crate::protocol::Fault;

/// What a group says of its members, but for what every group says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Whether members with the same [`Member::counts_as`] count once.
    #[serde(default)]
    pub distinct: bool,
    /// Members that the group carries.
    #[serde(default)]
    pub sample: Option<Sample>,
}

/// Members that a group carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// So many at most.
    pub n: usize,
    /// Which.
    pub order: Order,
}

/// From which end a sample is taken; it lies in this order too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
}

/// What a group may say of one of its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The event's id.
    pub id: String,
    /// The event's type.
    pub event: String,
    /// When it happened: RFC 3339, UTC, milliseconds, so that it sorts as text.
    pub time: String,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What the grouper's `distinct` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts_as: Option<String>,
    /// What all events of the group have in common: `target`, `object`, and the fields that the key names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub common: BTreeMap<String, Value>,
}

impl Member {
    /// As the MARK keeps it.
    ///
    /// # Errors
    ///
    /// [`Fault::Content`], if it has no JSON form.
    pub fn payload(&self) -> Result<Arc<str>, Fault> {
        serde_json::to_string(self).map(Arc::from).map_err(|error| Fault::Content(error.to_string()))
    }
}

/// The first event of an open window.
///
/// # Errors
///
/// [`Fault::Content`], if a payload is no [`Member`].
pub fn preview(shape: &Shape, group: Id, thread: Id, payload: &str) -> Result<Arc<str>, Fault> {
    emitted(shape, (group, thread), Revision::Preview, &[read(payload)?])
}

/// A whole group. Of one whose members were all taken out again nothing is left but what they had in
/// common, so that whoever saw the preview can be told.
///
/// # Errors
///
/// [`Fault::Content`], if a payload is no [`Member`].
pub fn close(shape: &Shape, group: Id, thread: Id, alive: &[Arc<str>], dead: &[Arc<str>]) -> Result<Arc<str>, Fault> {
    let members = alive.iter().map(|payload| read(payload)).collect::<Result<Vec<_>, _>>()?;
    if !members.is_empty() {
        return emitted(shape, (group, thread), Revision::Close, &members);
    }
    let dead = dead.iter().map(|payload| read(payload)).collect::<Result<Vec<_>, _>>()?;
    let mut withdrawn = common(&sorted(&dead));
    withdrawn.extend(identity((group, thread), Revision::Close));
    withdrawn.extend([("count".to_owned(), json!(0)), ("withdrawn".to_owned(), json!(true))]);
    text(&withdrawn)
}

/// When the member happened.
///
/// # Errors
///
/// [`Fault::Content`], if the payload is no [`Member`].
pub fn time(payload: &str) -> Result<String, Fault> {
    Ok(read(payload)?.time)
}

/// Whom an emitted event is for; nobody in particular, if its key names no target.
///
/// # Errors
///
/// [`Fault::Content`], if it is no JSON object.
pub fn target(emitted: &str) -> Result<String, Fault> {
    let emitted: Map<String, Value> =
        serde_json::from_str(emitted).map_err(|error| Fault::Content(error.to_string()))?;
    Ok(emitted.get("target").and_then(Value::as_str).unwrap_or_default().to_owned())
}

fn read(payload: &str) -> Result<Member, Fault> {
    serde_json::from_str(payload).map_err(|error| Fault::Content(error.to_string()))
}

fn text(object: &Map<String, Value>) -> Result<Arc<str>, Fault> {
    serde_json::to_string(object).map(Arc::from).map_err(|error| Fault::Content(error.to_string()))
}

fn sorted(members: &[Member]) -> Vec<&Member> {
    let mut sorted = members.iter().collect::<Vec<_>>();
    sorted.sort_by(|a, b| (&a.time, &a.id).cmp(&(&b.time, &b.id)));
    sorted
}

/// What the first of them has in common with the others.
fn common(members: &[&Member]) -> Map<String, Value> {
    let common = members.first().map(|member| member.common.clone()).unwrap_or_default();
    common.into_iter().collect()
}

fn identity((group, thread): (Id, Id), revision: Revision) -> [(String, Value); 4] {
    [
        ("id".to_owned(), json!(group)),
        ("thread".to_owned(), json!(thread)),
        ("open".to_owned(), json!(revision == Revision::Preview)),
        ("revision".to_owned(), json!(revision.number())),
    ]
}

fn emitted(shape: &Shape, names: (Id, Id), revision: Revision, members: &[Member]) -> Result<Arc<str>, Fault> {
    let members = sorted(members);
    let actors = members.iter().filter_map(|member| member.actor.as_ref()).collect::<BTreeSet<_>>();
    let mut emitted = common(&members);
    emitted.extend(identity(names, revision));
    let of = [
        ("event", json!(members.first().map(|member| &member.event))),
        ("count", json!(counted(shape, Order::Oldest, &members).len())),
        ("actors", json!(actors.len())),
        ("sample", sample(shape, &members)),
        ("first", json!(members.first().map(|member| &member.time))),
        ("last", json!(members.last().map(|member| &member.time))),
    ];
    emitted.extend(of.map(|(name, value)| (name.to_owned(), value)));
    text(&emitted)
}

/// The members that count, from one end: of those that count as the same, the first that is met.
fn counted<'a>(shape: &Shape, order: Order, members: &[&'a Member]) -> Vec<&'a Member> {
    let mut members = members.to_vec();
    if order == Order::Newest {
        members.reverse();
    }
    if shape.distinct {
        let mut seen = BTreeSet::new();
        members.retain(|member| member.counts_as.as_ref().is_none_or(|value| seen.insert(value)));
    }
    members
}

fn sample(shape: &Shape, members: &[&Member]) -> Value {
    let Some(sample) = shape.sample else { return json!([]) };
    let entries = counted(shape, sample.order, members).into_iter().take(sample.n).map(|member| {
        let mut entry = json!({ "id": member.id, "event": member.event, "time": member.time });
        if let (Some(entry), Some(actor)) = (entry.as_object_mut(), &member.actor) {
            entry.insert("actor".to_owned(), json!(actor));
        }
        entry
    });
    entries.collect()
}

#[cfg(test)]
mod tests;
