//! The module `parts` of the generated crate: what the parts of the runtime are told.
//!
//! In: the plan's functions. Out: a static for each whose part of the runtime is told something. Guaranteed: what stands in
//! the stack is named by the environment variable that holds it, which the function's template sets.
//!
//! A part of one's own is a variant of [`Part`], an arm of [`part`] with a function beside it, and an arm of
//! `dispatch`'s.

use super::index::Index;
use super::module::Module;
use super::value::Value;
use crate::plan::{Function, Part, Publisher, TopicPart};

/// The module `parts`.
pub(super) fn parts<'a>(index: &'a Index<'a>) -> Module<'a> {
    let told = || index.plan.functions.iter().filter_map(|function| Some((function, function.told.as_ref()?)));
    let mut module = Module::new(index, "crate::parts", told().map(|(function, _)| name(function)));
    for (function, told) in told() {
        let (ty, value) = part(&mut module, told);
        let name = name(function);
        let before = format!("pub static {name}: {ty} = ");
        let value = value.print(0, before.chars().count(), 1);
        let about = super::docs::visible(&function.about);
        module.items.push(format!("/// The function `{}`. {about}\n{before}{value};", function.name));
    }
    module
}

/// The static of a function: `count_updates` is `COUNT_UPDATES`.
pub(super) fn name(function: &Function) -> String {
    function.name.to_ascii_uppercase()
}

/// The type and the value of what a part is told.
fn part(module: &mut Module<'_>, part: &Part) -> (String, Value) {
    match part {
        Part::Publisher(publisher) => self::publisher(module, publisher),
        Part::Browser(browser) => super::browsers::part(module, browser),
    }
}

fn publisher(module: &mut Module<'_>, publisher: &Publisher) -> (String, Value) {
    let ty = module.scope.import("runtime::source", "Publisher");
    let to = publisher.to.iter().map(|to| topic(module, to)).collect();
    let fields = vec![
        ("events", events(module, &publisher.events)),
        ("to", Value::List(to)),
        ("dead_letters", Value::text("QUEUE_DEAD_LETTERS")),
    ];
    (ty.clone(), Value::Struct(ty, fields))
}

pub(super) fn topic(module: &mut Module<'_>, topic: &TopicPart) -> Value {
    let ty = module.scope.import("runtime::send", "Topic");
    let fields = vec![
        ("arn", Value::text(&topic.variable)),
        ("fifo", Value::word(topic.fifo)),
        ("carries", Value::texts(&topic.carries)),
    ];
    Value::Struct(ty, fields)
}

/// Event types, by their names in the flow.
fn events(module: &mut Module<'_>, events: &[String]) -> Value {
    let ty = module.scope.import("runtime", "EventType");
    Value::List(events.iter().map(|event| Value::word(format!("{ty}::of::<{}>()", module.named(event)))).collect())
}
