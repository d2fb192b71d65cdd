//! E141: an event can be larger than something on its way takes.

use super::{Check, Context, Rule, words};
use crate::aws::limits;
use crate::decide::{self, Size};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Node;
use crate::model::{Destination, EventId, Field, SinkKind, SourceKind};
use crate::source::Span;
use std::collections::BTreeMap;

/// An event can be larger than something on its way takes.
pub(crate) const RULE: Rule = Rule {
    code: "E141",
    title: "an event can be larger than something on its way takes",
    doc: r#"
Each hop has a largest message: a table's row 400 KiB, a topic 256 KiB, a workflow's state 256 KiB, a browser's socket
128 KiB. What is larger is not cut: it fails there, in production, on the first long text. So the bound of every event
is computed from its types, and compared with the smallest limit on its way.

A character counts four bytes. A text without `max_length` counts as an id or a name (1 KiB), and a list of plain values
without one as a list of ids (64 KiB). What has no bound at all is warned of by W141.

```yaml
# wrong
DocumentSaved: { fields: { body: { type: string, max_length: 100000 } } }
# right
DocumentSaved: { fields: { document: ulid } }                     # and the text in a table
```

Source: Amazon SNS Developer Guide, "Amazon SNS message publishing"; AWS Step Functions and Amazon API Gateway "Quotas";
Amazon DynamoDB Developer Guide, "Quotas".
"#,
    check: Check::Whole(check),
};

/// The smallest limit on an event's way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Narrowest {
    pub(super) node: Node,
    pub(super) limit: u64,
}

/// What a node takes at most, in bytes; none where it keeps nothing of the event.
fn limit(cx: &Context<'_>, node: Node) -> Option<u64> {
    Some(match node {
        Node::Source(id) => match cx.flow.sources[id].kind {
            SourceKind::Table(_) => limits::DYNAMODB_ITEM_BYTES,
            SourceKind::Websocket { .. } => limits::WEBSOCKET_MESSAGE_BYTES,
            _ => return None,
        },
        Node::To(Destination::Topic(_)) => limits::SNS_MESSAGE_BYTES,
        Node::To(Destination::Queue(_)) => limits::SQS_MESSAGE_BYTES,
        Node::To(Destination::Grouper(_)) => limits::DYNAMODB_ITEM_BYTES,
        Node::To(Destination::Workflow(_)) => limits::STATES_PAYLOAD_BYTES,
        Node::To(Destination::Sink(id)) => match cx.flow.sinks[id].kind {
            SinkKind::Websocket { .. } => limits::WEBSOCKET_MESSAGE_BYTES,
            SinkKind::Table { .. } => limits::DYNAMODB_ITEM_BYTES,
            _ => return None,
        },
    })
}

/// Each event with the narrowest place on its way; of a fan-in, with all that steps added there.
pub(super) fn narrowest(cx: &Context<'_>) -> BTreeMap<EventId, Narrowest> {
    let flow = cx.flow;
    let sources = flow.sources.ids().map(Node::Source);
    let topics = flow.topics.ids().map(|id| Node::To(Destination::Topic(id)));
    let queues = flow.queues.ids().map(|id| Node::To(Destination::Queue(id)));
    let groupers = flow.groupers.ids().map(|id| Node::To(Destination::Grouper(id)));
    let workflows = flow.workflows.ids().map(|id| Node::To(Destination::Workflow(id)));
    let sinks = flow.sinks.ids().map(|id| Node::To(Destination::Sink(id)));
    let mut found: BTreeMap<EventId, Narrowest> = BTreeMap::new();
    for node in sources.chain(topics).chain(queues).chain(groupers).chain(workflows).chain(sinks) {
        let Some(limit) = limit(cx, node) else { continue };
        for shape in cx.facts.arriving(node) {
            let narrow = found.entry(shape.event).or_insert(Narrowest { node, limit });
            if limit < narrow.limit {
                *narrow = Narrowest { node, limit };
            }
        }
    }
    found
}

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for (event, narrow) in narrowest(cx) {
        let declared = &cx.flow.events[event];
        let size = decide::event_size(cx.flow, event);
        let whose = format!("`{}`", declared.name.text);
        said(cx, &whose, declared.name.span, &size, narrow, out);
    }
    // What a workflow's steps add travels with the event from there on.
    for (id, workflow) in cx.flow.workflows.iter() {
        let node = Node::To(Destination::Workflow(id));
        let mut worst: Option<(Size<'_>, String)> = None;
        crate::facts::each_step(&workflow.steps, &mut |step| {
            let Some(state) = cx.facts.before(id, &step.name.value) else { return };
            for shape in state.shapes.iter().filter(|s| !s.added.is_empty()) {
                let size = decide::shape_size(cx.flow, shape);
                let alone = decide::event_size(cx.flow, shape.event).bytes;
                // An event that is too large alone was said already.
                if alone <= limits::STATES_PAYLOAD_BYTES && worst.as_ref().is_none_or(|(w, _)| size.bytes > w.bytes) {
                    worst = Some((size, format!("the state of step `{}`", step.name.value)));
                }
            }
        });
        if let Some((size, whose)) = worst {
            let narrow = Narrowest { node, limit: limits::STATES_PAYLOAD_BYTES };
            said(cx, &whose, workflow.name.span, &size, narrow, out);
        }
    }
}

fn said(cx: &Context<'_>, whose: &str, span: Span, size: &Size<'_>, narrow: Narrowest, out: &mut Diagnostics) {
    if size.bytes <= narrow.limit {
        return;
    }
    let (bytes, most) = (words::bytes(size.bytes), words::bytes(narrow.limit));
    let said = format!("{whose} can have {bytes}, and {} takes {most}", words::node(cx.flow, narrow.node));
    let help = match size.largest {
        Some(Field { name, .. }) => format!(
            "bound `{name}`, its largest field, with a smaller `max_length`, or keep it in a table and send its id"
        ),
        None => "send less, and keep the rest in a table".to_owned(),
    };
    let place = size.largest.map_or(span, |f| f.span);
    out.push(Diagnostic::new(RULE.code, place, said).help(help));
}
