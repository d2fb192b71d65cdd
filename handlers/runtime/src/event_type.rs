//! What a part of the runtime is told of the flow's events, and an event as such a part sees it.
//!
//! In: a CloudEvent as text, and the event types of the flow that may come. Out: the event, held against its type, with
//! the roles that its fields play. Guaranteed: what is sent on is what came, unknown fields and all.

use serde_json::{Map, Value};

use crate::decode::{self, DecodeError};
use crate::envelope::Envelope;
use crate::event::Event;
use crate::scalar::Timestamp;

/// One of the flow's event types, for code that is the same for all of them.
#[derive(Clone, Copy, Debug)]
pub struct EventType {
    name: &'static str,
    flow: &'static str,
    roles: fn(Value) -> Result<Roles, DecodeError>,
    envelope: fn(Value) -> Result<Envelope<Value>, DecodeError>,
}

impl EventType {
    /// The event type of the generated type `E`.
    pub const fn of<E: Event>() -> Self {
        Self { name: E::TYPE, flow: E::FLOW, roles: roles::<E>, envelope: envelope::<E> }
    }

    /// The CloudEvents `type`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The flow's name.
    pub const fn flow(&self) -> &'static str {
        self.flow
    }

    /// Makes the event of this data: checked, with what the type adds, in its envelope.
    pub(crate) fn event(&self, data: Value) -> Result<Arrival, DecodeError> {
        let envelope = (self.envelope)(data)?;
        let roles = (self.roles)(envelope.data.clone())?;
        Ok(Arrival { envelope, roles })
    }
}

fn roles<E: Event>(data: Value) -> Result<Roles, DecodeError> {
    let event: E = decode::from_data(data)?;
    Ok(Roles {
        id: event.id(),
        time: event.time(),
        actor: event.actor(),
        object: event.object(),
        order_by: event.order_by(),
        tenant: event.tenant(),
    })
}

fn envelope<E: Event>(data: Value) -> Result<Envelope<Value>, DecodeError> {
    let event: E = decode::from_data(data)?;
    // A type that was read is written without an error: its maps have text for keys.
    Envelope::of(event).try_map(|_, event| serde_json::to_value(event).map_err(|_| DecodeError::unwritten()))
}

/// What the fields of an event are to it, as text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Roles {
    pub(crate) id: String,
    pub(crate) time: Timestamp,
    pub(crate) actor: Option<String>,
    pub(crate) object: Option<String>,
    pub(crate) order_by: Option<String>,
    pub(crate) tenant: Option<String>,
}

/// An event on its way through a part of the runtime: its data as it came, and the roles of its fields.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    pub(crate) envelope: Envelope<Value>,
    pub(crate) roles: Roles,
}

impl Arrival {
    /// Reads a CloudEvent whose type is one of `types`.
    ///
    /// # Errors
    ///
    /// As [`decode`](crate::decode()).
    pub fn read(body: &str, types: &[EventType]) -> Result<Self, DecodeError> {
        Self::of(decode::envelope(body)?, types)
    }

    /// As [`read`](Self::read), of an envelope.
    pub(crate) fn of(envelope: Envelope<Value>, types: &[EventType]) -> Result<Self, DecodeError> {
        let Some(kind) = types.iter().find(|kind| kind.name == envelope.kind) else {
            return Err(DecodeError::unhandled(&envelope.kind, types.iter().map(|kind| kind.name)));
        };
        let roles = (kind.roles)(envelope.data.clone())?;
        Ok(Self { envelope, roles })
    }

    /// The CloudEvents id.
    pub fn id(&self) -> &str {
        &self.envelope.id
    }

    /// The event's type.
    pub fn kind(&self) -> &str {
        &self.envelope.kind
    }

    /// The event's data.
    pub fn data(&self) -> &Value {
        &self.envelope.data
    }

    /// The user that it is for, once targets are resolved.
    pub fn target(&self) -> Option<&str> {
        self.envelope.data.get("target").and_then(Value::as_str)
    }

    /// The event for one user: another message, with an id of its own that is always the same. Who is to have it more
    /// than once has it under other ids the second `time` and after.
    #[must_use]
    pub fn aimed(&self, target: &str, time: u32) -> Self {
        let mut aimed = self.clone();
        aimed.envelope.id = match time {
            0 | 1 => Self::aimed_id(&self.envelope.id, target),
            more => crate::event::hashed(&[&self.envelope.id, "target", &more.to_string(), target]),
        };
        if let Value::Object(data) = &mut aimed.envelope.data {
            data.insert("target".to_owned(), target.into());
        }
        aimed
    }

    /// The id of an event, known by its own, for one user.
    pub(crate) fn aimed_id(id: &str, target: &str) -> String {
        crate::event::hashed(&[id, "target", target])
    }

    /// The event under another id: a group's, which is sent once for each of its revisions.
    pub(crate) fn called(mut self, id: String) -> Self {
        self.envelope.id = id;
        self
    }

    /// Data that is said of an event of the type without being one, for sinks that know it: a withdrawal.
    pub(crate) fn untyped(kind: &EventType, data: Value, now: Timestamp) -> Self {
        let id = data.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let roles = Roles { id: id.clone(), time: now, actor: None, object: None, order_by: None, tenant: None };
        Self { envelope: Envelope::named(kind.flow, kind.name, id, now, data), roles }
    }

    /// The event as a workflow's state, or as what a sink's function gets: its fields side by side, `target` where it is
    /// for one user, and in `event` its type; a group's own `event` stays.
    pub fn state(&self) -> Value {
        let mut state = match &self.envelope.data {
            Value::Object(data) => data.clone(),
            _ => Map::new(),
        };
        state.entry("event").or_insert_with(|| self.envelope.kind.clone().into());
        Value::Object(state)
    }

    /// Reads what [`state`](Self::state) and a workflow give to a sink: the event whose type `event` says, or the only one
    /// that may come; a group's own `event`, the type of its members, stands for the group.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn of_state(state: Value, types: &[EventType]) -> Result<Self, DecodeError> {
        let said = state.get("event").and_then(Value::as_str).map(str::to_owned);
        let named = types.iter().find(|kind| Some(kind.name) == said.as_deref());
        let kind = named.or(types.first().filter(|_| types.len() == 1));
        // Of several, the one that has members of that type is the group.
        let kind = kind.or_else(|| types.iter().find(|kind| (kind.roles)(state.clone()).is_ok()));
        let Some(kind) = kind else {
            return Err(DecodeError::unhandled(&said.unwrap_or_default(), types.iter().map(|kind| kind.name)));
        };
        let mut envelope = (kind.envelope)(state.clone())?;
        if let (Some(data), Value::Object(mut state)) = (envelope.data.as_object(), state) {
            if !data.contains_key("event") {
                state.shift_remove("event");
            }
            envelope.data = Value::Object(state);
        }
        let roles = (kind.roles)(envelope.data.clone())?;
        let event = Self { envelope, roles };
        Ok(match event.target().map(str::to_owned) {
            Some(target) => event.aimed(&target, 1),
            None => event,
        })
    }

    /// The CloudEvent as text.
    pub(crate) fn body(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.envelope)
    }

    /// What keeps the order of those that belong together in FIFO topics and queues: the conversation, or else the
    /// object, or else the event alone.
    pub(crate) fn order(&self) -> &str {
        let roles = &self.roles;
        roles.order_by.as_deref().or(roles.object.as_deref()).unwrap_or(&roles.id)
    }
}
