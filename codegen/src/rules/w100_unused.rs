//! W100: a topic or a sink is not used.

use super::{Check, Context, Rule, e103_not_fed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Destination, TopicId};
use std::collections::BTreeSet;

/// A topic or a sink is not used.
pub(crate) const RULE: Rule = Rule {
    code: "W100",
    title: "a topic or a sink is not used",
    doc: r#"
A topic that no queue reads drops what it gets; a topic or a sink that nothing sends to is idle. Either may be meant:
somebody outside the flow may subscribe, or publish. Then allow it, and say so.

```yaml
allow: { W100: "the search team subscribes to `activity`" }
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let published = e103_not_fed::published(cx);
    let unfed = |to: Destination| cx.facts.feeders(to).is_empty() && !published.contains(&to);
    let read: BTreeSet<TopicId> = cx.flow.queues.values().filter_map(|q| q.from.map(|f| f.value)).collect();
    for (id, topic) in cx.flow.topics.iter() {
        let name = &topic.name.text;
        if !read.contains(&id) {
            out.push(
                Diagnostic::new(
                    RULE.code,
                    topic.name.span,
                    format!("no queue reads topic `{name}`: what it gets is dropped"),
                )
                .help(format!("let a queue read it: `from: {name}`")),
            );
        } else if unfed(Destination::Topic(id)) {
            out.push(
                Diagnostic::new(RULE.code, topic.name.span, format!("nothing sends to topic `{name}`"))
                    .help(format!("send to it from a source or a queue: `to: {name}`")),
            );
        }
    }
    for (_, sink) in cx.flow.sinks.iter().filter(|(id, _)| unfed(Destination::Sink(*id))) {
        let name = &sink.name.text;
        out.push(
            Diagnostic::new(RULE.code, sink.name.span, format!("nothing sends to sink `{name}`"))
                .help(format!("send to it: `to: {name}`, or leave it out")),
        );
    }
}
