//! E095: an index is one too many.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use std::collections::BTreeMap;

/// An index is one too many.
pub(crate) const RULE: Rule = Rule {
    code: "E095",
    title: "an index is one too many",
    doc: r#"
Two indexes with the same keys hold the same rows, and so does an index with the table's own keys: each costs every
write again. A table has at most 20 indexes, those included that lookups make necessary.

See <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>.

```yaml
# wrong
indexes: { by_owner: { key: owner }, of_owner: { key: owner } }
# right
indexes: { by_owner: { key: owner } }
```
"#,
    check: Check::Own(check),
};

/// Global secondary indexes of a table:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>.
const MOST: usize = 20;

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for table in cx.flow.tables.values() {
        let mut seen =
            BTreeMap::from([((table.key.value, table.sort.map(|s| s.value)), (table.key.span, "the table's own key"))]);
        for index in table.indexes.iter().filter(|i| !i.inferred) {
            let keys = (index.key.value, index.sort.map(|s| s.value));
            if let Some((span, what)) = seen.get(&keys) {
                let said =
                    format!("index `{}` of table `{}` has the keys of another", index.name.value, table.name.text);
                out.push(Diagnostic::new(RULE.code, index.name.span, said).related(*span, *what).help("leave it out"));
            } else {
                seen.insert(keys, (index.name.span, "the other index"));
            }
        }
        if let Some(index) = table.indexes.get(MOST) {
            let number = table.indexes.len();
            let inferred = table.indexes.iter().filter(|i| i.inferred).count();
            let said = format!(
                "table `{}` has {number} indexes, {inferred} of them for lookups; DynamoDB allows {MOST}",
                table.name.text
            );
            out.push(Diagnostic::new(RULE.code, index.name.span, said));
        }
    }
}
