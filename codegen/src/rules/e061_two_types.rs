//! E061: a name has two types.

use super::support::{class, templates, type_words};
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Facts;
use crate::model::{Flow, Ref, Type};

/// A name in braces has two types.
pub(crate) const RULE: Rule = Rule {
    code: "E061",
    title: "a name in braces has two types",
    doc: r#"
A name that stands for a field must have one type on all events that arrive.

```yaml
# wrong: `total` is a number here and a text there
OrderPlaced:  { fields: { total: number } }
OrderShipped: { fields: { total: string } }
# right
OrderShipped: { fields: { total: number } }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    templates::each(cx, &mut |spot| {
        for (name, span) in spot.template.refs() {
            let mut types = spot.shapes.iter().filter_map(|s| Some((s.event, cx.facts.type_of(flow, s, name)?)));
            let Some((first, ty)) = types.next() else { continue };
            let Some((second, other)) = types.find(|(_, other)| !agree(flow, name, &ty, other)) else { continue };
            let (first, second) = (&flow.events[first].name, &flow.events[second].name);
            let said = format!(
                "`{{{}}}` is {} in `{}` and {} in `{}`",
                name.name(),
                type_words(flow, &ty),
                first.text,
                type_words(flow, &other),
                second.text
            );
            out.push(
                Diagnostic::new(RULE.code, span, said)
                    .related(first.span, type_words(flow, &ty))
                    .related(second.span, type_words(flow, &other))
                    .help("give it one type, or let only one of the events arrive"),
            );
        }
    });
}

/// A field stands for itself, so its types are the same; a role stands for texts of one kind or another.
fn agree(flow: &Flow, name: &Ref, a: &Type, b: &Type) -> bool {
    match name {
        Ref::Field(_) => Facts::same_type(flow, a, b),
        _ => class(flow, a) == class(flow, b),
    }
}
