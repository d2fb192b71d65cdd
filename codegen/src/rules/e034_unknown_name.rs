//! E034: a name stands for nothing.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A name stands for nothing.
pub(crate) const RULE: Rule = Rule {
    code: "E034",
    title: "a name stands for nothing",
    doc: r#"
A name that is used must be declared. The message suggests the nearest name of the kind that fits. A list is written
in brackets.

```yaml
# wrong
to: browser, email
# right
to: [browser, email]
```
"#,
    check: Check::Reading,
};

/// `wanted` is the kind in the spec's words, `known` the names of that kind, where they are to be told.
pub(crate) fn diagnostic(span: Span, name: &str, wanted: &str, known: Option<&[&str]>) -> Diagnostic {
    let diagnostic = Diagnostic::new(RULE.code, span, format!("there is no `{name}`; {wanted} belongs here"));
    let Some(known) = known else { return diagnostic };
    match crate::suggest::nearest(name, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).replace_with(near),
        None if known.is_empty() => diagnostic.help("this flow declares none yet"),
        None => diagnostic.help(format!("there are {}", super::listed(known))),
    }
}

/// Several names in one text.
pub(crate) fn listed(span: Span, names: &[&str]) -> Diagnostic {
    let list = format!("[{}]", names.join(", "));
    Diagnostic::new(RULE.code, span, format!("there is no `{}`", names.join(", ")))
        .help(format!("a list is `{list}`"))
        .replace_with(list)
}
