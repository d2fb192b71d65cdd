//! Groupers: the static of the function that closes groups holds all options, and whatever else knows the grouper refers
//! to it.

use super::super::module::Module;
use super::super::value::Value;
use super::{number, send};
use crate::model::{QuietAction, SampleOrder};
use crate::plan::{CancelPart, ClosedPart, GrouperPart, WindowPart};

pub(super) fn grouper(module: &mut Module<'_>, of: &GrouperPart) -> (String, Value) {
    let ty = named(module, "Grouper");
    let schedules = of.schedules.as_ref().map(|(group, role, timers)| {
        let fields = vec![("group", Value::text(group)), ("role", Value::text(role)), ("timers", Value::text(timers))];
        made(module, "Schedules", fields)
    });
    let distinct = of.distinct.as_ref().map(|name| send::name(module, name));
    let sample = of.sample.map(|(n, order)| {
        let order = match order {
            SampleOrder::Newest => "Newest",
            SampleOrder::Oldest => "Oldest",
        };
        let order = format!("{}::{order}", named(module, "Order"));
        made(module, "Sample", vec![("n", number(n)), ("order", Value::word(order))])
    });
    let cancel = of.cancel.iter().map(|of| self::cancel(module, of)).collect();
    let quiet = of.quiet_hours.as_ref().map(|(zone, from, to, action)| {
        let action = match action {
            QuietAction::Hold => "Hold",
            QuietAction::Drop => "Drop",
        };
        let action = format!("{}::{action}", named(module, "Quiet"));
        let (from, to) = (Value::word(from), Value::word(to));
        let fields = vec![("zone", Value::text(zone)), ("from", from), ("to", to), ("action", Value::word(action))];
        made(module, "QuietHours", fields)
    });
    let throttle = of.throttle.map(|(n, per)| made(module, "Throttle", vec![("n", number(n)), ("per", number(per))]));
    let fields = vec![
        ("name", Value::text(&of.name)),
        ("table", Value::text(&of.table)),
        ("timers", Value::text(&of.timers)),
        ("out", Value::text(&of.out)),
        ("schedules", Value::option(schedules)),
        ("key", send::template(module, &of.key)),
        ("fields", Value::texts(&of.fields)),
        ("window", window(module, &of.window)),
        ("preview", Value::word(of.preview)),
        ("max", number(of.max)),
        ("distinct", Value::option(distinct)),
        ("sample", Value::option(sample)),
        ("cancel", Value::List(cancel)),
        ("seen", Value::texts(&of.seen)),
        ("quiet_hours", Value::option(quiet)),
        ("throttle", Value::option(throttle)),
        ("lease", number(of.lease)),
    ];
    (ty.clone(), Value::Struct(ty, fields))
}

pub(super) fn closed(module: &mut Module<'_>, of: &ClosedPart) -> (String, Value) {
    let ty = named(module, "Closed");
    let event = format!("{}::of::<{}>()", module.scope.import("runtime", "EventType"), module.named(&of.event));
    let fields = vec![
        ("grouper", reference(&of.grouper)),
        ("event", Value::word(event)),
        ("to", send::destinations(module, &of.to)),
        ("withdrawn", send::destinations(module, &of.withdrawn)),
    ];
    (ty.clone(), Value::Struct(ty, fields))
}

/// A grouper by the function that closes its groups.
pub(super) fn reference(function: &str) -> Value {
    Value::word(format!("&{}", function.to_ascii_uppercase()))
}

fn named(module: &mut Module<'_>, name: &str) -> String {
    module.scope.import("runtime::grouper", name)
}

fn made(module: &mut Module<'_>, name: &str, fields: Vec<(&'static str, Value)>) -> Value {
    Value::Struct(named(module, name), fields)
}

fn window(module: &mut Module<'_>, window: &WindowPart) -> Value {
    let ty = named(module, "Window");
    let (variant, fields) = match window {
        WindowPart::Session(gap, at_most) => ("Session", vec![("gap", number(*gap)), ("at_most", number(*at_most))]),
        WindowPart::Count(n, at_most) => ("Count", vec![("n", number(*n)), ("at_most", number(*at_most))]),
        WindowPart::Tumbling(every, zone) => {
            let zone = Value::option(zone.as_deref().map(Value::text));
            ("Tumbling", vec![("every", number(*every)), ("by_day", zone)])
        }
        WindowPart::Cron(at, zone) => ("Cron", vec![("at", Value::text(at)), ("zone", Value::text(zone))]),
    };
    Value::Struct(format!("{ty}::{variant}"), fields)
}

fn cancel(module: &mut Module<'_>, cancel: &CancelPart) -> Value {
    let ty = named(module, "Cancel");
    match cancel {
        CancelPart::All(by) => Value::Struct(format!("{ty}::All"), vec![("by", Value::text(by))]),
        CancelPart::One(by, of, id) => {
            let of = format!("{}::of::<{}>()", module.scope.import("runtime", "EventType"), module.named(of));
            let fields = vec![("by", Value::text(by)), ("of", Value::word(of)), ("id", Value::text(id))];
            Value::Struct(format!("{ty}::One"), fields)
        }
    }
}
