//! E051: an environment adds something that the flow does not have.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// An environment adds something that the flow does not have.
pub(crate) const RULE: Rule = Rule {
    code: "E051",
    title: "an environment adds something that the flow does not have",
    doc: r#"
`environments:` changes settings by environment; it is shaped like the flow and adds no names, so that every
environment runs the same flow.

```yaml
# wrong
environments: { prod: { queues: { audit: { from: activity } } } }
# right
environments: { prod: { queues: { notify: { keep: 14d } } } }
```
"#,
    check: Check::Reading,
};

pub(crate) fn adds(span: Span, name: &str, environment: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("environment `{environment}` adds `{name}`, which the flow does not have"))
        .help("an environment changes settings; declare the thing in the flow itself")
}

pub(crate) fn unknown(span: Span, name: &str, known: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::new(RULE.code, span, format!("there is no environment `{name}`"));
    if known.is_empty() {
        return diagnostic
            .help(format!("the flow has no environments; declare it: `environments: {{ {name}: {{ … }} }}`"));
    }
    match crate::suggest::nearest(name, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("there are {}", super::listed(known))),
    }
}
