//! E071: a condition never holds.

use super::support::conditions::{self, Found};
use super::support::holds::{self, Holds};
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Matcher, Pattern, Scalar, Type};

/// A condition never holds.
pub(crate) const RULE: Rule = Rule {
    code: "E071",
    title: "a condition never holds",
    doc: r#"
An alternative that no value can match is a mistake: a word that the enum does not have, a range outside `min` and
`max`, an empty range, `exists: false` for a field that is always there, or two demands that exclude each other.

```yaml
# wrong: status is one of paid, open
filter: { status: [payed] }
# right
filter: { status: [paid] }
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    conditions::each(cx, &mut |spot| {
        for entry in conditions::entries(spot.pattern) {
            let name = entry.path.join(".");
            let types: Vec<Type> = spot
                .shapes
                .iter()
                .filter_map(|s| match conditions::type_at(cx, s, entry.path) {
                    Found::Type(ty) => Some(ty),
                    Found::Nothing(_) => None,
                })
                .collect();
            if types.len() < spot.shapes.len() {
                // Where some events lack the field, `exists` says something, and the rest is another rule's.
                continue;
            }
            for (matcher, span) in entry.matchers {
                let mut reasons = types.iter().map(|ty| match holds::holds(flow, ty, &name, matcher) {
                    Holds::Never(why) => Some(why),
                    _ => None,
                });
                let Some(first) = reasons.next().flatten().filter(|_| reasons.all(|r| r.is_some())) else { continue };
                let said = Diagnostic::new(RULE.code, *span, format!("this never holds: {first}"));
                let near = match (matcher, types.first().map(|ty| conditions::compared(flow, ty))) {
                    (Matcher::Exact(Scalar::Text(text)), Some(Type::Enum(values))) => {
                        crate::suggest::nearest(text, values.iter().map(String::as_str))
                    }
                    _ => None,
                };
                out.push(match near {
                    Some(near) => said.help(format!("did you mean `{near}`?")).replace_with(near),
                    None => said,
                });
            }
        }
        contradictions(spot.pattern, out);
    });
}

/// Reports a branch of `$or` that asks for other values of a field than the condition around it.
fn contradictions(pattern: &Pattern, out: &mut Diagnostics) {
    for branch in pattern.any_of.iter().flatten() {
        for (path, span, matchers) in &branch.fields {
            let Some((_, around, outer)) = pattern.fields.iter().find(|(p, ..)| p == path) else { continue };
            let (Some(inner), Some(outer)) = (exact(matchers), exact(outer)) else { continue };
            if inner.iter().all(|v| !outer.contains(v)) {
                let said = format!("this never holds: `{}` must be something else at the same time", path.join("."));
                out.push(Diagnostic::new(RULE.code, *span, said).related(*around, "what else it must be"));
            }
        }
        contradictions(branch, out);
    }
}

/// The values, where all alternatives are values.
fn exact(matchers: &[(Matcher, crate::source::Span)]) -> Option<Vec<&Scalar>> {
    matchers.iter().map(|(m, _)| if let Matcher::Exact(value) = m { Some(value) } else { None }).collect()
}
