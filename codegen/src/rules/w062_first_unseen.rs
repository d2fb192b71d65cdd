//! W062: nobody sees the first event.

use super::support::reach;
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Delivery, Destination, First, SinkKind};

/// Nobody sees the first event.
pub(crate) const RULE: Rule = Rule {
    code: "W062",
    title: "nobody sees the first event",
    doc: r#"
`first: now` shows the first event of a group at once, in a browser; a mail is sent at the group's close in any case. A
grouper that reaches no browser does the work for nothing.

```yaml
# wrong
digest: { first: now, to: mail, … }
# right
digest: { to: mail, … }
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for grouper in cx.flow.groupers.values().filter(|g| g.first == First::Now) {
        let reached = reach::sinks(cx.flow, &grouper.to);
        let unsure = |kind: &SinkKind| matches!(kind, SinkKind::Websocket { .. } | SinkKind::Unresolved);
        // A preview straight to a mail that is sent at most once is an error of its own.
        let refused = grouper.to.destinations().iter().any(|d| match d.value {
            Destination::Sink(id) => {
                matches!(cx.flow.sinks[id].kind, SinkKind::Email { delivery: Delivery::AtMostOnce, .. })
            }
            _ => false,
        });
        if !refused && !reached.into_iter().any(|id| unsure(&cx.flow.sinks[id].kind)) {
            let said = format!("grouper `{}` shows the first event at once, but reaches no browser", grouper.name.text);
            out.push(Diagnostic::new(RULE.code, grouper.name.span, said).help("leave `first: now` out"));
        }
    }
}
