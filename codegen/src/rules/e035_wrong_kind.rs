//! E035: a name stands for another kind of thing.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A name stands for another kind of thing.
pub(crate) const RULE: Rule = Rule {
    code: "E035",
    title: "a name stands for another kind of thing",
    doc: r#"
A subscriber says `from`; everyone else says `to`. A queue reads a topic; to feed one queue from another, the first
says `to:`.

```yaml
# wrong
queues:
  notify: { from: activity }
  mail: { from: notify }
# right
queues:
  notify: { from: activity, to: mail }
  mail: {}
```
"#,
    check: Check::Reading,
};

pub(crate) fn diagnostic(span: Span, name: &str, is: &str, wanted: &str, declared: Span) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("`{name}` is {is}; {wanted} belongs here"))
        .related(declared, format!("`{name}` is declared here"))
}

/// A queue that names a queue in its `from`.
pub(crate) fn queue_from_queue(span: Span, name: &str, this: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("`{name}` is a queue; a queue reads a topic"))
        .help(format!("to feed this one, write `to: {this}` in `{name}`"))
}
