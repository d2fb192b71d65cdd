//! E040: a rate has another form.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A rate has another form.
pub(crate) const RULE: Rule = Rule {
    code: "E040",
    title: "a rate has another form",
    doc: r#"
A rate is a number of events in a time: `1/s`, `300/m`, `5000/h`, `100000/d`.

```yaml
# wrong
expect: { rate: 100 }
# right
expect: { rate: 100/s }
```
"#,
    check: Check::Form,
};

pub(crate) fn diagnostic(span: Span, text: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("`{text}` is no rate: a rate is a number in a time"))
        .help("write it as `1/s`, `300/m`, `5000/h` or `100000/d`")
}
