//! E058: two names meet in what is generated.

use super::{Check, Rule};
use crate::diagnostic::Diagnostic;
use crate::emit::describe::Clash;
use crate::source::Span;

/// Two names meet in what is generated.
pub(crate) const RULE: Rule = Rule {
    code: "E058",
    title: "two names meet in what is generated",
    doc: r#"
Names become logical ids and functions' names. Two names that differ only where those do not, such as `a_1` and `a1`,
or a handler that is a step and a queue of the same name, would be one function or one resource.

A type that is written where it is used is called after its place: that of the field `total` of `Order` is `OrderTotal`.
Nothing else may have that name.

```yaml
# wrong: both functions would be `render`
queues:   { render: { from: activity, handler: count } }
workflows: { show: { steps: [ - draw: { handler: render } ] } }
# right
queues:   { render_queue: { from: activity, handler: count } }
```
"#,
    check: Check::Reading,
};

pub(crate) fn function(span: Span, name: &str, first: &str, second: &str, at: Span) -> Diagnostic {
    meet(span, format!("two functions would be called `{name}`: of `{first}` and of `{second}`"), first, at)
}

pub(crate) fn logical(span: Span, id: &str, first: &str, second: &str, at: Span) -> Diagnostic {
    meet(span, format!("two resources would have the id `{id}`: of `{first}` and of `{second}`"), first, at)
}

pub(crate) fn types(clash: &Clash, span: Span, at: Span) -> Diagnostic {
    let Clash { name, first, second } = clash;
    let help = "a type that has no name is called after its field; give it a name of its own under `types:`";
    if span == at {
        let said = format!("two types of `{second}` would be called `{name}`");
        return Diagnostic::new(RULE.code, span, said).help(help);
    }
    let said = format!("two types would be called `{name}`: of `{first}` and of `{second}`");
    Diagnostic::new(RULE.code, span, said).related(at, format!("`{first}` is here")).help(help)
}

fn meet(span: Span, said: String, first: &str, at: Span) -> Diagnostic {
    Diagnostic::new(RULE.code, span, said)
        .related(at, format!("`{first}` is here"))
        .help("give one of the two another name")
}
