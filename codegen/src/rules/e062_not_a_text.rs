//! E062: what has no text stands in a text.

use super::support::{self, Class, class, templates, type_words};
use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// What has no text stands in a text.
pub(crate) const RULE: Rule = Rule {
    code: "E062",
    title: "what has no text stands in a text",
    doc: r#"
A key, a subject, and any text with braces is made of texts and numbers. A list, a map, an object or any JSON has no
text of its own; and a key cannot be made of what may be missing.

```yaml
# wrong
key: "{target}/{mentions}"
# right
key: "{target}/{object}"
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    templates::each(cx, &mut |spot| {
        let copied =
            matches!(spot.at, templates::Use::Row(..) | templates::Use::Set(_)) && spot.template.single().is_some();
        if copied {
            return;
        }
        let is_key = matches!(spot.at, templates::Use::Key | templates::Use::Where(..));
        for (name, span) in spot.template.refs() {
            // What only some events have is another rule's mistake.
            let types = spot.shapes.iter().map(|s| templates::type_at(cx, &spot, s, name));
            let Some(types) = types.collect::<Option<Vec<_>>>() else { continue };
            let mut wrong =
                types.into_iter().filter(|ty| class(flow, ty) == Class::Whole || is_key && support::may_miss(flow, ty));
            let Some(ty) = wrong.next() else { continue };
            let words = type_words(flow, &ty);
            let said = match class(flow, &ty) {
                Class::Whole => format!("`{{{}}}` is {words}, which has no text", name.name()),
                _ => format!("`{{{}}}` is {words}: a key cannot be made of what may be missing", name.name()),
            };
            let known = support::known(cx, &spot.shapes);
            let fits: Vec<&str> = known
                .iter()
                .map(String::as_str)
                .filter(|n| {
                    spot.shapes.iter().all(|s| {
                        let ty = cx.facts.type_of(flow, s, &support::reference(n));
                        ty.is_some_and(|ty| {
                            class(flow, &ty) != Class::Whole && !(is_key && support::may_miss(flow, &ty))
                        })
                    })
                })
                .collect();
            out.push(Diagnostic::new(RULE.code, span, said).help(format!("what fits is {}", listed(&fits))));
        }
    });
}
