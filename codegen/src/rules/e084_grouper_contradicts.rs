//! E084: settings of a grouper exclude each other.

use super::support::reach;
use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{AfterDelivery, First, OnFull, Ref, SinkKind};

/// Settings of a grouper exclude each other.
pub(crate) const RULE: Rule = Rule {
    code: "E084",
    title: "settings of a grouper exclude each other",
    doc: r#"
`first: now` shows the first event of a whole group at once. A group that is kept in parts, by `shards` or
`on_full: page`, has no first event. `after_delivery: update` replaces what was shown, which a browser can and a mail
cannot. A `throttle` counts the groups of a target, so the key holds `{target}`.

```yaml
# wrong
first: now
shards: 8
# right
first: wait
shards: 8
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for grouper in flow.groupers.values() {
        let name = &grouper.name.text;
        if grouper.first == First::Now {
            let parts = match (grouper.shards.filter(|s| s.value > 1), grouper.on_full) {
                (Some(shards), _) => Some((shards.span, "`shards`")),
                (None, OnFull::Page) => Some((grouper.name.span, "`on_full: page`")),
                _ => None,
            };
            if let Some((span, by)) = parts {
                let said =
                    format!("grouper `{name}` keeps a group in parts by {by}, so none of its events is the first");
                out.push(
                    Diagnostic::new(RULE.code, span, said).help("leave `first: now` out, or keep the group whole"),
                );
            }
        }
        if grouper.after_delivery == AfterDelivery::Update {
            let reached = reach::sinks(flow, &grouper.to).into_iter().map(|id| &flow.sinks[id]);
            let others: Vec<&str> = reached
                .filter(|s| !matches!(s.kind, SinkKind::Websocket { .. } | SinkKind::Unresolved))
                .map(|s| s.name.text.as_str())
                .collect();
            if !others.is_empty() {
                let said =
                    format!("grouper `{name}` replaces what was delivered, which {} cannot take back", listed(&others));
                let help = "send it to browsers only, or write `after_delivery: new`";
                out.push(Diagnostic::new(RULE.code, grouper.name.span, said).help(help));
            }
        }
        if let Some(throttle) = &grouper.throttle
            && grouper.key.refs().all(|(r, _)| *r != Ref::Target)
        {
            let said =
                format!("a throttle counts the groups of a target, but the key of grouper `{name}` lacks `{{target}}`");
            out.push(Diagnostic::new(RULE.code, throttle.n.span, said).related(grouper.key.span, "the key"));
        }
    }
}
