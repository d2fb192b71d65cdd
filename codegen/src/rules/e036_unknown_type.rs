//! E036: a type is not known.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A type is not known.
pub(crate) const RULE: Rule = Rule {
    code: "E036",
    title: "a type is not known",
    doc: r#"
The built-in types are `string int number decimal bool timestamp date ulid uuid email url json`; others are declared
under `types:`.

```yaml
# wrong
fields: { total: float }
# right
fields: { total: number }
```
"#,
    check: Check::Reading,
};

/// Names of types in other languages, and ours.
const ELSEWHERE: [(&str, &str); 14] = [
    ("float", "number"),
    ("double", "number"),
    ("integer", "int"),
    ("long", "int"),
    ("boolean", "bool"),
    ("str", "string"),
    ("text", "string"),
    ("datetime", "timestamp"),
    ("time", "timestamp"),
    ("uri", "url"),
    ("guid", "uuid"),
    ("object", "json"),
    ("any", "json"),
    ("money", "decimal"),
];

/// `known` are the types there are; `event` says that the name is an event's.
pub(crate) fn diagnostic(span: Span, name: &str, known: &[&str], event: bool) -> Diagnostic {
    let diagnostic = Diagnostic::new(RULE.code, span, format!("there is no type `{name}`"));
    if event {
        return diagnostic
            .help(format!("`{name}` is an event; a field holds values, so declare their type under `types:`"));
    }
    let ours = ELSEWHERE.iter().find(|(word, _)| word.eq_ignore_ascii_case(name)).map(|(_, ours)| *ours);
    match ours.or_else(|| crate::suggest::nearest(name, known.iter().copied())) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).replace_with(near),
        None => diagnostic.help(format!("there are {}", super::listed(known))),
    }
}
