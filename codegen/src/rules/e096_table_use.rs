//! E096: a table cannot be used so.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts;
use crate::model::{Rows, SinkKind, Target};

/// A table cannot be used so.
pub(crate) const RULE: Rule = Rule {
    code: "E096",
    title: "a table cannot be used so",
    doc: r#"
The rows of a table with `rows: preferences` are written by users, by way of the runtime: they are neither looked up for
targets nor written by a sink. A counter does not write into events (`rows: event`).

```yaml
# wrong
targets: { table: preferences, where: { user: "{actor}" }, select: user }
# right
targets: { table: followers, where: { followed: "{actor}" }, select: follower }
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    let mut uses = Vec::new();
    for (_, lookup) in facts::lookups(flow) {
        uses.push((lookup.table, "is looked up", false));
    }
    for (_, target) in flow.queues.values().flat_map(|q| &q.targets).flat_map(|t| &t.by_event) {
        if let Target::Followers { table, .. } = target {
            uses.push((*table, "is looked up", false));
        }
    }
    for sink in flow.sinks.values() {
        match &sink.kind {
            SinkKind::Counter { table, .. } => uses.push((*table, "is counted in", true)),
            SinkKind::Table { table, .. } => uses.push((*table, "is written to", false)),
            _ => {}
        }
    }
    for (at, verb, counts) in uses {
        let table = &flow.tables[at.value];
        let said = match table.rows {
            Rows::Preferences => {
                format!("table `{}` holds users' preferences; it {verb} by the runtime only", table.name.text)
            }
            Rows::Event if counts => format!("table `{}` holds events, in which nothing is counted", table.name.text),
            _ => continue,
        };
        out.push(Diagnostic::new(RULE.code, at.span, said).related(table.name.span, "declared here"));
    }
}
