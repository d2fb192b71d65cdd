//! E074: a field cannot be a key of a table.

use super::support::{Class, class, may_miss, type_words};
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::plain;
use crate::model::{Flow, Rows, Spanned, Table, Type};

/// A field cannot be a key of a table.
pub(crate) const RULE: Rule = Rule {
    code: "E074",
    title: "a field cannot be a key of a table",
    doc: r#"
DynamoDB's keys are texts and numbers. The key and the sort key of a table are always there; an index may be over a
field that some rows lack: they are left out of it. `expires` is a timestamp, or an int of seconds since 1970.

```yaml
# wrong
members: { key: tags, fields: { tags: [string] } }
# right
members: { key: user_id, fields: { user_id: string, tags: [string] } }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for table in cx.flow.tables.values() {
        if table.rows == Rows::Own && !table.fields.is_empty() {
            key(cx.flow, table, table.key, "the key", true, out);
            table.sort.iter().for_each(|s| key(cx.flow, table, *s, "the sort key", true, out));
            if let Some(sort) = table.sort.filter(|s| s.value == table.key.value) {
                let said = format!("`{}` is the key of table `{}` already", table.field_name(sort), table.name.text);
                out.push(
                    Diagnostic::new(RULE.code, sort.span, said).help("sort by another field, or leave `sort` out"),
                );
            }
        }
        for index in table.indexes.iter().filter(|i| !i.inferred) {
            key(cx.flow, table, index.key, "the key of an index", false, out);
            index.sort.iter().for_each(|s| key(cx.flow, table, *s, "the sort key of an index", false, out));
        }
        let Some((place, found)) = table.expires.and_then(|p| Some((p, table.fields.get(p.value)?))) else { continue };
        let ty = match plain(cx.flow, &found.ty) {
            Type::Optional(inner) => plain(cx.flow, inner),
            other => other,
        };
        if !matches!(ty, Type::Timestamp | Type::Int(_)) {
            let said = format!("`{}` is {}; a row expires at a timestamp", found.name, type_words(cx.flow, &found.ty));
            out.push(Diagnostic::new(RULE.code, place.span, said).related(found.span, "declared here"));
        }
    }
}

fn key(flow: &Flow, table: &Table, place: Spanned<usize>, what: &str, always: bool, out: &mut Diagnostics) {
    let Some(found) = table.fields.get(place.value) else { return };
    let missing = always && may_miss(flow, &found.ty);
    if !missing && matches!(class(flow, &found.ty), Class::Text | Class::Number) {
        return;
    }
    let wanted = if missing { "is always there" } else { "is a text or a number" };
    let said = format!("`{}` is {}; {what} {wanted}", found.name, type_words(flow, &found.ty));
    out.push(Diagnostic::new(RULE.code, place.span, said).related(found.span, "declared here"));
}
