//! E070: a condition compares what cannot be compared.

use super::support::conditions::{self, Found, Kind};
use super::support::{Class, class, may_miss, type_words};
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Flow, Matcher, Scalar, Type};
use crate::source::Span;

/// A condition compares what cannot be compared.
pub(crate) const RULE: Rule = Rule {
    code: "E070",
    title: "a condition compares what cannot be compared",
    doc: r#"
`numeric` is for numbers, `prefix` and the like for texts; a text never equals a number, and `true` is no text. Of a
list one entry has to match; of an object, its fields are asked.

```yaml
# wrong: `total` is an int
filter: { total: ["100"] }
# right
filter: { total: [100] }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    conditions::each(cx, &mut |spot| {
        for entry in conditions::entries(spot.pattern) {
            for (matcher, span) in entry.matchers {
                let found = spot.shapes.iter().find_map(|s| match conditions::type_at(cx, s, entry.path) {
                    // No filter asks for `null`, whatever the type: that is said where the limits of filters are.
                    Found::Type(_) if spot.kind == Kind::Filter && asks_for_null(matcher) => None,
                    Found::Type(ty) => problem(flow, &ty, matcher, &entry.path.join("."), *span),
                    Found::Nothing(_) => None,
                });
                found.into_iter().for_each(|d| out.push(d));
            }
        }
    });
}

fn asks_for_null(matcher: &Matcher) -> bool {
    match matcher {
        Matcher::Exact(value) => *value == Scalar::Null,
        Matcher::AnythingBut(values) => values.contains(&Scalar::Null),
        _ => false,
    }
}

fn problem(flow: &Flow, ty: &Type, matcher: &Matcher, name: &str, span: Span) -> Option<Diagnostic> {
    let compared = conditions::compared(flow, ty);
    let kind = class(flow, compared);
    if matches!(compared, Type::Json) {
        return None;
    }
    let words = type_words(flow, ty);
    let wrong = |said: String| Some(Diagnostic::new(RULE.code, span, said));
    if kind == Class::Whole {
        let said = wrong(format!("`{name}` is {words}, which has no value of its own to compare"));
        return said.map(|d| d.help(format!("ask for one of its fields: `{name}: {{ field: […] }}`")));
    }
    let scalar = |scalar: &Scalar| match (scalar, kind) {
        (Scalar::Text(_), Class::Text) | (Scalar::Number(_), Class::Number) | (Scalar::Bool(_), Class::Bool) => None,
        (Scalar::Null, _) if may_miss(flow, ty) => None,
        (Scalar::Null, _) => wrong(format!("`{name}` is {words}, which is never nothing")),
        (Scalar::Text(text), Class::Number | Class::Bool) => {
            let said = Diagnostic::new(RULE.code, span, format!("`{name}` is {words}; a text never equals it"));
            let bare = text.parse::<f64>().is_ok_and(f64::is_finite) || matches!(text.as_str(), "true" | "false");
            Some(if bare {
                said.help(format!("write `{text}` without quotes")).replace_with(text.clone())
            } else {
                said
            })
        }
        (Scalar::Number(n), Class::Text) => Some(
            Diagnostic::new(RULE.code, span, format!("`{name}` is {words}; a number never equals it"))
                .help(format!("write it in quotes: `\"{n}\"`"))
                .replace_with(format!("\"{n}\"")),
        ),
        (Scalar::Number(_), _) => wrong(format!("`{name}` is {words}; a number never equals it")),
        (Scalar::Bool(_), _) => wrong(format!("`{name}` is {words}; `true` and `false` never equal it")),
        (Scalar::Text(_), _) => None,
    };
    match matcher {
        Matcher::Exact(value) => scalar(value),
        Matcher::AnythingBut(values) => values.iter().find_map(scalar).map(|mut d| {
            // The edit would replace the whole alternative, not the one value in it.
            d.fix = None;
            d
        }),
        Matcher::Numeric(_) if kind != Class::Number => {
            wrong(format!("`numeric` compares numbers; `{name}` is {words}"))
        }
        Matcher::Numeric(_) | Matcher::Exists(_) => None,
        _ if kind == Class::Text => None,
        other => wrong(format!("`{}` compares texts; `{name}` is {words}", operator(other))),
    }
}

/// The word of an operator.
const fn operator(matcher: &Matcher) -> &'static str {
    match matcher {
        Matcher::Prefix(_) => "prefix",
        Matcher::Suffix(_) => "suffix",
        Matcher::EqualsIgnoreCase(_) => "equals-ignore-case",
        Matcher::Wildcard(_) => "wildcard",
        Matcher::Cidr(_) => "cidr",
        Matcher::Numeric(_) => "numeric",
        Matcher::Exists(_) => "exists",
        Matcher::Exact(_) => "a value",
        _ => "anything-but",
    }
}
