//! E033: a name is taken twice.

use super::Rule;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A name is taken twice.
pub(crate) const RULE: Rule = Rule {
    code: "E033",
    title: "a name is taken twice",
    doc: r#"
Topics, queues, groupers, workflows and sinks share one name space, for `to` can name any of them. So do events and
types, and tables and secrets.

```yaml
# wrong
topics: { orders: { carries: [OrderPlaced] } }
queues: { orders: { from: orders } }
# right
queues: { bill_orders: { from: orders } }
```
"#,
    check: None,
};

pub(crate) fn diagnostic(span: Span, name: &str, kind: &str, first: Span) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("the name `{name}` is taken by {kind}"))
        .related(first, "it was taken here")
        .help("give one of the two another name")
}
