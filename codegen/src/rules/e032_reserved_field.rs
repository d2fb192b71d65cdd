//! E032: a field has a name that means something else.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A field has a name that means something else.
pub(crate) const RULE: Rule = Rule {
    code: "E032",
    title: "a field has a name that means something else",
    doc: r#"
`event id time actor object target tenant user now last count seen open path header` mean something in braces and in
groups. `id` and `time` are there on every event without being named; where an event has an identity of its own, give
the field another name and say `id: that_field`.

```yaml
# wrong
OrderPlaced: { fields: { id: ulid } }
# right: the built-in id
OrderPlaced: { fields: { total: decimal } }
# right: an identity of its own
OrderPlaced: { id: order_id, fields: { order_id: ulid } }
```
"#,
    check: Check::Reading,
};

pub(crate) fn diagnostic(span: Span, field: &str) -> Diagnostic {
    let help = match field {
        "id" | "time" => format!(
            "leave it out: every event has `{field}`; or name the field otherwise and say `{field}: that_field`"
        ),
        "actor" | "object" | "tenant" => {
            format!("name the field otherwise, and give it the role: `{field}: that_field`")
        }
        _ => "choose another name".to_owned(),
    };
    Diagnostic::new(RULE.code, span, format!("`{field}` is kept for the language and cannot be a field")).help(help)
}
