//! E066: a target is no user.

use super::support::{names_user, reference, type_words};
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Node, plain};
use crate::model::{Destination, Flow, Spanned, TableId, Target, Type};

/// A target is no user.
pub(crate) const RULE: Rule = Rule {
    code: "E066",
    title: "a target is no user",
    doc: r#"
A target is a user's id: a text, or a list of texts. The `select` of a lookup and the fields of `followers` are texts.

```yaml
# wrong
UpdateLiked: { fields: { author: int } }
targets: author
# right
UpdateLiked: { fields: { author: string } }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for (id, queue) in flow.queues.iter() {
        let shapes = cx.facts.arriving(Node::To(Destination::Queue(id)));
        for (event, target) in queue.targets.iter().flat_map(|t| &t.by_event) {
            match target {
                Target::Field(field) => {
                    let shape = shapes.iter().find(|s| s.event == event.value);
                    let Some(ty) = shape.and_then(|s| cx.facts.type_of(flow, s, &reference(&field.value))) else {
                        continue;
                    };
                    let fits = match plain(flow, &ty) {
                        Type::List(of, _) => names_user(flow, of),
                        other => names_user(flow, other),
                    };
                    if !fits {
                        let said = format!(
                            "`{}` of `{}` is {}; a target is a text, or a list of texts",
                            field.value,
                            flow.events[event.value].name.text,
                            type_words(flow, &ty)
                        );
                        out.push(Diagnostic::new(RULE.code, field.span, said));
                    }
                }
                Target::Lookup(lookup) => lookup.select.iter().for_each(|s| text(flow, lookup.table.value, *s, out)),
                Target::Followers { table, of, follower, .. } => {
                    text(flow, table.value, *of, out);
                    text(flow, table.value, *follower, out);
                }
                Target::Handler(_) => {}
            }
        }
    }
}

fn text(flow: &Flow, table: TableId, field: Spanned<usize>, out: &mut Diagnostics) {
    let table = &flow.tables[table];
    let Some(found) = table.fields.get(field.value).filter(|f| !names_user(flow, &f.ty)) else { return };
    let said = format!(
        "`{}` of table `{}` is {}; a target is a text",
        found.name,
        table.name.text,
        type_words(flow, &found.ty)
    );
    out.push(Diagnostic::new(RULE.code, field.span, said).related(found.span, "declared here"));
}
