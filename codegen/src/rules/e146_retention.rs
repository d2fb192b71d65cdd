//! E146: events are dropped before they were tried.

use super::{Check, Context, Rule, words};
use crate::aws::limits::SQS_KEEP_LEAST_SECONDS;
use crate::decide;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Events are dropped before they were tried.
pub(crate) const RULE: Rule = Rule {
    code: "E146",
    title: "events are dropped before they were tried",
    doc: r#"
SQS deletes a message when `keep` is over, whatever was tried. A failing event comes back after the visibility timeout,
six times the consumer's, for each of its `attempts`; `keep` must be longer than all of them, or it is deleted and never
reaches the dead-letter queue. There its age still counts from its first day: the dead-letter queue keeps 14 days, so
a queue keeps less.

```yaml
# wrong
queues: { notify: { from: activity, keep: 10m, retry: { attempts: 5 }, to: notices } }
# right
queues: { notify: { from: activity, keep: 4d, retry: { attempts: 5 }, to: notices } }
```

Source: Amazon SQS Developer Guide, "Using dead-letter queues in Amazon SQS": message retention periods.
"#,
    check: Check::Whole(check),
};

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for queue in cx.flow.queues.values() {
        // What AWS does not take at all is reported where ranges are.
        if queue.keep.is_some_and(|k| k.value < SQS_KEEP_LEAST_SECONDS) {
            continue;
        }
        let keep = decide::keep(queue);
        let name = &queue.name.text;
        if let Some(keep) = queue.keep.filter(|k| k.value == decide::DEAD_LETTER_KEEP) {
            let said = format!(
                "queue `{name}` keeps events 14d, and so does its dead-letter queue, where their age counts on: what fails \
                 on its last day would be deleted there at once"
            );
            out.push(
                Diagnostic::new(RULE.code, keep.span, said)
                    .help("keep less, such as `keep: 10d`: the rest of the 14d is the time to look at dead letters"),
            );
            continue;
        }
        let (attempts, visibility) = (decide::attempts(queue), decide::visibility(cx.flow, queue));
        let delay = queue.delay.map_or(0, |d| d.value);
        let needed = visibility.saturating_mul(u64::from(attempts)).saturating_add(delay);
        if needed <= keep {
            continue;
        }
        let place = queue.keep.map(|k| k.span).or(queue.retry.as_ref().and_then(|r| r.attempts).map(|a| a.span));
        let said = format!(
            "{attempts} tries of queue `{name}` take up to {}, and it keeps events {}",
            words::seconds(needed),
            words::seconds(keep)
        );
        out.push(Diagnostic::new(RULE.code, place.unwrap_or(queue.name.span), said).help(format!(
            "keep them longer, or try less often: each try takes {}, the visibility timeout",
            words::seconds(visibility)
        )));
    }
}
