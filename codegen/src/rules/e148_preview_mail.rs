//! E148: a preview goes where nothing may be sent twice.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Delivery, Destination, First, SinkKind};

/// A preview goes where nothing may be sent twice.
pub(crate) const RULE: Rule = Rule {
    code: "E148",
    title: "a preview goes where nothing may be sent twice",
    doc: r#"
With `first: now` a group is sent twice: its first event at once, and the whole at the close, in the place of the first.
A browser replaces it; a mail cannot be called back, and `at_most_once` drops one of the two. Let the group close first,
or let a workflow show the first in the browser and mail at the close.

```yaml
# wrong
groupers: { notices: { key: "{target}", window: …, first: now, emits: Notice, to: email } }
# right
groupers: { notices: { key: "{target}", window: …, emits: Notice, to: email } }
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for grouper in cx.flow.groupers.values().filter(|g| g.first == First::Now) {
        for to in grouper.to.destinations() {
            let Destination::Sink(id) = to.value else { continue };
            let sink = &cx.flow.sinks[id];
            if matches!(sink.kind, SinkKind::Email { delivery: Delivery::AtMostOnce, .. }) {
                let (name, this) = (&sink.name.text, &grouper.name.text);
                out.push(
                    Diagnostic::new(
                        RULE.code,
                        to.span,
                        format!("grouper `{this}` previews its groups, and sink `{name}` mails at most once"),
                    )
                    .related(sink.name.span, "the mail's sink")
                    .help("leave `first: now` out, or send to a workflow that mails when `open` is false"),
                );
            }
        }
    }
}
