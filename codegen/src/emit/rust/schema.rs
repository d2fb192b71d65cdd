//! The module `schema` of the generated crate: what holds the compiler's schemas against the types.
//!
//! In: the plan's events and types. Out: the module. Guaranteed: every event is there, and every type but
//! those that are another name for one.

use super::index::Index;
use super::module::Module;
use super::{render, text};
use askama::Template;

#[derive(Template)]
#[template(path = "rust/schema.rs.txt")]
struct SchemaText {
    schema: String,
    calls: String,
}

/// The module `schema`.
pub(super) fn schema<'a>(index: &'a Index<'a>) -> Module<'a> {
    let mut module = Module::new(index, "crate::schema", []);
    let schema = module.scope.import("schemars", "Schema");
    let mut calls: Vec<String> = Vec::new();
    for event in &index.plan.events {
        let local = module.named(&event.name);
        calls.push(format!("{}::<{local}>()", module.scope.import("runtime::schema", "event")));
    }
    for def in index.plan.types.iter().filter(|t| Index::is_own(t)) {
        let local = module.named(&def.name);
        let flow = text::literal(&index.plan.name);
        let name = text::literal(&def.name);
        calls.push(format!("{}::<{local}>({flow}, {name})", module.scope.import("runtime::schema", "named")));
    }
    module.items.push(render(&SchemaText { schema, calls: text::array(4, "", "vec![", &calls, "") }));
    module
}
