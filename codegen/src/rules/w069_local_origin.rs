//! W069: a page of the own machine may call.

use super::support::address;
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// A page of the own machine may call.
pub(crate) const RULE: Rule = Rule {
    code: "W069",
    title: "a page of the own machine may call",
    doc: r#"
`http://localhost` as an origin is for development. Put it into an environment, so that it is not deployed.

```yaml
# wrong
origins: ["https://shop.example", "http://localhost:5173"]
# right
origins: ["https://shop.example"]
environments: { dev: { gateways: { live: { websocket: { origins: ["http://localhost:5173"] } } } } }
allow: { W069: only in dev }
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for origin in cx.flow.gateways.values().flat_map(|g| &g.origins) {
        let local = |u: address::Url<'_>| matches!(u.host, "localhost" | "127.0.0.1" | "::1") && u.rest.is_empty();
        if address::url(&origin.value).is_ok_and(local) {
            let said = format!("`{}` is a page of the caller's own machine", origin.value);
            out.push(Diagnostic::new(RULE.code, origin.span, said).help("put it into an environment for development"));
        }
    }
}
