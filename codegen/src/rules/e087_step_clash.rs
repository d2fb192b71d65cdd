//! E087: a step adds a field that is there already.

use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Shape, each_step};
use crate::model::{Flow, Returns, StepKind, Type};

/// A step adds a field that is there already.
pub(crate) const RULE: Rule = Rule {
    code: "E087",
    title: "a step adds a field that is there already",
    doc: r#"
The fields that a step's handler returns are added to the event. One that is there already, from the event or from a
step before, would be overwritten without a word; so would the field that `as` names for the entries of a list.

```yaml
# wrong: the event has a `title`
types: { Shown: { fields: { title: string } } }
# right
types: { Shown: { fields: { heading: string } } }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for (id, workflow) in flow.workflows.iter() {
        each_step(&workflow.steps, &mut |step| {
            let Some(state) = cx.facts.before(id, &step.name.value) else { return };
            let (names, span) = match &step.kind {
                StepKind::Handler(handler) => {
                    (returned(flow, flow.handlers[handler.value].returns.map(|r| r.value)), handler.span)
                }
                StepKind::Map(map) => (vec![map.entry.value.as_str()], map.entry.span),
                _ => return,
            };
            let mut clashing: Vec<&str> = names.into_iter().filter(|n| is_there(flow, &state.shapes, n)).collect();
            clashing.sort_unstable();
            if !clashing.is_empty() {
                let (verb, these) = if clashing.len() == 1 { ("is", "it") } else { ("are", "them") };
                let said = format!("step `{}` adds {}, which {verb} there already", step.name.value, listed(&clashing));
                let help = format!("give {these} another name in what the step returns");
                out.push(Diagnostic::new(RULE.code, span, said).help(help));
            }
        });
    }
}

fn returned(flow: &Flow, returns: Option<Returns>) -> Vec<&str> {
    let fields = match returns {
        Some(Returns::Type(id)) => match crate::facts::plain(flow, &flow.types[id].ty) {
            Type::Object(fields) => fields,
            _ => return Vec::new(),
        },
        Some(Returns::Event(id)) => &flow.events[id].fields,
        None => return Vec::new(),
    };
    fields.iter().map(|f| f.name.as_str()).collect()
}

/// Whether a name is there on any event, as a field, as a built-in, or from a step before.
fn is_there(flow: &Flow, shapes: &[Shape], name: &str) -> bool {
    const BUILT_IN: [&str; 4] = ["id", "time", "event", "target"];
    let on = |s: &Shape| flow.events[s.event].field(name).is_some() || s.added.get(name).is_some();
    BUILT_IN.contains(&name) || shapes.iter().any(on)
}
