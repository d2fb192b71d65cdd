//! E030: something that must be there is missing.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Something that must be there is missing.
pub(crate) const RULE: Rule = Rule {
    code: "E030",
    title: "something that must be there is missing",
    doc: r#"
A flow says which version of the language it is written in and what it is called; a table has a partition key;
a workflow has steps.

```yaml
eventloom: 1
flow: orders
```
"#,
    check: Check::Reading,
};

pub(crate) fn diagnostic(span: Span, what: &str, of: &str, help: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("`{what}` is missing in {of}")).help(help)
}
