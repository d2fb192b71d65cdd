//! E057: an update would lose what a resource holds.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::stacks::{Named, Refusal, Rename};

/// An update would lose what a resource holds.
pub(crate) const RULE: Rule = Rule {
    code: "E057",
    title: "an update would lose what a resource holds",
    doc: r#"
CloudFormation changes some properties, such as a table's key or a queue's FIFO flag, only by making a new resource in
the place of the old one. Of what holds data or messages the compiler refuses it, until the spec says that it is meant.
The old table stays in the account, without a stack.

```yaml
tables:
  members: { key: email, fields: { email: email }, allow_replace: "moved by the script of 3 May" }
```

A table or a secret that is taken out of the spec goes from the stack in the same way: it stays in the account, and nothing
reads or writes it any more. If it only has another name, say so (`renamed_from: members`); if it shall go, compile once
with `--allow-loss members`. From then on the lock does not have it.
"#,
    check: Check::Reading,
};

/// What is refused, at the thing that it belongs to.
pub(crate) fn diagnostic(span: Span, refusal: &Refusal) -> Diagnostic {
    match refusal {
        Refusal::Replaces(replacement) => {
            let changed: Vec<String> = replacement
                .changed
                .iter()
                .map(|c| {
                    let value = |v: &Option<String>| v.clone().unwrap_or_else(|| "nothing".into());
                    format!("`{}` from `{}` to `{}`", c.property, value(&c.was), value(&c.now))
                })
                .collect();
            let id = &replacement.resource.id;
            let said = format!("`{id}` would be replaced, and what it holds lost: this changes {}", changed.join(", "));
            Diagnostic::new(RULE.code, span, said)
                .help("take the change back, or say why it is meant: `allow_replace: \"…\"`")
        }
        Refusal::Retyped { resource, was } => {
            let said = format!(
                "`{}` would be `{}`, and it was `{was}`: a resource keeps its type",
                resource.id, resource.kind
            );
            Diagnostic::new(RULE.code, span, said).help("give the thing another name")
        }
    }
}

/// A table or a secret that the spec no longer has.
pub(crate) fn removed(span: Span, lost: &Named, renames: &[Rename]) -> Diagnostic {
    let (kind, name) = lost.owner.split_once('.').unwrap_or(("", &lost.owner));
    let said = format!("`{name}` is gone from `{kind}`, and what it holds would be left behind, without a stack");
    let renamed = renames.iter().find(|r| r.kind == kind && r.was == name).map(|r| r.now.as_str());
    let other = renamed.map_or_else(|| "the thing that it is now".to_owned(), |now| format!("`{now}`"));
    Diagnostic::new(RULE.code, span, said).help(format!(
        "if it has another name now, say `renamed_from: {name}` in {other}; if it shall go, compile once with \
         `--allow-loss {name}`"
    ))
}
