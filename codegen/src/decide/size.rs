//! How large an event can be as JSON.
//!
//! A bound is exact arithmetic over the types, with three assumptions where the spec gives none: a text without
//! `max_length` is an id or a name, a list of plain values is a list of ids, and a character takes up to four
//! bytes (UTF-8's most). Any JSON, a map, and a list of objects have no bound unless the spec gives one.

use crate::facts::{Shape, plain};
use crate::model::{EventId, Field, Flow, Origin, Type};

/// Bytes of a text without `max_length`: an id or a name.
pub const ASSUMED_TEXT_BYTES: u64 = 1_024;
/// Bytes of a list of plain values without `max_length`: about 2,000 ids.
pub const ASSUMED_LIST_BYTES: u64 = 65_536;
/// Bytes of a CloudEvents envelope around an event: ids, types, times, roles, trace.
pub const ENVELOPE_BYTES: u64 = 4_096;
/// Bytes of a character in UTF-8, at most.
const CHARACTER: u64 = 4;
/// How deep types are looked through.
const DEEPEST: u32 = 12;
/// Bytes of a web address.
const URL: u64 = 2_048;

/// The size of something as JSON.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size<'a> {
    /// Bytes at most, without the fields that have no bound.
    pub bytes: u64,
    /// The largest of the fields that have a bound.
    pub largest: Option<&'a Field>,
    /// The first field that has no bound.
    pub unbounded: Option<&'a Field>,
}

/// The bytes of a value as JSON, at most; none for no bound.
#[must_use]
pub fn max_bytes(flow: &Flow, ty: &Type) -> Option<u64> {
    bytes_within(flow, ty, DEEPEST)
}

/// As [`max_bytes`], down to a depth: a type that holds itself has no bound.
fn bytes_within(flow: &Flow, ty: &Type, depth: u32) -> Option<u64> {
    let depth = depth.checked_sub(1)?;
    Some(match plain(flow, ty) {
        Type::String { length, .. } => match length.max {
            Some(characters) => characters.saturating_mul(CHARACTER).saturating_add(2),
            None => ASSUMED_TEXT_BYTES,
        },
        Type::Int(_) => 20,
        Type::Number(_) => 25,
        Type::Decimal => 42,
        Type::Bool => 5,
        Type::Timestamp => 37,
        Type::Date => 12,
        Type::Ulid => 28,
        Type::Uuid => 38,
        // RFC 5321: a path of 256 octets, of which 254 are the address.
        Type::Email => 256,
        Type::Url => URL,
        Type::Enum(values) => values.iter().map(|v| v.len() as u64 + 2).max().unwrap_or(2),
        Type::Optional(inner) => bytes_within(flow, inner, depth)?.max(4),
        Type::List(entry, length) => {
            let entry_bytes = bytes_within(flow, entry, depth)?.saturating_add(1);
            match length.max {
                Some(entries) => entry_bytes.saturating_mul(entries).saturating_add(2),
                None if is_plain(flow, entry) => ASSUMED_LIST_BYTES,
                None => return None,
            }
        }
        Type::Object(fields) => {
            let mut sum = 2u64;
            for field in fields {
                sum = sum.saturating_add(name_bytes(field)).saturating_add(bytes_within(flow, &field.ty, depth)?);
            }
            sum
        }
        Type::Json | Type::Map(_) => return None,
        // A name is looked through by `plain`; one that stands for itself was reported.
        Type::Named(_) => return None,
    })
}

/// Quotes, colon and comma of a field, and its name.
fn name_bytes(field: &Field) -> u64 {
    field.name.len() as u64 + 4
}

/// Whether a value is neither a list nor an object.
fn is_plain(flow: &Flow, ty: &Type) -> bool {
    match plain(flow, ty) {
        Type::Optional(inner) => is_plain(flow, inner),
        Type::List(..) | Type::Map(_) | Type::Object(_) | Type::Json => false,
        _ => true,
    }
}

/// The size of fields as an object.
#[must_use]
pub fn fields_size<'a>(flow: &Flow, fields: impl IntoIterator<Item = &'a Field>) -> Size<'a> {
    sum(fields.into_iter().map(|f| (f, max_bytes(flow, &f.ty))))
}

fn sum<'a>(fields: impl Iterator<Item = (&'a Field, Option<u64>)>) -> Size<'a> {
    let mut size = Size { bytes: 2, largest: None, unbounded: None };
    let mut most = 0;
    for (field, bytes) in fields {
        size.bytes = size.bytes.saturating_add(name_bytes(field)).saturating_add(bytes.unwrap_or(0));
        match bytes {
            None if size.unbounded.is_none() => size.unbounded = Some(field),
            Some(bytes) if bytes > most => (most, size.largest) = (bytes, Some(field)),
            _ => {}
        }
    }
    size
}

/// The size of an event on the wire, its envelope included.
#[must_use]
pub fn event_size(flow: &Flow, event: EventId) -> Size<'_> {
    let event = &flow.events[event];
    let sampled = match event.origin {
        Origin::Declared => None,
        // A group carries as many members as its sample says, whatever its type.
        Origin::Grouper(grouper) => Some(
            flow.groupers
                .values()
                .nth(crate::model::Id::index(grouper))
                .map_or(0, |g| g.sample.map_or(0, |s| u64::from(s.n.value))),
        ),
    };
    let mut size = sum(event.fields.iter().map(|field| {
        let bytes = match (&field.ty, sampled) {
            (Type::List(member, _), Some(n)) if field.name == "sample" => {
                max_bytes(flow, member).map(|m| m.saturating_add(1).saturating_mul(n).saturating_add(2))
            }
            _ => max_bytes(flow, &field.ty),
        };
        (field, bytes)
    }));
    size.bytes = size.bytes.saturating_add(ENVELOPE_BYTES);
    size
}

/// The size of an event as it arrives somewhere: with the fields that steps have added.
#[must_use]
pub fn shape_size<'a>(flow: &'a Flow, shape: &'a Shape) -> Size<'a> {
    let event = event_size(flow, shape.event);
    let added = fields_size(flow, &shape.added);
    let most = |field: Option<&Field>| field.and_then(|f| max_bytes(flow, &f.ty)).unwrap_or(0);
    Size {
        bytes: event.bytes.saturating_add(added.bytes),
        largest: if most(added.largest) > most(event.largest) { added.largest } else { event.largest },
        unbounded: event.unbounded.or(added.unbounded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The size of the event `E` with these fields.
    fn size(fields: &str) -> (u64, Option<String>) {
        let text = format!(
            "eventloom: 1\nflow: f\ntypes:\n  Tree: {{ fields: {{ leaves: {{ type: [Tree], max_length: 2 }} }} }}\nevents:\n  E: {{ fields: {fields} }}\n"
        );
        let checked =
            crate::check(&crate::Input { path: "f.yaml".into(), bytes: text.into_bytes(), ..Default::default() });
        let (flow, _) = checked.flow.unwrap();
        let (event, _) = flow.events.iter().next().unwrap();
        let size = event_size(&flow, event);
        (size.bytes - ENVELOPE_BYTES, size.unbounded.map(|f| f.name.clone()))
    }

    #[test]
    fn a_bounded_event_is_as_large_as_its_longest_values() {
        // `{"n":1…,"t":"…"}`: 2, then each name with quotes, colon and comma, and its value.
        assert_eq!(size("{ n: int, t: { type: string, max_length: 10 } }"), (2 + 5 + 20 + 5 + 42, None));
    }

    #[test]
    fn texts_and_lists_of_texts_without_a_bound_are_ids() {
        assert_eq!(size("{ t: string }"), (2 + 5 + ASSUMED_TEXT_BYTES, None));
        assert_eq!(size("{ t: [string] }"), (2 + 5 + ASSUMED_LIST_BYTES, None));
    }

    #[test]
    fn what_has_no_bound_is_named() {
        assert_eq!(size("{ n: int, j: json }").1.as_deref(), Some("j"));
        assert_eq!(size("{ m: { map: int } }").1.as_deref(), Some("m"));
        assert_eq!(size("{ l: [{ fields: { a: int } }] }").1.as_deref(), Some("l"));
        assert_eq!(size("{ l: { type: [{ fields: { a: int } }], max_length: 3 } }").1, None);
    }

    #[test]
    fn a_type_that_holds_itself_has_no_bound_and_ends() {
        assert_eq!(size("{ tree: Tree }").1.as_deref(), Some("tree"));
    }
}
