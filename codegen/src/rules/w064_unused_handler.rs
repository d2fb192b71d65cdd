//! W064: a handler is not used.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// A handler is not used.
pub(crate) const RULE: Rule = Rule {
    code: "W064",
    title: "a handler is not used",
    doc: r#"
A handler that no source, queue, target or step names is never called, and no code is generated for it.

```yaml
# wrong
handlers: { render_notice: {} }
# right: used in a step
steps: [ render: { handler: render_notice } ]
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for (id, handler) in cx.flow.handlers.iter() {
        if cx.facts.uses(id).is_empty() {
            let said = format!("handler `{}` is not used", handler.name.text);
            out.push(
                Diagnostic::new(RULE.code, handler.name.span, said)
                    .help("name it in a source, a queue or a step, or remove it"),
            );
        }
    }
}
