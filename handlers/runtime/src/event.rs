//! What the runtime knows of a flow's events: the traits that generated types implement, and the
//! identity of an event.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::decode::{self, DecodeError};
use crate::scalar::Timestamp;

/// An event type of the flow, with the roles that its fields play (Activity Streams 2.0's `actor`
/// and `object`).
pub trait Event: Serialize + DeserializeOwned {
    /// The flow's name.
    const FLOW: &'static str;
    /// The event's name, which is also its CloudEvents `type`.
    const TYPE: &'static str;

    /// The event's own id: what the producer repeats when it tries again.
    fn id(&self) -> String;

    /// When it happened.
    fn time(&self) -> Timestamp;

    /// Who did it.
    fn actor(&self) -> Option<String> {
        None
    }

    /// What it was done to.
    fn object(&self) -> Option<String> {
        None
    }

    /// The conversation whose order is kept.
    fn order_by(&self) -> Option<String> {
        None
    }

    /// Whose data it is.
    fn tenant(&self) -> Option<String> {
        None
    }
}

/// What a queue's handler takes: one event type, or a generated enum of several.
pub trait Message: Sized {
    /// The CloudEvents types that it can be.
    const TYPES: &'static [&'static str];

    /// Decodes the `data` of a CloudEvent whose type is `kind`.
    ///
    /// # Errors
    ///
    /// [`DecodeError::UnknownType`] names a type that is not in [`Message::TYPES`];
    /// [`DecodeError::Content`] names the field that is wrong.
    fn from_data(kind: &str, data: Value) -> Result<Self, DecodeError>;
}

impl<E: Event> Message for E {
    const TYPES: &'static [&'static str] = &[E::TYPE];

    fn from_data(kind: &str, data: Value) -> Result<Self, DecodeError> {
        if kind == E::TYPE { decode::from_data(data) } else { Err(DecodeError::unknown_type(kind, Self::TYPES)) }
    }
}

/// Decodes the `data` of a CloudEvent as `T`, if its type is one of `types`: what a generated input, an event with the
/// fields that a workflow's steps have added, is made with.
///
/// # Errors
///
/// As [`Message::from_data`].
pub fn data<T: DeserializeOwned>(kind: &str, data: Value, types: &'static [&'static str]) -> Result<T, DecodeError> {
    if types.contains(&kind) { decode::from_data(data) } else { Err(DecodeError::unknown_type(kind, types)) }
}

/// The CloudEvents id: the first 16 bytes, in hexadecimal, of SHA-256 over `flow`, NUL, `kind`,
/// NUL, `id`. The names in a flow hold no NUL, so two different triples never meet in one text.
///
/// It depends on nothing that a producer's retry changes.
///
/// ```
/// let id = runtime::event_id("everi", "UpdateLiked", "01J9ZC1X8Q4T5W6Y7Z8A9B0C1D");
/// assert_eq!(id.len(), 32);
/// assert_ne!(id, runtime::event_id("everi", "UpdateUnliked", "01J9ZC1X8Q4T5W6Y7Z8A9B0C1D"));
/// ```
pub fn event_id(flow: &str, kind: &str, id: &str) -> String {
    hashed(&[flow, kind, id])
}

/// The first 16 bytes, in hexadecimal, of SHA-256 over the parts, kept apart by NUL: all but the last must hold none.
pub(crate) fn hashed(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            hash.update(b"\0");
        }
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// The CloudEvents `source` of everything that the flow `flow` sends.
pub fn source(flow: &str) -> String {
    format!("urn:eventloom:{flow}")
}

/// The `$id` of an event's JSON Schema.
pub(crate) fn schema_id(flow: &str, kind: &str) -> String {
    format!("urn:eventloom:{flow}:{kind}")
}
