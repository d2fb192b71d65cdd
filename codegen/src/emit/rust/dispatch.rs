//! The module `dispatch` of the generated crate: every function, and the way into those that are ready.
//!
//! In: the plan's functions. Out: the module. Guaranteed: a function is ready where its part of the runtime
//! is told what to do; any other names the part of the runtime that it waits for.

use super::index::Index;
use super::module::Module;
use super::{handlers, parts, render, text};
use crate::plan::{FindPart, Function, HandlerInput, Part};
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
    let contexts = handlers::contexts(&index.plan.handlers);
    let bound = |handler: &str| {
        let place = index.plan.handlers.iter().position(|h| h.name == handler)?;
        let takes_event = index.plan.handlers.get(place)?.input != HandlerInput::Nothing;
        Some(Bound { name: bounds.get(place)?.clone(), context: contexts.get(place)?.clone(), takes_event })
    };
    let scope = &mut module.scope;
    let (cx, error) = (scope.import("runtime", "Cx"), scope.import("runtime", "Error"));
    let (event, start) = (scope.import("runtime", "LambdaEvent"), scope.import("runtime", "Start"));
    let value = scope.import("runtime::serde_json", "Value");
    let mut functions = Vec::new();
    let mut arms = Vec::new();
    for function in &index.plan.functions {
        let state = match &function.told {
            Some(told) => {
                arms.push(arm(&mut module, &bound, function, told));
                format!("{start}::Ready")
            }
            None => format!("{start}::Absent({})", text::literal(function.waits_for().unwrap_or("handler"))),
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

/// How a handler is called.
struct Bound {
    /// Its trait.
    name: String,
    /// What it knows, where that is more than its invocation.
    context: Option<String>,
    takes_event: bool,
}

/// The arm of a function: the entry point of its part of the runtime, what that is told, and the handlers that it calls.
fn arm(module: &mut Module<'_>, bound: &impl Fn(&str) -> Option<Bound>, function: &Function, told: &Part) -> String {
    // What stands before the call: handlers that are given what they know.
    let mut given = String::new();
    let mut handler = |handler: Option<&str>| {
        let handler = handler?;
        Some(handle(module, &bound(handler)?, handler, &mut given))
    };
    let (entry, last) = match told {
        Part::Publisher(_) => ("source::publish", None),
        Part::Browser(browser) => (super::browsers::entry(browser), None),
        Part::Consumer(consumer) => {
            let entry = if consumer.then.is_some() { "relay" } else { "consume" };
            (entry, handler(function.only_handler()))
        }
        Part::Flush(_) => ("grouper::flush", None),
        Part::Deliver(_) => ("grouper::deliver", None),
        Part::Http(_) => ("source::answer", None),
        Part::Webhook(_) => ("sink::post", None),
        Part::Schedule(schedule) => match handler(schedule.handler.as_deref()) {
            Some(handler) => ("source::scheduled_by", Some(handler)),
            None => ("source::scheduled", None),
        },
        Part::Step { .. } => ("step", handler(function.only_handler())),
        Part::Mail(_) => ("mail::mail", None),
        Part::Unsubscribe(_) => ("mail::unsubscribe", None),
        Part::Bounces => ("mail::bounces", None),
        Part::Forward(forward) => {
            let asked = forward.targets.iter().flat_map(|targets| &targets.by_event);
            let asked: Vec<(String, String)> = asked
                .filter_map(|(event, find)| match find {
                    FindPart::Handler(name) => Some((event.clone(), handler(Some(name))?)),
                    _ => None,
                })
                .collect();
            match asked.is_empty() {
                true => ("forward::forward", Some("runtime::forward::nobody".to_owned())),
                false => {
                    given.push_str(&ask(module, &asked));
                    ("forward::forward", Some("ask".to_owned()))
                }
            }
        }
    };
    let told = (*told != Part::Bounces).then(|| {
        let parts = module.scope.import("crate", "parts");
        format!("&{parts}::{}", parts::name(function))
    });
    let arguments = ["invocation".to_owned(), "event.payload".to_owned()];
    let arguments: Vec<String> = arguments.into_iter().chain(told).chain(last).collect();
    let (name, head) = (text::literal(&function.name), format!("runtime::{entry}"));
    let line = format!("        {name} => {head}({}).await,", arguments.join(", "));
    if given.is_empty() && line.chars().count() <= text::WIDTH {
        return line;
    }
    let call = text::call(12, &head, &arguments, ".await");
    // Behind a call that is broken, rustfmt gives `.await` a line of its own.
    let call = call.replace("\n            ).await", "\n            )\n            .await");
    format!("        {name} => {{\n{}{call}\n        }}", given)
}

/// A handler, as its entry point takes it. One that knows more than its invocation is given it first, in `given`.
fn handle(module: &mut Module<'_>, bound: &Bound, handler: &str, given: &mut String) -> String {
    // The trait has to be in scope for its method to be named.
    module.scope.import("crate::handlers", &bound.name);
    let method = text::ident(handler);
    let path = format!("H::{}::{method}", bound.name);
    let Some(context) = &bound.context else { return path };
    let (context, invocation) =
        (module.scope.import("crate::handlers", context), module.scope.import("runtime", "Invocation"));
    let (parameter, argument) = if bound.takes_event { (", event", ", event") } else { ("", "") };
    let assigned = format!("            let {method} =");
    let head = format!("{assigned} async |cx: &{invocation}{parameter}|");
    let call = format!("{path}(&{context}::new(cx){argument}).await");
    let line = format!("{head} {call};\n");
    let below = format!("{}\n                {} {call};\n", assigned, head.trim_start_matches(&assigned).trim_start());
    let fits = |text: &str| text.lines().all(|line| line.chars().count() <= text::WIDTH);
    given.push_str(&match (fits(&line), fits(&below)) {
        (true, _) => line,
        (false, true) => below,
        (false, false) => format!("{head} {{\n                {call}\n            }};\n"),
    });
    method
}

/// Whom to ask for the targets of an event.
fn ask(module: &mut Module<'_>, asked: &[(String, String)]) -> String {
    let (invocation, arrival) =
        (module.scope.import("runtime", "Invocation"), module.scope.import("runtime", "Arrival"));
    let arms: String = asked
        .iter()
        .map(|(event, handle)| {
            let (event, call) = (text::literal(event), format!("runtime::targets::ask(cx, event, &{handle}).await"));
            let line = format!("                {event} => {call},\n");
            match line.chars().count() <= text::WIDTH + 1 {
                true => line,
                false => format!("                {event} => {{\n                    {call}\n                }}\n"),
            }
        })
        .collect();
    format!(
        "            let ask = async |cx: &{invocation}, event: &{arrival}| match event.kind() {{\n{arms}                \
         _ => runtime::forward::nobody(cx, event).await,\n            }};\n"
    )
}
