//! E031: a name is not written as names are.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A name is not written as names are.
pub(crate) const RULE: Rule = Rule {
    code: "E031",
    title: "a name is not written as names are",
    doc: r#"
Events and types are `UpperCamel`; everything else is `snake_case`: small letters, digits and single `_`, a letter
first, at most 40 characters. Words that Rust, Windows or the generated code keep for themselves are no names. Names
become file names, Rust names and resource names, so no other character can be let in.

```yaml
# wrong
events: { orderPlaced: { fields: { order-id: string } } }
# right
events: { OrderPlaced: { fields: { order_id: string } } }
```
"#,
    check: Check::Form,
};

/// `mended` is the name as it would be right, where that can be guessed.
pub(crate) fn diagnostic(span: Span, name: &str, kind: &str, why: &str, mended: &Option<String>) -> Diagnostic {
    let diagnostic = Diagnostic::new(RULE.code, span, format!("`{name}` cannot be the name of {kind}")).label(why);
    match mended {
        Some(mended) => diagnostic.help(format!("write `{mended}`")).replace_with(mended.clone()),
        None => diagnostic,
    }
}
