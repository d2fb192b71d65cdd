//! Queues: one loop that receives, and as many batches at once as the mapping allows.
//!
//! Batches at once begin with five and become more as long as messages keep coming ("Lambda with SQS:
//! scaling behavior"). A FIFO queue itself gives no message of a group while one of it is in flight, so that
//! a group is one batch at a time, and what failed holds up its group. Whoever changes or ends a mapping
//! loses no message to a visibility timeout: what was received is still brought to the function.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tokio::task::spawn_local;

use super::mapping::Mapping;
use super::message::Message;
use super::pattern::Pattern;
use super::response::Report;
use super::{Running, Stop, role};
use crate::kernel::{Access, Arn, AwsError, Busy, Clock, Outcome, Time, World};
use crate::services::lambda::errors::{invalid, is_transient};
use crate::services::lambda::{Function, Lambda, NAME, Payload, Request, SYNCHRONOUS, backoff, run};

/// What one receive or delete takes (SQS quotas).
const TEN: usize = 10;
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
/// A queue's visibility timeout if it cannot be asked for, in seconds: SQS's default.
const VISIBILITY: u64 = 30;

/// Whether a queue can be mapped: AWS looks whether the role may, and compares the timeouts.
pub(super) async fn check(world: &World, function: &Function, queue: &Arn) -> Result<(), AwsError> {
    let caller = role(function);
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

async fn visibility(world: &World, function: &Function, queue: &Arn) -> Result<u64, AwsError> {
    let input = json!({"QueueUrl": url(world, queue), "AttributeNames": ["VisibilityTimeout"]});
    let answer = world.bus.request(role(function), "sqs", "GetQueueAttributes", input).await?;
    let seconds = answer.pointer("/Attributes/VisibilityTimeout");
    Ok(seconds.and_then(Value::as_str).and_then(|seconds| seconds.parse().ok()).unwrap_or(VISIBILITY))
}

fn url(world: &World, queue: &Arn) -> String {
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

/// Messages for one invocation.
struct Batch {
    messages: Vec<Message>,
    /// When the first of them was received.
    since: Time,
    /// Held until they are at work.
    busy: Busy,
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

/// A batch that runs.
struct Slot(Rc<Running>);

impl Slot {
    fn new(running: &Rc<Running>) -> Self {
        running.batches.set(running.batches.get() + 1);
        Self(Rc::clone(running))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.batches.set(self.0.batches.get().saturating_sub(1));
        self.0.freed.notify_one();
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
            let World { bus, clock, .. } = self.lambda.world.clone();
            let begun = clock.now();
            let pause = (self.errors > 0).then(|| backoff(self.errors, Duration::from_secs(1), NO_QUEUE));
            let receive = async move {
                if let Some(pause) = pause {
                    clock.idle_until(begun + pause).await;
                }
                bus.request(role(&function), "sqs", "ReceiveMessage", input).await
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

/// What a message is deleted by.
#[derive(Clone, Debug)]
struct Receipt {
    id: String,
    handle: String,
}

impl Receipt {
    fn of(message: Message) -> Self {
        Self { id: message.id, handle: message.receipt }
    }
}

/// Messages in parts that are small enough for an event. A FIFO queue's batch may be too large for one.
fn parts(messages: Vec<Message>) -> Vec<Vec<Message>> {
    let mut parts: Vec<Vec<Message>> = Vec::new();
    let mut size = 0;
    for message in messages {
        size += message.size;
        match parts.last_mut() {
            Some(part) if size <= SYNCHRONOUS => part.push(message),
            _ => {
                size = message.size;
                parts.push(vec![message]);
            }
        }
    }
    parts
}

/// What one batch needs.
struct Work {
    lambda: Rc<Lambda>,
    mapping: Rc<Mapping>,
    running: Rc<Running>,
}

impl Work {
    async fn process(self, batch: Batch, patterns: Rc<[Pattern]>, slot: Slot) {
        let Batch { messages, since, busy } = batch;
        // Each call is activity of its own; the waits between them are none.
        drop(busy);
        let (messages, filtered): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| patterns.is_empty() || message.matches(&patterns));
        self.delete(filtered.into_iter().map(Receipt::of).collect()).await;
        let mut stuck = BTreeSet::new();
        for mut part in parts(messages) {
            // What follows a message of its group that failed must not overtake it.
            part.retain(|message| message.group.as_ref().is_none_or(|group| !stuck.contains(group)));
            if part.is_empty() {
                continue;
            }
            let groups: Vec<_> = part.iter().map(|message| (message.id.clone(), message.group.clone())).collect();
            let done = self.invoke(part, since).await;
            let failed = |id: &String| !done.iter().any(|receipt| receipt.id == *id);
            if done.len() < groups.len() {
                stuck.extend(groups.into_iter().filter(|(id, _)| failed(id)).filter_map(|(_, group)| group));
            }
            self.delete(done).await;
        }
        drop(slot);
    }

    /// Invokes the function with messages. What comes back is done.
    async fn invoke(&self, messages: Vec<Message>, since: Time) -> Vec<Receipt> {
        let world = &self.lambda.world;
        let mut receipts = Vec::with_capacity(messages.len());
        let mut records = Vec::with_capacity(messages.len());
        for message in messages {
            receipts.push(Receipt { id: message.id, handle: message.receipt });
            records.push(message.record);
        }
        let payload = Rc::new(Payload::from_value(json!({"Records": Value::Array(records)})));
        let (mut refused, mut until) = (0, None);
        let answer = loop {
            let Some(entry) = self.lambda.find(&self.mapping.function) else { return Vec::new() };
            let request_id = world.random.uuid();
            let request = Request { request_id, payload: Rc::clone(&payload), client_context: None };
            let error = match run(&self.lambda, &entry, request).await {
                Ok(invoked) => break invoked.result,
                Err(error) => error,
            };
            // What could not be invoked is tried again as long as the messages are this mapping's.
            let last = match until {
                Some(last) => last,
                None => {
                    let seconds = visibility(world, &entry.function(), &self.mapping.source).await;
                    *until.insert(since + Duration::from_secs(seconds.unwrap_or(VISIBILITY)))
                }
            };
            refused += 1;
            let wait = backoff(refused, Duration::from_millis(100), Duration::from_secs(5));
            let jitter = Duration::from_millis(world.random.below(100));
            let next = world.clock.now() + wait + jitter;
            let outcome = if next < last { Outcome::Retried } else { Outcome::Failed };
            world.log.tell(
                NAME,
                &self.mapping.function,
                "throttled_batch",
                outcome,
                || json!({"source": self.mapping.source, "messages": receipts.len(), "error": error.to_string()}),
            );
            if next >= last {
                self.running.last_result.set("PROBLEM: Function call failed");
                return Vec::new();
            }
            world.clock.sleep_until(next).await;
        };
        let failed = match answer {
            Err(error) => Err(error.to_string()),
            Ok(_) if !self.mapping.reports => Ok(BTreeSet::new()),
            Ok(answer) => match Report::read(&answer, receipts.iter().map(|receipt| receipt.id.as_str())) {
                Report::Done(failed) => Ok(failed),
                Report::Unreadable(why) => Err(why),
            },
        };
        match failed {
            Ok(failed) => {
                self.running.last_result.set("OK");
                if !failed.is_empty() {
                    world.log.tell(
                        NAME,
                        &self.mapping.function,
                        "failed_messages",
                        Outcome::Retried,
                        || json!({"source": self.mapping.source, "messages": failed}),
                    );
                }
                receipts.retain(|receipt| !failed.contains(&receipt.id));
                receipts
            }
            Err(error) => {
                self.running.last_result.set("PROBLEM: Function call failed");
                world.log.tell(
                    NAME,
                    &self.mapping.function,
                    "failed_batch",
                    Outcome::Retried,
                    || json!({"source": self.mapping.source, "messages": receipts.len(), "error": error}),
                );
                Vec::new()
            }
        }
    }

    /// Deletes what is done, ten at a time. What cannot be deleted comes again: at least once.
    async fn delete(&self, receipts: Vec<Receipt>) {
        const TRIES: u32 = 5;
        let world = &self.lambda.world;
        let mut rest = receipts;
        let mut tries = 0;
        while let Some(entry) = self.lambda.find(&self.mapping.function)
            && !rest.is_empty()
        {
            let mut again = Vec::new();
            for ten in rest.chunks(TEN) {
                let entries: Vec<Value> = ten
                    .iter()
                    .enumerate()
                    .map(|(number, receipt)| json!({"Id": number.to_string(), "ReceiptHandle": receipt.handle}))
                    .collect();
                let input = json!({"QueueUrl": url(world, &self.mapping.source), "Entries": entries});
                let caller = role(&entry.function());
                match world.bus.request(caller, "sqs", "DeleteMessageBatch", input).await {
                    Ok(answer) => again.extend(undeleted(&answer, ten)),
                    Err(error) if is_transient(&error) => again.extend(ten.iter().cloned()),
                    Err(error) => self.could_not_delete(ten.len(), &error.to_string()),
                }
            }
            tries += 1;
            if tries == TRIES && !again.is_empty() {
                self.could_not_delete(again.len(), "tried several times");
                return;
            }
            rest = again;
            if !rest.is_empty() {
                world.clock.sleep(backoff(tries, Duration::from_millis(100), Duration::from_secs(5))).await;
            }
        }
    }

    fn could_not_delete(&self, messages: usize, error: &str) {
        self.lambda.world.log.tell(
            NAME,
            &self.mapping.function,
            "could_not_delete",
            Outcome::Failed,
            || json!({"source": self.mapping.source, "messages": messages, "error": error}),
        );
    }
}

/// What the queue could not delete through a fault of its own.
fn undeleted(answer: &Value, ten: &[Receipt]) -> Vec<Receipt> {
    let failed = answer.get("Failed").and_then(Value::as_array).into_iter().flatten();
    failed
        .filter(|failure| failure.get("SenderFault").and_then(Value::as_bool) != Some(true))
        .filter_map(|failure| ten.get(failure.get("Id")?.as_str()?.parse::<usize>().ok()?).cloned())
        .collect()
}
