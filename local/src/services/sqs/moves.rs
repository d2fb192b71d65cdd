//! Message move tasks: dead letters go back to where they came from, or elsewhere, at a rate.
//!
//! A moved message is a new one: its id, its times and its retention begin anew. Source: "Configure a
//! dead-letter queue redrive" in the Developer Guide.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::error::{invalid, missing, no_resource, plain};
use super::message::Content;
use super::records::Records;
use super::{Held, NAME, Sqs, input};
use crate::kernel::{Arn, AwsError, Caller, Outcome, StoreError, Time};

/// Messages that are moved between two looks at who else wants to do something, without a rate.
const CHUNK: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    Running,
    Completed,
    Cancelled,
    Failed,
}

/// A task, as long as its source queue is there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Task {
    id: String,
    source: Arn,
    destination: Option<Arn>,
    /// Messages a second; as fast as can be if `None`.
    rate: Option<u32>,
    started: Time,
    to_move: usize,
    moved: usize,
    status: Status,
    failure: Option<String>,
}

pub(super) fn load(records: &Records) -> Result<BTreeMap<String, Task>, StoreError> {
    Ok(records.moves.load()?.into_iter().collect())
}

/// Goes on with the tasks that ran when the engine ended.
pub(super) fn resume(sqs: &Rc<Sqs>) {
    for task in sqs.moves.borrow().values().filter(|task| task.status == Status::Running) {
        tokio::task::spawn_local(run(Rc::clone(sqs), task.id.clone()));
    }
}

pub(super) fn start(sqs: &Rc<Sqs>, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let input: input::StartMessageMoveTask = input::read(input)?;
    let source = source(sqs, caller, "sqs:StartMessageMoveTask", &input.source_arn)?;
    for action in ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"] {
        sqs.check(caller, action, &source)?;
    }
    let destination = match &input.destination_arn {
        Some(arn) => {
            let destination = sqs.with_arn(arn).ok_or_else(|| no_resource("DestinationArn"))?;
            sqs.check(caller, "sqs:SendMessage", &destination)?;
            if destination.arn == source.arn {
                return Err(plain("Source queue arn and destination queue arn cannot be the same."));
            }
            if destination.queue.borrow().settings.fifo != source.queue.borrow().settings.fifo {
                return Err(plain("Source queue and destination queue must be of the same type."));
            }
            Some(destination.arn.clone())
        }
        None => None,
    };
    let rate = match input.max_number_of_messages_per_second.map(u32::try_from) {
        None => None,
        Some(Ok(rate @ 1..=500)) => Some(rate),
        Some(_) => {
            let given = input.max_number_of_messages_per_second.unwrap_or_default();
            return Err(invalid(&given, "MaxNumberOfMessagesPerSecond", "Must be between 1 and 500."));
        }
    };
    if sqs.sources(&source.arn).is_empty() {
        return Err(plain("Source queue must be configured as a Dead Letter Queue."));
    }
    let running = |task: &Task| task.source == source.arn && task.status == Status::Running;
    if sqs.moves.borrow().values().any(running) {
        return Err(plain(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
        ));
    }
    let started = sqs.settle(&source);
    let to_move = source.queue.borrow().counts().0;
    let id = sqs.world.random.uuid();
    let task = Task {
        id: id.clone(),
        source: source.arn.clone(),
        destination,
        rate,
        started,
        to_move,
        moved: 0,
        status: Status::Running,
        failure: None,
    };
    let handle = task.handle();
    keep(sqs, task);
    tokio::task::spawn_local(run(Rc::clone(sqs), id));
    Ok(json!({ "TaskHandle": handle }))
}

pub(super) fn cancel(sqs: &Sqs, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let input: input::CancelMessageMoveTask = input::read(input)?;
    if input.task_handle.is_empty() {
        return Err(missing("TaskHandle"));
    }
    let wrong = || plain("Value for parameter TaskHandle is invalid.");
    let bytes = STANDARD.decode(&input.task_handle).map_err(|_| wrong())?;
    let handle: Handle = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    source(sqs, caller, "sqs:CancelMessageMoveTask", &handle.source_arn)?;
    let found = sqs.moves.borrow().get(&handle.task_id).filter(|task| task.status == Status::Running).cloned();
    let Some(task) = found else {
        return Err(AwsError::new("ResourceNotFoundException", "Task does not exist.").status(404));
    };
    let moved = task.moved;
    keep(sqs, Task { status: Status::Cancelled, ..task });
    Ok(json!({ "ApproximateNumberOfMessagesMoved": moved }))
}

pub(super) fn list(sqs: &Sqs, caller: &Caller, input: Value) -> Result<Value, AwsError> {
    let input: input::ListMessageMoveTasks = input::read(input)?;
    let source = source(sqs, caller, "sqs:ListMessageMoveTasks", &input.source_arn)?;
    let most = match input.max_results.map(usize::try_from) {
        None => 1,
        Some(Ok(most @ 1..=10)) => most,
        Some(_) => {
            let given = input.max_results.unwrap_or_default();
            return Err(invalid(&given, "MaxResults", "Must be between 1 and 10."));
        }
    };
    let tasks = sqs.moves.borrow();
    let mut tasks: Vec<&Task> = tasks.values().filter(|task| task.source == source.arn).collect();
    tasks.sort_by_key(|task| std::cmp::Reverse((task.started, &task.id)));
    let results: Vec<Value> = tasks.into_iter().take(most).map(Task::shown).collect();
    Ok(json!({ "Results": results }))
}

/// Forgets the tasks of a queue that is deleted.
pub(super) fn forget(sqs: &Sqs, source: &Arn) {
    sqs.moves.borrow_mut().retain(|id, task| {
        let stays = task.source != *source;
        if !stays {
            sqs.records.moves.delete(id);
        }
        stays
    });
}

/// What a task's handle holds.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handle {
    task_id: String,
    source_arn: String,
}

impl Task {
    fn handle(&self) -> String {
        STANDARD.encode(json!({ "taskId": self.id, "sourceArn": self.source }).to_string())
    }

    fn shown(&self) -> Value {
        let mut shown = Map::new();
        let running = self.status == Status::Running;
        shown.extend(running.then(|| ("TaskHandle".to_owned(), self.handle().into())));
        shown.insert("Status".to_owned(), json!(self.status));
        shown.insert("SourceArn".to_owned(), json!(self.source));
        shown.extend(self.destination.as_ref().map(|arn| ("DestinationArn".to_owned(), json!(arn))));
        shown.extend(self.rate.map(|rate| ("MaxNumberOfMessagesPerSecond".to_owned(), rate.into())));
        shown.insert("ApproximateNumberOfMessagesMoved".to_owned(), self.moved.into());
        shown.insert("ApproximateNumberOfMessagesToMove".to_owned(), self.to_move.into());
        shown.extend(self.failure.as_ref().map(|failure| ("FailureReason".to_owned(), json!(failure))));
        shown.insert("StartedTimestamp".to_owned(), self.started.millis().into());
        Value::Object(shown)
    }
}

fn source(sqs: &Sqs, caller: &Caller, action: &str, arn: &str) -> Result<Rc<Held>, AwsError> {
    if arn.is_empty() {
        return Err(missing("SourceArn"));
    }
    let held = sqs.with_arn(arn).ok_or_else(|| no_resource("SourceArn"))?;
    sqs.check(caller, action, &held)?;
    Ok(held)
}

fn keep(sqs: &Sqs, task: Task) {
    sqs.records.moves.put(&task.id, &task);
    sqs.moves.borrow_mut().insert(task.id.clone(), task);
}

/// Moves until all is moved that was there, or the task is cancelled or cannot go on.
async fn run(sqs: Rc<Sqs>, id: String) {
    let _busy = sqs.world.activity.begin();
    loop {
        let Some(mut task) = sqs.moves.borrow().get(&id).filter(|task| task.status == Status::Running).cloned() else {
            return;
        };
        let chunk = if task.rate.is_some() { 1 } else { CHUNK };
        for _ in 0..chunk {
            match step(&sqs, &task) {
                Ok(true) => task.moved += 1,
                Ok(false) => {
                    task.status = Status::Completed;
                    break;
                }
                Err(failure) => {
                    task.status = Status::Failed;
                    task.failure = Some(failure.to_owned());
                    break;
                }
            }
        }
        if task.moved >= task.to_move && task.status == Status::Running {
            task.status = Status::Completed;
        }
        if task.status != Status::Running {
            let outcome = if task.status == Status::Failed { Outcome::Failed } else { Outcome::Done };
            sqs.world.log.tell(NAME, task.source.name(), "redriven", outcome, || task.shown());
        }
        let rate = task.rate;
        keep(&sqs, task);
        match rate {
            Some(rate) => sqs.world.clock.sleep(Duration::from_millis(1000 / u64::from(rate))).await,
            None => tokio::task::yield_now().await,
        }
    }
}

/// Moves one message, if there is one.
fn step(sqs: &Sqs, task: &Task) -> Result<bool, &'static str> {
    const NO_QUEUE: &str = "AWS.SimpleQueueService.NonExistentQueue";
    let source = sqs.with_arn(task.source.as_str()).ok_or(NO_QUEUE)?;
    let now = sqs.settle(&source);
    let target = {
        let queue = source.queue.borrow();
        let Some(message) = queue.peek() else { return Ok(false) };
        let origin = || message.source.clone().ok_or("CouldNotDetermineMessageSource");
        task.destination.as_ref().map_or_else(origin, |arn| Ok(arn.to_string()))?
    };
    let target = sqs.with_arn(&target).ok_or(NO_QUEUE)?;
    let taken = source.queue.borrow_mut().take();
    let Some(content) = taken else { return Ok(false) };
    sqs.settle(&target);
    let delay = Duration::from_secs(target.queue.borrow().settings.delay.into());
    let moved = Content {
        id: sqs.world.random.uuid(),
        sent: now,
        enqueued: now,
        visible: now + delay,
        source: None,
        received_before: 0,
        ..Content::clone(&content)
    };
    target.queue.borrow_mut().send(now, Rc::new(moved));
    sqs.commit(&source);
    sqs.commit(&target);
    Ok(true)
}
