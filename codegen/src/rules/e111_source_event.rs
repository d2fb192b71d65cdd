//! E111: a source does not say its event, or not all of it.

use super::{Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::plain;
use crate::model::{Role, SourceKind, Type};
use std::collections::BTreeSet;

/// A source does not say its event, or not all of it.
pub(crate) const RULE: Rule = Rule {
    code: "E111",
    title: "a source does not say its event, or not all of it",
    doc: r#"
A route and a schedule make one event, so they name it; a table's rows say themselves what they are. A schedule has no
caller to send the fields: each one is optional, has a default, or is `set`, unless a handler makes the event.

```yaml
# wrong
nightly: { from: { schedule: { at: "rate(1 day)" } }, event: ReportDue, to: reports }      # ReportDue has a field `kind`
# right
nightly: { from: { schedule: { at: "rate(1 day)" } }, event: ReportDue, set: { kind: daily }, to: reports }
```
"#,
    check: Some(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for source in cx.flow.sources.values() {
        let name = &source.name.text;
        let schedule = match source.kind {
            SourceKind::Table(_) | SourceKind::Unresolved => continue,
            SourceKind::Schedule(_) => true,
            SourceKind::Websocket { .. } | SourceKind::Http { .. } => false,
        };
        let Some(event) = source.event else {
            let said = format!("source `{name}` does not say which event it makes");
            out.push(Diagnostic::new(RULE.code, source.name.span, said).help("name it: `event: MessageSent`"));
            continue;
        };
        if !schedule || source.handler.is_some() {
            continue;
        }
        let set: BTreeSet<&str> = source.set.iter().map(|(field, _)| field.value.as_str()).collect();
        let declared = &cx.flow.events[event.value];
        let time = match declared.time {
            Role::Field(place) => declared.field_at(Some(place)).map(|f| f.name.as_str()),
            Role::BuiltIn => None,
        };
        let missing: Vec<&str> = declared
            .fields
            .iter()
            .filter(|f| f.default.is_none() && !matches!(plain(cx.flow, &f.ty), Type::Optional(_)))
            .map(|f| f.name.as_str())
            .filter(|f| !set.contains(f) && Some(*f) != time)
            .collect();
        if !missing.is_empty() {
            let listed = super::listed(&missing);
            let event_name = &declared.name.text;
            out.push(
                Diagnostic::new(
                    RULE.code,
                    event.span,
                    format!("nobody says {listed} of `{event_name}`: a schedule has no caller"),
                )
                .related(declared.name.span, "declared here")
                .help("set it: `set: { field: value }`, give it a default, or let a `handler` make the event"),
            );
        }
    }
}
