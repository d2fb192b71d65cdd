//! W061: only some events of a topic have a tenant.

use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Origin;

/// Only some events of a topic have a tenant.
pub(crate) const RULE: Rule = Rule {
    code: "W061",
    title: "only some events of a topic have a tenant",
    doc: r#"
A tenant enters every key. Where some events of a topic have one and others have none, those without end up beside all
tenants.

```yaml
# wrong
OrderPlaced:  { tenant: shop, fields: { shop: string } }
OrderShipped: { fields: { shop: string } }
# right
OrderShipped: { tenant: shop, fields: { shop: string } }
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for topic in flow.topics.values() {
        let events = topic.carries.iter().map(|e| &flow.events[e.value]).filter(|e| e.origin == Origin::Declared);
        let (with, without): (Vec<_>, Vec<_>) = events.partition(|e| e.tenant.is_some());
        if with.is_empty() || without.is_empty() {
            continue;
        }
        let names =
            |events: &[&crate::model::Event]| listed(&events.iter().map(|e| e.name.text.as_str()).collect::<Vec<_>>());
        let said = format!(
            "topic `{}` carries {} with a tenant, and {} without",
            topic.name.text,
            names(&with),
            names(&without)
        );
        let found = Diagnostic::new(RULE.code, topic.name.span, said);
        out.push(
            without
                .iter()
                .fold(found, |d, e| d.related(e.name.span, "has no tenant"))
                .help("give all of them a `tenant`, or none"),
        );
    }
}
