//! E065: targets do not fit the events that arrive.

use super::support::{event_list, reference};
use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Node, Shape};
use crate::model::{Destination, Target};

/// Targets do not fit the events that arrive.
pub(crate) const RULE: Rule = Rule {
    code: "E065",
    title: "targets do not fit the events that arrive",
    doc: r#"
One field for all events must be a field of each. Targets by event name every event that arrives, and no other.

```yaml
# wrong: only `UpdateShared` has mentions
targets: mentions
# right
targets: { UpdateShared: mentions, UpdateLiked: author }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for (id, queue) in flow.queues.iter() {
        let shapes = cx.facts.arriving(Node::To(Destination::Queue(id)));
        let Some(targets) = queue.targets.as_ref().filter(|_| !shapes.is_empty()) else { continue };
        if let Some(target) = &targets.for_all {
            let Target::Field(field) = target else { continue };
            let has = |s: &&Shape| cx.facts.type_of(flow, s, &reference(&field.value)).is_some();
            let (with, without): (Vec<&Shape>, Vec<&Shape>) = shapes.iter().partition(has);
            if without.is_empty() {
                continue;
            }
            let said = Diagnostic::new(
                RULE.code,
                field.span,
                format!("`{}` is missing in {}", field.value, event_list(flow, without)),
            );
            out.push(if with.is_empty() {
                let known = cx.facts.known_on(flow, shapes);
                let names: Vec<&str> = known.iter().map(String::as_str).collect();
                match crate::suggest::nearest(&field.value, names.iter().copied()) {
                    Some(near) => said.help(format!("did you mean `{near}`?")).replace_with(near),
                    None => said.help(format!("all events have {}", listed(&names))),
                }
            } else {
                said.help(format!("narrow `events:` to {}, or give targets by event", event_list(flow, with)))
            });
            continue;
        }
        let lacking: Vec<&Shape> =
            shapes.iter().filter(|s| targets.by_event.iter().all(|(e, _)| e.value != s.event)).collect();
        if !lacking.is_empty() {
            let said = format!("queue `{}` has no targets for {}", queue.name.text, event_list(flow, lacking));
            out.push(Diagnostic::new(RULE.code, targets.span, said).help("add them, or narrow `events:`"));
        }
        for (event, target) in &targets.by_event {
            let Some(shape) = shapes.iter().find(|s| s.event == event.value) else {
                let said =
                    format!("`{}` does not arrive in queue `{}`", flow.events[event.value].name.text, queue.name.text);
                out.push(
                    Diagnostic::new(RULE.code, event.span, said)
                        .help(format!("there arrive {}", event_list(flow, shapes))),
                );
                continue;
            };
            let Target::Field(field) = target else { continue };
            if cx.facts.type_of(flow, shape, &reference(&field.value)).is_none() {
                let event = &flow.events[event.value];
                let known: Vec<&str> = event.fields.iter().map(|f| f.name.as_str()).collect();
                let said = Diagnostic::new(
                    RULE.code,
                    field.span,
                    format!("event `{}` has no field `{}`", event.name.text, field.value),
                );
                out.push(match crate::suggest::nearest(&field.value, known.iter().copied()) {
                    Some(near) => said.help(format!("did you mean `{near}`?")).replace_with(near),
                    None => said.help(format!("it has {}", listed(&known))),
                });
            }
        }
    }
}
