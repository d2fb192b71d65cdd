//! The module `outbox` of the generated crate: a writer for each table of events.
//!
//! In: the plan's outboxes. Out: the module. Guaranteed: a writer takes the events of its table and no other.

use super::index::Index;
use super::module::Module;
use super::{handlers, render, text};
use askama::Template;

#[derive(Template)]
#[template(path = "rust/outbox.rs.txt")]
struct OutboxText<'a> {
    table: &'a str,
    name: &'a str,
    event: &'a str,
    events: Vec<String>,
    outbox: &'a str,
    client: &'a str,
    error: &'a str,
    envelope: &'a str,
    written: &'a str,
}

/// The module `outbox`.
pub(super) fn outbox<'a>(index: &'a Index<'a>) -> Module<'a> {
    let mut names: Vec<String> = Vec::new();
    for outbox in &index.plan.outboxes {
        let taken = |n: &str| names.iter().any(|t| t == n || *t == format!("{n}Event") || format!("{t}Event") == n);
        names.push(text::free(&handlers::name(&outbox.table), "", taken));
    }
    let defined = names.iter().flat_map(|n| [n.clone(), format!("{n}Event")]);
    let mut module = Module::new(index, "crate::outbox", defined);
    let client = module.scope.import("runtime::aws_sdk_dynamodb", "Client");
    let mut runtime = |name: &str| module.scope.import("runtime", name);
    let (event, envelope, made) = (runtime("Event"), runtime("Envelope"), runtime("Outbox"));
    let (error, written) = (runtime("OutboxError"), runtime("Written"));
    for (outbox, name) in index.plan.outboxes.iter().zip(&names) {
        let events = outbox.events.iter().map(|e| module.named(e)).collect();
        let text = OutboxText {
            table: &outbox.table,
            name,
            event: &event,
            events,
            outbox: &made,
            client: &client,
            error: &error,
            envelope: &envelope,
            written: &written,
        };
        module.items.push(render(&text));
    }
    module
}
