//! State machines.

use super::{FunctionRef, MachineRef, Place, QueueRef, TopicRef};
use crate::model::Pattern;

/// When to try again.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPlan {
    /// Error names, as ASL has them.
    pub errors: Vec<String>,
    /// Seconds before the second try.
    pub interval: u32,
    /// Tries after the first.
    pub attempts: u32,
    /// By how much the wait grows.
    pub backoff: f64,
    /// The longest wait, in seconds.
    pub max_delay: Option<u32>,
    /// Whether waits are spread at random.
    pub jitter: bool,
}

/// Where to go on after an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatchPlan {
    /// Error names, as ASL has them.
    pub errors: Vec<String>,
    /// The state; none for the machine's end.
    pub next: Option<String>,
}

/// By what a function knows a call again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownBy {
    /// By nothing.
    Nothing,
    /// By the run of the step, so that it does each once: another execution is another run.
    Run,
    /// By the message that the step sends, which is the same in every execution of the same event.
    Message,
}

/// What a state does.
#[derive(Debug, Clone, PartialEq)]
pub enum StepKindPlan {
    /// Calls a function with the state's input; its answer's fields are added where `adds`.
    Call {
        /// The function.
        function: FunctionRef,
        /// Whether the answer's fields are added.
        adds: bool,
        /// By what the function knows this call again, beside the state.
        known: KnownBy,
    },
    /// Publishes the state's input to a topic.
    Publish(TopicRef),
    /// Sends the state's input to a queue.
    Enqueue(QueueRef),
    /// Waits so many seconds.
    Wait(u64),
    /// Waits until the moment in this field.
    WaitUntil(String),
    /// Goes on at the first case that holds; `next` is the default. A case's state is none for the end.
    Choice(Vec<(Pattern, Option<String>)>),
    /// Several lists of states at the same time.
    Parallel(Vec<Vec<StepPlan>>),
    /// States for each entry of a list.
    Map {
        /// The field that holds the list.
        over: String,
        /// The field that holds the entry.
        entry: String,
        /// How many at the same time.
        concurrency: u32,
        /// The inner states.
        steps: Vec<StepPlan>,
    },
}

/// One state.
#[derive(Debug, Clone, PartialEq)]
pub struct StepPlan {
    /// Its name.
    pub name: String,
    /// What it does, in a sentence.
    pub about: String,
    /// What it does.
    pub kind: StepKindPlan,
    /// The state after it; none for the end.
    pub next: Option<String>,
    /// When to try again.
    pub retry: Vec<RetryPlan>,
    /// Where to go on after an error.
    pub catch: Vec<CatchPlan>,
    /// Seconds that it may take; for calls.
    pub timeout: Option<u32>,
}

/// A state machine with its role and log group.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Where it belongs.
    pub place: Place,
    /// Its name in the spec, and after the prefix.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// Whether it is an express one.
    pub express: bool,
    /// Seconds that the whole may take.
    pub timeout: u64,
    /// The events that start it, by their names, in the spec's order.
    pub accepts: Vec<String>,
    /// Its states, in order; the first is where it starts.
    pub steps: Vec<StepPlan>,
    /// The functions that it calls.
    pub calls: Vec<FunctionRef>,
    /// The topics that it publishes to.
    pub publishes: Vec<TopicRef>,
    /// The queues that it sends to.
    pub sends: Vec<QueueRef>,
}

impl Machine {
    /// A reference to it.
    #[must_use]
    pub fn reference(&self) -> MachineRef {
        MachineRef(self.place.logical.clone())
    }
}
