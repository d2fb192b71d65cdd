//! E039: a size has no unit, or another form.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A size has no unit, or another form.
pub(crate) const RULE: Rule = Rule {
    code: "E039",
    title: "a size has no unit, or another form",
    doc: r#"
A size is a whole number and a binary unit: `B`, `KiB`, `MiB` or `GiB`.

```yaml
# wrong
memory: 512
# right
memory: 512MiB
```
"#,
    check: Check::Form,
};

pub(crate) fn diagnostic(span: Span, text: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("`{text}` is no size: a size is a whole number with a unit"))
        .help("write it as `256KiB` or `512MiB`")
}
