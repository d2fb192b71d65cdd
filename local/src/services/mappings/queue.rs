//! Queues: one loop that receives, and as many batches at once as the mapping allows.
//!
//! A FIFO queue itself gives no message of a group while one of it is in flight, so that a group is one
//! batch at a time, and what failed holds up its group.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_local;

use super::mapping::Mapping;
use super::message::{Message, filtered};
use super::pattern::Pattern;
use super::response::Report;
use super::{Running, Stop, role};
use crate::kernel::{Access, Arn, AwsError, Busy, Outcome, Time, World};
use crate::services::lambda::errors::{invalid, is_transient};
use crate::services::lambda::{Function, Lambda, NAME, Payload, Request, SYNCHRONOUS, backoff, run};

/// What one receive or delete takes (SQS quotas).
const TEN: usize = 10;
/// The longest poll of SQS, in seconds.
const LONG_POLL: u32 = 20;
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

/// Polls a queue until it is stopped.
pub(super) async fn poll(lambda: Rc<Lambda>, running: Rc<Running>, stop: Rc<Stop>) {
    let mapping = running.mapping();
    let slots = Arc::new(Semaphore::new(mapping.batches()));
    let mut queue = Queue {
        url: url(&lambda.world, &mapping.source),
        lambda: Rc::clone(&lambda),
        mapping: Rc::clone(&mapping),
        buffer: VecDeque::new(),
        receiving: None,
        errors: 0,
    };
    let patterns: Rc<[Pattern]> = mapping.patterns().into();
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await.ok()?;
            Some((slot, queue.batch().await))
        };
        let next = tokio::select! {
            biased;
            () = stop.told() => None,
            next = next => next,
        };
        let Some((slot, batch)) = next else { return };
        let work = Work { lambda: Rc::clone(&lambda), mapping: Rc::clone(&mapping), running: Rc::clone(&running) };
        spawn_local(work.process(batch, Rc::clone(&patterns), slot));
    }
}

/// Messages for one invocation.
struct Batch {
    messages: Vec<Message>,
    /// When the first of them was received.
    since: Time,
    busy: Busy,
}

type Received = Result<(Value, Busy), AwsError>;

/// The receiving side.
struct Queue {
    lambda: Rc<Lambda>,
    mapping: Rc<Mapping>,
    url: String,
    /// Received, and in no batch yet.
    buffer: VecDeque<Message>,
    /// A receive that goes on. It outlives a batch's window, so that nothing it gets is lost.
    receiving: Option<LocalBoxFuture<'static, Received>>,
    errors: u32,
}

impl Queue {
    /// The next batch: full, or as full as it got within its window.
    async fn batch(&mut self) -> Batch {
        let world = self.lambda.world.clone();
        let most = usize::try_from(self.mapping.batch_size).unwrap_or(usize::MAX);
        let window = Duration::from_secs(self.mapping.window.into());
        let (mut messages, mut size, mut since) = (Vec::new(), 0, world.clock.now());
        loop {
            while messages.len() < most
                && let Some(message) = self.buffer.pop_front()
            {
                if messages.is_empty() {
                    since = world.clock.now();
                } else if size + message.size > SYNCHRONOUS {
                    self.buffer.push_front(message);
                    return Batch { messages, since, busy: world.activity.begin() };
                }
                size += message.size;
                messages.push(message);
            }
            let over = since + window;
            let enough = messages.len() >= most || world.clock.now() >= over;
            if enough && !messages.is_empty() {
                return Batch { messages, since, busy: world.activity.begin() };
            }
            let room = (most - messages.len()).clamp(1, TEN);
            let receiving = match &mut self.receiving {
                Some(receiving) => receiving,
                None => {
                    let Some(receive) = self.receive(room) else {
                        world.clock.idle_until(world.clock.now() + Duration::from_secs(5)).await;
                        continue;
                    };
                    self.receiving.insert(receive)
                }
            };
            let received = if messages.is_empty() {
                Some(receiving.await)
            } else {
                tokio::select! {
                    biased;
                    received = receiving => Some(received),
                    () = world.clock.sleep_until(over) => None,
                }
            };
            let Some(received) = received else { continue };
            self.receiving = None;
            let busy = self.take(received).await;
            drop(busy);
        }
    }

    /// A long poll; `None` while there is no function to receive for.
    fn receive(&self, most: usize) -> Option<LocalBoxFuture<'static, Received>> {
        let function = self.lambda.find(&self.mapping.function)?.function();
        let input = json!({
            "QueueUrl": self.url,
            "MaxNumberOfMessages": most,
            "WaitTimeSeconds": LONG_POLL,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        });
        let bus = self.lambda.world.bus.clone();
        Some(async move { bus.poll(role(&function), "sqs", "ReceiveMessage", input).await }.boxed_local())
    }

    /// Puts what was received into the buffer, or waits after an error.
    async fn take(&mut self, received: Received) -> Option<Busy> {
        let world = self.lambda.world.clone();
        match received {
            Ok((mut answer, busy)) => {
                self.errors = 0;
                if let Some(Value::Array(messages)) = answer.get_mut("Messages").map(Value::take) {
                    let source = &self.mapping.source;
                    self.buffer.extend(messages.into_iter().filter_map(|message| Message::new(message, source)));
                }
                Some(busy)
            }
            Err(error) => {
                self.errors += 1;
                let wait = backoff(self.errors, Duration::from_secs(1), Duration::from_secs(60));
                let outcome = if is_transient(&error) { Outcome::Retried } else { Outcome::Failed };
                world.log.tell(
                    NAME,
                    &self.mapping.function,
                    "could_not_receive",
                    outcome,
                    || json!({"source": self.mapping.source, "error": error.to_string()}),
                );
                world.clock.idle_until(world.clock.now() + wait).await;
                None
            }
        }
    }
}

/// What one batch needs.
struct Work {
    lambda: Rc<Lambda>,
    mapping: Rc<Mapping>,
    running: Rc<Running>,
}

impl Work {
    async fn process(self, batch: Batch, patterns: Rc<[Pattern]>, slot: OwnedSemaphorePermit) {
        let Batch { messages, since, busy } = batch;
        let matches = |message: &Message| {
            let record = filtered(&message.record);
            patterns.iter().any(|pattern| pattern.matches(&record))
        };
        let (messages, filtered): (Vec<_>, Vec<_>) =
            messages.into_iter().partition(|message| patterns.is_empty() || matches(message));
        let mut receipts: Vec<(String, String)> =
            filtered.into_iter().map(|message| (message.id, message.receipt)).collect();
        if !messages.is_empty() {
            receipts.extend(self.invoke(messages, since).await);
        }
        self.delete(receipts).await;
        drop((slot, busy));
    }

    /// Invokes the function with a batch. What comes back is done: ids and receipts.
    async fn invoke(&self, messages: Vec<Message>, since: Time) -> Vec<(String, String)> {
        let world = &self.lambda.world;
        let mut receipts = Vec::with_capacity(messages.len());
        let mut records = Vec::with_capacity(messages.len());
        for message in messages {
            receipts.push((message.id, message.receipt));
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
            Ok(answer) => match Report::read(&answer, receipts.iter().map(|(id, _)| id.as_str())) {
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
                receipts.retain(|(id, _)| !failed.contains(id));
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
    async fn delete(&self, receipts: Vec<(String, String)>) {
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
                    .map(|(number, (_, receipt))| json!({"Id": number.to_string(), "ReceiptHandle": receipt}))
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
fn undeleted(answer: &Value, ten: &[(String, String)]) -> Vec<(String, String)> {
    let failed = answer.get("Failed").and_then(Value::as_array).into_iter().flatten();
    failed
        .filter(|failure| failure.get("SenderFault").and_then(Value::as_bool) != Some(true))
        .filter_map(|failure| ten.get(failure.get("Id")?.as_str()?.parse::<usize>().ok()?).cloned())
        .collect()
}
