//! E047: targets are not said in one of the ways there are.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Targets are not said in one of the ways there are.
pub(crate) const RULE: Rule = Rule {
    code: "E047",
    title: "targets are not said in one of the ways there are",
    doc: r#"
Targets are a field, a lookup, a handler, or followers; one way for all events, or by event.

```yaml
targets: author
targets: { table: group_members, where: { group: "{group}" }, select: member }
targets: { handler: find_targets }
targets: { UpdateLiked: author, UpdateCommented: { handler: find_commenters } }
```
"#,
    check: Check::Reading,
};

pub(crate) fn diagnostic(span: Span) -> Diagnostic {
    let said =
        "targets are found in exactly one way: a field, `handler`, `followers`, or `table` with `where` and `select`";
    Diagnostic::new(RULE.code, span, said)
}

pub(crate) fn incomplete(span: Span, missing: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("`{missing}` is missing in a lookup of targets"))
        .help("write `{ table: members_of, where: { group: \"{group}\" }, select: member }`")
}
