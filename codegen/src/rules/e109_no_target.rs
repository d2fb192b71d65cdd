//! E109: a sink for users gets an event that is for nobody.

use super::{Context, Rule, words};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Node;
use crate::model::{Destination, SinkKind};

/// A sink for users gets an event that is for nobody.
pub(crate) const RULE: Rule = Rule {
    code: "E109",
    title: "a sink for users gets an event that is for nobody",
    doc: r#"
A browser or a mail is somebody's. A queue's `targets` say whose; from there on every event is for one user.

```yaml
# wrong
queues: { notify: { from: activity, to: browser } }
# right
queues: { notify: { from: activity, targets: author, to: browser } }
```
"#,
    check: Some(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for (id, sink) in cx.flow.sinks.iter() {
        let what = match sink.kind {
            SinkKind::Websocket { .. } => "a user's browsers",
            SinkKind::Email { .. } => "a user's mail",
            _ => continue,
        };
        for feeder in cx.facts.feeders(Destination::Sink(id)).iter().filter(|f| untargeted(cx, f.from)) {
            let (name, from) = (&sink.name.text, words::node(cx.flow, feeder.from));
            out.push(
                Diagnostic::new(
                    RULE.code,
                    feeder.span,
                    format!("sink `{name}` is {what}, and what {from} sends is for nobody"),
                )
                .help("say whom the events are for, with `targets` on the queue before"),
            );
        }
    }
}

/// Whether a node sends events that are for nobody; not one that is refused, or that nothing reaches.
fn untargeted(cx: &Context<'_>, node: Node) -> bool {
    let arriving = cx.facts.arriving(node);
    match node {
        Node::Source(_) => false,
        Node::To(Destination::Queue(id)) => {
            let queue = &cx.flow.queues[id];
            let made = queue.handler.is_some() || arriving.iter().any(|s| !s.targeted);
            queue.targets.is_none() && made && !arriving.is_empty()
        }
        Node::To(Destination::Grouper(_)) => !arriving.is_empty() && arriving.iter().all(|s| !s.targeted),
        Node::To(_) => arriving.iter().any(|s| !s.targeted),
    }
}
