//! E089: a secret stands in plain text.

use super::support::conditions;
use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Flow, Matcher, Scalar, SinkKind};
use crate::source::Span;
use crate::yaml::Literal;

/// A secret stands in plain text.
pub(crate) const RULE: Rule = Rule {
    code: "E089",
    title: "a secret stands in plain text",
    doc: r#"
What stands in a spec stands in its repository and in the stack's template. A secret is declared under `secrets:`, its
value is put into Secrets Manager, and a handler `reads` it. A dynamic reference (`{{resolve:…}}`) is refused too:
CloudFormation would put the secret's value where everybody can read it.

```yaml
# wrong
env: { API_TOKEN: "9f8e7d6c5b4a39281706f5e4d3c2b1a0" }
# right
secrets:  { api_token: { about: The token of the price service } }
handlers: { price: { reads: [api_token] } }
```
"#,
    check: Check::Own(check),
};

/// Beginnings of well-known keys.
const BEGINNINGS: [&str; 12] = [
    "AKIA",
    "ASIA",
    "-----BEGIN",
    "sk_live_",
    "rk_live_",
    "ghp_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "SG.",
    "AIza",
];
/// How a dynamic reference begins.
const REFERENCE: &str = "{{resolve:";
/// Words in a name that say that its value is a secret.
const WORDS: [&str; 8] = ["SECRET", "PASSWORD", "PASSWD", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "CREDENTIAL"];

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    references_in_filters(cx.flow, out);
    texts(cx.flow, &mut |name, value, span| {
        let said = if value.contains(REFERENCE) {
            format!("{name} holds a dynamic reference, whose value CloudFormation would put here for all to read")
        } else if looks_secret(name, value) {
            format!("{name} looks like a secret in plain text")
        } else {
            return;
        };
        let help = "declare it under `secrets:` and let the handler read it: `reads: [name]`";
        out.push(Diagnostic::new(RULE.code, span, said).help(help));
    });
}

/// What a filter compares with stands in the template as it is written.
fn references_in_filters(flow: &Flow, out: &mut Diagnostics) {
    for filter in flow.queues.values().filter_map(|q| q.filter.as_ref()) {
        for (matcher, span) in conditions::entries(filter).iter().flat_map(|e| e.matchers) {
            if compared_with(matcher).iter().any(|text| text.contains(REFERENCE)) {
                let said = "this filter holds a dynamic reference, whose value CloudFormation would put here";
                out.push(Diagnostic::new(RULE.code, *span, said).help("compare such a text in a handler"));
            }
        }
    }
}

/// The texts that an alternative compares with.
fn compared_with(matcher: &Matcher) -> Vec<&str> {
    match matcher {
        Matcher::Exact(Scalar::Text(text))
        | Matcher::Prefix(text)
        | Matcher::Suffix(text)
        | Matcher::EqualsIgnoreCase(text)
        | Matcher::Wildcard(text)
        | Matcher::AnythingButPrefix(text)
        | Matcher::AnythingButSuffix(text)
        | Matcher::AnythingButWildcard(text)
        | Matcher::Cidr(text) => vec![text],
        Matcher::AnythingBut(values) => {
            values.iter().filter_map(|v| if let Scalar::Text(text) = v { Some(text.as_str()) } else { None }).collect()
        }
        Matcher::Exact(_) | Matcher::Numeric(_) | Matcher::Exists(_) => Vec::new(),
    }
}

/// Visits every free text that goes into the stack: a name for messages, the text, and a place.
fn texts(flow: &Flow, visit: &mut dyn FnMut(&str, &str, Span)) {
    for handler in flow.handlers.values() {
        for (name, value) in &handler.env {
            if let Literal::Text(text) = value {
                visit(&format!("`{}`", name.value), text, name.span);
            }
        }
    }
    for sink in flow.sinks.values() {
        match &sink.kind {
            SinkKind::Webhook { url, headers, .. } => {
                visit("this address", &url.value, url.span);
                for (name, value) in headers {
                    visit(&format!("header `{}`", name.value), value, name.span);
                }
            }
            SinkKind::Email { sender, subject, reply_to, .. } => {
                visit("this sender", &sender.value, sender.span);
                reply_to.iter().for_each(|r| visit("this address", &r.value, r.span));
                // The doubled brace of a dynamic reference is a literal one in a subject.
                visit("this subject", &subject.text().replace("{{", "{").replace('{', "{{"), subject.span);
            }
            _ => {}
        }
    }
    for (key, value) in &flow.settings.tags {
        visit(&format!("tag `{}`", key.value), &value.value, value.span);
    }
    flow.about.iter().for_each(|a| visit("this text", &a.value, a.span));
    macro_rules! abouts {
        ($($arena:ident),*) => { $(
            for thing in flow.$arena.values() {
                if let Some(about) = &thing.about {
                    visit(&format!("what is said about `{}`", thing.name.text), about, thing.name.span);
                }
            }
        )* };
    }
    abouts!(types, events, tables, secrets, gateways, sources, topics, queues, groupers, workflows, handlers, sinks);
    for field in flow.events.values().flat_map(|e| &e.fields).chain(flow.tables.values().flat_map(|t| &t.fields)) {
        if let Some(about) = &field.about {
            visit(&format!("what is said about `{}`", field.name), about, field.span);
        }
    }
}

fn looks_secret(name: &str, value: &str) -> bool {
    let known = BEGINNINGS.iter().any(|b| value.strip_prefix(b).is_some_and(|rest| rest.len() >= 6));
    let upper = name.to_ascii_uppercase().replace('-', "_");
    let bearer = upper.contains("AUTHORIZATION") && value.split_whitespace().last().is_some_and(|v| v.len() >= 12);
    known || bearer || WORDS.iter().any(|w| upper.contains(w)) && is_random(value)
}

/// Whether a text has so many different characters that nobody made it up: 3 bits a character over 16 of them.
fn is_random(value: &str) -> bool {
    if value.len() < 16 || value.contains(char::is_whitespace) || value.contains("://") {
        return false;
    }
    let mut counts = std::collections::BTreeMap::<char, u32>::new();
    value.chars().for_each(|c| *counts.entry(c).or_default() += 1);
    let total = value.chars().count() as f64;
    let bits: f64 = counts.values().map(|n| f64::from(*n) / total).map(|p| -p * p.log2()).sum();
    bits > 3.0 && value.contains(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::looks_secret;

    #[test]
    fn keys_are_known_by_their_beginning_or_their_name() {
        assert!(looks_secret("`ID`", "AKIAIOSFODNN7EXAMPLE"));
        assert!(looks_secret("`API_TOKEN`", "9f8e7d6c5b4a39281706f5e4d3c2b1a0"));
        assert!(looks_secret("header `Authorization`", "Bearer abcdefgh12345678"));
        assert!(!looks_secret("`API_TOKEN`", "see the handbook"));
        assert!(!looks_secret("`TOKEN_URL`", "https://auth.example/oauth2/v1/token"));
        assert!(!looks_secret("`REGION`", "eu-west-1-and-some-more-0123456789"));
    }
}
