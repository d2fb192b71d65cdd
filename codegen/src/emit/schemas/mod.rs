//! JSON Schemas (2020-12) of the events and of the spec's types.
//!
//! In: the described types. Out: one schema each, whole in itself, the types that it names in `$defs`.
//! Guaranteed: as a value, each is exactly what `schemars` makes of the generated Rust type, so that what a
//! schema lets pass and what a handler decodes are one thing.

mod held;
#[cfg(test)]
mod tests;

use super::File;
use super::describe::{Described, DescribedEvent, Kind};
use super::json::{self, Object};
use crate::cfn::Tree;
use crate::plan::Plan;

pub(super) use held::Schemas;

/// The schemas as files: `generated/schemas/EVENT.schema.json`, and so for each type of the spec that is no
/// other name for one.
#[must_use]
pub fn files(plan: &Plan, described: &Described<'_>) -> Vec<File> {
    let schemas = Schemas::new(described, "#/$defs/");
    let file = |name: &str, id: String, inner: Object, named: Object| {
        let whole = Object::new()
            .with("$schema", json::text("https://json-schema.org/draft/2020-12/schema"))
            .with("$id", json::text(id))
            .with("title", json::text(name))
            .and(inner)
            .unless_empty("$defs", named);
        File { path: format!("generated/schemas/{name}.schema.json"), text: Tree::from(whole).to_json() }
    };
    let events = described.events.iter().map(|event| {
        let inner = schemas.object(&event.doc, &event.members);
        file(&event.def.name, id(plan, event), inner, schemas.used(&event.members))
    });
    let own = described.declared().filter(|named| !matches!(named.kind, Kind::Alias(_)));
    let types = own.map(|named| {
        let within = match &named.kind {
            Kind::Object(members) => schemas.used(members),
            _ => Object::new(),
        };
        file(&named.name, format!("urn:eventloom:{}:{}", plan.name, named.name), schemas.definition(named), within)
    });
    events.chain(types).collect()
}

/// The name of an event's schema: its `$id`, and a CloudEvent's `dataschema`.
pub(super) fn id(plan: &Plan, event: &DescribedEvent<'_>) -> String {
    format!("urn:eventloom:{}:{}", plan.name, event.def.ce_type)
}
