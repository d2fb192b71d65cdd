//! One execution as a state machine of its own: (run, event) → (run', what to do).
//!
//! In: a [`Machine`], a [`Run`] and an [`Event`], with the time and the source of chance as arguments. Out:
//! the run as it is then and an [`Out`]: events for the history, calls of other services, which threads
//! changed, and whether all has ended. Guaranteed: nothing here waits, calls or writes; the same run and
//! event give the same, and a run that was written down and read again goes on as if nothing had been.

mod children;
mod enter;
mod history;
mod leave;
mod sight;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub(super) use history::{Details, HistoryEvent};
pub(super) use step::advance;

use super::asl::{Machine, Resource, Scope, State};
use super::data::{Data, Failure};
use crate::kernel::Time;

/// The most events of a history ("Service quotas" of Step Functions).
const EVENTS: u64 = 25_000;
/// The most events of an express execution, which has no such limit on AWS but five minutes: nobody gets as
/// far there in that time, and one that never waits would go on for ever here, where time may stand still.
const EXPRESS_EVENTS: u64 = 500_000;

/// What does not change while an execution runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) machine_arn: String,
    pub(super) machine_name: String,
    pub(super) role_arn: String,
    pub(super) region: String,
    pub(super) input: Data,
    pub(super) started: Time,
    /// A standard machine keeps a history; an express one does not.
    pub(super) keeps_history: bool,
}

/// How far an execution is. Its threads are records of their own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Run {
    pub(super) deadline: Option<Time>,
    next_thread: u64,
    next_task: u64,
    /// The number of the history's last event.
    pub(super) events: u64,
    #[serde(skip)]
    pub(super) threads: BTreeMap<u64, Thread>,
    #[serde(skip)]
    due: Due,
}

/// When threads go on by themselves.
#[derive(Clone, Debug, Default)]
struct Due {
    /// Waits, retries, the end of patience with whoever has a token.
    work: BTreeSet<(Time, u64)>,
    /// The end of patience with a call that goes on.
    idle: BTreeSet<(Time, u64)>,
}

/// One place at which states are run: the machine's own, a branch's, an item's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Thread {
    /// The thread whose Parallel or Map this belongs to, and its place there.
    parent: Option<(u64, usize)>,
    /// The Parallels and Maps around, each with the number of the branch.
    scope: Vec<(String, usize)>,
    state: String,
    input: Data,
    /// An object: the variables of this scope, and those of the ones around as they were.
    variables: Data,
    /// The innermost Map's item.
    item: Option<(usize, Data)>,
    stage: Stage,
    /// How often each `Retry` of the state was used.
    retries: BTreeMap<usize, u64>,
    entered: Time,
    /// The last event of this thread.
    last: u64,
}

/// What a thread is about.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Stage {
    /// An item of a Map whose turn it is not yet.
    Queued,
    /// Its state is to be entered.
    Ready,
    /// Within a step alone: what the state waits for is not known yet.
    Entered,
    Waiting {
        until: Time,
    },
    Retrying {
        until: Time,
    },
    Working(Work),
    Children(Children),
    /// The scope ended so; the others of the Parallel or Map have not.
    Done(Data),
    /// An item failed, and the Map tolerates it.
    Failed,
}

/// A call that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Work {
    /// Which attempt of all of the execution this is; an answer to another one is late.
    task: u64,
    arguments: Data,
    token: Option<String>,
    deadline: Option<Time>,
    /// Milliseconds from one heartbeat to the next.
    heartbeat: Option<i64>,
    heartbeat_due: Option<Time>,
    timeouts: (Option<u64>, Option<u64>),
    /// The call was answered; now the token is waited for.
    submitted: bool,
}

/// The threads of a Parallel or Map: `total` in a row from `first` on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Children {
    first: u64,
    total: u64,
    begun: u64,
    ended: u64,
    failed: u64,
    concurrency: u64,
    /// How many items may fail.
    tolerated: u64,
    /// Whether the definition says so.
    tolerates: bool,
}

/// What happens to a run.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// Time went by, or the run is to go on with what is ready.
    Tick,
    /// A call was answered.
    Answer {
        thread: u64,
        task: u64,
        result: Result<Value, Failure>,
    },
    /// A token came back.
    Token {
        thread: u64,
        token: String,
        result: Result<Value, Failure>,
    },
    Heartbeat {
        thread: u64,
        token: String,
    },
    Stop(Failure),
}

/// What is to be done.
#[derive(Debug, Default)]
pub(super) struct Out {
    pub(super) events: Vec<HistoryEvent>,
    pub(super) calls: Vec<Call>,
    /// Threads that changed; gone, if the run does not have them any more.
    pub(super) changed: BTreeSet<u64>,
    pub(super) ended: Option<Ending>,
    /// There is more to do at once: the step was cut so that others have their turn.
    pub(super) more: bool,
    /// Whether the event was meant for a call that is still waited for.
    pub(super) heard: bool,
}

/// A call of another service.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) thread: u64,
    pub(super) task: u64,
    pub(super) resource: Resource,
    pub(super) arguments: Data,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ending {
    Succeeded(Data),
    Failed(Failure),
    TimedOut,
    Aborted(Failure),
}

impl Run {
    /// An execution that is to begin.
    pub(super) fn new(machine: &Machine, about: &About, deadline: Option<Time>) -> Self {
        let thread = Thread {
            parent: None,
            scope: Vec::new(),
            state: machine.scope.start_at.clone(),
            input: about.input.clone(),
            variables: Data::from(Value::Object(Map::new())),
            item: None,
            stage: Stage::Ready,
            retries: BTreeMap::new(),
            entered: about.started,
            last: 0,
        };
        Self { deadline, next_thread: 1, threads: BTreeMap::from([(0, thread)]), ..Self::default() }
    }

    /// Puts a thread back that was written down.
    pub(super) fn restore(&mut self, id: u64, thread: Thread) {
        self.due.put(id, &thread);
        self.threads.insert(id, thread);
    }

    /// The calls that were made and not answered, as far as this run knows.
    pub(super) fn open_calls(&self, machine: &Machine) -> Vec<Call> {
        let open = self.threads.iter().filter_map(|(id, thread)| match &thread.stage {
            Stage::Working(work) if !work.submitted => {
                let super::asl::Kind::Task(task) = &state(machine, thread)?.kind else { return None };
                let (resource, arguments) = (task.resource.clone(), work.arguments.clone());
                Some(Call { thread: *id, task: work.task, resource, arguments })
            }
            _ => None,
        });
        open.collect()
    }

    /// When the next thing is to be done, if nothing else happens.
    pub(super) fn next_work(&self) -> Option<Time> {
        self.due.work.first().map(|(time, _)| *time)
    }

    /// When patience ends next: with a call, or with the whole execution.
    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.due.idle.first().map(|(time, _)| *time).into_iter().chain(self.deadline).min()
    }
}

impl Due {
    fn put(&mut self, id: u64, thread: &Thread) {
        if let Some((time, work)) = thread.due() {
            let set = if work { &mut self.work } else { &mut self.idle };
            set.insert((time, id));
        }
    }

    fn take(&mut self, id: u64, thread: &Thread) {
        if let Some((time, work)) = thread.due() {
            let set = if work { &mut self.work } else { &mut self.idle };
            set.remove(&(time, id));
        }
    }
}

impl Thread {
    /// When it goes on by itself, and whether that is work rather than the end of patience.
    fn due(&self) -> Option<(Time, bool)> {
        match &self.stage {
            Stage::Waiting { until } | Stage::Retrying { until } => Some((*until, true)),
            Stage::Working(work) => {
                let moment = work.deadline.into_iter().chain(work.heartbeat_due).min()?;
                Some((moment, work.submitted))
            }
            _ => None,
        }
    }
}

fn scope<'a>(machine: &'a Machine, path: &[(String, usize)]) -> Option<&'a Scope> {
    path.iter().try_fold(&machine.scope, |scope, (name, branch)| match &scope.states.get(name)?.kind {
        super::asl::Kind::Parallel(branches) => branches.get(*branch),
        super::asl::Kind::Map(map) => Some(&map.scope),
        _ => None,
    })
}

/// The state that a thread is in.
fn state<'a>(machine: &'a Machine, thread: &Thread) -> Option<&'a State> {
    scope(machine, &thread.scope)?.states.get(&thread.state)
}

#[cfg(test)]
mod tests;
