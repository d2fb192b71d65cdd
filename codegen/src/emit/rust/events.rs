//! The modules `events` and `types` of the generated crate.
//!
//! In: the plan's types and events. Out: two modules. Guaranteed: every event has its struct and its roles.

use super::index::{Index, Text, made, made_of_fields};
use super::module::Module;
use super::{docs, render};
use crate::plan::{EventDef, FieldDef};
use askama::Template;

#[derive(Template)]
#[template(path = "rust/event.rs.txt")]
struct EventText<'a> {
    event: String,
    name: &'a str,
    flow: &'a str,
    kind: &'a str,
    id: String,
    timestamp: String,
    time: String,
    roles: Vec<(&'static str, String)>,
}

/// The module `types`.
pub(super) fn types<'a>(index: &'a Index<'a>) -> Module<'a> {
    let mut defined: Vec<String> = Vec::new();
    for def in &index.plan.types {
        defined.push(def.name.clone());
        made(&def.shape, &def.name, &mut defined);
    }
    let mut module = Module::new(index, "crate::types", defined);
    for def in &index.plan.types {
        module.define(def);
    }
    module
}

/// The module `events`.
pub(super) fn events<'a>(index: &'a Index<'a>) -> Module<'a> {
    let mut defined: Vec<String> = Vec::new();
    for event in &index.plan.events {
        defined.push(event.name.clone());
        made_of_fields(&event.fields, &event.name, &mut defined);
    }
    let mut module = Module::new(index, "crate::events", defined);
    for event in &index.plan.events {
        let fields: Vec<_> = event.fields.iter().map(|f| (f.clone(), docs::of_event_field(event, f))).collect();
        let place = module.items.len();
        module.structure(&docs::of_event(&index.plan.name, event), &event.name, &fields, false);
        let roles = roles(&mut module, event);
        // The struct stands first; what its fields needed goes behind its roles.
        module.items.insert(place + 1, roles);
    }
    module
}

fn roles(module: &mut Module<'_>, event: &EventDef) -> String {
    let (trait_name, timestamp) =
        (module.scope.import("runtime", "Event"), module.scope.import("runtime", "Timestamp"));
    let index = module.index;
    let field = |name: &str| event.fields.iter().find(|f| f.name == name);
    let of = |role: &Option<String>| Some(optional(index, field(role.as_deref()?)?));
    let roles = [
        ("actor", of(&event.actor)),
        ("object", of(&event.object)),
        ("order_by", of(&event.order_by)),
        ("tenant", of(&event.tenant)),
    ];
    render(&EventText {
        event: trait_name,
        name: &event.name,
        flow: &index.plan.name,
        kind: &event.name,
        id: field(&event.id).map_or_else(|| "String::new()".into(), |f| required(index, f)),
        time: field(&event.time).map_or_else(|| format!("{timestamp}::from_millis(0)"), |f| moment(index, f)),
        timestamp,
        roles: roles.into_iter().filter_map(|(role, text)| Some((role, text?))).collect(),
    })
}

/// The text of a value.
fn shown(index: &Index<'_>, field: &FieldDef, value: &str) -> String {
    let inner = if index.is_wrapped(field) { format!("{value}.0") } else { value.to_owned() };
    match index.text(field) {
        Text::Shown => format!("{inner}.to_string()"),
        Text::Hidden => format!("{inner}.get().to_string()"),
        Text::Json => format!("serde_json::to_string(&{inner}).unwrap_or_default()"),
    }
}

/// The text of a field that is there.
fn required(index: &Index<'_>, field: &FieldDef) -> String {
    let name = format!("self.{}", super::text::ident(&field.name));
    if index.is_optional(&field.shape) {
        return format!("{name}.as_ref().map(|value| {}).unwrap_or_default()", shown(index, field, "value"));
    }
    shown(index, field, &name)
}

/// The text of a field that may be absent.
fn optional(index: &Index<'_>, field: &FieldDef) -> String {
    let name = format!("self.{}", super::text::ident(&field.name));
    if index.is_optional(&field.shape) {
        return format!("{name}.as_ref().map(|value| {})", shown(index, field, "value"));
    }
    format!("Some({})", shown(index, field, &name))
}

/// The moment in a field.
fn moment(index: &Index<'_>, field: &FieldDef) -> String {
    let (before, behind) = index.moment(&field.shape);
    let inner = if index.is_wrapped(field) { ".0" } else { "" };
    format!("{before}self.{}{inner}{behind}", super::text::ident(&field.name))
}
