//! Sources that somebody calls, and the webhook.

use super::super::module::Module;
use super::super::value::Value;
use super::{events, number, send, targets};
use crate::plan::{HttpPart, IntakePart, SchedulePart, WebhookPart};

pub(super) fn schedule(module: &mut Module<'_>, schedule: &SchedulePart) -> (String, Value) {
    let ty = module.scope.import("runtime::source", "Schedule");
    let keep = module.scope.import("runtime", "Once");
    let fields = vec![
        ("intake", intake(module, &schedule.intake)),
        ("to", send::destinations(module, &schedule.to)),
        ("once", Value::Struct(keep, vec![("keep", number(schedule.keep))])),
    ];
    (ty.clone(), Value::Struct(ty, fields))
}

pub(super) fn http(module: &mut Module<'_>, http: &HttpPart) -> (String, Value) {
    let ty = module.scope.import("runtime::source", "Http");
    let fields = vec![
        ("intake", intake(module, &http.intake)),
        ("user", Value::text(&http.user)),
        ("tenant", Value::option(http.tenant.as_deref().map(Value::text))),
        ("to", send::destinations(module, &http.to)),
        ("keep", number(http.keep)),
    ];
    (ty.clone(), Value::Struct(ty, fields))
}

/// How a source makes its event.
pub(super) fn intake(module: &mut Module<'_>, intake: &IntakePart) -> Value {
    let ty = module.scope.import("runtime::intake", "Intake");
    let event = format!("{}::of::<{}>()", module.scope.import("runtime", "EventType"), module.named(&intake.event));
    let mut set = Vec::new();
    for (field, value) in &intake.set {
        let ty = module.scope.import("runtime::intake", "Set");
        let fields = vec![("field", Value::text(field)), ("value", send::template(module, value))];
        set.push(Value::Struct(ty, fields));
    }
    let allow = intake.allow.as_ref().map(|lookup| targets::lookup(module, lookup));
    let fields = vec![
        ("event", Value::word(event)),
        ("own_id", Value::option(intake.own_id.as_deref().map(Value::text))),
        ("time", Value::text(&intake.time)),
        ("set", Value::List(set)),
        ("allow", Value::option(allow)),
    ];
    Value::Struct(ty, fields)
}

pub(super) fn webhook(module: &mut Module<'_>, webhook: &WebhookPart) -> (String, Value) {
    let ty = module.scope.import("runtime::sink", "Webhook");
    // A pair is a call without a name.
    let pair =
        |(name, value): &(String, String)| Value::Call(String::new(), vec![Value::text(name), Value::text(value)]);
    let fields = vec![
        ("events", events(module, &webhook.events)),
        ("url", Value::text(&webhook.url)),
        ("secret", Value::text(&webhook.secret)),
        ("headers", Value::List(webhook.headers.iter().map(pair).collect())),
        ("timeout", number(webhook.timeout)),
    ];
    (ty.clone(), Value::Struct(ty, fields))
}
