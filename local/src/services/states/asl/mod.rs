//! A definition in the States Language as it is run: read, checked, every query in it parsed.
//!
//! In: the definition's text. Out: a [`Machine`], or all that is wrong, each with its state's place.
//! Guaranteed of a machine: every name leads somewhere, every state is reached, every query parses, and
//! no field stands in it that its query language does not have.

mod check;
mod choices;
mod finding;
mod flow;
mod machine;
mod resource;
mod states;

use indexmap::IndexMap;
use serde_json::Value;

pub(super) use finding::refusal;
pub(super) use machine::{SECONDS, read};
pub(super) use resource::{Pattern, Resource, Sdk};

use super::query::{Language, Path, Reference, Rule, Template};

/// A whole definition.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    pub(super) scope: Scope,
    /// `TimeoutSeconds` of an execution.
    pub(super) timeout: Option<u64>,
}

/// States of which one is the first: a machine, a branch, or what a Map does with an item.
#[derive(Clone, Debug)]
pub(super) struct Scope {
    pub(super) start_at: String,
    pub(super) states: IndexMap<String, State>,
}

/// One state.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) kind: Kind,
    pub(super) flow: Flow,
    pub(super) next: Next,
    pub(super) retry: Vec<Retry>,
    pub(super) catch: Vec<Catch>,
    pub(super) assign: Option<Template>,
}

/// What is after a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    State(String),
    /// The scope ends, or the state itself knows.
    End,
}

/// What a state takes and gives.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) language: Language,
    /// `InputPath`.
    pub(super) input: Select,
    /// `Parameters` or `Arguments`.
    pub(super) arguments: Option<Template>,
    /// `ResultSelector`.
    pub(super) selector: Option<Template>,
    /// `ResultPath`.
    pub(super) place: Place,
    /// `OutputPath`.
    pub(super) output: Select,
    /// `Output` of JSONata.
    pub(super) template: Option<Template>,
}

/// `InputPath`, `OutputPath`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Select {
    All,
    /// `null`: an empty object.
    Nothing,
    Path(Path),
}

/// `ResultPath`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// Instead of the input.
    Whole,
    /// `null`: the input goes on as it was.
    Nowhere,
    At(Reference),
}

/// What a state does.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Task(Task),
    Choice { choices: Vec<Choice>, default: Option<String> },
    Wait(Until),
    Parallel(Vec<Scope>),
    Map(Box<Map>),
    Pass { result: Option<Value> },
    Succeed,
    Fail { error: Option<Template>, cause: Option<Template> },
}

/// Work of another service.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) resource: Resource,
    pub(super) timeout: Option<Template>,
    pub(super) heartbeat: Option<Template>,
}

/// One way out of a Choice.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) rule: Rule,
    pub(super) next: String,
    pub(super) output: Option<Template>,
    pub(super) assign: Option<Template>,
}

/// How long a Wait waits.
#[derive(Clone, Debug)]
pub(super) enum Until {
    Seconds(Template),
    Timestamp(Template),
}

/// The same for each item.
#[derive(Clone, Debug)]
pub(super) struct Map {
    /// `ItemsPath` or `Items`; the input where left out.
    pub(super) items: Option<Template>,
    /// `ItemSelector`, or `Parameters` of old definitions.
    pub(super) selector: Option<Template>,
    pub(super) scope: Scope,
    pub(super) concurrency: Option<Template>,
    pub(super) tolerated_count: Option<Template>,
    pub(super) tolerated_percentage: Option<Template>,
}

/// When and how often a state is tried again.
#[derive(Clone, Debug)]
pub(super) struct Retry {
    pub(super) errors: Vec<String>,
    pub(super) interval: u64,
    pub(super) attempts: u64,
    pub(super) backoff: f64,
    pub(super) max_delay: Option<u64>,
    /// `JitterStrategy: FULL`: any time up to the interval.
    pub(super) jitter: bool,
}

/// Where a failure leads.
#[derive(Clone, Debug)]
pub(super) struct Catch {
    pub(super) errors: Vec<String>,
    pub(super) next: String,
    pub(super) place: Place,
    pub(super) output: Option<Template>,
    pub(super) assign: Option<Template>,
}

impl Kind {
    /// As it is written, and as events of the history begin.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Task(_) => "Task",
            Self::Choice { .. } => "Choice",
            Self::Wait(_) => "Wait",
            Self::Parallel(_) => "Parallel",
            Self::Map(_) => "Map",
            Self::Pass { .. } => "Pass",
            Self::Succeed => "Succeed",
            Self::Fail { .. } => "Fail",
        }
    }
}

#[cfg(test)]
mod tests;
