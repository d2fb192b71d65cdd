//! E130: a number is beyond what AWS takes.

use super::{Check, Context, Rule, words};
use crate::aws::limits;
use crate::decide;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts::each_step;
use crate::model::{Queue, Retry, SinkKind, Spanned, Step, StepKind};
use crate::source::Span;

/// A number is beyond what AWS takes.
pub(crate) const RULE: Rule = Rule {
    code: "E130",
    title: "a number is beyond what AWS takes",
    doc: r#"
Each setting ends up on an AWS resource, which has limits of its own. The message says them.

| setting | AWS takes |
| --- | --- |
| a queue's `delay`, `keep` | 0s to 15m, 1m to 14d |
| a queue's `batch` | 1 to 10; with `batch_window` 1 to 10,000; of a FIFO queue 1 to 10 |
| a queue's `batch_window`, `concurrency`, `retry.attempts` | 0s to 5m, 2 to 1,000, 1 to 1,000 |
| a `timeout` and a handler's `memory` | 1s to 15m, 128 MiB to 10 GiB |
| a step's `wait`, a map's `concurrency` | 1s to 365d, 1 to 40 |
| a step's `retry` | `backoff` from 1s, `backoff_rate` from 1.0, `max_backoff` over `backoff` and under 366d |
| a webhook's `timeout`, `replay` | 1s to 15m, from 1m |

```yaml
# wrong
queues: { notify: { from: activity, delay: 1h, to: notices } }
# right
queues: { notify: { from: activity, delay: 15m, to: notices } }
```

Source: SQS, Lambda and Step Functions quotas; each number's page stands in `aws/limits.rs`.
"#,
    check: Check::Own(check),
};

/// What a number is said in.
#[derive(Clone, Copy)]
enum Unit {
    Seconds,
    MiB,
    Plain,
}

impl Unit {
    fn say(self, n: u64) -> String {
        match self {
            Self::Seconds => words::seconds(n),
            Self::MiB => format!("{} MiB", words::thousands(n)),
            Self::Plain => words::thousands(n),
        }
    }
}

struct Says<'a> {
    out: &'a mut Diagnostics,
    whose: String,
}

impl Says<'_> {
    fn within(&mut self, what: &str, value: Option<(u64, Span)>, least: u64, most: u64, unit: Unit) {
        let Some((value, span)) = value.filter(|(v, _)| !(least..=most).contains(v)) else { return };
        let said = format!(
            "`{what}` of {} is {}: AWS takes {} to {}",
            self.whose,
            unit.say(value),
            unit.say(least),
            unit.say(most)
        );
        let nearest = unit.say(value.clamp(least, most));
        self.out.push(Diagnostic::new(RULE.code, span, said).help(format!("the nearest that it takes is {nearest}")));
    }
}

fn long(value: Option<Spanned<u64>>) -> Option<(u64, Span)> {
    value.map(|v| (v.value, v.span))
}

fn short(value: Option<Spanned<u32>>) -> Option<(u64, Span)> {
    value.map(|v| (u64::from(v.value), v.span))
}

fn check(cx: &Context<'_>, out: &mut Diagnostics) {
    for queue in cx.flow.queues.values() {
        let whose = format!("queue `{}`", queue.name.text);
        let fifo = decide::is_fifo(cx.flow, queue);
        self::queue(queue, fifo, &mut Says { out, whose });
    }
    for handler in cx.flow.handlers.values() {
        let mut says = Says { out, whose: format!("handler `{}`", handler.name.text) };
        says.within("timeout", long(handler.timeout), 1, limits::LAMBDA_TIMEOUT_SECONDS, Unit::Seconds);
        let (least, most) = (limits::LAMBDA_MEMORY_LEAST_MIB, limits::LAMBDA_MEMORY_MOST_MIB);
        says.within("memory", short(handler.memory), least, most, Unit::MiB);
    }
    for workflow in cx.flow.workflows.values() {
        if let Some(retry) = &workflow.retry {
            step_retry(retry, &mut Says { out, whose: format!("workflow `{}`", workflow.name.text) });
        }
        each_step(&workflow.steps, &mut |s| step(s, out));
    }
    for sink in cx.flow.sinks.values() {
        let mut says = Says { out, whose: format!("sink `{}`", sink.name.text) };
        match sink.kind {
            SinkKind::Webhook { timeout, .. } => {
                says.within("timeout", long(timeout), 1, limits::LAMBDA_TIMEOUT_SECONDS - 15, Unit::Seconds);
            }
            SinkKind::Websocket { replay, .. } => {
                says.within("replay", long(replay), 60, limits::STATES_STANDARD_SECONDS, Unit::Seconds);
            }
            _ => {}
        }
    }
}

fn queue(queue: &Queue, fifo: bool, says: &mut Says<'_>) {
    let keep = (limits::SQS_KEEP_LEAST_SECONDS, limits::SQS_KEEP_MOST_SECONDS);
    says.within("delay", long(queue.delay), 0, limits::SQS_DELAY_SECONDS, Unit::Seconds);
    says.within("keep", long(queue.keep), keep.0, keep.1, Unit::Seconds);
    says.within("timeout", long(queue.timeout), 1, limits::LAMBDA_TIMEOUT_SECONDS, Unit::Seconds);
    let concurrency = (limits::MAPPING_CONCURRENCY_LEAST, limits::MAPPING_CONCURRENCY_MOST);
    says.within("concurrency", short(queue.concurrency), concurrency.0, concurrency.1, Unit::Plain);
    let attempts = queue.retry.as_ref().and_then(|r| r.attempts);
    says.within("attempts", short(attempts), 1, limits::SQS_RECEIVES, Unit::Plain);
    if fifo {
        // E132 says that a FIFO queue has no window.
        says.within("batch", short(queue.batch), 1, limits::MAPPING_BATCH_PLAIN, Unit::Plain);
        return;
    }
    says.within("batch_window", long(queue.batch_window), 0, limits::MAPPING_WINDOW_SECONDS, Unit::Seconds);
    // Beyond 10 without a window is E131's, which says what to do.
    says.within("batch", short(queue.batch), 1, limits::MAPPING_BATCH_WINDOWED, Unit::Plain);
}

fn step(step: &Step, out: &mut Diagnostics) {
    let mut says = Says { out, whose: format!("step `{}`", step.name.value) };
    if let Some(retry) = &step.retry {
        step_retry(retry, &mut says);
    }
    match &step.kind {
        // E118 says what is too long.
        StepKind::Wait(wait) => {
            says.within("wait", Some((wait.value.min(1), wait.span)), 1, limits::STATES_STANDARD_SECONDS, Unit::Seconds)
        }
        StepKind::Map(map) => {
            says.within("concurrency", short(map.concurrency), 1, limits::STATES_INLINE_MAP, Unit::Plain)
        }
        StepKind::Handler(_) | StepKind::Send(_) => {
            says.within("timeout", long(step.timeout), 1, limits::LAMBDA_TIMEOUT_SECONDS, Unit::Seconds);
        }
        _ => {}
    }
}

fn step_retry(retry: &Retry, says: &mut Says<'_>) {
    // `attempts` are tries in all: AWS's MaxAttempts is one less, and 0 is none.
    says.within("attempts", short(retry.attempts), 1, limits::STATES_RETRIES, Unit::Plain);
    says.within("backoff", long(retry.backoff), 1, limits::STATES_RETRY_SECONDS, Unit::Seconds);
    let first = retry.backoff.map_or(1, |b| b.value).min(limits::STATES_RETRY_MOST_SECONDS - 2);
    says.within(
        "max_backoff",
        long(retry.max_backoff),
        first + 1,
        limits::STATES_RETRY_MOST_SECONDS - 1,
        Unit::Seconds,
    );
    if let Some(rate) = retry.backoff_rate.filter(|r| !(1.0..=1e6).contains(&r.value)) {
        let said = format!("`backoff_rate` of {} is {}: AWS takes 1.0 and more", says.whose, rate.value);
        says.out.push(
            Diagnostic::new(RULE.code, rate.span, said)
                .help("1.0 waits the same each time, 2.0 twice as long each time"),
        );
    }
}
