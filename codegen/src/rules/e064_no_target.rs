//! E064: there is no target yet.

use super::support::{node_words, reach, templates};
use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Node;
use crate::model::{Destination, Flow, Ref, SinkKind, To};
use std::collections::BTreeSet;

/// There is no target yet.
pub(crate) const RULE: Rule = Rule {
    code: "E064",
    title: "there is no target yet",
    doc: r#"
`target` is the user that an event is for. It is known once a queue with `targets` has resolved it; browsers and mail
deliver to a target, so a group that goes there keeps `{target}` in its key.

```yaml
# wrong
queues:   { notify: { from: activity, to: notices } }
groupers: { notices: { key: "{target}/{object}", … } }
# right
queues:   { notify: { from: activity, targets: author, to: notices } }
```
"#,
    check: Check::Names(check),
};

const HELP: &str = "resolve targets in a queue before it: `targets: author`";

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    let mut said_of: BTreeSet<Node> = BTreeSet::new();
    templates::each(cx, &mut |spot| {
        for (_, span) in spot.template.refs().filter(|(r, _)| **r == Ref::Target) {
            let without = |s: &&&crate::facts::Shape| cx.facts.type_of(flow, s, &Ref::Target).is_none();
            if spot.shapes.iter().any(|s| without(&s)) {
                said_of.insert(spot.node);
                if let Node::To(Destination::Grouper(id)) = spot.node {
                    let beyond = reach::sinks(flow, &flow.groupers[id].to);
                    said_of.extend(beyond.into_iter().map(|s| Node::To(Destination::Sink(s))));
                }
                let at = node_words(flow, spot.node);
                let said = format!("`{{target}}` is not known in {at}: what arrives there is for nobody yet");
                out.push(Diagnostic::new(RULE.code, span, said).help(HELP));
            }
        }
    });
    for (id, grouper) in flow.groupers.iter() {
        let node = Node::To(Destination::Grouper(id));
        let targeted = cx.facts.arriving(node).iter().any(|s| s.targeted);
        let people = for_people(flow, &grouper.to);
        if people.is_empty() || !targeted || grouper.key.refs().any(|(r, _)| *r == Ref::Target) {
            continue;
        }
        said_of.extend(reach::sinks(flow, &grouper.to).into_iter().map(|s| Node::To(Destination::Sink(s))));
        let said = format!(
            "the key of grouper `{}` lacks `{{target}}`, yet its groups go to {}",
            grouper.name.text,
            listed(&people)
        );
        let fixed = format!("{{target}}/{}", grouper.key.text());
        let help = format!("a group is for one user: write `\"{fixed}\"`");
        out.push(Diagnostic::new(RULE.code, grouper.key.span, said).help(help));
    }
    for (id, sink) in flow.sinks.iter() {
        let node = Node::To(Destination::Sink(id));
        if !is_for_people(&sink.kind) || said_of.contains(&node) {
            continue;
        }
        for feeder in cx.facts.feeders(Destination::Sink(id)) {
            let from = cx.facts.arriving(feeder.from);
            let resolves = matches!(feeder.from, Node::To(Destination::Queue(q)) if flow.queues[q].targets.is_some());
            let untargeted = !resolves && from.iter().any(|s| !s.targeted);
            if untargeted && !said_of.contains(&feeder.from) {
                let at = node_words(flow, feeder.from);
                let said = format!("what {at} sends to `{}` is for nobody: it has no target", sink.name.text);
                out.push(Diagnostic::new(RULE.code, feeder.span, said).help(HELP));
            }
        }
    }
}

fn is_for_people(kind: &SinkKind) -> bool {
    matches!(kind, SinkKind::Websocket { .. } | SinkKind::Email { .. })
}

/// The names of the sinks for people that a `to` reaches.
fn for_people<'a>(flow: &'a Flow, to: &To) -> Vec<&'a str> {
    let reached = reach::sinks(flow, to).into_iter().map(|id| &flow.sinks[id]);
    reached.filter(|s| is_for_people(&s.kind)).map(|s| s.name.text.as_str()).collect()
}
