//! What is given to a mail's sink, and the mail that it becomes.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::mailbox::mailbox;
use super::token::Token;
use super::{Mail, header};
use crate::cx::Invocation;
use crate::error::Error;
use crate::event_type::{Arrival, EventType};
use crate::secret::secret;
use crate::template::filled;

/// The variable with the secret that signs unsubscribe links.
pub(super) const SIGNING: &str = "SECRET_MAIL_SIGNING";
/// The variable with the address of the function that unsubscribes; not set where users have no preferences.
const UNSUBSCRIBE: &str = "UNSUBSCRIBE_URL";
/// The name of the link in templates.
const LINK: &str = "unsubscribe_url";

/// What is given.
#[derive(Debug)]
pub(super) enum Given {
    /// To be mailed, under an id that is the same whenever the same comes again.
    Mail { event: Box<Arrival>, id: String },
    /// A group that is still open, or of which nothing is left.
    Nothing,
}

/// What a workflow's step gives.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    run: String,
    state: Value,
}

impl Given {
    pub(super) fn read(payload: Value, events: &[EventType]) -> Result<Self, Error> {
        let (run, state) = match Step::deserialize(&payload) {
            Ok(step) => (Some(step.run), step.state),
            Err(_) => (None, payload),
        };
        let is = |field: &str| state.get(field) == Some(&Value::Bool(true));
        let group = state.get("revision").is_some();
        if group && (is("open") || is("withdrawn")) {
            return Ok(Self::Nothing);
        }
        let event = Arrival::of_state(state, events).map_err(Error::reject)?;
        // A workflow may mail the same event to the same user at several steps; a group has revisions.
        let revision = event.data().get("revision").map(ToString::to_string).unwrap_or_default();
        let run = run.unwrap_or_default();
        let id = crate::event::hashed(&[event.id(), &revision, &run]);
        Ok(Self::Mail { event: Box::new(event), id })
    }
}

/// A mail, ready to be sent.
pub(super) struct Message {
    pub(super) sink: &'static str,
    pub(super) from: String,
    pub(super) reply_to: Option<String>,
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) html: String,
    pub(super) text: String,
    /// The link with which the user unsubscribes.
    pub(super) unsubscribe: Option<String>,
    pub(super) id: String,
}

impl Message {
    pub(super) async fn made(
        invocation: &Invocation,
        mail: &Mail,
        event: &Arrival,
        target: &str,
        to: String,
        id: &str,
    ) -> Result<Self, Error> {
        let unsubscribe = link(invocation, mail, target).await?;
        let mut fields = fields(mail, event)?;
        if let Some(link) = &unsubscribe {
            fields.insert(LINK.to_owned(), link.as_str().into());
        }
        let fields = Value::Object(fields);
        let subject = crate::template::text(&filled(mail.subject, event)?);
        Ok(Self {
            sink: mail.sink,
            from: mailbox(mail.sender),
            reply_to: mail.reply_to.map(mailbox),
            to,
            subject: header::subject(&subject)?,
            html: (mail.html)(&fields)?,
            text: (mail.text)(&fields)?,
            unsubscribe,
            id: id.to_owned(),
        })
    }
}

/// What templates may use: the event's fields with what its type has by default, and what steps have added.
fn fields(mail: &Mail, event: &Arrival) -> Result<Map<String, Value>, Error> {
    let kind = mail.events.iter().find(|kind| kind.name() == event.kind());
    let typed = kind.map(|kind| kind.event(event.data().clone())).transpose().map_err(Error::reject)?;
    let of = |value: Value| match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let mut fields = typed.map(|typed| of(typed.envelope.data)).unwrap_or_default();
    fields.extend(of(event.state()));
    Ok(fields)
}

async fn link(invocation: &Invocation, mail: &Mail, target: &str) -> Result<Option<String>, Error> {
    let Some(url) = invocation.cx().env(UNSUBSCRIBE) else { return Ok(None) };
    let key = secret(invocation, SIGNING).await?;
    let flow = mail.events.first().map(EventType::flow).unwrap_or_default();
    let token = Token { user: target.to_owned(), sink: mail.sink.to_owned() }.signed(&key, flow);
    header::link(&format!("{}/?t={token}", url.trim_end_matches('/'))).map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::CLOSED;
    use super::*;

    fn id(payload: Value) -> String {
        match Given::read(payload, CLOSED).unwrap() {
            Given::Mail { id, .. } => id,
            Given::Nothing => panic!("nothing to mail"),
        }
    }

    fn group(revision: u64, open: bool) -> Value {
        json!({ "id": "g", "event": "Liked", "target": "agshin", "revision": revision, "open": open })
    }

    #[test]
    fn a_group_is_mailed_at_its_close_and_not_before() {
        assert!(matches!(Given::read(group(1, true), CLOSED).unwrap(), Given::Nothing));
        assert!(matches!(Given::read(group(2, false), CLOSED).unwrap(), Given::Mail { .. }));
        let withdrawn =
            json!({ "id": "g", "target": "agshin", "revision": 2, "count": 0, "open": false, "withdrawn": true });
        assert!(matches!(Given::read(withdrawn, CLOSED).unwrap(), Given::Nothing));
    }

    #[test]
    fn the_same_has_the_same_id_and_another_user_revision_or_step_has_another() {
        let first = id(group(2, false));
        assert_eq!(first, id(group(2, false)));
        assert_ne!(first, id(group(3, false)));
        let mut other = group(2, false);
        other["target"] = json!("rustam");
        assert_ne!(first, id(other));
        let step = |run: &str| id(json!({ "run": run, "state": group(2, false) }));
        assert_eq!(step("a"), step("a"));
        assert_ne!(step("a"), step("b"));
        assert_ne!(step("a"), first);
    }

    #[test]
    fn what_is_no_event_of_the_flow_is_refused_for_good() {
        for wrong in [json!(null), json!([]), json!({ "event": "Liked" }), json!({ "run": 1, "state": {} })] {
            assert!(Given::read(wrong.clone(), CLOSED).unwrap_err().is_final(), "{wrong}");
        }
    }
}
