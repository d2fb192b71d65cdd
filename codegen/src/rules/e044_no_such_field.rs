//! E044: there is no such field.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// There is no such field.
pub(crate) const RULE: Rule = Rule {
    code: "E044",
    title: "there is no such field",
    doc: r#"
A role of an event, a key of a table and a field of a lookup name fields that are declared beside them.

```yaml
# wrong
OrderPlaced: { actor: buyer, fields: { customer: string } }
# right
OrderPlaced: { actor: customer, fields: { customer: string } }
```
"#,
    check: Check::Reading,
};

/// `of` is what should have the field, in words; `known` are the fields that it has.
pub(crate) fn diagnostic(span: Span, field: &str, of: &str, known: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::new(RULE.code, span, format!("{of} has no field `{field}`"));
    match crate::suggest::nearest(field, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).replace_with(near),
        None if known.is_empty() => diagnostic.help("it has no fields"),
        None => diagnostic.help(format!("it has {}", super::listed(known))),
    }
}

/// A field of an event; a type's name in its place is a newcomer's mistake with an answer of its own.
pub(crate) fn in_event(span: Span, field: &str, event: &str, known: &[&str]) -> Diagnostic {
    let of = format!("event `{event}`");
    if matches!(field, "ulid" | "uuid" | "string" | "int" | "timestamp") {
        return Diagnostic::new(RULE.code, span, format!("`{field}` is a type; this names a field of {of}"))
            .help("leave it out for the built-in one");
    }
    diagnostic(span, field, &of, known)
}
