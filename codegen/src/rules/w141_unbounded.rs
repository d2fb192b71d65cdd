//! W141: a field of an event has no bound.

use super::{Check, Context, Rule, e141_size::narrowest, words};
use crate::decide;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::plain;
use crate::model::Type;

/// A field of an event has no bound.
pub(crate) const RULE: Rule = Rule {
    code: "W141",
    title: "a field of an event has no bound",
    doc: r#"
Any JSON, a map, and a list of objects can be as large as they like, and whatever is on the event's way takes so much:
128 KiB to a browser, 256 KiB through a topic. Give a list a `max_length`, name the object's fields, or allow the warning
and say what keeps the field small.

```yaml
# warned of
OrderPlaced: { fields: { lines: [Line] } }
# better
OrderPlaced: { fields: { lines: { type: [Line], max_length: 100 } } }
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for (event, narrow) in narrowest(cx) {
        let declared = &cx.flow.events[event];
        let Some(field) = decide::event_size(cx.flow, event).unbounded else { continue };
        let (name, event_name) = (&field.name, &declared.name.text);
        let where_to = words::node(cx.flow, narrow.node);
        let most = words::bytes(narrow.limit);
        let help = match plain(cx.flow, &field.ty) {
            Type::List(..) => "bound the list: `{ type: [Line], max_length: 100 }`",
            _ => "name its fields, or keep it in a table and send its id",
        };
        let said = format!("`{name}` of `{event_name}` has no bound, and {where_to} takes {most}");
        out.push(Diagnostic::new(RULE.code, field.span, said).help(help));
    }
}
