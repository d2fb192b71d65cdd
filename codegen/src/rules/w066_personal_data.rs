//! W066: personal data where others read it.

use super::support::conditions::{self, Kind};
use super::support::{is_pii, reference, templates};
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Personal data where others read it.
pub(crate) const RULE: Rule = Rule {
    code: "W066",
    title: "personal data where others read it",
    doc: r#"
What is marked `pii: true` stays out of logs. The subject of a mail is shown on locked screens and kept in the logs of
mail servers; a group's key stands in ids and logs; a filter's fields are sent as attributes beside the message.

```yaml
# wrong: `text` is personal
subject: "{text}"
# right
subject: "{count} new messages"
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    templates::each(cx, &mut |spot| {
        let place = match spot.at {
            templates::Use::Text => "the subject of a mail",
            templates::Use::Key => "the key of a group",
            _ => return,
        };
        for (name, span) in spot.template.refs() {
            let added = |s: &crate::facts::Shape| s.added.iter().any(|f| f.pii && f.name == name.name());
            if spot.shapes.iter().any(|s| is_pii(flow, &flow.events[s.event], name) || added(s)) {
                let said = format!("`{{{}}}` is personal data; {place} is read by others", name.name());
                out.push(
                    Diagnostic::new(RULE.code, span, said).help("name something else, or allow this with a reason"),
                );
            }
        }
    });
    conditions::each(cx, &mut |spot| {
        if spot.kind != Kind::Filter {
            return;
        }
        for entry in conditions::entries(spot.pattern) {
            let Some(first) = entry.path.first() else { continue };
            if spot.shapes.iter().any(|s| is_pii(flow, &flow.events[s.event], &reference(first))) {
                let said = format!("`{first}` is personal data; a filter's fields are sent beside the message");
                out.push(
                    Diagnostic::new(RULE.code, entry.span, said)
                        .help("decide in a handler, or allow this with a reason"),
                );
            }
        }
    });
}
