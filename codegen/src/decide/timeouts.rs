//! How long each function may take. Whoever calls a function waits a little longer than it may take, so that the
//! caller sees how it ended; and a consumer may take what a whole batch needs.
//!
//! In: the [`Flow`]. Out: seconds, none above what Lambda takes.

use super::{batch, is_fan_out, is_fifo};
use crate::aws::limits::{GATEWAY_INTEGRATION_SECONDS, LAMBDA_TIMEOUT_SECONDS};
use crate::model::{Destination, Flow, HandlerId, Queue, Sink, SinkKind, Step, StepKind, Target, To};

/// Seconds that a handler may take.
const HANDLER_TIMEOUT: u64 = 15;
/// Seconds that a function may take of which nothing else is known.
pub const FUNCTION_TIMEOUT: u64 = 30;
/// Seconds that a function behind a route may take. Its integration has 29 s; a browser waits for less.
pub const ROUTE_TIMEOUT: u64 = 10;
/// Seconds that a stream's function may take for a batch of records.
pub const STREAM_TIMEOUT: u64 = 60;
/// Seconds that closing one group may take, its members read and frozen.
pub const FLUSH_TIMEOUT: u64 = 60;
/// Seconds that a worker of a fan-out may take; the quota lets a slow one wait for its share.
pub const WORKER_TIMEOUT: u64 = 30;
/// Seconds that the second pass of a fan-out may take for a batch of pages, what it calls aside.
const REST_TIMEOUT: u64 = 60;
/// Seconds that a webhook's server may take to answer.
pub const WEBHOOK_TIMEOUT: u64 = 10;
/// Seconds that a caller, or a function around its handler, has beyond what it waits for.
const MARGIN: u64 = 15;
/// Seconds that a task of a workflow has beyond its function's, so that the function's own end is seen.
const TASK_MARGIN: u64 = 5;
/// Records of a batch that a consumer of a standard queue handles at the same time.
pub const AT_ONCE: u32 = 10;
/// Records that a consumer without a handler is done with in a second, ten at once: an estimate, by a few writes each.
const RECORDS_PER_SECOND: u64 = 100;

/// Seconds that a handler may take.
#[must_use]
pub fn handler_timeout(flow: &Flow, handler: HandlerId) -> u64 {
    flow.handlers[handler].timeout.map_or(HANDLER_TIMEOUT, |t| t.value)
}

/// The handlers that a queue's consumer runs: of its events, and of their targets.
pub fn consumer_handlers(queue: &Queue) -> impl Iterator<Item = HandlerId> {
    queue.handler.map(|h| h.value).into_iter().chain(target_handlers(queue))
}

fn target_handlers(queue: &Queue) -> impl Iterator<Item = HandlerId> {
    queue.targets.iter().flat_map(|t| &t.by_event).filter_map(|(_, target)| match target {
        Target::Handler(handler) => Some(handler.value),
        _ => None,
    })
}

/// Seconds that a function behind a route may take; with a handler the handler's, as far as the integration waits.
#[must_use]
pub fn route_timeout(flow: &Flow, handler: Option<HandlerId>) -> u64 {
    handler.map_or(ROUTE_TIMEOUT, |h| handler_timeout(flow, h).clamp(ROUTE_TIMEOUT, GATEWAY_INTEGRATION_SECONDS))
}

/// Seconds that the task of a workflow may take that asks what was seen.
#[must_use]
pub const fn reading_timeout() -> u64 {
    ROUTE_TIMEOUT + TASK_MARGIN
}

/// Seconds that a sink's function may take; none where whoever sends does its work.
#[must_use]
pub fn sink_timeout(sink: &Sink) -> Option<u64> {
    match &sink.kind {
        SinkKind::Webhook { timeout, .. } => {
            let answered = timeout.map_or(WEBHOOK_TIMEOUT, |t| t.value);
            Some(answered.saturating_add(TASK_MARGIN).min(LAMBDA_TIMEOUT_SECONDS))
        }
        SinkKind::Websocket { .. } | SinkKind::Email { .. } | SinkKind::Unresolved => Some(FUNCTION_TIMEOUT),
        SinkKind::Counter { .. } | SinkKind::Table { .. } => None,
    }
}

/// Seconds that it may take to send one event on: the functions of all its sinks, one after the other.
fn sending(flow: &Flow, to: Option<&To>) -> u64 {
    let called = to.into_iter().flat_map(To::destinations).filter_map(|d| match d.value {
        Destination::Sink(sink) => sink_timeout(&flow.sinks[sink]),
        _ => None,
    });
    called.fold(0, u64::saturating_add)
}

/// Seconds that one event of a queue may take: its handlers, and what it is sent on to.
fn event_seconds(flow: &Flow, queue: &Queue) -> u64 {
    let targets = target_handlers(queue).map(|h| handler_timeout(flow, h)).max().unwrap_or(0);
    let handler = queue.handler.map_or(0, |h| handler_timeout(flow, h.value));
    let on = if is_fan_out(flow, queue) { WORKER_TIMEOUT } else { sending(flow, queue.to.as_ref()) };
    targets.saturating_add(handler).saturating_add(on)
}

/// Seconds that a whole batch of a queue may take, where every event takes all of its time. Of a FIFO queue all may
/// be of one group, whose events wait for each other.
#[must_use]
pub fn batch_seconds(flow: &Flow, queue: &Queue) -> u64 {
    let records = if is_fan_out(flow, queue) { 1 } else { batch(queue) };
    let rounds = if is_fifo(flow, queue) { records } else { records.div_ceil(AT_ONCE) };
    let own = u64::from(records) / RECORDS_PER_SECOND;
    event_seconds(flow, queue).saturating_mul(u64::from(rounds)).saturating_add(own)
}

/// Seconds that a queue's consumer may take for one batch.
#[must_use]
pub fn consumer_timeout(flow: &Flow, queue: &Queue) -> u64 {
    queue.timeout.map_or_else(|| waiting_for(batch_seconds(flow, queue), FUNCTION_TIMEOUT), |t| t.value)
}

/// Seconds that the delivery of a grouper's closed groups may take: as many at once as a batch has.
#[must_use]
pub fn deliver_timeout(flow: &Flow, to: &To) -> u64 {
    waiting_for(sending(flow, Some(to)), FUNCTION_TIMEOUT)
}

/// Seconds that the second pass of a fan-out may take.
#[must_use]
pub fn rest_timeout(flow: &Flow, queue: &Queue) -> u64 {
    waiting_for(sending(flow, queue.to.as_ref()), REST_TIMEOUT)
}

/// A caller's own time for what it waits for.
fn waiting_for(seconds: u64, least: u64) -> u64 {
    let needed = if seconds == 0 { 0 } else { seconds.saturating_add(MARGIN) };
    needed.max(least).min(LAMBDA_TIMEOUT_SECONDS)
}

/// Seconds that a task of a workflow may take: its own `timeout`, or a little more than its function.
#[must_use]
pub fn step_timeout(flow: &Flow, step: &Step) -> u64 {
    let function = match &step.kind {
        StepKind::Handler(handler) => handler_timeout(flow, handler.value),
        StepKind::Send(to) => match to.value {
            Destination::Sink(sink) => sink_timeout(&flow.sinks[sink]).unwrap_or(FUNCTION_TIMEOUT),
            _ => FUNCTION_TIMEOUT,
        },
        _ => HANDLER_TIMEOUT,
    };
    step.timeout.map_or(function.saturating_add(TASK_MARGIN), |t| t.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::QueueId;
    use crate::parse::Input;

    const FLOW: &str = r#"
eventloom: 1
flow: shop
events:
  OrderPlaced: { actor: buyer, object: id, order_by: buyer, fields: { buyer: string } }
secrets: { key: {} }
tables: { orders: { rows: event }, totals: { key: buyer, fields: { buyer: string, orders: int } } }
sources: { placed: { from: { table: orders }, to: [sales, ordered] } }
topics:
  sales: { carries: [OrderPlaced] }
  ordered: { fifo: true, carries: [OrderPlaced] }
queues:
  plain:   { from: sales, handler: quick }
  many:    { from: sales, handler: quick, batch: 100, batch_window: 5s }
  counted: { from: sales, to: total, batch: 10000, batch_window: 5s }
  posted:  { from: sales, to: partner }
  fifo:    { from: ordered, handler: quick }
handlers: { quick: { timeout: 8s } }
sinks:
  total: { counter: { table: totals, key: "{buyer}", add: { orders: 1 } } }
  partner: { webhook: { url: "https://partner.example/orders", secret: key, timeout: 2m } }
"#;

    fn flow() -> Flow {
        crate::check(&Input { bytes: FLOW.into(), ..Input::default() }).flow.unwrap().0
    }

    fn queue(flow: &Flow, name: &str) -> QueueId {
        flow.queues.iter().find(|(_, q)| q.name.text == name).unwrap().0
    }

    #[test]
    fn a_consumer_has_time_for_all_rounds_of_a_batch() {
        let flow = flow();
        let timeout = |name: &str| consumer_timeout(&flow, &flow.queues[queue(&flow, name)]);
        assert_eq!(timeout("plain"), FUNCTION_TIMEOUT);
        assert_eq!(timeout("many"), 10 * 8 + 1 + MARGIN);
        assert_eq!(timeout("counted"), 100 + MARGIN);
        // Ten of one group come one after another.
        assert_eq!(timeout("fifo"), 10 * 8 + MARGIN);
    }

    #[test]
    fn a_caller_outlives_what_it_calls() {
        let flow = flow();
        let partner = flow.sinks.values().filter_map(sink_timeout).max().unwrap();
        assert_eq!(partner, 125);
        assert_eq!(consumer_timeout(&flow, &flow.queues[queue(&flow, "posted")]), 125 + MARGIN);
        let to = flow.queues[queue(&flow, "posted")].to.clone().unwrap();
        assert_eq!(deliver_timeout(&flow, &to), 125 + MARGIN);
    }
}
