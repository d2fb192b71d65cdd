//! W063: nothing arrives in a grouper.

use super::{Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Destination;

/// Nothing arrives in a grouper.
pub(crate) const RULE: Rule = Rule {
    code: "W063",
    title: "nothing arrives in a grouper",
    doc: r#"
A grouper that no `to` names groups nothing, yet its table and its functions are there.

```yaml
# wrong
queues:   { notify: { from: activity, targets: author, to: browser } }
groupers: { notices: { key: "{target}", … } }
# right
queues:   { notify: { from: activity, targets: author, to: notices } }
```
"#,
    check: Some(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for (id, grouper) in cx.flow.groupers.iter() {
        if cx.facts.feeders(Destination::Grouper(id)).is_empty() {
            let said = format!("nothing arrives in grouper `{}`: no `to` names it", grouper.name.text);
            out.push(Diagnostic::new(RULE.code, grouper.name.span, said).help("write `to:` with its name in a queue, or remove it"));
        }
    }
}
