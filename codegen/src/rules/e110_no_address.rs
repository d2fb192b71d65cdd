//! E110: a mail is sent to users whose addresses are not known.

use super::{Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::SinkKind;

/// A mail is sent to users whose addresses are not known.
pub(crate) const RULE: Rule = Rule {
    code: "E110",
    title: "a mail is sent to users whose addresses are not known",
    doc: r#"
A target is a user's id. `recipients` says in which table the user's row is, and which of its fields is the address.

```yaml
tables: { members: { key: user_id, fields: { user_id: string, email: email } } }
recipients: { table: members, email: email }
```
"#,
    check: Some(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let mails = cx.flow.sinks.values().find(|s| matches!(s.kind, SinkKind::Email { .. }));
    let Some(sink) = mails else { return };
    let said = format!("sink `{}` mails users, and nothing says where their addresses are", sink.name.text);
    match &cx.flow.recipients {
        None => out.push(
            Diagnostic::new(RULE.code, sink.name.span, said)
                .help("say it once for the flow: `recipients: { table: members, email: email }`"),
        ),
        Some(recipients) if recipients.email.is_none() => out.push(
            Diagnostic::new(RULE.code, recipients.table.span, said)
                .related(sink.name.span, "the mail's sink")
                .help("name the table's field with the address: `email: email`"),
        ),
        Some(_) => {}
    }
}
