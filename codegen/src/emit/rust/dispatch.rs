//! The module `dispatch` of the generated crate: every function, and the way into those that are ready.
//!
//! In: the plan's functions. Out: the module. Guaranteed: a function is ready where its handler is all of its
//! work, or its part of the runtime is told what to do; any other names the part of the runtime that it waits for.

use super::index::Index;
use super::module::Module;
use super::{handlers, parts, render, text};
use crate::decide::AT_ONCE;
use crate::plan::{Function, FunctionKind, MappingSource, Part};
use askama::Template;

#[derive(Template)]
#[template(path = "rust/dispatch.rs.txt")]
struct DispatchText {
    functions: String,
    handlers: String,
    cx: String,
    event: String,
    value: String,
    error: String,
    invocation: String,
    arms: Vec<String>,
}

/// The module `dispatch`.
pub(super) fn dispatch<'a>(index: &'a Index<'a>) -> Module<'a> {
    let mut module = Module::new(index, "crate::dispatch", []);
    let bounds = handlers::bounds(&index.plan.handlers);
    let bound = |handler: &str| {
        let named = index.plan.handlers.iter().zip(&bounds).find(|(h, _)| h.name == handler);
        named.map(|(_, bound)| bound.clone())
    };
    let scope = &mut module.scope;
    let (cx, error) = (scope.import("runtime", "Cx"), scope.import("runtime", "Error"));
    let (event, start) = (scope.import("runtime", "LambdaEvent"), scope.import("runtime", "Start"));
    let value = scope.import("runtime::serde_json", "Value");
    let mut functions = Vec::new();
    let mut arms = Vec::new();
    for function in &index.plan.functions {
        let handler = function.only_handler().filter(|_| function.waits_for().is_none());
        let ready = handler.and_then(|handler| Some((handler, bound(handler)?)));
        let state = match (&function.told, ready) {
            (Some(told), _) => {
                arms.push(told_arm(&mut module, function, told));
                format!("{start}::Ready")
            }
            (None, Some((handler, bound))) => {
                arms.push(arm(&mut module, function, &bound, &text::ident(handler)));
                format!("{start}::Ready")
            }
            (None, None) => {
                format!("{start}::Absent({})", text::literal(function.waits_for().unwrap_or("handler")))
            }
        };
        functions.push(format!("({}, {state})", text::literal(&function.name)));
    }
    let functions = text::array(0, &format!("pub const FUNCTIONS: &[(&str, {start})] ="), "&[", &functions, ";");
    let invocation = match arms.is_empty() {
        true => String::new(),
        false => module.scope.import("runtime", "Invocation"),
    };
    let handlers = module.scope.import("crate::handlers", "Handlers");
    let made = render(&DispatchText { functions, handlers, cx, event, value, error, invocation, arms });
    module.items.push(made);
    module
}

/// The arm of a function whose work is the runtime's.
fn told_arm(module: &mut Module<'_>, function: &Function, told: &Part) -> String {
    let parts = module.scope.import("crate", "parts");
    let entry = match told {
        Part::Publisher(_) => "source::publish",
        Part::Browser(browser) => super::browsers::entry(browser),
    };
    let arguments = ["invocation", "event.payload", &format!("&{parts}::{}", parts::name(function))];
    let name = text::literal(&function.name);
    let line = format!("        {name} => runtime::{entry}({}).await,", arguments.join(", "));
    if line.chars().count() <= text::WIDTH {
        return line;
    }
    let call = text::call(12, &format!("runtime::{entry}"), &arguments.map(str::to_owned), ".await");
    format!("        {name} => {{\n{call}\n        }}")
}

fn arm(module: &mut Module<'_>, function: &Function, bound: &str, method: &str) -> String {
    // The trait has to be in scope for its method to be named.
    module.scope.import("crate::handlers", bound);
    let handle = format!("H::{bound}::{method}");
    let name = text::literal(&function.name);
    let mut lines: Vec<String> = Vec::new();
    let entry = match &function.kind {
        FunctionKind::Step { .. } => "step(invocation, ",
        _ => {
            let order = module.scope.import("runtime", "Order");
            lines.push(if is_fifo(module.index, function) {
                format!("let order = {order}::Fifo;")
            } else {
                format!("let order = {order}::Standard {{ concurrency: {AT_ONCE} }};")
            });
            "consume(invocation, order, "
        }
    };
    let call = |handle: &str| format!("runtime::{entry}event.payload, {handle}).await");
    let line = format!("        {name} => {},", call(&handle));
    if lines.is_empty() && line.chars().count() <= text::WIDTH {
        return line;
    }
    if call(&handle).chars().count() + 12 <= text::WIDTH {
        lines.push(call(&handle));
    } else {
        lines.push(format!("let handle = {handle};"));
        lines.push(call("handle"));
    }
    let lines: String = lines.iter().map(|l| format!("            {l}\n")).collect();
    format!("        {name} => {{\n{lines}        }}")
}

fn is_fifo(index: &Index<'_>, function: &Function) -> bool {
    let read = function.mappings.iter().find_map(|m| match &m.source {
        MappingSource::Queue(queue) => Some(queue),
        MappingSource::Stream(_) => None,
    });
    read.is_some_and(|read| index.plan.queues.iter().any(|q| q.reference() == *read && q.fifo))
}
