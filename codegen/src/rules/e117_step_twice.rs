//! E117: a step's name is taken.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::each_step;
use crate::source::Span;
use std::collections::BTreeMap;

/// A step's name is taken.
pub(crate) const RULE: Rule = Rule {
    code: "E117",
    title: "a step's name is taken",
    doc: r#"
A step's name is its state's name in Step Functions, which is unique in the whole state machine: branches and maps
included.

```yaml
# wrong
- first: { send: browser }
- first: { send: email }
# right
- show: { send: browser }
- mail: { send: email }
```

Source: Amazon States Language, "States": state names must be unique within the scope of the whole state machine.
"#,
    check: Check::Own(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for workflow in cx.flow.workflows.values() {
        let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
        each_step(&workflow.steps, &mut |step| {
            let name = step.name.value.as_str();
            match seen.get(name) {
                Some(first) => out.push(
                    Diagnostic::new(
                        RULE.code,
                        step.name.span,
                        format!("workflow `{}` has a step `{name}` already", workflow.name.text),
                    )
                    .related(*first, "the first one")
                    .help("give it another name: names are unique in the whole workflow, branches included"),
                ),
                None => {
                    seen.insert(name, step.name.span);
                }
            }
        });
    }
}
