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
value is put into Secrets Manager, and a handler `reads` it. So a variable or a header whose name ends in `PASSWORD`,
`SECRET`, `TOKEN`, `API_KEY` or the like has no value here; one that says where a secret is (`TOKEN_URL`) may. A dynamic reference (`{{resolve:…}}`) is refused too:
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
/// Ends of a name that say that its value is the secret itself, and not something about it.
const ENDS: [&str; 16] = [
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "PWD",
    "TOKEN",
    "CREDENTIAL",
    "CREDENTIALS",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "SECRET_KEY",
    "PRIVATE_KEY",
    "SIGNING_KEY",
    "ENCRYPTION_KEY",
    "AUTH_KEY",
];
/// Words in a name that say that its value is a secret, if it looks like one.
const WORDS: [&str; 8] = ["SECRET", "PASSWORD", "PASSWD", "TOKEN", "API_KEY", "APIKEY", "PRIVATE_KEY", "CREDENTIAL"];

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    references_in_filters(cx.flow, out);
    texts(cx.flow, &mut |kind, name, value, span| {
        let said = if value.contains(REFERENCE) {
            format!("{name} holds a dynamic reference, whose value CloudFormation would put here for all to read")
        } else if looks_secret(name, value) || kind != Kind::Text && is_named_so(name, value) {
            format!("{name} looks like a secret in plain text")
        } else {
            return;
        };
        let help = match kind {
            Kind::Variable => "declare it under `secrets:` and let the handler read it: `reads: [name]`",
            Kind::Header => {
                "leave it out: a webhook is signed with its `secret`; what wants more is sent by a handler, which may \
                 read a secret"
            }
            Kind::Text => "write it without the secret: this text stands in the template for all to read",
        };
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

/// What a free text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A handler's environment.
    Variable,
    /// A webhook's header.
    Header,
    /// Anything else.
    Text,
}

/// Visits every free text that goes into the stack: what it is for, a name for messages, the text, and a place.
fn texts(flow: &Flow, visit: &mut dyn FnMut(Kind, &str, &str, Span)) {
    for handler in flow.handlers.values() {
        for (name, value) in &handler.env {
            let text = match value {
                Literal::Text(text) => text.clone(),
                Literal::Int(n) => n.to_string(),
                _ => continue,
            };
            visit(Kind::Variable, &format!("`{}`", name.value), &text, name.span);
        }
    }
    for sink in flow.sinks.values() {
        match &sink.kind {
            SinkKind::Webhook { url, headers, .. } => {
                visit(Kind::Text, "this address", &url.value, url.span);
                for (name, value) in headers {
                    visit(Kind::Header, &format!("header `{}`", name.value), value, name.span);
                }
            }
            SinkKind::Email { sender, subject, reply_to, .. } => {
                visit(Kind::Text, "this sender", &sender.value, sender.span);
                reply_to.iter().for_each(|r| visit(Kind::Text, "this address", &r.value, r.span));
                // The doubled brace of a dynamic reference is a literal one in a subject.
                visit(Kind::Text, "this subject", &subject.text().replace("{{", "{").replace('{', "{{"), subject.span);
            }
            _ => {}
        }
    }
    for (key, value) in &flow.settings.tags {
        visit(Kind::Text, &format!("tag `{}`", key.value), &value.value, value.span);
    }
    flow.about.iter().for_each(|a| visit(Kind::Text, "this text", &a.value, a.span));
    macro_rules! abouts {
        ($($arena:ident),*) => { $(
            for thing in flow.$arena.values() {
                if let Some(about) = &thing.about {
                    visit(Kind::Text, &format!("what is said about `{}`", thing.name.text), about, thing.name.span);
                }
            }
        )* };
    }
    abouts!(types, events, tables, secrets, gateways, sources, topics, queues, groupers, workflows, handlers, sinks);
    for field in flow.events.values().flat_map(|e| &e.fields).chain(flow.tables.values().flat_map(|t| &t.fields)) {
        if let Some(about) = &field.about {
            visit(Kind::Text, &format!("what is said about `{}`", field.name), about, field.span);
        }
    }
}

fn looks_secret(name: &str, value: &str) -> bool {
    let known = BEGINNINGS.iter().any(|b| value.strip_prefix(b).is_some_and(|rest| rest.len() >= 6));
    let upper = name.to_ascii_uppercase().replace('-', "_");
    let bearer = upper.contains("AUTHORIZATION") && value.split_whitespace().last().is_some_and(|v| v.len() >= 12);
    known || bearer || WORDS.iter().any(|w| upper.contains(w)) && is_random(value)
}

/// Whether a thing's name says that its value is a secret, and the value is more than a word such as `none`.
fn is_named_so(name: &str, value: &str) -> bool {
    let upper = name.trim_end_matches('`').to_ascii_uppercase().replace('-', "_");
    let ends = |end: &str| upper.strip_suffix(end).is_some_and(|rest| rest.ends_with(['_', '`', ' ']));
    let is_address = value.contains("://") || value.starts_with("arn:") || value.starts_with('/');
    ENDS.iter().any(|end| ends(end)) && value.len() >= 6 && !value.contains(char::is_whitespace) && !is_address
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
    use super::{is_named_so, looks_secret};

    #[test]
    fn a_value_is_a_secret_where_the_name_ends_in_saying_so() {
        assert!(is_named_so("`PASSWORD`", "hunter2hunter2"));
        assert!(is_named_so("`DB_PASSWORD`", "correcthorse"));
        assert!(is_named_so("header `X-Api-Key`", "abcdef"));
        for (name, value) in [
            ("`TOKEN_ISSUER`", "shop.example"),
            ("`PASSWORD_MIN_LENGTH`", "123456"),
            ("`SORT_KEY`", "user_id"),
            ("`API_TOKEN`", "https://auth.example/token"),
            ("`API_TOKEN`", "none"),
            ("`MONKEY_BUSINESS`", "bananas"),
            ("`NOTOKEN`", "bananas"),
        ] {
            assert!(!is_named_so(name, value), "{name}");
        }
    }

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
