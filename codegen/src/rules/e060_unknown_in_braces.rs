//! E060: a name in braces is not known where it stands.

use super::support::{self, event_list, node_words, templates};
use super::{Check, Context, Rule, listed};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::{Node, Shape};
use crate::model::Ref;

/// A name in braces is not known where it stands.
pub(crate) const RULE: Rule = Rule {
    code: "E060",
    title: "a name in braces is not known where it stands",
    doc: r#"
Between braces stands a name that every event arriving there has: `event`, `id`, `time`, a role that all of them have
(`actor`, `object`, `tenant`), or a field of all of them. A name that only some have would be empty for the others.

```yaml
# wrong: a follow has no `update_id`
carries: [UpdateLiked, MemberFollowed]
key: "{target}/{update_id}"
# right
key: "{target}/{object}"
```
"#,
    check: Check::Names(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    templates::each(cx, &mut |spot| {
        if spot.shapes.is_empty() {
            return;
        }
        for (name, span) in spot.template.refs() {
            if matches!(name, Ref::User | Ref::Now | Ref::Path(_) | Ref::Header(_) | Ref::Target) {
                continue;
            }
            let lacks = |s: &&&Shape| cx.facts.type_of(cx.flow, s, name).is_none();
            let missing: Vec<&Shape> = spot.shapes.iter().filter(lacks).copied().collect();
            if missing.is_empty() {
                continue;
            }
            let known = support::known(cx, &spot.shapes);
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let written = name.name();
            let at = node_words(cx.flow, spot.node);
            let found = if missing.len() == spot.shapes.len() {
                let said = match spot.node {
                    Node::Source(_) => format!("`{{{written}}}` is not known in {at}"),
                    Node::To(_) => format!(
                        "`{{{written}}}` is not known in {at}, where {} arrives",
                        event_list(cx.flow, spot.shapes.iter().copied())
                    ),
                };
                let said = Diagnostic::new(RULE.code, span, said);
                match crate::suggest::nearest(&written, names.iter().copied()) {
                    Some(near) if span != spot.template.span => {
                        said.help(format!("did you mean `{{{near}}}`?")).replace_with(format!("{{{near}}}"))
                    }
                    Some(near) => said.help(format!("did you mean `{{{near}}}`?")),
                    None => said.help(format!("what may be named is {}", listed(&names))),
                }
            } else {
                let said =
                    format!("`{{{written}}}` is missing in {}, arriving in {at} too", event_list(cx.flow, missing));
                Diagnostic::new(RULE.code, span, said).help(format!("what all events have is {}", listed(&names)))
            };
            out.push(found);
        }
    });
}
