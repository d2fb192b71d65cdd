//! An event as the protocol sees it.
//!
//! In: an event that is sent to a grouper. Out: the steps that begin with it. Guaranteed: the same event makes the same
//! steps, whoever sends it and however often; two keys meet in one head only if all that they name is the same.

use grouping::content::Member;
use grouping::{Accept, HeadName, Id, Step};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::config::{Cancel, Grouper};
use crate::error::Error;
use crate::event::event_id;
use crate::event_type::Arrival;
use crate::template::{Names, Part, Template, text};

/// What a MARK keeps: a member, and where its target may have seen it.
#[derive(Deserialize, Serialize)]
pub(super) struct Payload {
    #[serde(flatten)]
    member: Member,
    /// Where it stands in a conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<Place>,
}

/// Where an event stands in a conversation, for one user.
#[derive(Deserialize, Serialize)]
pub(super) struct Place {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tenant: Option<String>,
    pub(super) user: String,
    pub(super) conversation: String,
    pub(super) sequence: u64,
}

/// What is done for an event: others are taken out, or it is taken in.
pub(super) fn steps(grouper: &Grouper, event: &Arrival) -> Result<Vec<Step>, Error> {
    let mut steps = Vec::new();
    for cancel in grouper.cancel {
        match cancel {
            Cancel::All { by } if *by == event.kind() => {
                let until = event.roles.time.to_string().into();
                steps.push(Step::CancelAll { head: head(grouper.key, event)?, until });
            }
            Cancel::One { by, of, id } if *by == event.kind() => {
                let own = event.data().get(*id).filter(|id| !id.is_null()).map(text);
                let own = own.ok_or_else(|| Error::reject(format!("there is no `{id}`")))?;
                let cancelled = event_id(of.flow(), of.name(), &own);
                let cancelled =
                    event.target().map_or_else(|| cancelled.clone(), |to| Arrival::aimed_id(&cancelled, to));
                steps.push(Step::Cancel { event: id_of(&cancelled) });
            }
            Cancel::All { .. } | Cancel::One { .. } => {}
        }
    }
    if steps.is_empty() {
        let payload = serde_json::to_string(&payload(grouper, event)).map_err(Error::reject)?;
        let head = head(grouper.key, event)?;
        steps.push(Step::Accept(Accept { event: id_of(event.id()), head, payload: payload.into() }));
    }
    Ok(steps)
}

/// The protocol's id of an event, and of its target where it has one.
fn id_of(id: &str) -> Id {
    Id::of(&[b"event", id.as_bytes()])
}

fn payload(grouper: &Grouper, event: &Arrival) -> Payload {
    let named = |name: Part| event.value(name).filter(|value| !value.is_null()).map(|value| text(&value));
    let ever = |name: &str, part: Part| (name.to_owned(), Value::from(named(part).unwrap_or_default()));
    let fields =
        grouper.fields.iter().filter_map(|field| Some(((*field).to_owned(), event.data().get(*field)?.clone())));
    let envelope = &event.envelope;
    let place = match (event.target(), &envelope.conversation, envelope.sequence) {
        (Some(user), Some(conversation), Some(sequence)) if !grouper.seen.is_empty() => Some(Place {
            tenant: envelope.tenant.clone(),
            user: user.to_owned(),
            conversation: conversation.clone(),
            sequence,
        }),
        _ => None,
    };
    let member = Member {
        id: event.roles.id.clone(),
        event: named(Part::Event).unwrap_or_default(),
        time: event.roles.time.to_string(),
        actor: event.roles.actor.clone(),
        counts_as: grouper.distinct.and_then(named),
        common: fields.chain([ever("target", Part::Target), ever("object", Part::Object)]).collect(),
    };
    Payload { member, place }
}

/// The head of an event: its key, filled in. What stands between names in the flow is escaped in values, so that `a/b`
/// and `c` are not `a` and `b/c`.
fn head(key: Template, event: &Arrival) -> Result<HeadName, Error> {
    let between: String =
        key.iter().filter_map(|part| if let Part::Text(text) = part { Some(*text) } else { None }).collect();
    let mut head = String::new();
    let mut after_name = false;
    for part in key {
        if let Part::Text(text) = part {
            head.push_str(text);
            after_name = false;
            continue;
        }
        if after_name {
            // No value holds this unescaped.
            head.push_str("%,");
        }
        let value = crate::template::filled(std::slice::from_ref(part), event)?;
        escape(&text(&value), &between, &mut head);
        after_name = true;
    }
    Ok(HeadName::new(&head))
}

fn escape(value: &str, between: &str, into: &mut String) {
    for letter in value.chars() {
        if letter == '%' || between.contains(letter) {
            into.push_str(&format!("%{:X};", u32::from(letter)));
        } else {
            into.push(letter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(value: &str) -> String {
        let mut text = String::new();
        escape(value, "/", &mut text);
        text
    }

    #[test]
    fn a_value_cannot_pass_for_two() {
        assert_eq!(escaped("rustam"), "rustam");
        assert_eq!(escaped("a/b%"), "a%2F;b%25;");
        assert_ne!(format!("{}/{}", escaped("a/b"), escaped("c")), format!("{}/{}", escaped("a"), escaped("b/c")));
    }

    #[test]
    fn a_payload_is_a_member_for_the_protocol() {
        let payload =
            r#"{"id":"1","event":"Liked","time":"t","place":{"user":"a","conversation":"group:g","sequence":3}}"#;
        let read: Payload = serde_json::from_str(payload).unwrap();
        assert_eq!(read.place.map(|place| place.sequence), Some(3));
        assert_eq!(serde_json::from_str::<Member>(payload).unwrap().id, "1");
    }
}
