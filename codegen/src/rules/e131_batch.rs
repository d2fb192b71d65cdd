//! E131: settings of a queue's consumer exclude each other.

use super::{Context, Rule, words};
use crate::aws::limits::MAPPING_BATCH_PLAIN;
use crate::decide;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::Queue;

/// Settings of a queue's consumer exclude each other.
pub(crate) const RULE: Rule = Rule {
    code: "E131",
    title: "settings of a queue's consumer exclude each other",
    doc: r#"
Lambda reads more than 10 messages at once only if it may wait for them (`batch_window`). A FIFO queue knows no window,
for it would hold a group up. A queue with a promise (`within`) has pollers of its own, which AWS does not let be limited
by `concurrency`. And a consumer must be given at least the time of the handlers that it runs.

```yaml
# wrong
queues: { index: { from: activity, handler: index, batch: 100 } }
# right
queues: { index: { from: activity, handler: index, batch: 100, batch_window: 5s } }
```

Source: AWS Lambda Developer Guide, "Lambda parameters for Amazon SQS event source mappings" and "Configuring scaling
behavior for SQS event source mappings".
"#,
    check: Some(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for queue in cx.flow.queues.values() {
        batch(queue, decide::is_fifo(cx.flow, queue), out);
        if let (Some(concurrency), Some(within)) = (queue.concurrency, queue.within) {
            out.push(
                Diagnostic::new(RULE.code, concurrency.span, "`concurrency` and `within` exclude each other")
                    .related(within.span, "this promise needs pollers of its own")
                    .help("leave `concurrency` out: AWS limits either the concurrency or the pollers"),
            );
        }
        let Some(timeout) = queue.timeout else { continue };
        for handler in decide::consumer_handlers(queue) {
            let needs = decide::handler_timeout(cx.flow, handler);
            if needs > timeout.value {
                let handler = &cx.flow.handlers[handler];
                let (name, has, needs) = (&handler.name.text, words::seconds(timeout.value), words::seconds(needs));
                out.push(
                    Diagnostic::new(
                        RULE.code,
                        timeout.span,
                        format!("the consumer ends after {has}, and handler `{name}` may take {needs}"),
                    )
                    .related(handler.timeout.map_or(handler.name.span, |t| t.span), "the handler's time")
                    .help(format!("give the queue a `timeout` of at least {needs}, or leave it out")),
                );
            }
        }
    }
}

fn batch(queue: &Queue, fifo: bool, out: &mut Diagnostics) {
    if fifo {
        if let Some(window) = queue.batch_window.filter(|w| w.value > 0) {
            let said = format!("queue `{}` is a FIFO queue, which has no `batch_window`", queue.name.text);
            out.push(
                Diagnostic::new(RULE.code, window.span, said)
                    .help("leave it out: a window would hold up every group in the batch"),
            );
        }
        return;
    }
    let Some(batch) = queue.batch.filter(|b| u64::from(b.value) > MAPPING_BATCH_PLAIN) else { return };
    if decide::batch_window(queue) == 0 {
        let said = format!("a batch of {} needs a `batch_window`", words::thousands(u64::from(batch.value)));
        out.push(
            Diagnostic::new(RULE.code, batch.span, said)
                .help(format!("add `batch_window: 1s` or more, or take {MAPPING_BATCH_PLAIN} at most")),
        );
    }
}
