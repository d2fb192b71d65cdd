//! E079: a regular expression does not mean the same everywhere.

use super::support::regex;
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Field, Type};
use crate::source::Span;

/// A regular expression does not mean the same everywhere.
pub(crate) const RULE: Rule = Rule {
    code: "E079",
    title: "a regular expression does not mean the same everywhere",
    doc: r#"
A `pattern` is checked in Rust, in JavaScript and by JSON Schema validators, so it keeps to what they agree on:
characters, classes, groups, alternatives and repetitions. Look-around, back references, named groups and flags are
refused, and so are `\d`, `\w`, `\s` and `\b`, which mean ASCII to some and Unicode to others. It must also agree with
`min_length` and `max_length`.

```yaml
# wrong
pattern: "^\\d{4}$"
# right
pattern: "^[0-9]{4}$"
```
"#,
    check: Check::Own(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for named in cx.flow.types.values() {
        walk(&named.ty, named.name.span, out);
    }
    for field in cx.flow.events.values().flat_map(|e| &e.fields).chain(cx.flow.tables.values().flat_map(|t| &t.fields))
    {
        of_field(field, out);
    }
}

fn of_field(field: &Field, out: &mut Diagnostics) {
    walk(&field.ty, field.span, out);
}

fn walk(ty: &Type, span: Span, out: &mut Diagnostics) {
    match ty {
        Type::String { length, pattern: Some(pattern) } => match regex::shortest(pattern) {
            Err((said, help)) => {
                let said = Diagnostic::new(RULE.code, span, format!("`{pattern}`: {said}"));
                out.push(match help {
                    Some(help) => said.help(help),
                    None => said,
                });
            }
            Ok(shortest) => {
                if let Some(max) = length.max.filter(|max| shortest > *max) {
                    let said = format!("`{pattern}` matches at least {shortest} characters, but `max_length` is {max}");
                    out.push(Diagnostic::new(RULE.code, span, said));
                }
            }
        },
        Type::Object(fields) => fields.iter().for_each(|f| of_field(f, out)),
        Type::List(of, _) | Type::Map(of) | Type::Optional(of) => walk(of, span, out),
        _ => {}
    }
}
