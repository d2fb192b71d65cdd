//! E101: a topic gets an event that it does not carry.

use super::{Check, Context, Rule, words};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Node;
use crate::model::{Destination, EventId, Returns};
use std::collections::BTreeSet;

/// A topic gets an event that it does not carry.
pub(crate) const RULE: Rule = Rule {
    code: "E101",
    title: "a topic gets an event that it does not carry",
    doc: r#"
`carries` is what subscribers rely on. Whatever is sent to a topic must be in its list, and a queue's `events` name
events of its topic.

```yaml
# wrong
topics: { messages: { carries: [MessageSent] } }
sources: { edits: { from: { http: { gateway: api, path: /edits } }, event: MessageEdited, to: messages } }
# right
topics: { messages: { carries: [MessageSent, MessageEdited] } }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for (id, topic) in cx.flow.topics.iter() {
        let carried: BTreeSet<EventId> = topic.carries.iter().map(|e| e.value).collect();
        for feeder in cx.facts.feeders(Destination::Topic(id)) {
            let missing: Vec<&str> = leaving(cx, feeder.from)
                .into_iter()
                .filter(|e| !carried.contains(e))
                .map(|e| cx.flow.events[e].name.text.as_str())
                .collect();
            if missing.is_empty() {
                continue;
            }
            let (name, from) = (&topic.name.text, words::node(cx.flow, feeder.from));
            let listed = super::listed(&missing);
            out.push(
                Diagnostic::new(
                    RULE.code,
                    feeder.span,
                    format!("{from} sends {listed}, which topic `{name}` does not carry"),
                )
                .related(topic.name.span, "carries other events")
                .help(format!("add it to `carries` of `{name}`, or send to another topic")),
            );
        }
    }
    for queue in cx.flow.queues.values() {
        let (Some(events), Some(from)) = (&queue.events, queue.from) else { continue };
        let topic = &cx.flow.topics[from.value];
        let carried: BTreeSet<EventId> = topic.carries.iter().map(|e| e.value).collect();
        for event in events.iter().filter(|e| !carried.contains(&e.value)) {
            let (wanted, name) = (&cx.flow.events[event.value].name.text, &topic.name.text);
            let known: Vec<&str> = topic.carries.iter().map(|e| cx.flow.events[e.value].name.text.as_str()).collect();
            out.push(
                Diagnostic::new(RULE.code, event.span, format!("topic `{name}` does not carry `{wanted}`"))
                    .related(topic.name.span, "carries other events")
                    .help(format!("it carries {}", super::listed(&known))),
            );
        }
    }
}

/// The events that a node sends on, each once.
fn leaving(cx: &Context<'_>, node: Node) -> BTreeSet<EventId> {
    let arriving = || cx.facts.arriving(node).iter().map(|s| s.event).collect();
    match node {
        Node::Source(id) => cx.flow.sources[id].event.map(|e| e.value).into_iter().collect(),
        Node::To(Destination::Queue(id)) => match cx.flow.queues[id].handler {
            None => arriving(),
            Some(handler) => match cx.flow.handlers[handler.value].returns.map(|r| r.value) {
                Some(Returns::Event(event)) => BTreeSet::from([event]),
                _ => BTreeSet::new(),
            },
        },
        Node::To(Destination::Grouper(id)) => BTreeSet::from([cx.flow.groupers[id].emits.value]),
        Node::To(_) => arriving(),
    }
}
