//! E058: two names meet in the stack.

use super::Rule;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// Two names meet in the stack.
pub(crate) const RULE: Rule = Rule {
    code: "E058",
    title: "two names meet in the stack",
    doc: r#"
Names become logical ids and functions' names. Two names that differ only where those do not, such as `a_1` and `a1`,
or a handler that is a step and a queue of the same name, would be one function or one resource.

```yaml
# wrong: both functions would be `render`
queues:   { render: { from: activity, handler: count } }
workflows: { show: { steps: [ - draw: { handler: render } ] } }
# right
queues:   { render_queue: { from: activity, handler: count } }
```
"#,
    check: None,
};

pub(crate) fn function(span: Span, name: &str, first: &str, second: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("two functions would be called `{name}`: of `{first}` and of `{second}`"))
        .help("give one of the two another name")
}

pub(crate) fn logical(span: Span, id: &str, first: &str, second: &str) -> Diagnostic {
    Diagnostic::new(RULE.code, span, format!("two resources would have the id `{id}`: of `{first}` and of `{second}`"))
        .help("give one of the two another name")
}
