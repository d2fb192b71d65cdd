//! E052: a former name is still in use.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A former name is still in use.
pub(crate) const RULE: Rule = Rule {
    code: "E052",
    title: "a former name is still in use",
    doc: r#"
`renamed_from:` says that a thing had another name, so that it keeps its identity in the stack. Nothing else can have
that name now.

```yaml
queues:
  alerts: { from: activity, renamed_from: notify }
```
"#,
    check: Check::Reading,
};

pub(crate) fn still_there(span: Span, name: &str, other: Span) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("`{name}` is still in use, so nothing was renamed from it"))
        .related(other, format!("`{name}` is declared here"))
}

pub(crate) fn twice(span: Span, name: &str, first: Span) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("two things say that they were `{name}`")).related(first, "the other one")
}
