//! E063: a name of the request where there is none.

use super::support::{node_words, templates};
use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::Node;
use crate::model::{Ref, SourceKind};

/// A name of the request where there is none.
pub(crate) const RULE: Rule = Rule {
    code: "E063",
    title: "a name of the request where there is none",
    doc: r#"
`user`, `now`, `path.x` and `header.x` are known where a request arrives: in `set` and `allow` of a source. A schedule
and a table have no user; a path and headers are those of an HTTP source, and `path.x` is a part of its `path`.

```yaml
# wrong
key: "{user}"
# right: set it on the event, where it arrives
set: { sender: "{user}" }
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    templates::each(cx, &mut |spot| {
        for (name, span) in spot.template.refs() {
            if !matches!(name, Ref::User | Ref::Now | Ref::Path(_) | Ref::Header(_)) {
                continue;
            }
            let written = name.name();
            let Node::Source(id) = spot.node else {
                let said = format!(
                    "`{{{written}}}` is known in `set` and `allow` of a source only, not in {}",
                    node_words(cx.flow, spot.node)
                );
                let help = "set a field of the event from it in the source, and name the field here";
                out.push(Diagnostic::new(RULE.code, span, said).help(help));
                continue;
            };
            let source = &cx.flow.sources[id];
            let at = format!("source `{}`", source.name.text);
            let said = match (name, &source.kind) {
                (_, SourceKind::Unresolved) => None,
                (Ref::Path(part), SourceKind::Http { path, .. }) => {
                    let parts: Vec<&str> = parts(&path.value);
                    (!parts.contains(&part.as_str())).then(|| {
                        let said = Diagnostic::new(RULE.code, span, format!("the path of {at} has no `{{{part}}}`"));
                        match crate::suggest::nearest(part, parts.iter().copied()) {
                            Some(near) => said.help(format!("did you mean `{{path.{near}}}`?")),
                            None if parts.is_empty() => {
                                said.help(format!("write it into the path: `{}/{{{part}}}`", path.value))
                            }
                            None => said.help(format!("it has {}", listed(&parts))),
                        }
                    })
                }
                (Ref::Path(_) | Ref::Header(_), kind) if !matches!(kind, SourceKind::Http { .. }) => {
                    let what = if matches!(name, Ref::Path(_)) { "path" } else { "headers of its own" };
                    let said = format!("`{{{written}}}` is known in an HTTP source only: {at} has no {what}");
                    Some(Diagnostic::new(RULE.code, span, said))
                }
                (Ref::User, kind) if !templates::is_request(kind) => {
                    Some(Diagnostic::new(RULE.code, span, format!("`{{user}}` is not known: nobody calls {at}")))
                }
                _ => None,
            };
            said.into_iter().for_each(|d| out.push(d));
        }
    });
}

/// The names of a path's variable parts.
fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter_map(|p| p.strip_prefix('{')?.strip_suffix('}')).map(|p| p.trim_end_matches('+')).collect()
}
