//! W068: any user may write into any conversation.

use super::support::templates::is_request;
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Any user may write into any conversation.
pub(crate) const RULE: Rule = Rule {
    code: "W068",
    title: "any user may write into any conversation",
    doc: r#"
The token says who the caller is, not where they may write. An event with `order_by` belongs to a conversation that the
caller names; `allow` asks a table whether they are a member of it.

```yaml
# wrong
incoming: { from: { websocket: … }, event: MessageSent, set: { sender: "{user}" }, to: messages }
# right
incoming:
  from: { websocket: … }
  event: MessageSent
  set: { sender: "{user}" }
  allow: { table: group_members, where: { group: "{group}", member: "{user}" } }
  to: messages
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for source in cx.flow.sources.values().filter(|s| is_request(&s.kind) && s.allow.is_none()) {
        let Some(event) = source.event.map(|e| &cx.flow.events[e.value]) else { continue };
        let Some(field) = event.field_at(event.order_by) else { continue };
        // A conversation that is set here is not the caller's choice.
        if source.set.iter().any(|(name, _)| name.value == field.name) {
            continue;
        }
        let said = format!("source `{}` lets every user write into any `{}`", source.name.text, field.name);
        let help =
            format!("write `allow: {{ table: …, where: {{ {0}: \"{{{0}}}\", member: \"{{user}}\" }} }}`", field.name);
        out.push(Diagnostic::new(RULE.code, source.name.span, said).help(help));
    }
}
