//! E046: a step is not one name with one kind.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A step is not one name with one kind.
pub(crate) const RULE: Rule = Rule {
    code: "E046",
    title: "a step is not one name with one kind",
    doc: r#"
Steps are a list of objects of one name each, and a step is exactly one of `handler`, `send`, `wait`, `choice`,
`parallel`, `map`. `end` is no step: it says that the workflow ends.

```yaml
# wrong
steps:
  - render: { handler: render_notice, send: browser }
# right
steps:
  - render: { handler: render_notice }
  - show:   { send: browser }
```
"#,
    check: Check::Reading,
};

pub(crate) fn one_name(span: Span) -> Diagnostic {
    Diagnostic::new(RULE.code, span, "a step is an object of exactly one name").help("write `- name: { kind: … }`")
}

pub(crate) fn one_kind(span: Span) -> Diagnostic {
    let said = "a step is exactly one of `handler`, `send`, `wait`, `choice`, `parallel`, `map`";
    Diagnostic::new(RULE.code, span, said)
}

pub(crate) fn called_end(span: Span) -> Diagnostic {
    Diagnostic::new(RULE.code, span, "`end` is where a workflow ends, so no step can be called so")
}

pub(crate) fn few_branches(span: Span) -> Diagnostic {
    Diagnostic::new(RULE.code, span, "`parallel` takes at least two lists of steps")
}
