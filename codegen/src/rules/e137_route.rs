//! E137: a gateway's route cannot be.

use super::{Check, Context, Rule, words};
use crate::aws::limits::GATEWAY_ROUTES;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{GatewayId, GatewayKind, SinkKind, SourceKind};
use crate::source::Span;
use std::collections::BTreeMap;

/// A gateway's route cannot be.
pub(crate) const RULE: Rule = Rule {
    code: "E137",
    title: "a gateway's route cannot be",
    doc: r#"
A WebSocket route is what the browser sends as `action`: letters, digits, `_`, `-` and `.`. `resume`, `seen` and those
with a `$` are the gateway's own. An HTTP route is a method and a path, which begins with `/` and whose parts are text
or `{name}`. A route stands once on a gateway of its kind, and a gateway has at most 300.

```yaml
# wrong
from: { websocket: { gateway: live, route: seen } }
from: { http: { gateway: api, path: orders } }
# right
from: { websocket: { gateway: live, route: mark_seen } }
from: { http: { gateway: api, path: /orders } }
```

Source: Amazon API Gateway Developer Guide, "Quotas for WebSocket APIs" and "Create routes for HTTP APIs".
"#,
    check: Check::Own(check),
};

/// Routes that every WebSocket gateway has.
const OWN: [&str; 2] = ["resume", "seen"];
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let mut routes: BTreeMap<GatewayId, BTreeMap<String, Span>> = BTreeMap::new();
    for source in cx.flow.sources.values() {
        let (gateway, wanted, key, span, problem) = match &source.kind {
            SourceKind::Websocket { gateway, route } => (
                gateway,
                GatewayKind::Websocket,
                route.value.clone(),
                route.span,
                websocket(&route.value).map(|p| (p, route.span)),
            ),
            SourceKind::Http { gateway, method, path } => {
                // `/a/{x}` and `/a/{y}` are the same route.
                let shape: Vec<&str> =
                    path.value.split('/').map(|p| if p.starts_with('{') { "{}" } else { p }).collect();
                let wrong_method = (!METHODS.contains(&method.value.as_str()))
                    .then(|| (format!("`{}` is no method: take {}", method.value, METHODS.join(", ")), method.span));
                let problem = wrong_method.or_else(|| http(&path.value).map(|p| (p, path.span)));
                (gateway, GatewayKind::Http, format!("{} {}", method.value, shape.join("/")), path.span, problem)
            }
            _ => continue,
        };
        kind(cx, gateway.value, wanted, gateway.span, out);
        if let Some((said, span)) = problem {
            out.push(Diagnostic::new(RULE.code, span, said));
            continue;
        }
        let of = routes.entry(gateway.value).or_default();
        if let Some(first) = of.get(&key) {
            let name = &cx.flow.gateways[gateway.value].name.text;
            out.push(
                Diagnostic::new(RULE.code, span, format!("gateway `{name}` has the route `{key}` already"))
                    .related(*first, "the first one")
                    .help("send on from one source to several, or give this route another name"),
            );
        } else {
            of.insert(key, span);
        }
    }
    for sink in cx.flow.sinks.values() {
        if let SinkKind::Websocket { gateway, .. } = sink.kind {
            kind(cx, gateway.value, GatewayKind::Websocket, gateway.span, out);
        }
    }
    for (id, of) in &routes {
        let gateway = &cx.flow.gateways[*id];
        // `$connect`, `$disconnect` and `$default` beside our own two.
        let built_in = if gateway.kind == GatewayKind::Websocket { OWN.len() + 3 } else { 0 };
        let count = (of.len() + built_in) as u64;
        if count > GATEWAY_ROUTES {
            let said = format!(
                "gateway `{}` has {} routes, and AWS takes {}",
                gateway.name.text,
                words::thousands(count),
                words::thousands(GATEWAY_ROUTES)
            );
            out.push(Diagnostic::new(RULE.code, gateway.name.span, said).help("put some on a gateway of their own"));
        }
    }
}

fn kind(cx: &Context<'_>, id: GatewayId, wanted: GatewayKind, span: Span, out: &mut Diagnostics) {
    let gateway = &cx.flow.gateways[id];
    if cx.whole && gateway.kind != wanted {
        let said = |kind| if kind == GatewayKind::Http { "an HTTP" } else { "a WebSocket" };
        let text = format!(
            "gateway `{}` is {} gateway, and {} one belongs here",
            gateway.name.text,
            said(gateway.kind),
            said(wanted)
        );
        out.push(Diagnostic::new(RULE.code, span, text).related(gateway.name.span, "declared here"));
    }
}

/// What is wrong with a WebSocket route, if anything.
fn websocket(route: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if route.starts_with('$') || OWN.contains(&route) {
        return Some(format!("route `{route}` is the gateway's own"));
    }
    let right = !route.is_empty() && route.len() <= 64 && route.chars().all(plain);
    (!right).then(|| format!("`{route}` is no route: up to 64 letters, digits, `_`, `-` and `.`"))
}

/// What is wrong with a path, if anything.
fn http(path: &str) -> Option<String> {
    let Some(rest) = path.strip_prefix('/') else { return Some(format!("the path `{path}` does not begin with `/`")) };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '~');
    let part = |part: &str| match part.strip_prefix('{') {
        Some(named) => named.strip_suffix('}').is_some_and(|n| {
            n.starts_with(|c: char| c.is_ascii_lowercase())
                && n.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        }),
        None => !part.is_empty() && part.chars().all(plain),
    };
    let right = rest.is_empty() || rest.split('/').all(part);
    (!right).then(|| format!("`{path}` is no path: its parts are text or `{{name}}`, with one `/` between them"))
}

#[cfg(test)]
mod tests {
    use super::{http, websocket};

    #[test]
    fn a_route_is_a_word_that_is_not_the_gateways_own() {
        for right in ["send", "mark_seen", "v1.send"] {
            assert_eq!(websocket(right), None, "{right}");
        }
        for wrong in ["$connect", "$default", "resume", "seen", "", "a b", "ä"] {
            assert!(websocket(wrong).is_some(), "{wrong}");
        }
    }

    #[test]
    fn a_path_is_made_of_texts_and_names() {
        for right in ["/", "/orders", "/orders/{order_id}/lines"] {
            assert_eq!(http(right), None, "{right}");
        }
        for wrong in ["orders", "/orders/", "//", "/{Order}", "/{}", "/{a", "/a b", "/orders?x=1"] {
            assert!(http(wrong).is_some(), "{wrong}");
        }
    }
}
