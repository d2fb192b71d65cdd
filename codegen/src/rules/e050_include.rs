//! E050: an included file cannot be read.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// An included file cannot be read.
pub(crate) const RULE: Rule = Rule {
    code: "E050",
    title: "an included file cannot be read",
    doc: r#"
`include:` names files of the spec folder, by their paths from it. A file includes nothing itself, is no link, and its
path has no `..`.

```yaml
# wrong
include: ["../common/events.yaml"]
# right
include: [events.yaml]
```
"#,
    check: Check::Reading,
};

pub(crate) fn diagnostic(span: Span, path: &str, why: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("`{path}` cannot be included: {why}"))
}
