//! E103: nothing ever reaches this.

use super::{Check, Context, Rule, words};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Destination;
use crate::source::Span;
use std::collections::BTreeSet;

/// Nothing ever reaches this.
pub(crate) const RULE: Rule = Rule {
    code: "E103",
    title: "nothing ever reaches this",
    doc: r#"
A queue reads a topic with `from`, or something sends to it with `to`; a grouper and a workflow are sent to. One that
nothing reaches would be deployed, paid for, and idle.

```yaml
# wrong
queues: { notify: { targets: author, to: notices } }
# right
queues: { notify: { from: activity, targets: author, to: notices } }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let published = published(cx);
    let unfed = |to: Destination| cx.facts.feeders(to).is_empty() && !published.contains(&to);
    let mut say = |span: Span, to: Destination, help: &str| {
        let said = format!("nothing ever reaches {}", words::thing(cx.flow, to));
        out.push(Diagnostic::new(RULE.code, span, said).help(help));
    };
    for (id, queue) in cx.flow.queues.iter() {
        let to = Destination::Queue(id);
        if queue.from.is_none() && unfed(to) {
            say(queue.name.span, to, "give it the topic that it reads: `from: activity`");
        }
    }
    for (id, grouper) in cx.flow.groupers.iter().filter(|(id, _)| unfed(Destination::Grouper(*id))) {
        let to = Destination::Grouper(id);
        say(grouper.name.span, to, &format!("send to it from a queue: `to: {}`", grouper.name.text));
    }
    for (id, workflow) in cx.flow.workflows.iter().filter(|(id, _)| unfed(Destination::Workflow(*id))) {
        let to = Destination::Workflow(id);
        say(workflow.name.span, to, &format!("send to it from a queue or a grouper: `to: {}`", workflow.name.text));
    }
}

/// What handlers send to while they run.
pub(super) fn published(cx: &Context<'_>) -> BTreeSet<Destination> {
    cx.flow.handlers.values().flat_map(|h| &h.publishes).map(|p| p.value).collect()
}
