//! E075: what is known of a target is not to be found.

use super::support::{may_miss, names_user, type_words};
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::plain;
use crate::model::{Rows, SinkKind, Type};

/// What is known of a target is not to be found.
pub(crate) const RULE: Rule = Rule {
    code: "E075",
    title: "what is known of a target is not to be found",
    doc: r#"
`recipients` names a table with one row for each user: its key is the user's id, a text, and it has no sort key. `email`
is a field of it with the address; a flow that sends mail needs it. `preferences` is a table with `rows: preferences`.

```yaml
# wrong: a mail goes nowhere without an address
recipients: { table: members }
# right
recipients: { table: members, email: email }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    let email = flow.sinks.values().find(|s| matches!(s.kind, SinkKind::Email { .. }));
    let Some(recipients) = &flow.recipients else {
        if let Some(sink) = email {
            let said = format!("sink `{}` sends mail, but nothing says where the addresses are", sink.name.text);
            out.push(
                Diagnostic::new(RULE.code, sink.name.span, said)
                    .help("write `recipients: { table: members, email: email }`"),
            );
        }
        return;
    };
    let table = &flow.tables[recipients.table.value];
    let own = table.rows == Rows::Own;
    if !own {
        let said = format!("table `{}` has no row for each user that you write", table.name.text);
        out.push(
            Diagnostic::new(RULE.code, recipients.table.span, said)
                .help("name the table of users, whose key is the user's id"),
        );
    } else if let Some(sort) = table.sort {
        let said = format!("table `{}` has a sort key, so a user may have many rows", table.name.text);
        out.push(Diagnostic::new(RULE.code, recipients.table.span, said).related(sort.span, "the sort key"));
    } else if let Some(key) = table.fields.get(table.key.value).filter(|k| !names_user(flow, &k.ty)) {
        let said =
            format!("the key of table `{}` is {}; a user's id is a text", table.name.text, type_words(flow, &key.ty));
        out.push(Diagnostic::new(RULE.code, recipients.table.span, said).related(key.span, "declared here"));
    }
    match (recipients.email.and_then(|place| Some((place, table.fields.get(place.value)?))), email) {
        (Some((place, field)), _) => {
            let ty = match plain(flow, &field.ty) {
                Type::Optional(inner) if may_miss(flow, &field.ty) => plain(flow, inner),
                other => other,
            };
            if !matches!(ty, Type::Email | Type::String { .. }) {
                let said = format!("`{}` is {}; an address is an email", field.name, type_words(flow, &field.ty));
                out.push(Diagnostic::new(RULE.code, place.span, said).related(field.span, "declared here"));
            }
        }
        (None, Some(sink)) if own => {
            let said =
                format!("sink `{}` sends mail, but `recipients` names no field with the address", sink.name.text);
            out.push(
                Diagnostic::new(RULE.code, recipients.table.span, said)
                    .related(sink.name.span, "the sink")
                    .help("write `email:` and the field of the table beside it"),
            );
        }
        _ => {}
    }
    if let Some(preferences) = recipients.preferences.filter(|p| flow.tables[p.value].rows != Rows::Preferences) {
        let table = &flow.tables[preferences.value].name;
        let said = format!("table `{}` does not hold preferences", table.text);
        let help = "a table of preferences has a layout that the runtime knows: `preferences: { rows: preferences }`";
        out.push(Diagnostic::new(RULE.code, preferences.span, said).related(table.span, "declared here").help(help));
    }
}
