//! E088: an environment variable cannot be set.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Flow;
use crate::yaml::Literal;
use std::collections::BTreeMap;

/// An environment variable cannot be set.
pub(crate) const RULE: Rule = Rule {
    code: "E088",
    title: "an environment variable cannot be set",
    doc: r#"
The name of a variable is capitals, digits and `_`, a letter first. What Lambda sets itself (`AWS_…`, `LAMBDA_…`,
`_HANDLER`, …) and what the runtime needs (`EVENTLOOM_…`) cannot be set, nor what the compiler sets to say where a thing
is: `TABLE_MEMBERS` for the table `members`. A value is a text, a number or a bool; all of
them together have at most 2 KiB: Lambda allows 4, and the rest is for the runtime's own.

See <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>.

```yaml
# wrong
env: { AWS_REGION: eu-west-1 }
# right
env: { PRICE_REGION: eu-west-1 }
```
"#,
    check: Check::Own(check),
};

/// Reserved by Lambda: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html>.
const PREFIXES: [&str; 3] = ["AWS_", "LAMBDA_", "EVENTLOOM_"];
/// Set by Lambda or by its operating system: the same page.
const NAMES: [&str; 9] = [
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "PATH",
    "LANG",
    "TZ",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "RUST_LOG",
    "RUST_BACKTRACE",
];
/// Half of what Lambda allows: the same page.
const MOST_BYTES: usize = 2_048;

/// What a function finds under a thing's name: the beginnings of variables that `lower` sets.
const OF_THINGS: [&str; 14] = [
    "CONNECTIONS_",
    "FUNCTION_",
    "GROUPS_",
    "LOG_",
    "MACHINE_",
    "OUT_",
    "QUEUE_",
    "SCHEDULER_ROLE_",
    "SCHEDULES_",
    "SECRET_",
    "TABLE_",
    "TIMERS_",
    "TIMERS_ARN_",
    "TOPIC_",
];

/// The things that a function may be told of, by the ends of their variables.
fn things(flow: &Flow) -> BTreeMap<String, &str> {
    let state = flow.tables.values().map(|t| &t.name).chain(flow.secrets.values().map(|s| &s.name));
    let to = flow.topics.values().map(|t| &t.name).chain(flow.queues.values().map(|q| &q.name));
    let more = flow.groupers.values().map(|g| &g.name).chain(flow.workflows.values().map(|w| &w.name));
    let ends = flow.sinks.values().map(|s| &s.name).chain(flow.gateways.values().map(|g| &g.name));
    state.chain(to).chain(more).chain(ends).map(|n| (n.text.to_ascii_uppercase(), n.text.as_str())).collect()
}

/// The thing that a variable of this name is about.
fn set_by_the_compiler<'a>(things: &BTreeMap<String, &'a str>, name: &str) -> Option<&'a str> {
    OF_THINGS.iter().filter_map(|kind| things.get(name.strip_prefix(kind)?)).copied().next()
}

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    let things = things(cx.flow);
    for handler in cx.flow.handlers.values() {
        let mut bytes = 0;
        for (name, value) in &handler.env {
            let text = &name.value;
            let right = text.starts_with(|c: char| c.is_ascii_uppercase())
                && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
            let reserved = NAMES.contains(&text.as_str()) || PREFIXES.iter().any(|p| text.starts_with(p));
            if reserved {
                let said = format!("`{text}` is set by Lambda or the runtime");
                out.push(Diagnostic::new(RULE.code, name.span, said).help("take another name"));
            } else if let Some(thing) = set_by_the_compiler(&things, text) {
                let said = format!("`{text}` is set by the compiler: it says where `{thing}` is");
                out.push(Diagnostic::new(RULE.code, name.span, said).help("take another name"));
            } else if !right {
                let said = Diagnostic::new(
                    RULE.code,
                    name.span,
                    format!("`{text}` is no name of an environment variable: capitals, digits and `_`"),
                );
                let upper = text.to_ascii_uppercase().replace('-', "_");
                let mends = upper.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
                out.push(if mends { said.help(format!("write `{upper}`")).replace_with(upper) } else { said });
            }
            match written(value) {
                Some(value) => bytes += text.len() + value.len(),
                None => {
                    let said = format!("`{text}` is a text, a number or a bool");
                    out.push(
                        Diagnostic::new(RULE.code, name.span, said).help("several values are one text: `\"a,b\"`"),
                    );
                }
            }
        }
        if let Some((first, _)) = handler.env.first().filter(|_| bytes > MOST_BYTES) {
            let said = format!(
                "the environment of handler `{}` has {bytes} bytes; at most {MOST_BYTES} are left for it",
                handler.name.text
            );
            out.push(Diagnostic::new(RULE.code, first.span, said).help("keep large values in a table"));
        }
    }
}

/// A value as the function will read it; none for what has no text.
fn written(value: &Literal) -> Option<String> {
    match value {
        Literal::Bool(b) => Some(b.to_string()),
        Literal::Int(n) => Some(n.to_string()),
        Literal::Float(f) => Some(f.clone()),
        Literal::Text(t) => Some(t.clone()),
        Literal::Null | Literal::List(_) | Literal::Map(_) => None,
    }
}
