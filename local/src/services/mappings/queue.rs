//! Queues: one loop that receives, and as many batches at once as the mapping allows.
//!
//! Batches at once begin with five and become more as long as messages keep coming ("Lambda with SQS:
//! scaling behavior"). A FIFO queue itself gives no message of a group while one of it is in flight, so that
//! a group is one batch at a time, and what failed holds up its group. Whoever changes or ends a mapping
//! loses no message to a visibility timeout: what was received is still brought to the function.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tokio::task::spawn_local;

use super::batch::{Batch, Slot, VISIBILITY, Work};
use super::mapping::Mapping;
use super::message::Message;
use super::pattern::Pattern;
use super::{Running, Stop, request, trusted};
use crate::kernel::{Access, Arn, AwsError, Clock, Outcome, Time, World};
use crate::services::lambda::errors::{invalid, is_transient};
use crate::services::lambda::{Function, Lambda, NAME, SYNCHRONOUS, backoff};

/// What one receive or delete takes (SQS quotas).
pub(super) const TEN: usize = 10;
/// The longest poll of SQS, in seconds.
const LONG_POLL: u32 = 20;
/// One more batch at once may run after each of these: 300 a minute.
const STEP: Duration = Duration::from_millis(200);
/// A receive that waited so long has found the queue empty.
const QUIET: Duration = Duration::from_secs(1);
/// How often a mapping looks whether its function is there again.
const NO_FUNCTION: Duration = Duration::from_secs(5);
/// The longest wait before a queue that cannot be received from is tried again.
const NO_QUEUE: Duration = Duration::from_secs(60);

/// Whether a queue can be mapped: AWS looks whether the role may, and compares the timeouts.
pub(super) async fn check(world: &World, function: &Function, queue: &Arn) -> Result<(), AwsError> {
    let caller = trusted(world, function)?;
    for operation in ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"] {
        let action = format!("sqs:{operation}");
        let access = Access { caller: &caller, action: &action, resource: queue.as_str(), policy: None, context: &[] };
        world.guard.check(&access).map_err(|error| {
            invalid(format!(
                "The function execution role does not have permissions to call {operation} on SQS ({})",
                error.message
            ))
        })?;
    }
    let visibility = visibility(world, function, queue).await.map_err(|error| {
        invalid(format!(
            "Error occurred while ReceiveMessage. SQS Error Code: {}. SQS Error Message: {}",
            error.code, error.message
        ))
    })?;
    if visibility < function.timeout.into() {
        return Err(invalid(format!(
            "Queue visibility timeout: {visibility} seconds is less than Function timeout: {} seconds",
            function.timeout
        )));
    }
    Ok(())
}

pub(super) async fn visibility(world: &World, function: &Function, queue: &Arn) -> Result<u64, AwsError> {
    let input = json!({"QueueUrl": url(world, queue), "AttributeNames": ["VisibilityTimeout"]});
    let answer = request(world, function, "sqs", "GetQueueAttributes", input).await?;
    let seconds = answer.pointer("/Attributes/VisibilityTimeout");
    Ok(seconds.and_then(Value::as_str).and_then(|seconds| seconds.parse().ok()).unwrap_or(VISIBILITY))
}

pub(super) fn url(world: &World, queue: &Arn) -> String {
    format!("{}/{}/{}", world.place.endpoint, queue.account(), queue.name())
}

/// Polls a queue until it is stopped; what was received by then is still brought to the function.
pub(super) async fn poll(lambda: Rc<Lambda>, running: Rc<Running>, stop: Rc<Stop>) {
    let mapping = running.mapping();
    let patterns: Rc<[Pattern]> = mapping.patterns().into();
    let mut room = Room::new(&lambda, &running);
    let mut queue = Queue::new(&lambda, &mapping);
    let begin = |batch: Batch, slot: Slot| {
        let work = Work { lambda: Rc::clone(&lambda), mapping: Rc::clone(&mapping), running: Rc::clone(&running) };
        spawn_local(work.process(batch, Rc::clone(&patterns), slot));
    };
    loop {
        let batch = async {
            room.free(&mut queue).await;
            queue.batch().await
        };
        tokio::select! {
            biased;
            () = stop.told() => break,
            batch = batch => begin(batch, Slot::new(&running)),
        }
    }
    queue.harvest().await;
    while let Some(batch) = queue.closed(true) {
        begin(batch, Slot::new(&running));
    }
}

/// How many batches may run at once.
struct Room {
    running: Rc<Running>,
    clock: Clock,
    first: usize,
    most: usize,
}

impl Room {
    fn new(lambda: &Lambda, running: &Rc<Running>) -> Self {
        let mapping = running.mapping();
        let (first, most) = mapping.batches();
        // What waits for a sandbox is neither handled nor there for others.
        let most = most.min(lambda.find(&mapping.function).map_or(most, |entry| lambda.sandboxes(&entry)));
        Self { running: Rc::clone(running), clock: lambda.world.clock.clone(), first: first.min(most), most }
    }

    /// Waits until one more batch may run: a few at first, and more as long as messages keep coming.
    async fn free(&mut self, queue: &mut Queue) {
        loop {
            let now = self.clock.now();
            let busy = queue.busy.get_or_insert(now);
            let steps = usize::try_from(now.since(*busy).as_millis() / STEP.as_millis()).unwrap_or(self.most);
            let allowed = self.first.saturating_add(steps).min(self.most);
            if self.running.batches.get() < allowed {
                return;
            }
            tokio::select! {
                biased;
                () = self.running.freed.notified() => {}
                () = self.clock.idle_until(now + STEP), if allowed < self.most => {}
            }
        }
    }
}

type Received = Result<Value, AwsError>;

/// The receiving side. All that it got is in it, so that a wait for more can be dropped at any time.
struct Queue {
    lambda: Rc<Lambda>,
    mapping: Rc<Mapping>,
    url: String,
    fifo: bool,
    /// Received, and in no batch yet.
    buffer: VecDeque<Message>,
    /// About the bytes of the buffer.
    size: usize,
    /// When the first of the buffer was received.
    since: Time,
    /// A receive that goes on, and when it began. It outlives a batch's window.
    receiving: Option<(Time, LocalBoxFuture<'static, Received>)>,
    errors: u32,
    /// Since when messages keep coming.
    busy: Option<Time>,
}

impl Queue {
    fn new(lambda: &Rc<Lambda>, mapping: &Rc<Mapping>) -> Self {
        Self {
            url: url(&lambda.world, &mapping.source),
            fifo: mapping.is_fifo(),
            lambda: Rc::clone(lambda),
            mapping: Rc::clone(mapping),
            buffer: VecDeque::new(),
            size: 0,
            since: Time::EPOCH,
            receiving: None,
            errors: 0,
            busy: None,
        }
    }

    /// The next batch: full, or as full as it got within its window.
    async fn batch(&mut self) -> Batch {
        let clock = self.lambda.world.clock.clone();
        let window = Duration::from_secs(self.mapping.window.into());
        loop {
            let over = self.since + window;
            if let Some(batch) = self.closed(clock.now() >= over) {
                return batch;
            }
            let waiting = self.buffer.is_empty();
            let Some((_, receiving)) = self.receiving() else {
                clock.idle_until(clock.now() + NO_FUNCTION).await;
                continue;
            };
            let received = tokio::select! {
                biased;
                received = receiving => received,
                () = clock.sleep_until(over), if !waiting => continue,
            };
            self.take(received);
        }
    }

    /// A batch of what is in the buffer, if it is full or its window is over.
    fn closed(&mut self, over: bool) -> Option<Batch> {
        let most = self.most();
        if self.buffer.is_empty() || !over && self.buffer.len() < most && self.size < SYNCHRONOUS {
            return None;
        }
        let (mut messages, mut size) = (Vec::with_capacity(most.min(self.buffer.len())), 0);
        while messages.len() < most
            && let Some(message) = self.buffer.front()
            // What was received of a group together stays together.
            && (self.fifo || messages.is_empty() || size + message.size <= SYNCHRONOUS)
        {
            size += message.size;
            messages.extend(self.buffer.pop_front());
        }
        self.size = self.size.saturating_sub(size);
        Some(Batch { messages, since: self.since, busy: self.lambda.world.activity.begin() })
    }

    fn most(&self) -> usize {
        usize::try_from(self.mapping.batch_size).unwrap_or(usize::MAX)
    }

    /// The long poll that goes on, or a new one; `None` while there is no function to receive for.
    fn receiving(&mut self) -> Option<&mut (Time, LocalBoxFuture<'static, Received>)> {
        if self.receiving.is_none() {
            let function = self.lambda.find(&self.mapping.function)?.function();
            let input = json!({
                "QueueUrl": self.url,
                "MaxNumberOfMessages": self.most().saturating_sub(self.buffer.len()).clamp(1, TEN),
                "WaitTimeSeconds": LONG_POLL,
                "AttributeNames": ["All"],
                "MessageAttributeNames": ["All"],
            });
            let world = self.lambda.world.clone();
            let begun = world.clock.now();
            let pause = (self.errors > 0).then(|| backoff(self.errors, Duration::from_secs(1), NO_QUEUE));
            let receive = async move {
                if let Some(pause) = pause {
                    world.clock.idle_until(begun + pause).await;
                }
                request(&world, &function, "sqs", "ReceiveMessage", input).await
            };
            self.receiving = Some((begun, receive.boxed_local()));
        }
        self.receiving.as_mut()
    }

    /// Puts what was received into the buffer. After an error the next receive waits.
    fn take(&mut self, received: Received) {
        let world = &self.lambda.world;
        let begun = self.receiving.take().map(|(begun, _)| begun);
        let now = world.clock.now();
        let mut answer = match received {
            Ok(answer) => answer,
            Err(error) => {
                self.errors += 1;
                let outcome = if is_transient(&error) { Outcome::Retried } else { Outcome::Failed };
                return world.log.tell(
                    NAME,
                    &self.mapping.function,
                    "could_not_receive",
                    outcome,
                    || json!({"source": self.mapping.source, "error": error.to_string()}),
                );
            }
        };
        self.errors = 0;
        if begun.is_some_and(|begun| now.since(begun) >= QUIET) {
            self.busy = None;
        }
        let Some(Value::Array(messages)) = answer.get_mut("Messages").map(Value::take) else { return };
        if self.buffer.is_empty() {
            (self.since, self.size) = (now, 0);
        }
        let source = &self.mapping.source;
        let before = self.buffer.len();
        self.buffer.extend(messages.into_iter().filter_map(|message| Message::new(message, source)));
        self.size += self.buffer.range(before..).map(|message| message.size).sum::<usize>();
    }

    /// Ends the receive that goes on. One that has got messages waits for no more than the disk.
    async fn harvest(&mut self) {
        let Some((_, receiving)) = &mut self.receiving else { return };
        let received = tokio::select! {
            biased;
            received = receiving => received,
            _ = self.lambda.world.store.durable() => return,
        };
        self.take(received);
    }
}
