//! A batch of messages: filtered, brought to the function, and deleted as far as it is done.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::mapping::Mapping;
use super::message::Message;
use super::pattern::Pattern;
use super::queue::{TEN, url, visibility};
use super::response::Report;
use super::{Running, request};
use crate::kernel::{Busy, Outcome, Time};
use crate::services::lambda::errors::is_transient;
use crate::services::lambda::{Lambda, NAME, Payload, Request, SYNCHRONOUS, backoff, run};

/// A queue's visibility timeout if it cannot be asked for, in seconds: SQS's default.
pub(super) const VISIBILITY: u64 = 30;

/// Messages for one invocation.
pub(super) struct Batch {
    pub(super) messages: Vec<Message>,
    /// When the first of them was received.
    pub(super) since: Time,
    /// Held until they are at work.
    pub(super) busy: Busy,
}

/// A batch that runs.
pub(super) struct Slot(Rc<Running>);

impl Slot {
    pub(super) fn new(running: &Rc<Running>) -> Self {
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
pub(super) struct Work {
    pub(super) lambda: Rc<Lambda>,
    pub(super) mapping: Rc<Mapping>,
    pub(super) running: Rc<Running>,
}

impl Work {
    pub(super) async fn process(self, batch: Batch, patterns: Rc<[Pattern]>, slot: Slot) {
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
                match request(world, &entry.function(), "sqs", "DeleteMessageBatch", input).await {
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
