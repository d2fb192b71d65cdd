//! E068: a setting of targets does not fit.

use super::support::{event_list, names_user, reference, type_words};
use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Node, Shape};
use crate::model::Destination;

/// A setting of targets does not fit.
pub(crate) const RULE: Rule = Rule {
    code: "E068",
    title: "a setting of targets does not fit",
    doc: r#"
`except` leaves one user out of the targets: `actor`, or a field with a user that every event has. `except` and
`max_targets` say nothing without `targets`. A queue has a `handler` or `targets`: what a handler returns gets its
targets in a queue after it.

```yaml
# wrong
notify: { from: activity, except: actor, to: notices }
# right
notify: { from: activity, targets: author, except: actor, to: notices }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for (id, queue) in flow.queues.iter() {
        let shapes = cx.facts.arriving(Node::To(Destination::Queue(id)));
        let name = &queue.name.text;
        let Some(targets) = &queue.targets else {
            let stray = queue.except.as_ref().map(|e| ("except", e.span));
            for (setting, span) in
                stray.into_iter().chain(queue.max_targets.as_ref().map(|m| ("max_targets", m.0.span)))
            {
                let said = format!("`{setting}` says nothing in queue `{name}`: it has no `targets`");
                out.push(Diagnostic::new(RULE.code, span, said).help("say whom its events are for: `targets: author`"));
            }
            continue;
        };
        if let Some(handler) = &queue.handler {
            let said = format!("queue `{name}` has a handler and targets");
            out.push(
                Diagnostic::new(RULE.code, handler.span, said)
                    .related(targets.span, "the targets")
                    .help("send what the handler returns to a second queue, which has the targets"),
            );
        }
        let Some(except) = &queue.except else { continue };
        let lacks = |s: &&Shape| cx.facts.type_of(flow, s, &reference(&except.value)).is_none();
        let without: Vec<&Shape> = shapes.iter().filter(lacks).collect();
        if !without.is_empty() {
            let users = |name: &&String| {
                let ty = |s: &Shape| cx.facts.type_of(flow, s, &reference(name));
                name.as_str() != "event" && shapes.iter().all(|s| ty(s).is_some_and(|ty| names_user(flow, &ty)))
            };
            let known = cx.facts.known_on(flow, shapes);
            let fits: Vec<&str> = known.iter().filter(users).map(String::as_str).collect();
            let said = Diagnostic::new(
                RULE.code,
                except.span,
                format!("`{}` is missing in {}", except.value, event_list(flow, without)),
            );
            out.push(match crate::suggest::nearest(&except.value, fits.iter().copied()) {
                Some(near) => said.help(format!("did you mean `{near}`?")).replace_with(near),
                None => said.help(format!("what all events have is {}", listed(&fits))),
            });
            continue;
        }
        let types = shapes.iter().filter_map(|s| cx.facts.type_of(flow, s, &reference(&except.value)));
        if let Some(ty) = types.into_iter().find(|ty| !names_user(flow, ty)) {
            let said =
                format!("`{}` is {}; `except` names a user, which is a text", except.value, type_words(flow, &ty));
            out.push(Diagnostic::new(RULE.code, except.span, said));
        }
    }
}
