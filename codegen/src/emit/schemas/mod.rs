//! JSON Schemas (2020-12) of the events.
//!
//! In: the described types. Out: one schema an event, whole in itself, the types that it names in `$defs`.
//! Guaranteed: as a value, each is exactly what `schemars` makes of the generated Rust type, so that what a
//! schema lets pass and what a handler decodes are one thing.

mod held;
#[cfg(test)]
mod tests;

use super::File;
use super::describe::{Described, DescribedEvent};
use super::json::{self, Object};
use crate::cfn::Tree;
use crate::plan::Plan;

pub(super) use held::Schemas;

/// The schemas as files: `generated/schemas/EVENT.schema.json`.
#[must_use]
pub fn files(plan: &Plan, described: &Described<'_>) -> Vec<File> {
    let schemas = Schemas::new(described, "#/$defs/");
    let file = |event: &DescribedEvent<'_>| File {
        path: format!("generated/schemas/{}.schema.json", event.def.name),
        text: whole(plan, &schemas, event).to_json(),
    };
    described.events.iter().map(file).collect()
}

/// The name of an event's schema: its `$id`, and a CloudEvent's `dataschema`.
pub(super) fn id(plan: &Plan, event: &DescribedEvent<'_>) -> String {
    format!("urn:eventloom:{}:{}", plan.name, event.def.ce_type)
}

fn whole(plan: &Plan, schemas: &Schemas<'_>, event: &DescribedEvent<'_>) -> Tree {
    let named = schemas.used(&event.members);
    Object::new()
        .with("$schema", json::text("https://json-schema.org/draft/2020-12/schema"))
        .with("$id", json::text(id(plan, event)))
        .with("title", json::text(&event.def.name))
        .and(schemas.object(&event.doc, &event.members))
        .unless_empty("$defs", named)
        .into()
}
