//! E115: a step goes on where there is no step.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::each_step;
use crate::model::{Spanned, Step, StepKind};
use std::collections::BTreeSet;

/// A step goes on where there is no step.
pub(crate) const RULE: Rule = Rule {
    code: "E115",
    title: "a step goes on where there is no step",
    doc: r#"
`next` names a step of the same list, or `end`. The steps of a branch, and of a map, are lists of their own: nothing
goes in or out of them but at their start and their end.

```yaml
# wrong
- early: { choice: [{ when: { open: [true] }, next: mial }] }
- mail: { send: email }
# right
- early: { choice: [{ when: { open: [true] }, next: mail }] }
```

Source: Amazon States Language, "Transitions".
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for workflow in cx.flow.workflows.values() {
        let mut all: BTreeSet<&str> = BTreeSet::new();
        each_step(&workflow.steps, &mut |step| {
            all.insert(step.name.value.as_str());
        });
        list(&workflow.steps, &all, out);
    }
}

/// Wherever a step says that it goes on, but for the next in the list.
pub(super) fn nexts(step: &Step) -> impl Iterator<Item = &Spanned<String>> {
    let cases = match &step.kind {
        StepKind::Choice(cases) => cases.as_slice(),
        _ => &[],
    };
    cases.iter().map(|(_, next)| next).chain(step.catch.iter().map(|c| &c.next)).chain(&step.next)
}

fn list(steps: &[Step], all: &BTreeSet<&str>, out: &mut Diagnostics) {
    let here: BTreeSet<&str> = steps.iter().map(|s| s.name.value.as_str()).collect();
    for step in steps {
        for next in nexts(step).filter(|n| n.value != "end" && !here.contains(n.value.as_str())) {
            let name = &next.value;
            let said = if all.contains(name.as_str()) {
                Diagnostic::new(
                    RULE.code,
                    next.span,
                    format!("step `{name}` stands in another branch: nothing goes in but at its start"),
                )
                .help("go on at a step of the same list, or at `end`")
            } else {
                let said = Diagnostic::new(RULE.code, next.span, format!("there is no step `{name}`"));
                let known: Vec<&str> = steps.iter().map(|s| s.name.value.as_str()).chain(["end"]).collect();
                match crate::suggest::nearest(name, known.iter().copied()) {
                    Some(near) => said.help(format!("did you mean `{near}`?")).replace_with(near),
                    None => said.help(format!("there are {}", super::listed(&known))),
                }
            };
            out.push(said);
        }
        match &step.kind {
            StepKind::Parallel(branches) => branches.iter().for_each(|b| list(b, all, out)),
            StepKind::Map(map) => list(&map.steps, all, out),
            _ => {}
        }
    }
}
