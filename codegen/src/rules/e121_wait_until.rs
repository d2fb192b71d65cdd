//! E121: a step waits until what is no moment.

use super::support::{reference, type_words};
use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Shape, each_step, plain};
use crate::model::{StepKind, Type};

/// A step waits until what is no moment.
pub(crate) const RULE: Rule = Rule {
    code: "E121",
    title: "a step waits until what is no moment",
    doc: r#"
`until` names a field that is a `timestamp` on every event that arrives, or one that an earlier step returned. It has a
value on each: a workflow cannot wait until nothing.

```yaml
# wrong
- later: { wait: { until: buyer } }
# right
- later: { wait: { until: due } }          # fields: { due: timestamp }
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for (id, workflow) in cx.flow.workflows.iter() {
        each_step(&workflow.steps, &mut |step| {
            let StepKind::WaitUntil(until) = &step.kind else { return };
            let Some(state) = cx.facts.before(id, &step.name.value) else { return };
            let moment = |shape: &Shape, name: &str| match cx.facts.type_of(cx.flow, shape, &reference(name)) {
                Some(ty) if matches!(plain(cx.flow, &ty), Type::Timestamp) => Ok(()),
                found => Err(found),
            };
            let Some((shape, found)) = state.shapes.iter().find_map(|s| Some((s, moment(s, &until.value).err()?)))
            else {
                return;
            };
            let event = &cx.flow.events[shape.event].name.text;
            let said = match found {
                Some(ty) => format!("`{}` is {} on `{event}`, not a timestamp", until.value, type_words(cx.flow, &ty)),
                None => format!("`{}` is no field of `{event}`, and no step before returns it", until.value),
            };
            let known = cx.facts.known_on(cx.flow, &state.shapes);
            let moments: Vec<&str> = known
                .iter()
                .map(String::as_str)
                .filter(|name| state.shapes.iter().all(|s| moment(s, name).is_ok()))
                .collect();
            let help = if moments.is_empty() {
                "there is no moment here: let a handler before return one".to_owned()
            } else {
                format!("moments here are {}", listed(&moments))
            };
            out.push(Diagnostic::new(RULE.code, until.span, said).help(help));
        });
    }
}
