//! Decisions that both the checks and `lower` need: one truth for each number.
//!
//! In: the flow and what follows from it. Out: numbers. Guaranteed: a rule that proves something of a timeout
//! or a plan proves it of the one that is deployed.

use crate::facts::is_browser;
use crate::model::{Flow, HandlerId, Queue, QueueId, Quotas, Step, StepKind, Target, To, Workflow};

/// Four days: what the flow's own queues keep, as SQS does by default.
pub const DEFAULT_RETENTION: u32 = 345_600;
/// Tries before the dead-letter queue.
pub const DEFAULT_ATTEMPTS: u32 = 5;
/// Seven days: what browsers are replayed.
pub const DEFAULT_REPLAY: u64 = 604_800;
/// Seconds that a function behind a route may take; an integration has 29 s.
/// Source: Amazon API Gateway Developer Guide, "WebSocket API quotas".
pub const ROUTE_TIMEOUT: u32 = 10;
/// Tries of a stream's record before it is given up.
pub const STREAM_RETRIES: u32 = 10;
/// Seconds after which a stream's record is given up: before the stream forgets it, after 24 h.
pub const STREAM_RECORD_AGE: u32 = 82_800;
/// The longest delay of a message in SQS, in seconds.
/// Source: Amazon SQS Developer Guide, "Amazon SQS message quotas".
pub const LONGEST_DELAY: u64 = 900;

/// Seconds that a handler may take.
#[must_use]
pub fn handler_timeout(flow: &Flow, id: HandlerId) -> u32 {
    flow.handlers[id].timeout.map_or(15, |t| clamp(t.value))
}

/// Seconds that a queue's consumer may take for a batch.
#[must_use]
pub fn consumer_timeout(flow: &Flow, queue: &Queue) -> u32 {
    let of_targets = queue.targets.iter().flat_map(|t| &t.by_event).filter_map(|(_, t)| match t {
        Target::Handler(h) => Some(h.value),
        _ => None,
    });
    let handlers = queue.handler.map(|h| h.value).into_iter().chain(of_targets);
    let slowest = handlers.map(|h| handler_timeout(flow, h).saturating_add(15)).max().unwrap_or(0);
    queue.timeout.map_or(slowest.max(30), |t| clamp(t.value))
}

/// Seconds that a consumer waits for a batch to fill.
#[must_use]
pub fn batch_window(queue: &Queue) -> u32 {
    queue.batch_window.map_or(0, |w| clamp(w.value))
}

/// Events that a consumer takes at once.
#[must_use]
pub fn batch(queue: &Queue) -> u32 {
    queue.batch.map_or(10, |b| b.value)
}

/// Batches that are handled at the same time.
#[must_use]
pub fn concurrency(queue: &Queue) -> u32 {
    queue.concurrency.map_or(50, |c| c.value)
}

/// Seconds that a message is invisible: six times the consumer's timeout, and the batch window.
/// Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS".
#[must_use]
pub fn visibility(timeout: u32, window: u32) -> u32 {
    timeout.saturating_mul(6).saturating_add(window)
}

/// Seconds that a queue keeps a message.
#[must_use]
pub fn retention(queue: &Queue) -> u32 {
    queue.keep.map_or(DEFAULT_RETENTION, |k| clamp(k.value))
}

/// Tries of a message before the dead-letter queue.
#[must_use]
pub fn attempts(queue: &Queue) -> u32 {
    queue.retry.as_ref().and_then(|r| r.attempts).map_or(DEFAULT_ATTEMPTS, |a| a.value)
}

/// Whether a queue is a FIFO queue: its topic is.
#[must_use]
pub fn is_fifo(flow: &Flow, id: QueueId) -> bool {
    flow.queues[id].from.is_some_and(|t| flow.topics[t.value].fifo.value)
}

/// Seconds that a step may take.
#[must_use]
pub fn step_timeout(flow: &Flow, step: &Step) -> u32 {
    let own = match &step.kind {
        StepKind::Handler(handler) => handler_timeout(flow, handler.value),
        _ => 30,
    };
    step.timeout.map_or(own.saturating_add(5), |t| clamp(t.value))
}

/// Seconds that a whole workflow may take: twice what its steps and waits take with all tries, and at least
/// an hour; five minutes for an express one.
#[must_use]
pub fn workflow_timeout(flow: &Flow, workflow: &Workflow) -> u64 {
    /// A year. Source: AWS Step Functions Developer Guide, "Service quotas".
    const LONGEST: u64 = 31_536_000;
    if workflow.express.value {
        return workflow.timeout.map_or(300, |t| t.value);
    }
    let tries = u64::from(workflow.retry.as_ref().and_then(|r| r.attempts).map_or(3, |a| a.value));
    let mut sum: u64 = 0;
    crate::facts::each_step(&workflow.steps, &mut |step| {
        sum = sum.saturating_add(match &step.kind {
            StepKind::Wait(seconds) => seconds.value,
            StepKind::WaitUntil(_) => LONGEST,
            StepKind::Handler(_) | StepKind::Send(_) => u64::from(step_timeout(flow, step)).saturating_mul(tries),
            _ => 0,
        });
    });
    workflow.timeout.map_or(sum.saturating_mul(2).clamp(3_600, LONGEST), |t| t.value)
}

/// How a fan-out to browsers is done, for what is expected.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FanOut {
    /// The most targets of one event.
    pub targets: u64,
    /// Shards of connections, 250 each.
    pub shards: u64,
    /// Workers at once, five shards each.
    pub workers: u64,
    /// Posts a second that the account's quota allows.
    pub posts_per_second: u64,
    /// Posts a second that one worker may make.
    pub posts_per_worker: u64,
    /// Seconds that the posts of one event take with a full bucket.
    pub seconds: f64,
    /// Pollers that are kept ready.
    pub pollers_min: u32,
    /// Pollers at most.
    pub pollers_max: u32,
}

/// The plan of a queue whose looked-up targets are delivered to browsers; none for other queues.
#[must_use]
pub fn fan_out(flow: &Flow, queue: &Queue) -> Option<FanOut> {
    let to_browser = queue.to.iter().flat_map(To::destinations).any(|d| is_browser(flow, d.value));
    let looked_up = queue.targets.iter().flat_map(|t| &t.by_event).any(|(_, t)| matches!(t, Target::Lookup(_)));
    if !to_browser || !looked_up {
        return None;
    }
    // Callbacks count against the account's requests. Source: Amazon API Gateway Developer Guide, quotas.
    let (rate, burst): (u64, u64) = match flow.settings.quotas {
        Quotas::Large => (10_000, 5_000),
        Quotas::Small => (2_500, 1_250),
    };
    let targets = queue.expect.targets.map_or(1_000, |t| t.value.max(1));
    let shards = targets.div_ceil(250);
    let workers = shards.div_ceil(5);
    let per_second = queue.expect.rate.map_or(1.0, |r| r.value.per_second());
    // A poller takes one event at a time and holds it for the length of the fan-out.
    let seconds = targets.saturating_sub(burst) as f64 / rate as f64;
    let pollers = ((per_second * (seconds + 1.0)).ceil() as u32).clamp(2, 200);
    Some(FanOut {
        targets,
        shards,
        workers,
        posts_per_second: rate,
        posts_per_worker: (rate / workers.max(1)).max(1),
        seconds,
        pollers_min: pollers,
        pollers_max: pollers.saturating_mul(4).clamp(2, 2_000),
    })
}

/// The domain of a sender: `Everi <no-reply@everi.example>` is of `everi.example`.
#[must_use]
pub fn domain(sender: &str) -> &str {
    let address = sender.rsplit_once('<').map_or(sender, |(_, a)| a.trim_end_matches('>'));
    address.rsplit_once('@').map_or("", |(_, d)| d.trim())
}

fn clamp(seconds: u64) -> u32 {
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
