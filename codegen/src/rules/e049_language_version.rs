//! E049: the flow is written in another version of the language.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// The flow is written in another version of the language.
pub(crate) const RULE: Rule = Rule {
    code: "E049",
    title: "the flow is written in another version of the language",
    doc: r#"
This compiler knows version 1.

```yaml
eventloom: 1
```
"#,
    check: Check::Reading,
};

pub(crate) fn diagnostic(span: Span, version: u32) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("this compiler knows version 1 of the language, not {version}"))
}
