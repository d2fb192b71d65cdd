//! The spec's names on the resources, for whoever runs or looks at the stack.
//!
//! Each block has `kind`, `name` (after the prefix) and `of` (the thing of the spec that it is there for),
//! and what else a person would ask for by name.

use crate::cfn::Tree;
use crate::plan::{
    Function, FunctionKind, Gateway, Machine, Place, Queue, QueueRole, Schedule, Secret, Table, TableRole, Topic,
    TopicRole,
};
use std::borrow::Cow;

/// The key of the block.
pub(super) const BLOCK: &str = "Eventloom";

fn text(text: &str) -> Tree {
    Tree::Text(text.to_owned())
}

fn block(kind: &str, name: &str, of: &Place, more: impl IntoIterator<Item = (&'static str, Tree)>) -> Tree {
    let mut made: Vec<(Cow<'static, str>, Tree)> =
        vec![("kind".into(), text(kind)), ("name".into(), text(name)), ("of".into(), text(&of.owner))];
    made.extend(more.into_iter().map(|(key, value)| (Cow::Borrowed(key), value)));
    Tree::Map(made)
}

pub(super) fn table(table: &Table) -> Tree {
    let role = match table.role {
        TableRole::Own => "own",
        TableRole::Groups => "groups",
        TableRole::Connections => "connections",
        TableRole::Log => "log",
        TableRole::Runtime => "runtime",
    };
    block("table", &table.name, &table.place, [("role", text(role))])
}

pub(super) fn secret(secret: &Secret) -> Tree {
    block("secret", &secret.name, &secret.place, [("generated", Tree::Bool(secret.generated))])
}

pub(super) fn topic(topic: &Topic) -> Tree {
    let role = match topic.role {
        TopicRole::Own => "own",
        TopicRole::Alarms => "alarms",
        TopicRole::Bounces => "bounces",
    };
    let carries = topic.carries.iter().map(|e| text(e)).collect();
    block("topic", &topic.name, &topic.place, [("role", text(role)), ("carries", Tree::List(carries))])
}

pub(super) fn queue(queue: &Queue) -> Tree {
    let role = match queue.role {
        QueueRole::Own => "own",
        QueueRole::DeadLetters => "dead_letters",
        QueueRole::Timer => "timer",
        QueueRole::Out => "out",
        QueueRole::Rest => "rest",
    };
    block("queue", &queue.name, &queue.place, [("role", text(role))])
}

pub(super) fn function(function: &Function) -> Tree {
    let (does, details) = kind(&function.kind);
    let details = details.into_iter().map(|(key, value)| (key, text(value)));
    block("function", &function.name, &function.place, std::iter::once(("does", text(does))).chain(details))
}

fn kind(kind: &FunctionKind) -> (&'static str, Vec<(&'static str, &str)>) {
    match kind {
        FunctionKind::Publisher { source } => ("publisher", vec![("source", source)]),
        FunctionKind::Authorizer { gateway } => ("authorizer", vec![("gateway", gateway)]),
        FunctionKind::Connect { gateway } => ("connect", vec![("gateway", gateway)]),
        FunctionKind::Disconnect { gateway } => ("disconnect", vec![("gateway", gateway)]),
        FunctionKind::Default { gateway } => ("default", vec![("gateway", gateway)]),
        FunctionKind::WebsocketSource { source } => ("websocket_source", vec![("source", source)]),
        FunctionKind::HttpSource { source } => ("http_source", vec![("source", source)]),
        FunctionKind::ScheduleSource { source } => ("schedule_source", vec![("source", source)]),
        FunctionKind::Shards { table } => ("shards", vec![("table", table)]),
        FunctionKind::Consumer { queue, handler } => {
            let mut made = vec![("queue", queue.as_str())];
            made.extend(handler.iter().map(|h| ("handler", h.as_str())));
            ("consumer", made)
        }
        FunctionKind::Workers { queue } => ("workers", vec![("queue", queue)]),
        FunctionKind::Rest { queue } => ("rest", vec![("queue", queue)]),
        FunctionKind::Flush { grouper } => ("flush", vec![("grouper", grouper)]),
        FunctionKind::Deliver { grouper } => ("deliver", vec![("grouper", grouper)]),
        FunctionKind::Step { workflow, step, handler } => {
            ("step", vec![("workflow", workflow), ("step", step), ("handler", handler)])
        }
        FunctionKind::Seen { workflow } => ("seen", vec![("workflow", workflow)]),
        FunctionKind::Sink { sink } => ("sink", vec![("sink", sink)]),
        FunctionKind::Unsubscribe => ("unsubscribe", Vec::new()),
        FunctionKind::Bounces => ("bounces", Vec::new()),
    }
}

pub(super) fn machine(machine: &Machine) -> Tree {
    block("machine", &machine.name, &machine.place, [])
}

pub(super) fn gateway(gateway: &Gateway) -> Tree {
    let routes = gateway.routes.iter().map(|r| (Cow::Owned(r.key.clone()), text(&r.function.0)));
    block("gateway", &gateway.name, &gateway.place, [("routes", Tree::Map(routes.collect()))])
}

pub(super) fn schedule(schedule: &Schedule) -> Tree {
    block("schedule", &schedule.name, &schedule.place, [])
}
