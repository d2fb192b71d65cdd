//! E120: a map goes over what is no list.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{each_step, plain};
use crate::model::{Ref, StepKind, Type};

/// A map goes over what is no list.
pub(crate) const RULE: Rule = Rule {
    code: "E120",
    title: "a map goes over what is no list",
    doc: r#"
`over` names a field that is a list on every event that arrives, or one that an earlier step returned.

```yaml
# wrong
- each: { map: { over: author, as: user, steps: [{ tell: { handler: tell } }] } }
# right
- each: { map: { over: mentions, as: user, steps: [{ tell: { handler: tell } }] } }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for (id, workflow) in cx.flow.workflows.iter() {
        each_step(&workflow.steps, &mut |step| {
            let StepKind::Map(map) = &step.kind else { return };
            let Some(state) = cx.facts.before(id, &step.name.value) else { return };
            let over = Ref::Field(map.over.value.clone());
            for shape in &state.shapes {
                let found = cx.facts.type_of(cx.flow, shape, &over);
                let event = &cx.flow.events[shape.event].name.text;
                let said = match found.as_ref().map(|ty| plain(cx.flow, ty)) {
                    Some(Type::List(..)) => continue,
                    Some(_) => format!("`{}` is no list on `{event}`", map.over.value),
                    None => format!("`{}` is no field of `{event}`, and no step before returns it", map.over.value),
                };
                let lists: Vec<&str> = cx.flow.events[shape.event]
                    .fields
                    .iter()
                    .chain(&shape.added)
                    .filter(|f| matches!(plain(cx.flow, &f.ty), Type::List(..)))
                    .map(|f| f.name.as_str())
                    .collect();
                let help = if lists.is_empty() {
                    "there is no list here: let a handler before return one".to_owned()
                } else {
                    format!("lists here are {}", super::listed(&lists))
                };
                out.push(Diagnostic::new(RULE.code, map.over.span, said).help(help));
                return;
            }
        });
    }
}
