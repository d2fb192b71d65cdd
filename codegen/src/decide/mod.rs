//! Decisions that checks and `lower` share: what a setting is where the spec leaves it out, how large an event
//! can be, what a fan-out needs.
//!
//! In: the [`Flow`] and its facts. Out: numbers. Guaranteed: a check that compares with a default, and the
//! template that is written, mean the same number.

mod fan_out;
mod size;
mod timeouts;
mod workflow;

pub use fan_out::{FanOut, LOOKED_UP_TARGETS, PATH_SECONDS, Quota, fan_out, is_fan_out, posts_seconds, quota};
pub use size::{
    ASSUMED_LIST_BYTES, ASSUMED_TEXT_BYTES, ENVELOPE_BYTES, Size, event_size, fields_size, max_bytes, shape_size,
};
pub use timeouts::{
    AT_ONCE, FLUSH_TIMEOUT, FUNCTION_TIMEOUT, ROUTE_TIMEOUT, STREAM_TIMEOUT, WEBHOOK_TIMEOUT, WORKER_TIMEOUT,
    batch_seconds, consumer_handlers, consumer_timeout, deliver_timeout, handler_timeout, reading_timeout,
    rest_timeout, route_timeout, sink_timeout, step_timeout,
};
pub use workflow::{longest, longest_way, steps_waits, transitions, workflow_timeout};

use crate::facts::{Facts, Node};
use crate::model::{Destination, Flow, Grouper, GrouperId, Queue, Window};

/// Seconds that a queue keeps events: SQS's own default.
pub const KEEP: u64 = 345_600;
/// Seconds that a dead-letter queue keeps events: the most that SQS takes.
pub const DEAD_LETTER_KEEP: u64 = crate::aws::limits::SQS_KEEP_MOST_SECONDS;
/// Events that a consumer takes at once.
pub const BATCH: u32 = 10;
/// Seconds that a consumer waits for a batch to fill.
pub const BATCH_WINDOW: u64 = 0;
/// Tries of a queue before the dead-letter queue.
pub const ATTEMPTS: u32 = 5;
/// Memory of a function, in MiB.
pub const MEMORY: u32 = 256;
/// By how much the visibility timeout is longer than the consumer's.
/// Source: AWS Lambda Developer Guide, "Using Lambda with Amazon SQS": at least six times the function's timeout.
pub const VISIBILITY_FACTOR: u64 = 6;
/// Tries of a stream record before the publisher gives it up.
pub const PUBLISHER_RETRIES: u32 = 10;
/// Seconds after which the publisher gives a stream record up: an hour before the stream drops it.
pub const PUBLISHER_RECORD_AGE: u64 = 82_800;
/// Seconds that what was sent to browsers is kept for those who were away.
pub const REPLAY: u64 = 604_800;
/// Entries of a map step at the same time.
pub const MAP_CONCURRENCY: u32 = 10;
/// The most events of one head of a group.
pub const GROUP_MAX: u32 = 100;
/// Write units that one event costs a group of up to [`GROUP_MAX`] events, all steps counted.
pub const GROUP_WRITES: f64 = 2.6;
/// By how much two clocks may differ, in seconds.
pub const SKEW: u64 = 60;

/// Seconds that a consumer waits for a batch to fill.
#[must_use]
pub fn batch_window(queue: &Queue) -> u64 {
    queue.batch_window.map_or(BATCH_WINDOW, |w| w.value)
}

/// Events that a consumer takes at once; one where a promise is kept, for the others would wait for it.
#[must_use]
pub fn batch(queue: &Queue) -> u32 {
    queue.batch.map_or(if queue.within.is_some() { 1 } else { BATCH }, |b| b.value)
}

/// Seconds that a message is invisible once received.
#[must_use]
pub fn visibility(flow: &Flow, queue: &Queue) -> u64 {
    consumer_timeout(flow, queue).saturating_mul(VISIBILITY_FACTOR).saturating_add(batch_window(queue))
}

/// Seconds that a queue keeps events.
#[must_use]
pub fn keep(queue: &Queue) -> u64 {
    queue.keep.map_or(KEEP, |k| k.value)
}

/// Tries of a queue before the dead-letter queue.
#[must_use]
pub fn attempts(queue: &Queue) -> u32 {
    queue.retry.as_ref().and_then(|r| r.attempts).map_or(ATTEMPTS, |a| a.value)
}

/// Whether a queue is a FIFO queue: its topic says so.
#[must_use]
pub fn is_fifo(flow: &Flow, queue: &Queue) -> bool {
    queue.from.is_some_and(|t| flow.topics[t.value].fifo.value)
}

/// Seconds for which an event may come again after it was handled: the queue, its dead letters and the
/// visibility timeout. A marker of idempotency lives as long.
#[must_use]
pub fn redelivery(flow: &Flow, queue: &Queue) -> u64 {
    keep(queue).saturating_add(DEAD_LETTER_KEEP).saturating_add(visibility(flow, queue))
}

/// The longest that a group stays open, in seconds; none for a window by the clock, whose length is the cron's.
#[must_use]
pub fn longest_window(grouper: &Grouper) -> Option<u64> {
    match &grouper.window {
        Window::Session { at_most, .. } | Window::Count { at_most, .. } => Some(at_most.value),
        Window::Tumbling { every, .. } => Some(every.value),
        Window::Cron { .. } => None,
    }
}

/// Seconds that a grouper's marker of an event lives: the redelivery horizon of the queues that feed it, the
/// longest window (a week where the clock closes it), a handler's life, and two skews.
#[must_use]
pub fn marker_seconds(flow: &Flow, facts: &Facts, grouper: GrouperId) -> u64 {
    let queues = facts.feeders(Destination::Grouper(grouper)).iter().filter_map(|f| match f.from {
        Node::To(Destination::Queue(queue)) => Some(redelivery(flow, &flow.queues[queue])),
        _ => None,
    });
    let horizon = queues.max().unwrap_or(KEEP + DEAD_LETTER_KEEP);
    let window = longest_window(&flow.groupers[grouper]).unwrap_or(604_800);
    horizon.saturating_add(window).saturating_add(crate::aws::limits::LAMBDA_TIMEOUT_SECONDS).saturating_add(2 * SKEW)
}
