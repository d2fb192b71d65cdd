//! The module `handlers` of the generated crate, and the beginnings of the user's own files.
//!
//! In: the plan's handlers. Out: a trait each with its types; a file each that does not do its work yet, and
//! says so when it is called. Guaranteed: the trait names the types, so that code written for another event
//! does not compile.

use super::index::{Index, made_of_fields};
use super::module::Module;
use super::{Skeleton, docs, render, text};
use crate::plan::{Handler, HandlerInput, HandlerShape};
use askama::Template;

/// Names that the prelude has; a trait of one of them would hide it.
const PRELUDE: [&str; 15] = [
    "Box", "Clone", "Copy", "Debug", "Drop", "Future", "Handler", "Handlers", "Option", "Result", "Self", "Send",
    "String", "Sync", "Vec",
];

#[derive(Template)]
#[template(path = "rust/handlers.rs.txt")]
struct HandlersText<'a> {
    handlers: Vec<(&'a str, &'a str)>,
}

#[derive(Template)]
#[template(path = "rust/one_of.rs.txt")]
struct OneOfText<'a> {
    handler: &'a str,
    name: &'a str,
    /// The event's name, its local name, and what its variant is.
    events: Vec<(&'a str, &'a str, String)>,
    message: String,
    value: String,
    error: String,
    types: String,
    arms: Vec<String>,
}

#[derive(Template)]
#[template(path = "rust/message.rs.txt")]
struct MessageText<'a> {
    name: &'a str,
    event: String,
    message: String,
    value: String,
    error: String,
}

#[derive(Template)]
#[template(path = "rust/trait.rs.txt")]
struct TraitText<'a> {
    handler: &'a str,
    used_by: String,
    about: Option<String>,
    name: &'a str,
    does: &'static str,
    signature: String,
}

#[derive(Template)]
#[template(path = "rust/skeleton.rs.txt")]
struct SkeletonText<'a> {
    handler: &'a str,
    used_by: String,
    about: Option<String>,
    uses: String,
    method: String,
    bound: String,
    signature: String,
    error: String,
}

#[derive(Template)]
#[template(path = "rust/context.rs.txt")]
struct ContextText<'a> {
    handler: &'a str,
    name: &'a str,
    invocation: &'a str,
    error: &'a str,
    deref: String,
    tables: Vec<MethodText>,
    secrets: Vec<MethodText>,
}

struct MethodText {
    doc: String,
    name: String,
    ty: String,
    variable: String,
}

/// The name of what each handler knows, where that is more than its invocation; in their order.
pub(super) fn contexts(handlers: &[Handler]) -> Vec<Option<String>> {
    let mut taken: Vec<String> = handlers.iter().flat_map(|h| input_names(&h.input)).chain(bounds(handlers)).collect();
    let mut made = Vec::with_capacity(handlers.len());
    for (handler, bound) in handlers.iter().zip(bounds(handlers)) {
        if !handler.knows_more() {
            made.push(None);
            continue;
        }
        let name = text::free(&format!("{bound}Cx"), "", |n| taken.iter().any(|t| t == n));
        taken.push(name.clone());
        made.push(Some(name));
    }
    made
}

/// What a handler knows beside its invocation.
fn context(module: &mut Module<'_>, handler: &Handler, name: &str, error: &str, invocation: &str) -> String {
    let index = module.index;
    let mut tables = Vec::new();
    for (store, ty) in index.plan.stores.iter().zip(super::tables::names(index)) {
        let (table, mut method) = (&store.name, |doc: &str, name: String, ty: &str| {
            let (doc, ty) = (format!("{doc} the table `{}`.", store.name), module.scope.import("crate::tables", ty));
            tables.push(MethodText { doc, name, ty, variable: String::new() });
        });
        if handler.reads.contains(table) {
            method("Reads", text::ident(table), &ty);
        }
        if handler.writes.contains(table) && !store.events {
            method("Writes", format!("{table}_writer"), &format!("{ty}Writer"));
        }
    }
    let mut secrets = Vec::new();
    for (secret, variable) in &handler.secrets {
        let ty = module.scope.import("std::sync", "Arc");
        let (doc, variable) =
            (format!("The secret `{secret}`: fetched once, and again after five minutes."), variable.clone());
        secrets.push(MethodText { doc, name: text::ident(secret), ty, variable });
    }
    let deref = module.scope.import("std::ops", "Deref");
    render(&ContextText { handler: &handler.name, name, invocation, error, deref, tables, secrets })
}

/// The name of each handler's trait, in their order.
pub(super) fn bounds(handlers: &[Handler]) -> Vec<String> {
    let mut taken: Vec<String> = handlers.iter().flat_map(|h| input_names(&h.input)).collect();
    let mut made = Vec::with_capacity(handlers.len());
    for handler in handlers {
        let wanted = name(&handler.name);
        let name = text::free(&wanted, "", |n| taken.iter().any(|t| t == n));
        taken.push(name.clone());
        made.push(name);
    }
    made
}

/// A name as a type's, with a word behind where Rust has the name.
pub(super) fn name(name: &str) -> String {
    let upper = text::upper_camel(name);
    if PRELUDE.contains(&upper.as_str()) { format!("{upper}Of") } else { upper }
}

/// The names of the types that are made for an input.
fn input_names(input: &HandlerInput) -> Vec<String> {
    match input {
        HandlerInput::Nothing | HandlerInput::Event(_) => Vec::new(),
        HandlerInput::OneOf { name, .. } => vec![name.clone()],
        HandlerInput::State { name, base, added } => {
            let mut names = input_names(base);
            names.push(name.clone());
            made_of_fields(added, name, &mut names);
            names
        }
    }
}

/// The module `handlers`.
pub(super) fn handlers<'a>(index: &'a Index<'a>) -> Module<'a> {
    let all = &index.plan.handlers;
    let bounds = bounds(all);
    let made = all.iter().flat_map(|h| input_names(&h.input));
    let contexts = contexts(all);
    let defined = bounds.iter().chain(contexts.iter().flatten()).cloned().chain(made);
    let mut module = Module::new(index, "crate::handlers", defined.chain(["Handlers".to_owned()]));
    let named = all.iter().map(|h| h.name.as_str()).zip(bounds.iter().map(String::as_str)).collect();
    module.items.push(render(&HandlersText { handlers: named }));
    if !all.is_empty() {
        let (error, invocation) =
            (module.scope.import("runtime", "Error"), module.scope.import("runtime", "Invocation"));
        for ((handler, bound), context) in all.iter().zip(&bounds).zip(&contexts) {
            if let Some(name) = context {
                let made = self::context(&mut module, handler, name, &error, &invocation);
                module.items.push(made);
            }
            let input = input(&mut module, handler, &handler.input);
            let output = output(&mut module, handler);
            let cx = context.as_ref().map_or_else(|| invocation.clone(), |name| format!("{name}<'_>"));
            let arguments = arguments("", &cx, input.as_deref());
            let head = format!("fn {}", text::ident(&handler.name));
            let tail = format!(" -> impl Future<Output = Result<{output}, {error}>> + Send;");
            let made = render(&TraitText {
                handler: &handler.name,
                used_by: handler.used_by.join("; "),
                about: docs::said(handler.about.as_deref()),
                name: bound,
                does: does(handler.shape),
                signature: text::call(4, &head, &arguments, &tail),
            });
            module.items.push(made);
        }
    }
    module
}

fn does(shape: HandlerShape) -> &'static str {
    match shape {
        HandlerShape::Source => "Makes one event.",
        HandlerShape::Consumer | HandlerShape::Targets | HandlerShape::Step => "Handles one event.",
    }
}

fn arguments(prefix: &str, invocation: &str, input: Option<&str>) -> Vec<String> {
    let event = input.map(|input| format!("{prefix}event: {input}"));
    std::iter::once(format!("{prefix}cx: &{invocation}")).chain(event).collect()
}

/// The type of what a handler gets; writes it where it is the handler's own.
fn input(module: &mut Module<'_>, handler: &Handler, input: &HandlerInput) -> Option<String> {
    match input {
        HandlerInput::Nothing => None,
        HandlerInput::Event(event) => Some(module.named(event)),
        HandlerInput::OneOf { name, events } => {
            let made = one_of(module, &handler.name, name, events);
            module.items.push(made);
            Some(name.clone())
        }
        HandlerInput::State { name, base, added } => {
            let index = module.index;
            let event = match &**base {
                HandlerInput::Event(event) => index.plan.events.iter().find(|e| e.name == *event),
                _ => None,
            };
            match event {
                Some(event) => {
                    let of =
                        |f: &crate::plan::FieldDef| (event.name.clone(), f.clone(), docs::of_event_field(event, f));
                    let fields: Vec<_> = event.fields.iter().map(of).collect();
                    module.input(name, &handler.name, &fields, None, added);
                    // A workflow has sent it to a queue: it comes as a message, with what the steps have added.
                    if handler.shape == HandlerShape::Consumer {
                        let made = message(module, name, &event.name);
                        module.items.push(made);
                    }
                }
                None => {
                    let one_of = self::input(module, handler, base);
                    module.input(name, &handler.name, &[], one_of.as_deref(), added);
                }
            }
            Some(name.clone())
        }
    }
}

fn message(module: &mut Module<'_>, name: &str, event: &str) -> String {
    // The event's own `TYPE` comes from this trait.
    module.scope.import("runtime", "Event");
    render(&MessageText {
        name,
        event: module.named(event),
        message: module.scope.import("runtime", "Message"),
        value: module.scope.import("runtime::serde_json", "Value"),
        error: module.scope.import("runtime", "DecodeError"),
    })
}

fn one_of(module: &mut Module<'_>, handler: &str, name: &str, events: &[String]) -> String {
    // The events' own `TYPE` comes from this trait.
    module.scope.import("runtime", "Event");
    let (message, error) = (module.scope.import("runtime", "Message"), module.scope.import("runtime", "DecodeError"));
    let value = module.scope.import("runtime::serde_json", "Value");
    let locals: Vec<String> = events.iter().map(|e| module.named(e)).collect();
    let said = |event: &str| {
        let article = docs::article(event);
        let (first, rest) = article.split_at(1);
        format!("{}{rest}", first.to_ascii_uppercase())
    };
    let listed: Vec<String> = locals.iter().map(|l| format!("{l}::TYPE")).collect();
    let types = text::array(4, "const TYPES: &'static [&'static str] =", "&[", &listed, ";");
    let arms = events.iter().zip(&locals).map(|(event, local)| arm(event, local));
    render(&OneOfText {
        handler,
        name,
        events: events.iter().zip(&locals).map(|(e, l)| (e.as_str(), l.as_str(), said(e))).collect(),
        message,
        value,
        error,
        types,
        arms: arms.collect(),
    })
}

/// The arm that decodes one event, broken as rustfmt does.
fn arm(event: &str, local: &str) -> String {
    let (start, then) = (format!("{local}::from_data(kind, data)"), format!(".map(Self::{event})"));
    let line = format!("            {local}::TYPE => {start}.map(Box::new){then},");
    if line.chars().count() <= text::WIDTH {
        return line;
    }
    let inner = format!("                {start}.map(Box::new){then}");
    let inner = match inner.chars().count() <= text::WIDTH {
        true => inner,
        false => format!("                {start}\n                    .map(Box::new)\n                    {then}"),
    };
    format!("            {local}::TYPE => {{\n{inner}\n            }}")
}

fn output(module: &mut Module<'_>, handler: &Handler) -> String {
    handler.output.as_ref().map_or_else(|| "()".to_owned(), |shape| module.plain(shape))
}

/// The first text of each handler's file.
pub(super) fn skeletons(index: &Index<'_>) -> Vec<Skeleton> {
    let all = &index.plan.handlers;
    let named = all.iter().zip(bounds(all)).zip(contexts(all));
    named.map(|((handler, bound), context)| skeleton(index, handler, &bound, context)).collect()
}

fn skeleton(index: &Index<'_>, handler: &Handler, bound: &str, context: Option<String>) -> Skeleton {
    let mut module = Module::new(index, super::module::OUTSIDE, ["Handler".to_owned()]);
    let bound = module.scope.import("generated::handlers", bound);
    let error = module.scope.import("runtime", "Error");
    let cx = match context {
        Some(name) => format!("{}<'_>", module.scope.import("generated::handlers", &name)),
        None => module.scope.import("runtime", "Invocation"),
    };
    let input = match &handler.input {
        HandlerInput::Nothing => None,
        HandlerInput::Event(event) => Some(module.named(event)),
        HandlerInput::OneOf { name, .. } | HandlerInput::State { name, .. } => {
            Some(module.scope.import("generated::handlers", name))
        }
    };
    let output = output(&mut module, handler);
    let method = text::ident(&handler.name);
    let arguments = arguments("_", &cx, input.as_deref());
    let tail = format!(" -> Result<{output}, {error}> {{");
    let text = super::ended(render(&SkeletonText {
        handler: &handler.name,
        used_by: handler.used_by.join("; "),
        about: docs::said(handler.about.as_deref()),
        uses: module.scope.lines(),
        bound,
        signature: text::call(4, &format!("async fn {method}"), &arguments, &tail),
        method: method.clone(),
        error,
    }));
    Skeleton {
        handler: handler.name.clone(),
        path: format!("handlers/src/{}.rs", handler.name),
        text,
        mod_line: format!("pub mod {method};"),
    }
}
