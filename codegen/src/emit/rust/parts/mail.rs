//! Mail.

use super::super::mails;
use super::super::module::Module;
use super::super::value::Value;
use super::{events, number, send};
use crate::plan::{MailPart, RecipientsPart, UnsubscribePart};

pub(super) fn mail(module: &mut Module<'_>, mail: &MailPart) -> (String, Value) {
    let ty = module.scope.import("runtime::mail", "Mail");
    let delivery = module.scope.import("runtime::mail", "Delivery");
    let mut render = |ending: &str| {
        let template = module.scope.import("crate::mails", &mails::name(mail, ending));
        Value::word(format!("{}::<{template}>", module.scope.import("runtime::mail", "render")))
    };
    let (html, text) = (render("html"), render("txt"));
    let delivery = match mail.at_most_once {
        true => format!("{delivery}::AtMostOnce"),
        false => format!("{delivery}::AtLeastOnce"),
    };
    let fields = vec![
        ("sink", Value::text(&mail.sink)),
        ("events", events(module, &mail.events)),
        ("sender", Value::text(&mail.sender)),
        ("reply_to", Value::option(mail.reply_to.as_deref().map(Value::text))),
        ("subject", send::template(module, &mail.subject)),
        ("html", html),
        ("text", text),
        ("recipients", recipients(module, &mail.recipients)),
        ("delivery", Value::word(delivery)),
        ("keep", number(mail.keep)),
    ];
    (ty.clone(), Value::Struct(ty, fields))
}

fn recipients(module: &mut Module<'_>, recipients: &RecipientsPart) -> Value {
    let ty = module.scope.import("runtime::mail", "Recipients");
    let fields = vec![
        ("table", Value::text(&recipients.table)),
        ("key", Value::text(&recipients.key)),
        ("number", Value::word(recipients.number)),
        ("email", Value::text(&recipients.email)),
        ("preferences", Value::option(recipients.preferences.as_deref().map(Value::text))),
    ];
    Value::Struct(ty, fields)
}

pub(super) fn unsubscribe(module: &mut Module<'_>, told: &UnsubscribePart) -> (String, Value) {
    let ty = module.scope.import("runtime::mail", "Unsubscribe");
    let fields = vec![
        ("preferences", Value::text(&told.preferences)),
        ("channels", Value::texts(&told.channels)),
        ("mails", Value::texts(&told.mails)),
    ];
    (ty.clone(), Value::Struct(ty, fields))
}
