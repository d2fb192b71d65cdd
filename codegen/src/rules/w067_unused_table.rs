//! W067: a table, or a secret, is not used.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts;
use crate::model::{Rows, SecretId, SinkKind, SourceKind, TableId, Target};
use std::collections::BTreeSet;

/// A table, or a secret, is not used.
pub(crate) const RULE: Rule = Rule {
    code: "W067",
    title: "a table, or a secret, is not used",
    doc: r#"
Nothing reads or writes it. The events in a table with `rows: event` are published by a source that reads the table:
without one they stay where they are.

```yaml
# wrong
tables: { actions: { rows: event } }
# right
tables:  { actions: { rows: event } }
sources: { user_actions: { from: { table: actions }, to: activity } }
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    let mut used: BTreeSet<TableId> = facts::lookups(flow).into_iter().map(|(_, l)| l.table.value).collect();
    let mut secrets: BTreeSet<SecretId> = BTreeSet::new();
    let mut published: BTreeSet<TableId> = BTreeSet::new();
    for source in flow.sources.values() {
        if let SourceKind::Table(table) = &source.kind {
            published.insert(table.value);
        }
    }
    for (_, target) in flow.queues.values().flat_map(|q| &q.targets).flat_map(|t| &t.by_event) {
        if let Target::Followers { table, .. } = target {
            used.insert(table.value);
        }
    }
    for handler in flow.handlers.values() {
        used.extend(handler.reads.iter().chain(&handler.writes).map(|t| t.value));
        secrets.extend(handler.secrets.iter().map(|s| s.value));
    }
    let mut sunk: BTreeSet<TableId> = BTreeSet::new();
    for sink in flow.sinks.values() {
        match &sink.kind {
            SinkKind::Counter { table, .. } | SinkKind::Table { table, .. } => {
                sunk.insert(table.value);
            }
            SinkKind::Webhook { secret, .. } => {
                secrets.insert(secret.value);
            }
            _ => {}
        }
    }
    if let Some(recipients) = &flow.recipients {
        used.insert(recipients.table.value);
        used.extend(recipients.preferences.iter().map(|p| p.value));
    }
    for (id, table) in flow.tables.iter() {
        let (name, span) = (&table.name.text, table.name.span);
        if table.rows == Rows::Event && !published.contains(&id) && !sunk.contains(&id) {
            let said = format!("no source publishes the events of table `{name}`");
            let help = format!("write `sources: {{ {name}_events: {{ from: {{ table: {name} }}, to: … }} }}`");
            out.push(Diagnostic::new(RULE.code, span, said).help(help));
        } else if ![&used, &published, &sunk].into_iter().any(|set| set.contains(&id)) {
            let said = format!("table `{name}` is not used");
            out.push(
                Diagnostic::new(RULE.code, span, said)
                    .help("name it in a lookup, a sink or a handler's `reads`, or remove it"),
            );
        }
    }
    for (_, secret) in flow.secrets.iter().filter(|(id, _)| !secrets.contains(id)) {
        let said = format!("secret `{}` is not used", secret.name.text);
        out.push(
            Diagnostic::new(RULE.code, secret.name.span, said)
                .help("name it in a handler's `reads` or in a webhook, or remove it"),
        );
    }
}
