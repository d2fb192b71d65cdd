//! E090: the caller says who it is.

use super::support::templates::is_request;
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Ref, SourceKind};

/// The caller says who it is.
pub(crate) const RULE: Rule = Rule {
    code: "E090",
    title: "the caller says who it is",
    doc: r#"
What a browser sends can be forged. The `actor` of an event that comes from a websocket or over HTTP is set from the
verified caller, `{user}`, and its `tenant` from the token's claim, `{tenant}`, which the gateway names.

```yaml
# wrong: the browser says who the sender is
incoming: { from: { websocket: { gateway: live, route: send } }, event: MessageSent, to: messages }
# right
incoming: { from: { websocket: { gateway: live, route: send } }, event: MessageSent, set: { sender: "{user}" }, to: messages }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for source in flow.sources.values().filter(|s| is_request(&s.kind)) {
        let Some(at) = source.event else { continue };
        let event = &flow.events[at.value];
        for (role, place, wanted) in [("actor", event.actor, Ref::User), ("tenant", event.tenant, Ref::Tenant)] {
            let Some(field) = event.field_at(place) else { continue };
            let right = format!("set: {{ {}: \"{{{}}}\" }}", field.name, wanted.name());
            match source.set.iter().find(|(name, _)| name.value == field.name) {
                None => {
                    let said = format!(
                        "`{}`, the {role} of `{}`, would be what the caller says it is",
                        field.name, event.name.text
                    );
                    out.push(Diagnostic::new(RULE.code, at.span, said).help(format!("write `{right}`")));
                }
                Some((_, template)) if template.single() != Some(&wanted) => {
                    let said = format!(
                        "`{}`, the {role} of `{}`, is not set from the verified caller",
                        field.name, event.name.text
                    );
                    let fix = format!("\"{{{}}}\"", wanted.name());
                    out.push(
                        Diagnostic::new(RULE.code, template.span, said)
                            .help(format!("write `{right}`"))
                            .replace_with(fix),
                    );
                }
                Some((_, template)) if wanted == Ref::Tenant => {
                    let (SourceKind::Websocket { gateway, .. } | SourceKind::Http { gateway, .. }) = &source.kind
                    else {
                        continue;
                    };
                    let gateway = &flow.gateways[gateway.value];
                    if gateway.jwt.tenant.is_none() {
                        let said = format!(
                            "gateway `{}` does not say which claim of the token is the tenant",
                            gateway.name.text
                        );
                        out.push(
                            Diagnostic::new(RULE.code, template.span, said)
                                .related(gateway.name.span, "the gateway")
                                .help("write `tenant: claim` in its `jwt`"),
                        );
                    }
                }
                Some(_) => {}
            }
        }
    }
}
