//! The module `parts` of the generated crate: what the parts of the runtime are told.
//!
//! In: the plan's functions. Out: a static for each whose part of the runtime is told something. Guaranteed: what stands in
//! the stack is named by the environment variable that holds it, which the function's template sets.
//!
//! A part of one's own is a variant of [`Part`], an arm of [`part`] with a function beside it, and an arm of
//! `dispatch`'s.

mod grouper;
mod mail;
pub(super) mod send;
mod source;
mod targets;

use super::index::Index;
use super::module::Module;
use super::value::Value;
use crate::decide::AT_ONCE;
use crate::plan::{Consumer, Forward, Function, Part, Publisher};

/// The module `parts`.
pub(super) fn parts<'a>(index: &'a Index<'a>) -> Module<'a> {
    let told = || index.plan.functions.iter().filter_map(|function| Some((function, function.told.as_ref()?)));
    let mut module = Module::new(index, "crate::parts", told().map(|(function, _)| name(function)));
    for (function, told) in told() {
        let Some((ty, value)) = part(&mut module, told) else { continue };
        let name = name(function);
        let before = format!("pub static {name}: {ty} =");
        let value = value.assigned(before.chars().count());
        let about = super::docs::visible(&function.about);
        module.items.push(format!("/// The function `{}`. {about}\n{before}{value}", function.name));
    }
    module
}

/// The static of a function: `count_updates` is `COUNT_UPDATES`.
pub(super) fn name(function: &Function) -> String {
    function.name.to_ascii_uppercase()
}

/// The type and the value of what a part is told; none for one that is told nothing.
fn part(module: &mut Module<'_>, part: &Part) -> Option<(String, Value)> {
    Some(match part {
        Part::Publisher(publisher) => self::publisher(module, publisher),
        Part::Browser(browser) => super::browsers::part(module, browser),
        Part::Consumer(consumer) => self::consumer(module, consumer),
        Part::Forward(forward) => self::forward(module, forward),
        Part::Schedule(schedule) => source::schedule(module, schedule),
        Part::Http(http) => source::http(module, http),
        Part::Webhook(webhook) => source::webhook(module, webhook),
        Part::Flush(of) => grouper::grouper(module, of),
        Part::Deliver(of) => grouper::closed(module, of),
        Part::Step { once } => {
            let ty = module.scope.import("runtime", "Step");
            let once = self::once(module, *once);
            (ty.clone(), Value::Struct(ty, vec![("once", once)]))
        }
        Part::Mail(mail) => mail::mail(module, mail),
        Part::Unsubscribe(told) => mail::unsubscribe(module, told),
        Part::Bounces => return None,
    })
}

fn publisher(module: &mut Module<'_>, publisher: &Publisher) -> (String, Value) {
    let ty = module.scope.import("runtime::source", "Publisher");
    let to = publisher.to.iter().map(|to| send::topic(module, to)).collect();
    let fields = vec![
        ("events", events(module, &publisher.events)),
        ("to", Value::List(to)),
        ("dead_letters", Value::text("QUEUE_DEAD_LETTERS")),
    ];
    (ty.clone(), Value::Struct(ty, fields))
}

fn consumer(module: &mut Module<'_>, consumer: &Consumer) -> (String, Value) {
    let ty = module.scope.import("runtime", "Consumer");
    let fields = vec![("order", order(module, consumer.fifo)), ("once", once(module, consumer.once))];
    let made = Value::Struct(ty.clone(), fields);
    let Some((event, to)) = &consumer.then else { return (ty, made) };
    let ty = module.scope.import("runtime", "Relay");
    let event = format!("{}::of::<{}>()", module.scope.import("runtime", "EventType"), module.named(event));
    let fields = vec![("consumer", made), ("event", Value::word(event)), ("to", send::destinations(module, to))];
    (ty.clone(), Value::Struct(ty, fields))
}

fn forward(module: &mut Module<'_>, forward: &Forward) -> (String, Value) {
    let ty = module.scope.import("runtime::forward", "Forward");
    let targets = forward.targets.as_ref().map(|targets| targets::targets(module, targets));
    let fields = vec![
        ("order", order(module, forward.fifo)),
        ("events", events(module, &forward.events)),
        ("targets", Value::option(targets)),
        ("to", send::destinations(module, &forward.to)),
    ];
    (ty.clone(), Value::Struct(ty, fields))
}

fn order(module: &mut Module<'_>, fifo: bool) -> Value {
    let ty = module.scope.import("runtime", "Order");
    match fifo {
        true => Value::word(format!("{ty}::Fifo")),
        false => Value::Struct(format!("{ty}::Standard"), vec![("concurrency", Value::word(AT_ONCE))]),
    }
}

fn once(module: &mut Module<'_>, keep: Option<u64>) -> Value {
    let ty = keep.map(|keep| (module.scope.import("runtime", "Once"), keep));
    Value::option(ty.map(|(ty, keep)| Value::Struct(ty, vec![("keep", number(keep))])))
}

/// Event types, by their names in the flow.
pub(super) fn events(module: &mut Module<'_>, events: &[String]) -> Value {
    let ty = module.scope.import("runtime", "EventType");
    Value::List(events.iter().map(|event| Value::word(format!("{ty}::of::<{}>()", module.named(event)))).collect())
}

/// A number as a person writes it: its thousands apart.
fn number(number: u64) -> Value {
    let digits = number.to_string();
    let apart = |(place, digit): (usize, char)| {
        let between = place > 0 && (digits.len() - place).is_multiple_of(3);
        between.then_some('_').into_iter().chain([digit])
    };
    Value::word(digits.chars().enumerate().flat_map(apart).collect::<String>())
}
