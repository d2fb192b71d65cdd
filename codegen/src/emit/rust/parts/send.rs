//! Destinations, lookups and templates.

use super::super::module::Module;
use super::super::value::Value;
use super::number;
use crate::model::{Part as Piece, Ref, Template};
use crate::plan::{ColumnPart, CounterPart, DestinationPart, MatchPart, QueuePart, RowPart, TopicPart};

pub(in crate::emit::rust) fn destinations(module: &mut Module<'_>, to: &[DestinationPart]) -> Value {
    Value::List(to.iter().map(|to| destination(module, to)).collect())
}

fn destination(module: &mut Module<'_>, to: &DestinationPart) -> Value {
    let ty = module.scope.import("runtime::send", "Destination");
    let (variant, value) = match to {
        DestinationPart::Topic(to) => ("Topic", topic(module, to)),
        DestinationPart::Queue(to) => ("Queue", queue(module, to)),
        DestinationPart::Workflow(variable) => {
            let ty = module.scope.import("runtime::send", "Workflow");
            ("Workflow", Value::Struct(ty, vec![("arn", Value::text(variable))]))
        }
        DestinationPart::Function(variable) => {
            let ty = module.scope.import("runtime::send", "Function");
            ("Function", Value::Struct(ty, vec![("name", Value::text(variable))]))
        }
        DestinationPart::Grouper(function) => ("Grouper", super::grouper::reference(function)),
        DestinationPart::Counter(to) => ("Counter", counter(module, to)),
        DestinationPart::Row(to) => ("Row", row(module, to)),
    };
    Value::Call(format!("{ty}::{variant}"), vec![value])
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

pub(super) fn queue(module: &mut Module<'_>, queue: &QueuePart) -> Value {
    let ty = module.scope.import("runtime::send", "Queue");
    Value::Struct(ty, vec![("url", Value::text(&queue.variable)), ("fifo", Value::word(queue.fifo))])
}

fn counter(module: &mut Module<'_>, counter: &CounterPart) -> Value {
    let ty = module.scope.import("runtime::sink", "Counter");
    let add = module.scope.import("runtime::sink", "Add");
    let add = |(field, by): &(String, i64)| {
        Value::Struct(add.clone(), vec![("field", Value::text(field)), ("by", Value::word(by))])
    };
    let fields = vec![
        ("sink", Value::text(&counter.sink)),
        ("table", Value::text(&counter.table)),
        ("row", matching(module, &counter.row)),
        ("add", Value::List(counter.add.iter().map(add).collect())),
        ("keep", number(counter.keep)),
    ];
    Value::Struct(ty, fields)
}

fn row(module: &mut Module<'_>, row: &RowPart) -> Value {
    let ty = module.scope.import("runtime::sink", "Row");
    let columns = row.columns.iter().map(|column| self::column(module, column)).collect();
    Value::Struct(ty, vec![("table", Value::text(&row.table)), ("columns", Value::List(columns))])
}

fn column(module: &mut Module<'_>, column: &ColumnPart) -> Value {
    let ty = module.scope.import("runtime::sink", "Column");
    let fields = vec![
        ("field", Value::text(&column.field)),
        ("number", Value::word(column.number)),
        ("value", template(module, &column.value)),
        ("default", Value::option(column.default.as_deref().map(Value::text))),
    ];
    Value::Struct(ty, fields)
}

pub(super) fn matching(module: &mut Module<'_>, matching: &[MatchPart]) -> Value {
    let ty = module.scope.import("runtime::lookup", "Match");
    let each = matching.iter().map(|part| {
        let value = template(module, &part.value);
        let fields = vec![("field", Value::text(&part.field)), ("number", Value::word(part.number)), ("value", value)];
        Value::Struct(ty.clone(), fields)
    });
    Value::List(each.collect())
}

/// A text with names in braces, taken apart.
pub(super) fn template(module: &mut Module<'_>, template: &Template) -> Value {
    let pieces = template.parts.iter().map(|piece| match piece {
        Piece::Text(text) => {
            let ty = module.scope.import("runtime::template", "Part");
            Value::Call(format!("{ty}::Text"), vec![Value::text(text)])
        }
        Piece::Ref(name, _) => self::name(module, name),
    });
    Value::List(pieces.collect())
}

/// A name in braces.
pub(super) fn name(module: &mut Module<'_>, name: &Ref) -> Value {
    let ty = module.scope.import("runtime::template", "Part");
    let plain = |word: &str| Value::word(format!("{ty}::{word}"));
    let of = |word: &str, text: &str| Value::Call(format!("{ty}::{word}"), vec![Value::text(text)]);
    match name {
        Ref::Event => plain("Event"),
        Ref::Id => plain("Id"),
        Ref::Time => plain("Time"),
        Ref::Actor => plain("Actor"),
        Ref::Object => plain("Object"),
        Ref::Tenant => plain("Tenant"),
        Ref::Target => plain("Target"),
        Ref::User => plain("User"),
        Ref::Now => plain("Now"),
        Ref::Path(name) => of("Path", name),
        Ref::Header(name) => of("Header", name),
        Ref::Field(name) => of("Field", name),
    }
}
