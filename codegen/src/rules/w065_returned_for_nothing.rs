//! W065: what a handler returns goes nowhere.

use super::{Check, Context, Rule};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// What a handler returns goes nowhere.
pub(crate) const RULE: Rule = Rule {
    code: "W065",
    title: "what a handler returns goes nowhere",
    doc: r#"
What the handler of a queue returns is sent to the queue's `to`. Without one it is dropped.

```yaml
# wrong
queues:   { orders: { from: sales, handler: price } }
handlers: { price: { returns: OrderPriced } }
# right
queues:   { orders: { from: sales, handler: price, to: priced } }
```
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for queue in cx.flow.queues.values().filter(|q| q.to.is_none()) {
        let Some(handler) = queue.handler else { continue };
        let Some(returns) = cx.flow.handlers[handler.value].returns else { continue };
        let said = format!("what handler `{}` returns is dropped", cx.flow.handlers[handler.value].name.text);
        out.push(
            Diagnostic::new(RULE.code, returns.span, said)
                .related(handler.span, format!("queue `{}` has no `to`", queue.name.text))
                .help("give the queue a `to`, or leave `returns` out"),
        );
    }
}
