//! E131: settings of a queue's consumer exclude each other.

use super::{Check, Context, Rule, words};
use crate::aws::limits::{LAMBDA_TIMEOUT_SECONDS, MAPPING_BATCH_PLAIN};
use crate::decide;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Flow, Queue};

/// Settings of a queue's consumer exclude each other.
pub(crate) const RULE: Rule = Rule {
    code: "E131",
    title: "settings of a queue's consumer exclude each other",
    doc: r#"
Lambda reads more than 10 messages at once only if it may wait for them (`batch_window`). A FIFO queue knows no window,
for it would hold a group up. A queue with a promise (`within`) has pollers of its own, which AWS does not let be limited
by `concurrency`. And a consumer must have the time of a whole batch: ten events are handled at once, of a FIFO queue
one after another, for all may be of one group; each takes up to its handlers' `timeout` and that of the sinks it is
sent to. Lambda ends after 15 minutes.

```yaml
# wrong
queues: { index: { from: activity, handler: index, batch: 100 } }
# right
queues: { index: { from: activity, handler: index, batch: 100, batch_window: 5s } }
```

Source: AWS Lambda Developer Guide, "Lambda parameters for Amazon SQS event source mappings" and "Configuring scaling
behavior for SQS event source mappings".
"#,
    check: Check::Own(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for queue in cx.flow.queues.values() {
        window(queue, decide::is_fifo(cx.flow, queue), out);
        if let (Some(concurrency), Some(within)) = (queue.concurrency, queue.within) {
            out.push(
                Diagnostic::new(RULE.code, concurrency.span, "`concurrency` and `within` exclude each other")
                    .related(within.span, "this promise needs pollers of its own")
                    .help("leave `concurrency` out: AWS limits either the concurrency or the pollers"),
            );
        }
        // An unread window or timeout would be taken for the usual one.
        if cx.whole {
            batch(queue, decide::is_fifo(cx.flow, queue), out);
            time(cx.flow, queue, out);
        }
    }
}

/// A consumer that ends before its batch leaves the rest to be received again, and so, in the end, to dead letters.
fn time(flow: &Flow, queue: &Queue, out: &mut Diagnostics) {
    let needs = decide::batch_seconds(flow, queue);
    let has = queue.timeout.map_or(LAMBDA_TIMEOUT_SECONDS, |t| t.value);
    if needs <= has {
        return;
    }
    let (said_has, said_needs) = (words::seconds(has), words::seconds(needs));
    let said = format!("the consumer ends after {said_has}, and a batch of it may take {said_needs}");
    let longest = decide::consumer_handlers(queue).max_by_key(|h| decide::handler_timeout(flow, *h));
    let span = queue.timeout.map(|t| t.span).or(queue.batch.map(|b| b.span)).unwrap_or(queue.name.span);
    let mut said = Diagnostic::new(RULE.code, span, said);
    if let Some(handler) = longest.map(|h| &flow.handlers[h]) {
        let about = format!("handler `{}` runs for every event", handler.name.text);
        said = said.related(handler.timeout.map_or(handler.name.span, |t| t.span), about);
    }
    out.push(said.help(if needs <= LAMBDA_TIMEOUT_SECONDS {
        format!("give the queue a `timeout` of at least {said_needs}, or leave it out")
    } else {
        "take a smaller `batch`, or give what it runs and calls a shorter `timeout`".to_owned()
    }));
}

fn window(queue: &Queue, fifo: bool, out: &mut Diagnostics) {
    if let Some(window) = queue.batch_window.filter(|w| fifo && w.value > 0) {
        let said = format!("queue `{}` is a FIFO queue, which has no `batch_window`", queue.name.text);
        out.push(
            Diagnostic::new(RULE.code, window.span, said)
                .help("leave it out: a window would hold up every group in the batch"),
        );
    }
}

fn batch(queue: &Queue, fifo: bool, out: &mut Diagnostics) {
    if fifo {
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
