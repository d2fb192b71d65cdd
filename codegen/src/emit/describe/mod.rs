//! The types of a plan as they are generated: named, lifted and documented.
//!
//! In: the plan's types and events. Out: [`Described`]: every type with a name of its own, inline enums,
//! objects and constrained scalars included, and every field with its doc line. Guaranteed: what is
//! lifted, its name and its doc line are those of the generated Rust, so that schemas and TypeScript say the
//! same of each, word for word.

mod lift;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Bounds;
use crate::plan::{EventDef, Plan};
use lift::Lifter;

/// A scalar of the language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalar {
    /// Text.
    Text,
    /// A whole number of 64 bits.
    Int,
    /// A floating-point number.
    Number,
    /// A decimal number, as text.
    Decimal,
    /// True or false.
    Bool,
    /// A moment, RFC 3339.
    Timestamp,
    /// A day, RFC 3339.
    Date,
    /// A ULID.
    Ulid,
    /// A UUID.
    Uuid,
    /// A mail address.
    Email,
    /// An address on the web.
    Url,
    /// Any JSON.
    Json,
}

/// What a scalar must keep beside its own form. Only the rules of its own kind are ever set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rules {
    /// Of text: its length in characters.
    pub length: Bounds<u64>,
    /// Of text: what the whole of it matches.
    pub pattern: Option<String>,
    /// Of a whole number.
    pub int: Bounds<i64>,
    /// Of a floating-point number.
    pub number: Bounds<f64>,
}

impl Rules {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Held {
    /// A scalar without rules.
    Scalar(Scalar),
    /// A type by its name: one of the described named types.
    Named(String),
    /// A list, by its length.
    List(Box<Held>, Bounds<u64>),
    /// A map from text.
    Map(Box<Held>),
    /// This or nothing.
    Optional(Box<Held>),
}

/// A field.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Its name, snake_case.
    pub name: String,
    /// What it is, in a line.
    pub doc: String,
    /// What it holds.
    pub held: Held,
    /// Whether it holds personal data that its type does not keep out of logs by itself.
    pub pii: bool,
    /// Whether it may be left out: it has a default, or may hold nothing.
    pub optional: bool,
    /// The value where none is given, as JSON text of the form in which the type writes it.
    pub default: Option<String>,
}

/// What a named type is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A type of its own over a scalar.
    Scalar(Scalar, Rules),
    /// One of these texts.
    Choice(Vec<String>),
    /// An object of these fields.
    Object(Vec<Member>),
    /// Another name for a list, a map, an optional value, any JSON, or another named type.
    Alias(Held),
}

/// A type with a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// Its name, UpperCamel.
    pub name: String,
    /// What it is, in a line.
    pub doc: String,
    /// Whether it is personal data, wherever it is used.
    pub pii: bool,
    /// What it is.
    pub kind: Kind,
}

/// An event.
#[derive(Debug, Clone)]
pub struct DescribedEvent<'p> {
    /// The plan's own words.
    pub def: &'p EventDef,
    /// What it says, in a line.
    pub doc: String,
    /// Its fields, in order.
    pub members: Vec<Member>,
    /// The types that were lifted from its fields, in the order of the fields.
    pub lifted: Vec<Named>,
    /// What steps have added to it where a browser gets it.
    pub shown: Vec<Member>,
    /// The types that were lifted from what was added.
    pub shown_lifted: Vec<Named>,
}

impl DescribedEvent<'_> {
    /// The name of the event's type with what was added, where something is.
    #[must_use]
    pub fn shown_name(&self) -> Option<String> {
        (!self.shown.is_empty()).then(|| format!("{}Shown", self.def.name))
    }
}

/// Every type of a plan.
#[derive(Debug, Clone)]
pub struct Described<'p> {
    declared: BTreeSet<&'p str>,
    /// The spec's types in its order, each followed by the types that were lifted from it.
    pub types: Vec<Named>,
    /// The events, with the types that were lifted from them.
    pub events: Vec<DescribedEvent<'p>>,
    /// The names that two types would have.
    pub clashes: Vec<Clash>,
}

/// A name that two types would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The name.
    pub name: String,
    /// What the one belongs to, as `events.OrderPlaced`: the one that is declared, if one of them is.
    pub first: String,
    /// What the other one belongs to.
    pub second: String,
}

fn clashes(types: &[Vec<Named>], events: &[DescribedEvent<'_>]) -> Vec<Clash> {
    let mut taken: BTreeMap<&str, String> = BTreeMap::new();
    let declared = types.iter().filter_map(|made| made.first()).map(|own| (own.name.as_str(), "types"));
    for (name, kind) in declared.chain(events.iter().map(|event| (event.def.name.as_str(), "events"))) {
        taken.insert(name, format!("{kind}.{name}"));
    }
    let shown: Vec<Option<String>> = events.iter().map(DescribedEvent::shown_name).collect();
    let of_types = types.iter().flat_map(|made| {
        let (own, lifted) = made.split_first().map_or(("", made.as_slice()), |(own, rest)| (own.name.as_str(), rest));
        lifted.iter().map(move |named| (named.name.as_str(), ("types", own)))
    });
    let of_events = events.iter().zip(&shown).flat_map(|(event, shown)| {
        let lifted = event.lifted.iter().chain(&event.shown_lifted).map(|named| named.name.as_str());
        lifted.chain(shown.as_deref()).map(|name| (name, ("events", event.def.name.as_str())))
    });
    let mut found = Vec::new();
    for (name, (kind, owner)) in of_types.chain(of_events) {
        let second = format!("{kind}.{owner}");
        match taken.get(name) {
            Some(first) => found.push(Clash { name: name.to_owned(), first: first.clone(), second }),
            None => {
                taken.insert(name, second);
            }
        }
    }
    found
}

impl<'p> Described<'p> {
    /// Describes a plan's types.
    #[must_use]
    pub fn of(plan: &'p Plan) -> Self {
        let mut lifter = Lifter::new(plan);
        let types: Vec<Vec<Named>> = plan.types.iter().map(|def| lifter.named(def)).collect();
        let events: Vec<DescribedEvent<'p>> = plan.events.iter().map(|def| lifter.event(def)).collect();
        let declared = plan.types.iter().map(|def| def.name.as_str()).collect();
        let clashes = clashes(&types, &events);
        Self { declared, types: types.into_iter().flatten().collect(), events, clashes }
    }

    /// The spec's own types, in its order.
    pub fn declared(&self) -> impl Iterator<Item = &Named> {
        self.types.iter().filter(|named| self.declared.contains(named.name.as_str()))
    }

    /// Every type that has a name, lifted ones included, by that name.
    #[must_use]
    pub fn by_name(&self) -> BTreeMap<&str, &Named> {
        let lifted = self.events.iter().flat_map(|event| event.lifted.iter().chain(&event.shown_lifted));
        self.types.iter().chain(lifted).map(|named| (named.name.as_str(), named)).collect()
    }
}
