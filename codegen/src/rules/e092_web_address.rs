//! E092: an address on the web cannot be used.

use super::support::address;
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{SinkKind, Spanned};

/// An address on the web cannot be used.
pub(crate) const RULE: Rule = Rule {
    code: "E092",
    title: "an address on the web cannot be used",
    doc: r#"
A webhook posts over `https://` to a public host: an address of the own machine or network would let a spec, or who
answers in its name, reach what is inside. The issuer of a JWT is the address that its `iss` claim holds. An origin is a
scheme and a host without a path; `*` would let every page call in the user's name.

```yaml
# wrong
url: "http://169.254.169.254/latest"
origins: ["*"]
# right
url: "https://hooks.example/orders"
origins: ["https://shop.example"]
```
"#,
    check: Check::Own(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let flow = cx.flow;
    for sink in flow.sinks.values() {
        let SinkKind::Webhook { url, headers, .. } = &sink.kind else { continue };
        if let Some(said) = webhook(url) {
            out.push(Diagnostic::new(RULE.code, url.span, format!("`{}`: {said}", url.value)));
        }
        for (name, value) in headers {
            let token =
                !name.value.is_empty() && name.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            if !token || value.chars().any(char::is_control) {
                let said =
                    format!("header `{}`: a name is letters, digits and `-`, and a value is one line", name.value);
                out.push(Diagnostic::new(RULE.code, name.span, said));
            }
        }
    }
    for gateway in flow.gateways.values() {
        let issuer = &gateway.jwt.issuer;
        let wrong = match address::url(&issuer.value) {
            _ if issuer.value.is_empty() => None,
            Err(said) => Some(said),
            Ok(url) if url.scheme != "https" => Some("an issuer's address begins with `https://`"),
            Ok(url) if url.rest.contains(['?', '#']) => Some("an issuer's address has no `?` and no `#`"),
            Ok(_) => None,
        };
        if let Some(said) = wrong {
            out.push(Diagnostic::new(RULE.code, issuer.span, format!("`{}`: {said}", issuer.value)));
        }
        for origin in &gateway.origins {
            if let Some((said, fix)) = origin_problem(&origin.value) {
                let said = Diagnostic::new(RULE.code, origin.span, format!("`{}`: {said}", origin.value));
                out.push(match fix {
                    Some(fix) => said.help(format!("write `\"{fix}\"`")).replace_with(format!("\"{fix}\"")),
                    None => said,
                });
            }
        }
    }
}

fn webhook(url: &Spanned<String>) -> Option<&'static str> {
    match address::url(&url.value) {
        Err(said) => Some(said),
        Ok(found) if found.scheme != "https" => Some("a webhook posts over `https://`"),
        Ok(found) if address::is_inside(found.host) => {
            Some("a webhook posts to a public host, not into the own network")
        }
        Ok(_) => None,
    }
}

/// What is wrong with an origin, and how it would be right.
fn origin_problem(text: &str) -> Option<(&'static str, Option<String>)> {
    if text.contains('*') {
        return Some(("an origin is one page's scheme and host; `*` lets every page call in the user's name", None));
    }
    let found = match address::url(text) {
        Ok(found) => found,
        Err(said) => return Some((said, None)),
    };
    let local = found.scheme == "http" && matches!(found.host, "localhost" | "127.0.0.1" | "::1");
    if found.scheme != "https" && !local {
        return Some(("an origin begins with `https://`", None));
    }
    if !found.rest.is_empty() {
        let host = text.strip_suffix(found.rest).map(str::to_owned);
        return Some(("an origin has no path, not even a `/`", host));
    }
    None
}
