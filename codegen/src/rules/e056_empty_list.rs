//! E056: a list is empty, or holds something twice.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A list is empty, or holds something twice.
pub(crate) const RULE: Rule = Rule {
    code: "E056",
    title: "a list is empty, or holds something twice",
    doc: r#"
A topic that carries nothing, or a queue that takes no event, does nothing. To take every event, leave the list out.

```yaml
# wrong
queues: { notify: { from: activity, events: [] } }
# right
queues: { notify: { from: activity } }
```
"#,
    check: Check::Reading,
};

pub(crate) fn diagnostic(span: Span, setting: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("`{setting}` is empty")).help("name at least one, or leave it out")
}

pub(crate) fn twice(span: Span, setting: &str, first: Span) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("this stands twice in `{setting}`"))
        .related(first, "it stands here already")
}
