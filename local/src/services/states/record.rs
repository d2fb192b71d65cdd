//! What is kept of machines and executions, in memory and on disk.
//!
//! An execution is several records, so that a step writes what it changed and no more: its beginning, its
//! progress, each of its threads, each event of its history.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::States;
use super::asl::{self, Machine};
use super::data::{Data, Failure};
use super::run::{About, Call, Ending, HistoryEvent, Out, Run, Thread};
use crate::kernel::{Outcome, Store, StoreError, Table, Time};

/// The records of each kind.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) machines: Table,
    pub(super) revisions: Table,
    pub(super) executions: Table,
    pub(super) progress: Table,
    pub(super) threads: Table,
    pub(super) history: Table,
}

/// A state machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MachineRecord {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) express: bool,
    pub(super) created: Time,
    pub(super) deleting: bool,
    /// The key of the current revision.
    pub(super) revision: String,
    pub(super) tags: BTreeMap<String, String>,
}

/// What an update of a machine changes.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
pub(super) struct RevisionRecord {
    pub(super) machine: String,
    pub(super) id: String,
    pub(super) definition: String,
    pub(super) role_arn: String,
    pub(super) express: bool,
    pub(super) updated: Time,
    pub(super) logging: Option<Value>,
    pub(super) tracing: Option<Value>,
    pub(super) encryption: Option<Value>,
}

/// A revision with its definition read.
#[derive(Debug)]
pub(super) struct Revision {
    pub(super) record: RevisionRecord,
    pub(super) machine: Machine,
}

/// How an execution began.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) number: u64,
    pub(super) about: About,
    pub(super) revision: String,
}

/// `status` of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Status {
    Running,
    Succeeded,
    Failed,
    TimedOut,
    Aborted,
}

/// How far an execution is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) run: Run,
    pub(super) status: Status,
    pub(super) stopped: Option<Time>,
    pub(super) output: Option<Data>,
    pub(super) failure: Option<Failure>,
}

/// An execution.
#[derive(Debug)]
pub(super) struct Execution {
    pub(super) begun: Begun,
    pub(super) revision: Rc<Revision>,
    pub(super) progress: RefCell<Progress>,
    pub(super) history: RefCell<Vec<HistoryEvent>>,
    /// Whether it is recorded; one that a caller waits for is not.
    pub(super) durable: bool,
    /// Something changed that its timer must know.
    pub(super) changed: Notify,
    /// Something happened that a call under way may have to know.
    pub(super) moved: Notify,
    pub(super) ended: Notify,
}

impl Tables {
    pub(super) fn new(store: &Store) -> Self {
        Self {
            machines: store.table("states.machines"),
            revisions: store.table("states.revisions"),
            executions: store.table("states.executions"),
            progress: store.table("states.progress"),
            threads: store.table("states.threads"),
            history: store.table("states.history"),
        }
    }
}

fn part(arn: &str, number: u64) -> String {
    format!("{arn}#{number:012}")
}

/// The execution and the number of a record that is one of many.
fn whole(key: &str) -> Option<(&str, u64)> {
    let (arn, number) = key.rsplit_once('#')?;
    Some((arn, number.parse().ok()?))
}

impl Execution {
    pub(super) fn status(&self) -> Status {
        self.progress.borrow().status
    }

    pub(super) fn arn(&self) -> &str {
        &self.begun.about.arn
    }

    /// Waits until it has ended.
    pub(super) async fn end(&self) {
        until(&self.ended, || self.status() != Status::Running).await;
    }

    /// Waits until nobody waits for the answer to a call any more.
    pub(super) async fn left(&self, call: &Call) {
        until(&self.moved, || !self.progress.borrow().run.awaits(call)).await;
    }
}

/// Waits until something is so, looking at it each time that `changed` tells.
async fn until(changed: &Notify, is_so: impl Fn() -> bool) {
    loop {
        let told = changed.notified();
        tokio::pin!(told);
        told.as_mut().enable();
        if is_so() {
            return;
        }
        told.await;
    }
}

impl Progress {
    pub(super) fn end(&mut self, ending: Ending, now: Time) {
        self.stopped = Some(now);
        (self.status, self.output, self.failure) = match ending {
            Ending::Succeeded(output) => (Status::Succeeded, Some(output), None),
            Ending::Failed(failure) => (Status::Failed, None, Some(failure)),
            Ending::Aborted(failure) => (Status::Aborted, None, Some(failure)),
            Ending::TimedOut => (Status::TimedOut, None, Some(Failure::timeout(false))),
        };
    }
}

impl States {
    /// Writes down what a step changed.
    pub(super) fn write(&self, execution: &Execution, out: &Out) {
        if !execution.durable {
            return;
        }
        let arn = execution.arn();
        let progress = execution.progress.borrow();
        if progress.status != Status::Running && execution.revision.record.express {
            // Nobody can ask for it any more.
            self.forget(execution, &progress.run, out.changed.iter().copied());
            return;
        }
        for id in &out.changed {
            match progress.run.threads.get(id) {
                Some(thread) => self.tables.threads.put(&part(arn, *id), thread),
                None => self.tables.threads.delete(&part(arn, *id)),
            }
        }
        let first = progress.run.events - u64::try_from(out.events.len()).unwrap_or(0);
        for (event, id) in out.events.iter().zip(first + 1..) {
            self.tables.history.put(&part(arn, id), event);
        }
        self.tables.progress.put(arn, &*progress);
    }

    /// Takes an execution's records away.
    pub(super) fn forget(&self, execution: &Execution, run: &Run, threads: impl Iterator<Item = u64>) {
        let arn = execution.arn();
        for id in threads.chain(run.threads.keys().copied()) {
            self.tables.threads.delete(&part(arn, id));
        }
        if execution.begun.about.keeps_history {
            for id in 1..=run.events {
                self.tables.history.delete(&part(arn, id));
            }
        }
        self.tables.progress.delete(arn);
        self.tables.executions.delete(arn);
    }

    /// Loads revisions and executions, and goes on with those that run.
    pub(super) fn load(self: &Rc<Self>) -> Result<(), StoreError> {
        for (key, record) in self.tables.revisions.load::<RevisionRecord>()? {
            // It was read once; an engine that reads definitions more strictly leaves it out.
            if let Ok(machine) = asl::read(&record.definition, record.express) {
                self.revisions.borrow_mut().insert(key, Rc::new(Revision { record, machine }));
            }
        }
        let mut threads: BTreeMap<String, Vec<(u64, Thread)>> = BTreeMap::new();
        for (key, thread) in self.tables.threads.load()? {
            if let Some((arn, id)) = whole(&key) {
                threads.entry(arn.to_owned()).or_default().push((id, thread));
            }
        }
        let mut history: BTreeMap<String, Vec<HistoryEvent>> = BTreeMap::new();
        for (key, event) in self.tables.history.load()? {
            if let Some((arn, _)) = whole(&key) {
                history.entry(arn.to_owned()).or_default().push(event);
            }
        }
        let mut progress: BTreeMap<String, Progress> = self.tables.progress.load()?.into_iter().collect();
        let mut ended = Vec::new();
        for (arn, begun) in self.tables.executions.load::<Begun>()? {
            let revision = self.revisions.borrow().get(&begun.revision).cloned();
            let (Some(revision), Some(mut progress)) = (revision, progress.remove(&arn)) else {
                self.world.log.tell(
                    super::NAME,
                    &begun.about.machine_name,
                    "left_out",
                    Outcome::Failed,
                    || json!({ "execution": begun.about.name, "error": "its definition cannot be read any more" }),
                );
                continue;
            };
            for (id, thread) in threads.remove(&arn).unwrap_or_default() {
                progress.run.restore(id, thread);
            }
            ended.extend(progress.stopped.map(|stopped| (stopped, arn.clone())));
            let execution = Rc::new(Execution {
                begun,
                revision,
                progress: RefCell::new(progress),
                history: RefCell::new(history.remove(&arn).unwrap_or_default()),
                durable: true,
                changed: Notify::new(),
                moved: Notify::new(),
                ended: Notify::new(),
            });
            self.know(&execution);
            if execution.status() == Status::Running {
                self.resume(&execution);
            }
        }
        ended.sort();
        self.executions.borrow_mut().ended = ended.into();
        Ok(())
    }

    /// Adds an execution to those that can be asked for.
    pub(super) fn know(&self, execution: &Rc<Execution>) {
        let mut executions = self.executions.borrow_mut();
        let number = execution.begun.number;
        executions.next = executions.next.max(number + 1);
        executions.by_arn.insert(execution.arn().to_owned(), Rc::clone(execution));
        if execution.begun.about.keeps_history {
            let machine = execution.begun.about.machine_arn.clone();
            executions.by_machine.entry(machine).or_default().insert(number, Rc::clone(execution));
        }
    }

    /// Takes an execution away from those that can be asked for.
    pub(super) fn unknow(&self, execution: &Execution) {
        let mut executions = self.executions.borrow_mut();
        executions.by_arn.remove(execution.arn());
        if let Some(of_machine) = executions.by_machine.get_mut(&execution.begun.about.machine_arn) {
            of_machine.remove(&execution.begun.number);
        }
    }
}
