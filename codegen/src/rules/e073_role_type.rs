//! E073: a field cannot have this role.

use super::support::{Class, class, may_miss, type_words};
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::plain;
use crate::model::{Origin, Role, Spanned, Type};

/// A field cannot have this role.
pub(crate) const RULE: Rule = Rule {
    code: "E073",
    title: "a field cannot have this role",
    doc: r#"
`id`, `actor`, `object`, `order_by` and `tenant` enter keys: they name fields that are texts or ints and are always
there. `time` names a timestamp.

```yaml
# wrong
OrderPlaced: { time: placed, fields: { placed: string } }
# right
OrderPlaced: { time: placed, fields: { placed: timestamp } }
```
"#,
    check: Check::Own(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for event in flow.events.values().filter(|e| e.origin == Origin::Declared) {
        let field = |role| if let Role::Field(place) = role { Some(place) } else { None };
        let keys: [(&str, Option<Spanned<usize>>); 5] = [
            ("id", field(event.id)),
            ("actor", event.actor),
            ("object", event.object.and_then(field)),
            ("order_by", event.order_by),
            ("tenant", event.tenant),
        ];
        for (role, place) in keys {
            let (Some(place), Some(found)) = (place, event.field_at(place)) else { continue };
            let scalar = match plain(flow, &found.ty) {
                Type::Number(_) => false,
                ty => matches!(class(flow, ty), Class::Text | Class::Number),
            };
            if !scalar || may_miss(flow, &found.ty) {
                let wanted = if may_miss(flow, &found.ty) { "is always there" } else { "is a text or an int" };
                let said = format!(
                    "`{}` is {}; what is `{role}` of an event {wanted}",
                    found.name,
                    type_words(flow, &found.ty)
                );
                out.push(Diagnostic::new(RULE.code, place.span, said).related(found.span, "declared here"));
            }
        }
        if let Some((place, found)) = field(event.time).and_then(|p| Some((p, event.field_at(Some(p))?)))
            && *plain(flow, &found.ty) != Type::Timestamp
        {
            let said =
                format!("`{}` is {}; the time of an event is a timestamp", found.name, type_words(flow, &found.ty));
            out.push(Diagnostic::new(RULE.code, place.span, said).related(found.span, "declared here"));
        }
    }
}
