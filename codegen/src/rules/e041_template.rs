//! E041: braces in a text do not hold a name.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Braces in a text do not hold a name.
pub(crate) const RULE: Rule = Rule {
    code: "E041",
    title: "braces in a text do not hold a name",
    doc: r#"
In a text, `{name}` stands for a value; a literal brace is doubled. No other tool's form works here.

```yaml
# wrong
subject: "${title}"
subject: "{{title}}"
# right
subject: "{title}"
```
"#,
    check: Check::Reading,
};

pub(crate) fn diagnostic(span: Span, said: &str, help: Option<String>) -> Diagnostic {
    let diagnostic = Diagnostic::new(RULE.code, span, said);
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// A doubled brace around what is a name.
pub(crate) fn doubled(span: Span, name: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("a doubled brace is a literal one; did you mean `{{{name}}}`?"))
}
