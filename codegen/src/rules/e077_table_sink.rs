//! E077: a row lacks a field.

use super::support::{event_list, may_miss, reference};
use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Node, Shape};
use crate::model::{Destination, Rows, SinkKind};

/// A row lacks a field.
pub(crate) const RULE: Rule = Rule {
    code: "E077",
    title: "a row lacks a field",
    doc: r#"
A table sink writes one row for each event. Every field of the table that is neither optional nor has a default is in
`set`, or is a field of the same name on every event that arrives.

```yaml
# wrong: nothing says what `owner` is
tables: { orders: { key: order, fields: { order: string, owner: string } } }
sinks:  { keep: { table: { table: orders, set: { order: "{object}" } } } }
# right
sinks:  { keep: { table: { table: orders, set: { order: "{object}", owner: "{actor}" } } } }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for (id, sink) in flow.sinks.iter() {
        let SinkKind::Table { table: at, set } = &sink.kind else { continue };
        let table = &flow.tables[at.value];
        let shapes = cx.facts.arriving(Node::To(Destination::Sink(id)));
        if table.rows != Rows::Own || shapes.is_empty() {
            continue;
        }
        for (place, field) in table.fields.iter().enumerate() {
            let given = set.iter().any(|(f, _)| f.value == place);
            let default = field.default.is_some() || may_miss(flow, &field.ty);
            if given || default {
                continue;
            }
            let lacks = |s: &&Shape| {
                let own = flow.events[s.event].field(&field.name).or_else(|| s.added.get(&field.name));
                own.is_none_or(|own| !crate::facts::Facts::same_type(flow, &own.ty, &field.ty))
            };
            let without: Vec<&Shape> = shapes.iter().filter(lacks).collect();
            if without.is_empty() {
                continue;
            }
            let said = format!(
                "nothing says what `{}` of a row of `{}` is for {}",
                field.name,
                table.name.text,
                event_list(flow, without)
            );
            let known = cx.facts.known_on(flow, shapes);
            let fits = |n: &&String| {
                let types = shapes.iter().map(|s| cx.facts.type_of(flow, s, &reference(n)));
                types.into_iter().all(|t| t.is_some_and(|t| crate::facts::Facts::same_type(flow, &t, &field.ty)))
            };
            let names: Vec<&str> = known.iter().filter(fits).map(String::as_str).collect();
            let help = match names.as_slice() {
                [] => format!("set it: `set: {{ {}: … }}`", field.name),
                names => format!("set it: `set: {{ {}: … }}`; of its type are {}", field.name, listed(names)),
            };
            out.push(Diagnostic::new(RULE.code, at.span, said).related(field.span, "the field").help(help));
        }
    }
}
