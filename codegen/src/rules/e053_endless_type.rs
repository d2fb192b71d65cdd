//! E053: a type holds itself.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A type holds itself.
pub(crate) const RULE: Rule = Rule {
    code: "E053",
    title: "a type holds itself",
    doc: r#"
A type that holds itself has no end: schemas of events are finite, so that every consumer can check them. For the same reason at most 64 named types lie in
each other.

```yaml
# wrong
types: { Comment: { fields: { answers: [Comment] } } }
# right
types: { Comment: { fields: { answers: [CommentId] } } }
```
"#,
    check: Check::Reading,
};

pub(crate) fn diagnostic(span: Span, name: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("type `{name}` holds itself")).help("hold its id instead")
}

pub(crate) fn too_deep(span: Span, name: &str, deepest: u32) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("type `{name}` holds types more than {deepest} deep"))
        .help("hold an id in the place of one of them")
}
