//! E033: a name is taken twice.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A name is taken twice.
pub(crate) const RULE: Rule = Rule {
    code: "E033",
    title: "a name is taken twice",
    doc: r#"
Topics, queues, groupers, workflows and sinks share one name space, for `to` can name any of them. So do events and
types, and tables and secrets. Events and types that differ in their capitals only are refused too: each has a file, and
on some disks the two would be one.

```yaml
# wrong
topics: { orders: { carries: [OrderPlaced] } }
queues: { orders: { from: orders } }
# right
queues: { bill_orders: { from: orders } }
```
"#,
    check: Check::Reading,
};

pub(crate) fn diagnostic(span: Span, name: &str, kind: &str, first: Span) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("the name `{name}` is taken by {kind}"))
        .related(first, "it was taken here")
        .help("give one of the two another name")
}

/// Two names of files that some disks do not tell apart.
pub(crate) fn but_for_capitals(span: Span, name: &str, other: &str, first: Span) -> Diagnostic {
    let said = format!("`{name}` and `{other}` differ in their capitals only");
    Diagnostic::new(RULE.code, span, said)
        .label("both name a file, and some disks do not tell capitals apart")
        .related(first, "the other one")
}
