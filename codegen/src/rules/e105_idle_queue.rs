//! E105: a queue does nothing with its events.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// A queue does nothing with its events.
pub(crate) const RULE: Rule = Rule {
    code: "E105",
    title: "a queue does nothing with its events",
    doc: r#"
A queue runs a `handler`, or sends on with `to`, or both. `targets` alone finds users and tells nobody.

```yaml
# wrong
queues: { notify: { from: activity, targets: author } }
# right
queues: { notify: { from: activity, targets: author, to: notices } }
queues: { index: { from: activity, handler: index_update } }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for queue in cx.flow.queues.values().filter(|q| q.to.is_none() && (q.handler.is_none() || q.targets.is_some())) {
        let name = &queue.name.text;
        let said = match &queue.targets {
            Some(_) => format!("queue `{name}` finds targets and sends nothing to them"),
            None => format!("queue `{name}` does nothing with its events"),
        };
        out.push(
            Diagnostic::new(RULE.code, queue.name.span, said).help("say where they go with `to`, or name a `handler`"),
        );
    }
}
