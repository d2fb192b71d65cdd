//! E037: a type says what it cannot say.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A type says what it cannot say.
pub(crate) const RULE: Rule = Rule {
    code: "E037",
    title: "a type says what it cannot say",
    doc: r#"
A type is exactly one of a name, `[T]`, `{ type: T, … }`, `{ enum: […] }`, `{ map: T }`, `{ optional: T }`,
`{ fields: {…} }`. `max_length` and `pattern` narrow text, `min` and `max` narrow numbers, `min_length` and
`max_length` narrow lists.

```yaml
# wrong
types: { Size: { type: int, max_length: 3 } }
# right
types: { Size: { type: int, max: 999 } }
```
"#,
    check: Check::Reading,
};

pub(crate) fn diagnostic(span: Span, said: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, said)
}
