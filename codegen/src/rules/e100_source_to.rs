//! E100: a source sends straight to where only queues send.

use super::{Check, Context, Rule, words};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Destination, SourceKind};

/// A source sends straight to where only queues send.
pub(crate) const RULE: Rule = Rule {
    code: "E100",
    title: "a source sends straight to where only queues send",
    doc: r#"
A source hands an event over and is done: whoever takes it must keep it and try again. A topic, a queue and a workflow
do; a grouper and a sink are driven by a queue. The rows of a table are several events, so a table's source sends to a
topic, which says which events it carries.

```yaml
# wrong
sources: { actions: { from: { table: actions }, to: notices } }     # a grouper
# right
sources: { actions: { from: { table: actions }, to: activity } }    # a topic
queues: { notify: { from: activity, targets: author, to: notices } }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for source in cx.flow.sources.values() {
        let table = matches!(source.kind, SourceKind::Table(_));
        for to in source.to.destinations() {
            let what = words::thing(cx.flow, to.value);
            let name = &source.name.text;
            match to.value {
                Destination::Grouper(_) | Destination::Sink(_) => out.push(
                    Diagnostic::new(RULE.code, to.span, format!("source `{name}` sends straight to {what}")).help(
                        format!(
                            "send to a topic, and let a queue with `from` send on to {what}: a queue keeps and retries"
                        ),
                    ),
                ),
                Destination::Queue(_) | Destination::Workflow(_) if table => out.push(
                    Diagnostic::new(
                        RULE.code,
                        to.span,
                        format!("the rows of a table are several events, and {what} is no topic"),
                    )
                    .help("send to a topic that carries them, and let queues read it with `from`"),
                ),
                _ => {}
            }
        }
    }
}
