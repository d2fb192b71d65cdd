//! E067: a value is not of its field's type.

use super::support::{Class, class, templates, type_words};
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Facts, plain};
use crate::model::{Bounds, Flow, Ref, Type};

/// A value is not of its field's type.
pub(crate) const RULE: Rule = Rule {
    code: "E067",
    title: "a value is not of its field's type",
    doc: r#"
What is compared with a field of a table (`where`, the key of a counter), and what is written into a field (`set`), has
the field's type. A single name keeps its type; several names, or a name with text around it, make a text. A part of a
request (`user`, `path.x`, `header.x`) is a text that may become any field written as text, such as a ulid: the event is
checked when it is whole.

```yaml
# wrong: `number` is an int
where: { number: "nr {number}" }
# right
where: { number: "{number}" }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    templates::each(cx, &mut |spot| {
        let (name, of, wanted, writes) = match spot.at {
            templates::Use::Key | templates::Use::Text => return,
            templates::Use::Where(table, field) | templates::Use::Row(table, field) => {
                let table = &flow.tables[table];
                let Some(field) = table.fields.get(field.value) else { return };
                let writes = matches!(spot.at, templates::Use::Row(..));
                (field.name.as_str(), format!("table `{}`", table.name.text), field.ty.clone(), writes)
            }
            templates::Use::Set(place) => {
                let Some(id) = spot.request() else { return };
                let source = &flow.sources[id];
                let (Some((field, _)), Some(event)) = (source.set.get(place), source.event) else { return };
                let event = &flow.events[event.value];
                let ty = match (event.field(&field.value), field.value.as_str()) {
                    (Some(found), _) => found.ty.clone(),
                    (None, "time") => Type::Timestamp,
                    _ => return,
                };
                (field.value.as_str(), format!("event `{}`", event.name.text), ty, true)
            }
        };
        let given = match spot.template.single() {
            Some(one) => spot.shapes.iter().find_map(|s| templates::type_at(cx, &spot, s, one)),
            None => Some(Type::String { length: Bounds::default(), pattern: None }),
        };
        let Some(given) = given else { return };
        let fits = if from_request(&spot) {
            class(flow, &wanted) == Class::Text
        } else if writes {
            can_hold(flow, &wanted, &given)
        } else {
            class(flow, &wanted) == class(flow, &given)
        };
        // A list or an object where a text is compared is another rule's mistake.
        if fits || !writes && class(flow, &given) == Class::Whole {
            return;
        }
        let said = format!("`{name}` of {of} is {}; this is {}", type_words(flow, &wanted), type_words(flow, &given));
        out.push(Diagnostic::new(RULE.code, spot.template.span, said));
    });
}

/// Whether a field is set to one text of the request, as it is: the event is checked against its schema once all
/// is set, so a text that is no ulid is refused there, with the request.
fn from_request(spot: &templates::Spot<'_>) -> bool {
    let text = matches!(spot.template.single(), Some(Ref::User | Ref::Tenant | Ref::Path(_) | Ref::Header(_)));
    text && matches!(spot.at, templates::Use::Set(_))
}

/// Whether a field of one type can hold a value of another.
fn can_hold(flow: &Flow, wanted: &Type, given: &Type) -> bool {
    match (plain(flow, wanted), plain(flow, given)) {
        (Type::Json, _) => true,
        (Type::Optional(wanted), Type::Optional(given)) => can_hold(flow, wanted, given),
        (Type::Optional(wanted), given) => can_hold(flow, wanted, given),
        (Type::String { .. }, given) => !matches!(given, Type::Optional(_)) && class(flow, given) == Class::Text,
        (Type::Number(_), Type::Int(_)) => true,
        (wanted, given) => Facts::same_type(flow, wanted, given),
    }
}
