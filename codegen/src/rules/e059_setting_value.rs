//! E059: a setting takes other values.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A setting takes other values.
pub(crate) const RULE: Rule = Rule {
    code: "E059",
    title: "a setting takes other values",
    doc: r#"
Some settings are one of a few words.

```yaml
# wrong
retry: { jitter: some }
# right
retry: { jitter: full }
```
"#,
    check: Check::Reading,
};

pub(crate) fn diagnostic(span: Span, setting: &str, found: &str, wanted: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("`{setting}` is {wanted}, not `{found}`"))
}
