//! E052: a former name is none.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;
use crate::suggest;

/// A former name is none.
pub(crate) const RULE: Rule = Rule {
    code: "E052",
    title: "a former name is none",
    doc: r#"
`renamed_from:` says that a thing had another name, so that it keeps its identity in the stack: the same table, the same
queue with its messages. So the last compile must have had something of that name and kind, and nothing else can have the
name now. Once the rename is compiled, `spec/stacks.lock.json` remembers it and the line may go.

```yaml
queues:
  alerts: { from: activity, renamed_from: notify }
```
"#,
    check: Check::Reading,
};

pub(crate) fn still_there(span: Span, name: &str, other: Span) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("`{name}` is still in use, so nothing was renamed from it"))
        .related(other, format!("`{name}` is declared here"))
}

pub(crate) fn twice(span: Span, name: &str, first: Span) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("two things say that they were `{name}`")).related(first, "the other one")
}

/// The lock has nothing of that name; `gone` is what it has of this kind and the spec no longer does.
pub(crate) fn unknown(span: Span, name: &str, kind: &str, gone: &[&str]) -> Diagnostic {
    let said = format!("the stack has no `{name}` under `{kind}`, so nothing was renamed from it");
    let diagnostic = Diagnostic::new(RULE.code, span, said);
    match (suggest::nearest(name, gone.iter().copied()), gone) {
        (Some(near), _) => diagnostic.help(format!("did you mean `{near}`?")).replace_with(near),
        (None, []) => diagnostic.help(
            "a former name is that of the last compile, in `spec/stacks.lock.json`; leave the line out of what is new",
        ),
        (None, gone) => diagnostic.help(format!("gone from `{kind}` since the last compile: {}", super::listed(gone))),
    }
}

/// The thing is in the stack under its own name already.
pub(crate) fn another(span: Span, name: &str, former: &str) -> Diagnostic {
    let said = format!("`{name}` is in the stack already, and never was `{former}`");
    Diagnostic::new(RULE.code, span, said)
        .help("remove `renamed_from`; if the two were compiled apart by mistake, restore `spec/stacks.lock.json` first")
}
