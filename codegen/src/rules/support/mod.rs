//! What several rules share: words for things and types, and walks over templates and conditions.
//!
//! In: the resolved flow and its facts. Out: places to look at, each with the events that arrive there, and
//! words for messages. Guaranteed: a walk visits each place once, so that no rule is quadratic over the flow.

pub(super) mod address;
pub(super) mod conditions;
pub(super) mod holds;
pub(super) mod reach;
pub(super) mod regex;
pub(super) mod templates;
pub(super) mod values;

use crate::facts::{Node, Shape, plain};
use crate::model::{Destination, Event, Flow, Ref, Type};
use crate::rules::{Context, listed};

/// A bare name as what it stands for: `actor` is the role, `total` a field.
pub(super) fn reference(name: &str) -> Ref {
    match name {
        "event" => Ref::Event,
        "id" => Ref::Id,
        "time" => Ref::Time,
        "actor" => Ref::Actor,
        "object" => Ref::Object,
        "tenant" => Ref::Tenant,
        "target" => Ref::Target,
        _ => Ref::Field(name.to_owned()),
    }
}

/// How a value is stored and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// As text: `string`, `ulid`, `timestamp`, an enum, …
    Text,
    /// As a number.
    Number,
    /// True or false.
    Bool,
    /// An object, a list, a map, any JSON.
    Whole,
}

/// The class of a type, its names and `optional` looked through.
pub(super) fn class(flow: &Flow, ty: &Type) -> Class {
    match plain(flow, ty) {
        Type::Optional(inner) => class(flow, inner),
        Type::Int(_) | Type::Number(_) => Class::Number,
        Type::Bool => Class::Bool,
        Type::Json | Type::List(..) | Type::Map(_) | Type::Object(_) | Type::Named(_) => Class::Whole,
        _ => Class::Text,
    }
}

/// Whether a value of this type may be missing.
pub(super) fn may_miss(flow: &Flow, ty: &Type) -> bool {
    matches!(plain(flow, ty), Type::Optional(_))
}

/// Whether a type can name a user: text, not a moment or one of a few words.
pub(super) fn names_user(flow: &Flow, ty: &Type) -> bool {
    matches!(plain(flow, ty), Type::String { .. } | Type::Ulid | Type::Uuid | Type::Email)
}

/// A type in the spec's words, with its article: `an int`, `a list of string`.
pub(super) fn type_words(flow: &Flow, ty: &Type) -> String {
    let bare = |ty: &Type| {
        let words = type_words(flow, ty);
        words.split_once(' ').map_or(words.clone(), |(_, rest)| rest.to_owned())
    };
    match plain(flow, ty) {
        Type::String { .. } => "a string".into(),
        Type::Int(_) => "an int".into(),
        Type::Number(_) => "a number".into(),
        Type::Decimal => "a decimal, which is text".into(),
        Type::Bool => "a bool".into(),
        Type::Timestamp => "a timestamp".into(),
        Type::Date => "a date".into(),
        Type::Ulid => "a ulid".into(),
        Type::Uuid => "a uuid".into(),
        Type::Email => "an email".into(),
        Type::Url => "a url".into(),
        Type::Json | Type::Named(_) => "any json".into(),
        Type::List(of, _) => format!("a list of {}", bare(of)),
        Type::Map(of) => format!("a map of {}", bare(of)),
        Type::Optional(of) => format!("an optional {}", bare(of)),
        Type::Enum(_) => "an enum".into(),
        Type::Object(_) => "an object".into(),
    }
}

/// A node in the spec's words: "queue `notify`".
pub(super) fn node_words(flow: &Flow, node: Node) -> String {
    let (kind, name) = match node {
        Node::Source(id) => ("source", &flow.sources[id].name.text),
        Node::To(Destination::Topic(id)) => ("topic", &flow.topics[id].name.text),
        Node::To(Destination::Queue(id)) => ("queue", &flow.queues[id].name.text),
        Node::To(Destination::Grouper(id)) => ("grouper", &flow.groupers[id].name.text),
        Node::To(Destination::Workflow(id)) => ("workflow", &flow.workflows[id].name.text),
        Node::To(Destination::Sink(id)) => ("sink", &flow.sinks[id].name.text),
    };
    format!("{kind} `{name}`")
}

/// The names of the events of some shapes, each once, as a list in a sentence.
pub(super) fn event_list<'a>(flow: &Flow, shapes: impl IntoIterator<Item = &'a Shape>) -> String {
    let mut ids: Vec<_> = shapes.into_iter().map(|s| s.event).collect();
    ids.sort_unstable();
    ids.dedup();
    let names: Vec<&str> = ids.into_iter().map(|id| flow.events[id].name.text.as_str()).collect();
    listed(&names)
}

/// The name of the field that a reference means on an event; none for what is no field.
pub(super) fn field_behind<'a>(event: &'a Event, name: &'a Ref) -> Option<&'a str> {
    let role = |place| event.field_at(place).map(|f| f.name.as_str());
    if let Some(field) = event.field(&name.name()) {
        return Some(field.name.as_str());
    }
    match name {
        Ref::Actor => role(event.actor),
        Ref::Tenant => role(event.tenant),
        Ref::Object => event.object.map(|o| match o {
            crate::model::Role::BuiltIn => event.role_name(event.id, "id"),
            crate::model::Role::Field(_) => event.role_name(o, "id"),
        }),
        Ref::Id => Some(event.role_name(event.id, "id")),
        Ref::Time => Some(event.role_name(event.time, "time")),
        Ref::Field(name) => Some(name),
        _ => None,
    }
}

/// Whether a field that a reference means on an event is personal data, by itself or by its type.
pub(super) fn is_pii(flow: &Flow, event: &Event, name: &Ref) -> bool {
    field_behind(event, name).and_then(|f| event.field(f)).is_some_and(|f| f.pii || type_is_pii(flow, &f.ty))
}

fn type_is_pii(flow: &Flow, ty: &Type) -> bool {
    match ty {
        Type::Named(id) => flow.types[*id].pii || type_is_pii(flow, &flow.types[*id].ty),
        Type::List(of, _) | Type::Map(of) | Type::Optional(of) => type_is_pii(flow, of),
        _ => false,
    }
}

/// The names that mean something on all of these shapes.
pub(super) fn known(cx: &Context<'_>, shapes: &[&Shape]) -> Vec<String> {
    let owned: Vec<Shape> = shapes.iter().map(|s| (*s).clone()).collect();
    cx.facts.known_on(cx.flow, &owned)
}
