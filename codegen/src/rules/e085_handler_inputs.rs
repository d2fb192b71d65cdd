//! E085: a handler is called with different things.

use super::support::{event_list, node_words};
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{HandlerUse, Node, Use};
use crate::model::{Destination, EventId, Flow};
use std::collections::BTreeSet;

/// A handler is called with different things.
pub(crate) const RULE: Rule = Rule {
    code: "E085",
    title: "a handler is called with different things",
    doc: r#"
A handler is one function, whose input is what reaches it. Where it is used in several places, the same events reach it
in each, in the same role: as the handler of a source, a queue or a step, or to find targets.

```yaml
# wrong
targets: { UpdateLiked: { handler: find }, UpdateCommented: { handler: find } }
# right
targets: { UpdateLiked: { handler: find_likers }, UpdateCommented: { handler: find_commenters } }
```
"#,
    check: Check::Names(check),
};

/// The role of a handler, the events that reach it, and the fields added to them.
type Input<'a> = (u8, BTreeSet<EventId>, BTreeSet<&'a str>);

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for (id, handler) in cx.flow.handlers.iter() {
        // One way for the targets of all events is one use, though the facts list it by event.
        let mut uses: Vec<(&HandlerUse, Input<'_>)> = Vec::new();
        for used in cx.facts.uses(id) {
            // Where nothing arrives, that is what is wrong.
            if used.input.is_empty() && !matches!(used.at, Use::Source(_)) {
                continue;
            }
            let found = input(used);
            match uses.iter_mut().find(|(u, _)| u.span == used.span) {
                Some((_, known)) => {
                    known.1.extend(found.1);
                    known.2.extend(found.2);
                }
                None => uses.push((used, found)),
            }
        }
        let Some(((first, wanted), rest)) = uses.split_first() else { continue };
        for (other, found) in rest {
            if found == wanted {
                continue;
            }
            let said = format!(
                "handler `{}` is called with {} {}, and with {} {}",
                handler.name.text,
                event_list(cx.flow, &first.input),
                place(cx.flow, &first.at),
                event_list(cx.flow, &other.input),
                place(cx.flow, &other.at)
            );
            out.push(
                Diagnostic::new(RULE.code, other.span, said)
                    .related(first.span, "its other place")
                    .help("a handler has one input: write a handler for each"),
            );
        }
    }
}

fn input(used: &HandlerUse) -> Input<'_> {
    let role = match used.at {
        Use::Source(_) => 0,
        Use::Queue(_) => 1,
        Use::Targets(..) => 2,
        Use::Step(..) => 3,
    };
    let events = used.input.iter().map(|s| s.event).collect();
    (role, events, used.input.iter().flat_map(|s| &s.added).map(|f| f.name.as_str()).collect())
}

fn place(flow: &Flow, at: &Use) -> String {
    match at {
        Use::Source(id) => format!("by {}", node_words(flow, Node::Source(*id))),
        Use::Queue(id) => format!("by {}", node_words(flow, Node::To(Destination::Queue(*id)))),
        Use::Targets(id, _) => format!("for the targets of {}", node_words(flow, Node::To(Destination::Queue(*id)))),
        Use::Step(id, step) => {
            format!("in step `{step}` of {}", node_words(flow, Node::To(Destination::Workflow(*id))))
        }
    }
}
