//! State machines in the Amazon States Language, as typed documents.
//!
//! In: states and expressions. Out: the JSON of a definition, its properties always in the same order.
//! Only the query language JSONata is written; there is no JSONPath in here.
//!
//! Guaranteed: a property that the language does not have, or that does not belong to a kind of state,
//! cannot be written; nor can a state that neither goes on nor ends. What types do not show, such as a
//! `Next` to a state that is not there, [`Machine::problems`] finds.
//!
//! The language: <https://states-language.net/spec.html>. What Step Functions adds to it:
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>.

#[cfg(test)]
pub(crate) mod evaluate;
pub mod jsonata;
pub mod pattern;
mod problems;
mod processing;
mod retry;
mod state;
mod value;

use std::fmt;

use serde::{Serialize, Serializer};

pub use problems::Problem;
pub use processing::{Processing, Tolerated, Workload};
pub use retry::{BackoffRate, BackoffRateError, Catch, ErrorName, Jitter, Retry};
pub use state::{
    Assign, Choice, ChoiceRule, Fail, Flowing, Map, Parallel, Pass, Resource, State, Succeed, Task, Until, Wait,
};
pub use value::{Comment, OrExpr, Substitution, SubstitutionError, Text, Value};

/// The name of a state, unique in the whole machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct StateName(String);

impl StateName {
    /// A name; [`Machine::problems`] says whether Step Functions takes it.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for StateName {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// The states of one scope, in the order they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct States(Vec<(StateName, State)>);

impl States {
    /// No states yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes one more after the others. [`Machine::problems`] finds a name that is there already.
    pub fn push(&mut self, name: impl Into<StateName>, state: impl Into<State>) {
        self.0.push((name.into(), state.into()));
    }

    /// Them all, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&StateName, &State)> {
        self.0.iter().map(|(name, state)| (name, state))
    }
}

impl<N: Into<StateName>> FromIterator<(N, State)> for States {
    fn from_iter<I: IntoIterator<Item = (N, State)>>(states: I) -> Self {
        Self(states.into_iter().map(|(name, state)| (name.into(), state)).collect())
    }
}

impl Serialize for States {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// States with a first one: a branch of a [`Parallel`], or what a [`Map`] does with each item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Scope {
    /// The first state.
    pub start_at: StateName,
    /// All of them.
    pub states: States,
}

/// A whole definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Machine {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// JSONata for every state.
    pub query_language: QueryLanguage,
    /// Seconds after which an execution fails with `States.Timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// The states, the first of them named.
    #[serde(flatten)]
    pub scope: Scope,
}

/// How expressions are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub enum QueryLanguage {
    /// As JSONata, in `{% … %}`.
    #[default]
    #[serde(rename = "JSONata")]
    Jsonata,
}

impl Machine {
    /// A machine of these states.
    #[must_use]
    pub fn new(start_at: impl Into<StateName>, states: States) -> Self {
        let scope = Scope { start_at: start_at.into(), states };
        Self { comment: None, query_language: QueryLanguage::Jsonata, timeout_seconds: None, scope }
    }

    /// The definition as it is deployed: two spaces an indent, and a newline at the end.
    #[must_use]
    pub fn to_json(&self) -> String {
        #[expect(clippy::expect_used, reason = "every key is a text and every number finite, by type")]
        let mut text = serde_json::to_string_pretty(self).expect("a definition is always JSON");
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests;
