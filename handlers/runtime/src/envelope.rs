//! CloudEvents 1.0 in structured JSON: the form of every message of a flow.
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>

use serde::{Deserialize, Serialize};

use crate::event::{Event, event_id, schema_id, source};
use crate::scalar::Timestamp;

/// A CloudEvent that carries `T` as its data.
///
/// The roles stay fields of the data; `tenant` alone is repeated as an extension, since queues need
/// it before anybody decodes the data.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Envelope<T> {
    pub(crate) specversion: String,
    /// The business identity of the event: see [`event_id`].
    pub id: String,
    /// Who sent it: `urn:eventloom:` and the flow's name.
    pub source: String,
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened.
    pub time: Timestamp,
    #[serde(default = "application_json")]
    pub(crate) datacontenttype: String,
    /// The name of the data's JSON Schema: its `$id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataschema: Option<String>,
    /// The W3C trace context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// What the log lines of one user action share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlationid: Option<String>,
    /// Whose data it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The conversation that numbers it: `group:g1`, or `inbox`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// Its place in the conversation: 1, 2, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The event itself.
    pub data: T,
}

impl<E: Event> Envelope<E> {
    /// Wraps an event. A producer that repeats the event makes the same envelope.
    pub fn of(event: E) -> Self {
        let (id, tenant) = (event_id(E::FLOW, E::TYPE, &event.id()), event.tenant());
        Self { tenant, ..Envelope::named(E::FLOW, E::TYPE, id, event.time(), event) }
    }
}

impl<T> Envelope<T> {
    /// Wraps data of the flow `flow` and the type `kind` under an id of its own.
    pub(crate) fn named(flow: &str, kind: &str, id: String, time: Timestamp, data: T) -> Self {
        Self {
            specversion: "1.0".to_owned(),
            id,
            source: source(flow),
            kind: kind.to_owned(),
            time,
            datacontenttype: application_json(),
            dataschema: Some(schema_id(flow, kind)),
            traceparent: None,
            correlationid: None,
            tenant: None,
            conversation: None,
            sequence: None,
            data,
        }
    }

    /// Says which user action this event belongs to.
    #[must_use]
    pub fn correlated(mut self, correlationid: impl Into<String>) -> Self {
        self.correlationid = Some(correlationid.into());
        self
    }

    /// Carries a W3C trace context on.
    #[must_use]
    pub fn traced(mut self, traceparent: impl Into<String>) -> Self {
        self.traceparent = Some(traceparent.into());
        self
    }

    /// Turns the data, which may depend on the event's type, into something else.
    pub(crate) fn try_map<U, E>(self, turn: impl FnOnce(&str, T) -> Result<U, E>) -> Result<Envelope<U>, E> {
        let data = turn(&self.kind, self.data)?;
        Ok(Envelope {
            specversion: self.specversion,
            id: self.id,
            source: self.source,
            kind: self.kind,
            time: self.time,
            datacontenttype: self.datacontenttype,
            dataschema: self.dataschema,
            traceparent: self.traceparent,
            correlationid: self.correlationid,
            tenant: self.tenant,
            conversation: self.conversation,
            sequence: self.sequence,
            data,
        })
    }
}

fn application_json() -> String {
    "application/json".to_owned()
}
