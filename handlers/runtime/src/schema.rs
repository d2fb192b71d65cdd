//! JSON Schemas of the generated types, to hold the compiler's own against.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use crate::event::Event;

/// The event's name and its JSON Schema (2020-12): the type under its name as `title`, the types
/// that it uses in `$defs`, and `$id` as [`Envelope::dataschema`](crate::Envelope::dataschema) says
/// it.
pub fn event<E: Event + JsonSchema>() -> (&'static str, Schema) {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<E>();
    schema.insert("$id".to_owned(), crate::event::schema_id(E::FLOW, E::TYPE).into());
    (E::TYPE, schema)
}

/// The JSON Schema of a type of the flow that is no event, as [`event`] makes it of one.
pub fn named<T: JsonSchema>(flow: &str, name: &'static str) -> (&'static str, Schema) {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), crate::event::schema_id(flow, name).into());
    (name, schema)
}
