//! E076: a counter cannot count in this row.

use super::support::{Class, class, type_words};
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::SinkKind;

/// A counter cannot count in this row.
pub(crate) const RULE: Rule = Rule {
    code: "E076",
    title: "a counter cannot count in this row",
    doc: r#"
A counter adds whole numbers to fields of one row: fields that are ints or numbers and no part of the key. A table with
a sort key needs `sort` too.

```yaml
# wrong
update_count: { counter: { table: members, key: "{author}", add: { name: 1 } } }
# right
update_count: { counter: { table: members, key: "{author}", add: { updates: 1 } } }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for sink in flow.sinks.values() {
        let SinkKind::Counter { table: id, key, sort, add } = &sink.kind else { continue };
        let table = &flow.tables[id.value];
        let name = &table.name.text;
        match (&table.sort, sort) {
            (Some(field), None) => {
                let said = format!(
                    "table `{name}` has the sort key `{}`, so a row needs `sort` too",
                    table.field_name(*field)
                );
                out.push(Diagnostic::new(RULE.code, key.span, said).related(field.span, "the sort key"));
            }
            (None, Some(sort)) => {
                let said = format!("table `{name}` has no sort key");
                out.push(Diagnostic::new(RULE.code, sort.span, said).help("leave `sort` out"));
            }
            _ => {}
        }
        for (place, amount) in add {
            let Some(field) = table.fields.get(place.value) else { continue };
            let is_key = place.value == table.key.value || table.sort.is_some_and(|s| s.value == place.value);
            let said = if is_key {
                format!("`{}` is a part of the key of table `{name}`; a key does not change", field.name)
            } else if class(flow, &field.ty) != Class::Number {
                format!("`{}` is {}; a counter adds to an int", field.name, type_words(flow, &field.ty))
            } else if *amount == 0 {
                format!("adding 0 to `{}` counts nothing", field.name)
            } else {
                continue;
            };
            out.push(Diagnostic::new(RULE.code, place.span, said).related(field.span, "declared here"));
        }
        if add.is_empty() {
            let said = format!("counter `{}` adds nothing", sink.name.text);
            out.push(
                Diagnostic::new(RULE.code, sink.name.span, said)
                    .help("name a field and a number: `add: { updates: 1 }`"),
            );
        }
    }
}
