//! E043: a condition is not an SNS filter pattern.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A condition is not an SNS filter pattern.
pub(crate) const RULE: Rule = Rule {
    code: "E043",
    title: "a condition is not an SNS filter pattern",
    doc: r#"
A condition names fields, each with a list of what may match: values, or operators (`prefix`, `suffix`,
`equals-ignore-case`, `wildcard`, `anything-but`, `numeric`, `exists`, `cidr`). `$or` takes a list of conditions.

```yaml
# wrong
filter: { status: paid }
# right
filter: { status: [paid] }
filter: { total: [{ numeric: [">", 100] }] }
```

Source: Amazon SNS Developer Guide, "Amazon SNS subscription filter policies".
"#,
    check: Check::Reading,
};

pub(crate) fn diagnostic(span: Span, said: &str, help: Option<String>) -> Diagnostic {
    let diagnostic = Diagnostic::new(RULE.code, span, said);
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}
