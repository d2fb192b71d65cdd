//! W145: the order ends here.

use super::{Check, Context, Rule, words};
use crate::decide;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Destination;

/// The order ends here.
pub(crate) const RULE: Rule = Rule {
    code: "W145",
    title: "the order ends here",
    doc: r#"
A FIFO topic and its queues keep the order of each conversation, at a price in throughput. A workflow runs each event on
its own, and a standard topic or a queue that is sent to is standard: from there on events overtake each other. A grouper
sorts by time itself, and a browser by `sequence`. Leave `fifo` out, or allow the warning where the order up to here is
enough.

```yaml
# warned of
topics: { orders: { fifo: true, carries: [OrderPaid] } }
queues: { pay: { from: orders, to: ship } }                # `ship` is a workflow
```

Source: Amazon SNS Developer Guide, "Message delivery for FIFO topics".
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for queue in cx.flow.queues.values().filter(|q| decide::is_fifo(cx.flow, q)) {
        for to in queue.to.iter().flat_map(|t| t.destinations()) {
            let loses = match to.value {
                Destination::Workflow(_) => "runs each event on its own",
                Destination::Queue(_) => "is a standard queue",
                Destination::Topic(id) if !cx.flow.topics[id].fifo.value => "is a standard topic",
                _ => continue,
            };
            let (name, what) = (&queue.name.text, words::thing(cx.flow, to.value));
            out.push(
                Diagnostic::new(RULE.code, to.span, format!("queue `{name}` keeps an order, and {what} {loses}"))
                    .help("do what needs the order in a `handler` of the queue, or leave `fifo` out of its topic"),
            );
        }
    }
}
