//! From JSON to a typed message.
//!
//! In: text or a JSON value that somebody else wrote. Out: a typed value, or an error that names
//! the field and the rule. Guaranteed: an error text holds no value from the payload apart from an
//! unknown event type or version, shortened.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::envelope::Envelope;
use crate::event::Message;
use crate::scalar::Invalid;

/// How much of an unknown name is repeated in an error, in characters.
const SHOWN: usize = 80;

/// Why a record is no message of this queue.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The text is not JSON.
    #[error("the body is not JSON: wrong at line {line}, column {column}")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// It is JSON, but one field is missing or wrong.
    #[error("`{path}` {reason}")]
    Content {
        /// The way to the field, joined by dots; `.` is the whole.
        path: String,
        /// What is wrong, without the value.
        reason: String,
    },
    /// Another version of CloudEvents.
    #[error("CloudEvents version `{0}` is not known here; this is version 1.0")]
    SpecVersion(String),
    /// The data is not JSON.
    #[error("content type `{0}` is not known here; it is `application/json`")]
    ContentType(String),
    /// An event type that this function does not handle.
    #[error("event type `{found}` is not handled here; handled: {}", handled.join(", "))]
    UnknownType {
        /// The type in the record.
        found: String,
        /// The types of this queue.
        handled: Vec<&'static str>,
    },
}

impl DecodeError {
    /// The error of [`Message::from_data`] for a type outside [`Message::TYPES`].
    pub fn unknown_type(found: &str, handled: &'static [&'static str]) -> Self {
        Self::unhandled(found, handled.iter().copied())
    }

    pub(crate) fn unhandled(found: &str, handled: impl IntoIterator<Item = &'static str>) -> Self {
        Self::UnknownType { found: shown(found), handled: handled.into_iter().collect() }
    }

    /// A type has no JSON: a map of its own has keys that are no text.
    pub(crate) fn unwritten() -> Self {
        Self::Content { path: "data".to_owned(), reason: "has no JSON form".to_owned() }
    }
}

/// Decodes one CloudEvent in structured JSON (version 1.0), its data included. Unknown fields are
/// accepted: the producer may be a version ahead.
///
/// # Errors
///
/// See [`DecodeError`].
pub fn decode<M: Message>(body: &str) -> Result<Envelope<M>, DecodeError> {
    envelope(body)?.try_map(M::from_data)
}

/// Decodes the envelope alone: the data stays as it came.
pub(crate) fn envelope(body: &str) -> Result<Envelope<Value>, DecodeError> {
    let json: Value = serde_json::from_str(body)
        .map_err(|error| DecodeError::NotJson { line: error.line(), column: error.column() })?;
    let raw: Envelope<Value> = from_value(json)?;
    if raw.specversion != "1.0" {
        return Err(DecodeError::SpecVersion(shown(&raw.specversion)));
    }
    if raw.datacontenttype != "application/json" {
        return Err(DecodeError::ContentType(shown(&raw.datacontenttype)));
    }
    Ok(raw)
}

/// Decodes the `data` of an event; a wrong field is named from `data` on.
pub(crate) fn from_data<T: DeserializeOwned>(data: Value) -> Result<T, DecodeError> {
    from_value(data).map_err(|error| match error {
        DecodeError::Content { path, reason } if path == "." => {
            DecodeError::Content { path: "data".to_owned(), reason }
        }
        DecodeError::Content { path, reason } if path.starts_with('[') => {
            DecodeError::Content { path: format!("data{path}"), reason }
        }
        DecodeError::Content { path, reason } => DecodeError::Content { path: format!("data.{path}"), reason },
        other => other,
    })
}

pub(crate) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, DecodeError> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| DecodeError::Content { path: path(error.path()), reason: reason(&error.inner().to_string()) })
}

/// The way to the field. A key of a map is the payload's own text: it is shown only where it could
/// be a field's name.
fn path(path: &Path) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => text.push_str(&format!("[{index}]")),
            Segment::Map { key } => {
                let separator = if text.is_empty() { "" } else { "." };
                text.push_str(separator);
                text.push_str(if is_name(key) { key } else { "…" });
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    if text.is_empty() { ".".to_owned() } else { shown(&text) }
}

fn is_name(key: &str) -> bool {
    !key.is_empty() && key.len() <= 64 && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// serde repeats the wrong value in most of its messages. Only what comes from our own types is
/// passed on: the name of a missing field, the rule of an [`Invalid`], what was expected.
fn reason(message: &str) -> String {
    if let Some(rule) = message.strip_prefix(Invalid::PREFIX) {
        return rule.to_owned();
    }
    if let Some(field) = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        return format!("lacks the field `{field}`");
    }
    // The value stands before the last ", expected ": what follows is the type's own text.
    match message.rsplit_once(", expected ") {
        Some((_, "i64" | "u64")) => "is no whole number".to_owned(),
        Some((_, "f64")) => "is no number".to_owned(),
        Some((_, "a sequence")) => "is no list".to_owned(),
        Some((_, expected)) if expected == "a map" || expected.starts_with("struct ") => "is no object".to_owned(),
        Some((_, expected)) => format!("is not {expected}"),
        None => "is not of its declared type".to_owned(),
    }
}

fn shown(text: &str) -> String {
    let mut start: String = text.chars().take(SHOWN).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}
