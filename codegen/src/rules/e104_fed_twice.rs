//! E104: a queue is fed by a topic and by something else.

use super::{Check, Context, Rule, words};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Destination;

/// A queue is fed by a topic and by something else.
pub(crate) const RULE: Rule = Rule {
    code: "E104",
    title: "a queue is fed by a topic and by something else",
    doc: r#"
What a topic delivers is an event; what a queue or a grouper sends on is for one target, and not filtered. A queue takes
one of them, so that its consumer knows what it gets. Send to the topic, or make a second queue.

```yaml
# wrong
queues:
  notify: { from: activity, targets: author, to: push }
  push:   { from: messages, targets: reader, to: browser }
# right
queues:
  notify:   { from: activity, targets: author, to: browser }
  messages: { from: messages, targets: reader, to: browser }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for (id, queue) in cx.flow.queues.iter() {
        let Some(from) = queue.from else { continue };
        let topic = Destination::Topic(from.value);
        let others =
            cx.facts.feeders(Destination::Queue(id)).iter().filter(|f| f.from != crate::facts::Node::To(topic));
        for other in others {
            let (this, name) = (&queue.name.text, &cx.flow.topics[from.value].name.text);
            out.push(
                Diagnostic::new(
                    RULE.code,
                    other.span,
                    format!(
                        "queue `{this}` reads topic `{name}`, and {} sends to it",
                        words::node(cx.flow, other.from)
                    ),
                )
                .related(from.span, "it reads the topic here")
                .help(format!("send to topic `{name}`, or to a queue of its own")),
            );
        }
    }
}
