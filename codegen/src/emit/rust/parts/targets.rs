//! How the targets of events are found.

use super::super::module::Module;
use super::super::value::Value;
use super::{number, send};
use crate::plan::{FindPart, LookupPart, TargetsPart};

pub(super) fn targets(module: &mut Module<'_>, targets: &TargetsPart) -> Value {
    let ty = module.scope.import("runtime::targets", "Targets");
    let by_event = targets.by_event.iter().map(|(event, find)| {
        // A pair is a call without a name.
        Value::Call(String::new(), vec![Value::text(event), self::find(module, find)])
    });
    let by_event = Value::List(by_event.collect());
    let except = targets.except.as_ref().map(|name| send::name(module, name));
    let rest = targets.rest.as_ref().map(|queue| send::queue(module, queue));
    let fields = vec![
        ("by_event", by_event),
        ("except", Value::option(except)),
        ("dedupe", Value::word(targets.dedupe)),
        ("most", Value::option(targets.most.map(number))),
        ("page", number(targets.page)),
        ("preferences", Value::option(targets.preferences.as_deref().map(Value::text))),
        ("rest", Value::option(rest)),
    ];
    Value::Struct(ty, fields)
}

fn find(module: &mut Module<'_>, find: &FindPart) -> Value {
    let ty = module.scope.import("runtime::targets", "Find");
    match find {
        FindPart::Field(field) => Value::Call(format!("{ty}::Field"), vec![Value::text(field)]),
        FindPart::Handler(_) => Value::word(format!("{ty}::Handler")),
        FindPart::Rows(lookup, select) => {
            Value::Call(format!("{ty}::Rows"), vec![self::lookup(module, lookup), Value::text(select)])
        }
        FindPart::Followers { of, follower, read_from } => {
            let followers = module.scope.import("runtime::targets", "Followers");
            let fields = vec![
                ("of", self::lookup(module, of)),
                ("follower", Value::text(follower)),
                ("read_from", Value::option(read_from.map(number))),
            ];
            Value::Call(format!("{ty}::Followers"), vec![Value::Struct(followers, fields)])
        }
    }
}

pub(super) fn lookup(module: &mut Module<'_>, lookup: &LookupPart) -> Value {
    let ty = module.scope.import("runtime::lookup", "Lookup");
    let fields = vec![
        ("table", Value::text(&lookup.table)),
        ("index", Value::option(lookup.index.as_deref().map(Value::text))),
        ("matching", send::matching(module, &lookup.matching)),
    ];
    Value::Struct(ty, fields)
}
