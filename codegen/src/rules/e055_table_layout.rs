//! E055: a table has no layout, or two.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A table has no layout, or two.
pub(crate) const RULE: Rule = Rule {
    code: "E055",
    title: "a table has no layout, or two",
    doc: r#"
A table names its fields and its key; or it has `rows: event` or `rows: preferences`, whose layout the runtime knows.

```yaml
# wrong
actions: { rows: event, key: id }
# right
actions: { rows: event }
members: { key: user_id, fields: { user_id: string } }
```
"#,
    check: Check::Reading,
};

pub(crate) fn no_fields(span: Span, label: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("{label} has no fields"))
        .help("name its fields and its key, or give it a layout: `rows: event` or `rows: preferences`")
}

pub(crate) fn fixed(span: Span, label: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("the layout of {label} is fixed by its `rows`"))
        .help("leave `key`, `sort` and `fields` out, or leave `rows` out")
}
