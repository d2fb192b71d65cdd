//! A message as it is sent: what SQS accepts, how large it is, and the digests that clients compare.
//!
//! Source: "Amazon SQS message metadata" and "Amazon SQS message quotas" in the Developer Guide.

use std::collections::BTreeMap;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::error::{invalid, plain};
use crate::kernel::{AwsError, Time};

/// The attributes of a message, in the order of their names.
pub(super) type Attributes = BTreeMap<String, Attribute>;

/// One attribute of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attribute {
    #[serde(default)]
    pub(super) data_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) string_value: Option<String>,
    /// Base64, as the wire has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) binary_value: Option<String>,
    /// Reserved by AWS, and refused by it.
    #[serde(default, skip_serializing)]
    string_list_values: Vec<String>,
    #[serde(default, skip_serializing)]
    binary_list_values: Vec<String>,
}

/// What does not change of a message while it is in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) body_md5: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) attributes: Attributes,
    /// `AWSTraceHeader`, the one system attribute that a sender can give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) trace: Option<String>,
    pub(super) sender: String,
    pub(super) sent: Time,
    /// When the message came into this queue as retention counts it.
    pub(super) enqueued: Time,
    /// When it can first be received.
    pub(super) visible: Time,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dedupe: Option<String>,
    /// The queue whose dead letter it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<String>,
    /// How often it had been received before it came into this queue.
    #[serde(default)]
    pub(super) received_before: u32,
}

/// Hexadecimal digits of the MD5 digest.
pub(super) fn md5_of(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

/// Hexadecimal digits of the SHA-256 digest: the id of content-based deduplication.
pub(super) fn sha256_of(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The digest of attributes as SDKs compute it, or `None` if there are none.
pub(super) fn md5_of_attributes<'a>(
    attributes: impl IntoIterator<Item = (&'a String, &'a Attribute)>,
) -> Option<String> {
    let mut digest = Md5::new();
    let mut any = false;
    let part = |digest: &mut Md5, bytes: &[u8]| {
        digest.update(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        digest.update(bytes);
    };
    for (name, attribute) in attributes {
        any = true;
        part(&mut digest, name.as_bytes());
        part(&mut digest, attribute.data_type.as_bytes());
        match (&attribute.string_value, &attribute.binary_value) {
            (_, Some(value)) => {
                digest.update([2]);
                part(&mut digest, &STANDARD.decode(value).unwrap_or_default());
            }
            (value, None) => {
                digest.update([1]);
                part(&mut digest, value.as_deref().unwrap_or_default().as_bytes());
            }
        }
    }
    any.then(|| hex(&digest.finalize()))
}

/// The bytes of body and attributes that count towards the limits.
pub(super) fn size(body: &str, attributes: &Attributes) -> usize {
    let attributes = attributes.iter().map(|(name, attribute)| {
        let text = attribute.string_value.as_ref().map_or(0, String::len);
        let binary = attribute.binary_value.as_ref().map_or(0, |value| STANDARD.decode(value).map_or(0, |v| v.len()));
        name.len() + attribute.data_type.len() + text + binary
    });
    body.len() + attributes.sum::<usize>()
}

/// Refuses characters that XML 1.0 does not have.
pub(super) fn check_body(body: &str) -> Result<(), AwsError> {
    let fine = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    // Bytes first: bodies are ASCII most of the time.
    let ascii = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=0x7f);
    if body.bytes().all(ascii) || body.chars().all(fine) {
        return Ok(());
    }
    Err(AwsError::new(
        "InvalidMessageContents",
        "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | \
         #xE000 to #xFFFD | #x10000 to #x10FFFF",
    ))
}

/// Refuses attributes of wrong name, type or value.
pub(super) fn check_attributes(attributes: &Attributes) -> Result<(), AwsError> {
    if attributes.len() > 10 {
        let count = attributes.len();
        return Err(plain(format!("Number of message attributes [{count}] exceeds the allowed maximum [10].")));
    }
    attributes.iter().try_for_each(|(name, attribute)| {
        check_name(name)?;
        check_attribute(name, attribute, "(user) ")
    })
}

/// Refuses system attributes other than `AWSTraceHeader`.
pub(super) fn check_system(attributes: &Attributes) -> Result<(), AwsError> {
    attributes.iter().try_for_each(|(name, attribute)| {
        if name != "AWSTraceHeader" || attribute.data_type != "String" {
            return Err(plain(format!(
                "Message (system) attribute '{name}' is invalid: only AWSTraceHeader of the type String is accepted."
            )));
        }
        check_attribute(name, attribute, "(system) ")
    })
}

fn check_name(name: &str) -> Result<(), AwsError> {
    let lower = name.to_ascii_lowercase();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if name.is_empty() || name.len() > 256 {
        Err(plain("Message (user) attribute name must be 1 to 256 characters long."))
    } else if !name.bytes().all(fits) {
        Err(plain(format!(
            "Invalid character in message (user) attribute name '{name}'. Can only include alphanumeric characters, \
             hyphens, underscores, or dots."
        )))
    } else if lower.starts_with("aws.") || lower.starts_with("amazon.") {
        Err(plain(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are \
                   reserved for internal use.",
        ))
    } else if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        Err(plain(format!(
            "Message (user) attribute name '{name}' can't start or end with a dot or have successive dots."
        )))
    } else {
        Ok(())
    }
}

fn check_attribute(name: &str, attribute: &Attribute, kind: &str) -> Result<(), AwsError> {
    let wrong = |what: &str| Err(plain(format!("The message {kind}attribute '{name}' {what}")));
    if !attribute.string_list_values.is_empty() || !attribute.binary_list_values.is_empty() {
        return wrong("has a list of values, which Amazon SQS does not support.");
    }
    let data_type = &attribute.data_type;
    if data_type.is_empty() {
        return wrong("must contain a non-empty message attribute type.");
    }
    if data_type.len() > 256 {
        return wrong("has a type of more than 256 characters.");
    }
    let (value, other) = match data_type.split('.').next() {
        Some("Binary") => (&attribute.binary_value, &attribute.string_value),
        Some("String" | "Number") => (&attribute.string_value, &attribute.binary_value),
        _ => {
            return Err(plain(format!(
                "The type of message {kind}attribute '{name}' is invalid. You must use only the following supported \
                 type prefixes: Binary, Number, String."
            )));
        }
    };
    let value = match value.as_deref() {
        Some(value) if !value.is_empty() && other.is_none() => value,
        _ => {
            return Err(plain(format!(
                "Message {kind}attribute '{name}' must contain a non-empty value of type '{data_type}'."
            )));
        }
    };
    match data_type.split('.').next() {
        Some("Binary") if STANDARD.decode(value).is_err() => wrong("must be base64."),
        Some("Number") if !value.parse::<f64>().is_ok_and(f64::is_finite) => {
            Err(plain(format!("Can't cast the value of message {kind}attribute '{name}' to a number.")))
        }
        Some("String") => check_body(value),
        _ => Ok(()),
    }
}

/// Refuses ids of groups, of deduplication and of receive attempts that SQS does not take.
pub(super) fn check_id(parameter: &str, id: &str) -> Result<(), AwsError> {
    let fits = id.bytes().all(|byte| byte.is_ascii_graphic()) && (1..=128).contains(&id.len());
    let reason = format!("{parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
    if fits { Ok(()) } else { Err(invalid(id, parameter, &reason)) }
}
