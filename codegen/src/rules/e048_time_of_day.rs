//! E048: a time of the day has another form.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A time of the day has another form.
pub(crate) const RULE: Rule = Rule {
    code: "E048",
    title: "a time of the day has another form",
    doc: r#"
A time of the day is hours and minutes with two digits each, quoted.

```yaml
# wrong
quiet_hours: { from: 10pm, to: 7 }
# right
quiet_hours: { from: "22:00", to: "07:00" }
```
"#,
    check: Check::Form,
};

pub(crate) fn diagnostic(span: Span, text: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("`{text}` is no time of the day")).help("write it as `\"22:00\"`")
}
