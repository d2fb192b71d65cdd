//! What types do not show about a definition.
//!
//! In: a [`Machine`]. Out: everything in it that Step Functions would refuse, or that can never run;
//! all of it, in the order of the document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{Catch, ErrorName, Flowing, Machine, Retry, Scope, State, StateName, Until};

/// Characters of a name (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>).
const NAME: usize = 80;
/// Bytes of a definition (same page: 1 MB).
const DEFINITION: usize = 1_000_000;
/// Seconds of any wait or timeout (<https://states-language.net/spec.html#wait-state>).
const SECONDS: u64 = 99_999_999;

/// One thing wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each variant's message says it")]
pub enum Problem {
    #[error("a state has no name")]
    EmptyName,
    #[error("the name `{0}` is longer than 80 characters")]
    NameTooLong(StateName),
    #[error("two states are named `{0}`; a name is unique in the whole machine")]
    DuplicateName(StateName),
    #[error("the first state, `{0}`, is not there")]
    MissingStart(StateName),
    #[error("`{from}` goes to `{to}`, which is not in its scope")]
    MissingTarget { from: StateName, to: StateName },
    #[error("nothing leads to `{0}`")]
    Unreachable(StateName),
    #[error("no way through the states from `{0}` on ends")]
    NeverEnds(StateName),
    #[error("the choice `{0}` has no rule")]
    NoChoice(StateName),
    #[error("the parallel `{0}` has no branch")]
    NoBranch(StateName),
    #[error("a `Retry` or `Catch` of `{0}` names no error")]
    NoError(StateName),
    #[error("`States.ALL` in a `Retry` or `Catch` of `{0}` is not alone and last")]
    AllNotLast(StateName),
    #[error("the machine's timeout is none, or longer than 99,999,999 s")]
    MachineTimeout,
    #[error("`{0}` would wait no time, or longer than 99,999,999 s")]
    Seconds(StateName),
    #[error("the heartbeat of `{0}` is not shorter than its timeout")]
    Heartbeat(StateName),
    #[error("the longest wait of a `Retry` of `{0}` is not longer than its first")]
    MaxDelay(StateName),
    #[error("`{0}` would be read as a substitution")]
    StraySubstitution(String),
    #[error("the definition has {bytes} bytes, over 1,000,000")]
    TooLarge { bytes: usize },
}

impl Machine {
    /// Everything wrong with this definition; empty if Step Functions takes it.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        let mut names = BTreeSet::new();
        if self.timeout_seconds.is_some_and(|seconds| !(1..=SECONDS).contains(&seconds)) {
            found.push(Problem::MachineTimeout);
        }
        check_scope(&self.scope, &mut names, &mut found);
        let text = self.to_json();
        if text.len() > DEFINITION {
            found.push(Problem::TooLarge { bytes: text.len() });
        }
        if let Ok(document) = serde_json::to_value(self) {
            find_stray_substitutions(&document, &mut found);
        }
        found
    }
}

fn check_scope<'a>(scope: &'a Scope, names: &mut BTreeSet<&'a StateName>, found: &mut Vec<Problem>) {
    for (name, state) in scope.states.iter() {
        check_name(name, found);
        if !names.insert(name) {
            found.push(Problem::DuplicateName(name.clone()));
        }
        check_state(name, state, found);
        for inner in state.scopes() {
            check_scope(inner, names, found);
        }
    }
    check_flow(scope, found);
}

fn check_name(name: &StateName, found: &mut Vec<Problem>) {
    let text = name.as_str();
    if text.trim().is_empty() {
        found.push(Problem::EmptyName);
    }
    if text.chars().count() > NAME {
        found.push(Problem::NameTooLong(name.clone()));
    }
}

fn check_state(name: &StateName, state: &State, found: &mut Vec<Problem>) {
    let out_of_range = |seconds: Option<u64>| seconds.is_some_and(|seconds| !(1..=SECONDS).contains(&seconds));
    match state {
        State::Task(task) => {
            let timeout = task.timeout_seconds.as_ref().and_then(|seconds| seconds.plain()).copied();
            let heartbeat = task.heartbeat_seconds.as_ref().and_then(|seconds| seconds.plain()).copied();
            if out_of_range(timeout) || out_of_range(heartbeat) {
                found.push(Problem::Seconds(name.clone()));
            }
            if timeout.zip(heartbeat).is_some_and(|(timeout, heartbeat)| heartbeat >= timeout) {
                found.push(Problem::Heartbeat(name.clone()));
            }
        }
        State::Wait(wait) => {
            if let Until::Seconds(seconds) = &wait.until
                && seconds.plain().is_some_and(|seconds| u64::from(*seconds) > SECONDS)
            {
                found.push(Problem::Seconds(name.clone()));
            }
        }
        State::Choice(choice) if choice.choices.is_empty() => found.push(Problem::NoChoice(name.clone())),
        State::Parallel(parallel) if parallel.branches.is_empty() => found.push(Problem::NoBranch(name.clone())),
        _ => {}
    }
    let (retry, catch) = state.failures();
    check_errors(name, retry.iter().map(|retry| &retry.error_equals), found);
    check_errors(name, catch.iter().map(|catch| &catch.error_equals), found);
    for retry in retry {
        let first = retry.interval_seconds.unwrap_or(1);
        if retry.max_delay_seconds.is_some_and(|longest| longest <= first) {
            found.push(Problem::MaxDelay(name.clone()));
        }
    }
}

fn check_errors<'a>(
    name: &StateName,
    lists: impl ExactSizeIterator<Item = &'a Vec<ErrorName>>,
    found: &mut Vec<Problem>,
) {
    let last = lists.len().saturating_sub(1);
    for (index, errors) in lists.enumerate() {
        if errors.is_empty() {
            found.push(Problem::NoError(name.clone()));
        }
        for error in errors.iter().filter(|error| is_substitution(error.as_str())) {
            found.push(Problem::StraySubstitution(error.as_str().to_owned()));
        }
        if errors.iter().any(|error| error.as_str() == ErrorName::All.as_str()) && (errors.len() > 1 || index < last) {
            found.push(Problem::AllNotLast(name.clone()));
        }
    }
}

/// Targets that are not there, states that nothing leads to, and a first state that no end follows.
fn check_flow(scope: &Scope, found: &mut Vec<Problem>) {
    let states: BTreeMap<_, _> = scope.states.iter().collect();
    if !states.contains_key(&scope.start_at) {
        found.push(Problem::MissingStart(scope.start_at.clone()));
        return;
    }
    for (name, state) in scope.states.iter() {
        for to in state.targets() {
            if !states.contains_key(to) {
                found.push(Problem::MissingTarget { from: name.clone(), to: to.clone() });
            }
        }
    }
    let mut reached = BTreeSet::new();
    let mut ends = false;
    let mut open = vec![&scope.start_at];
    while let Some(name) = open.pop() {
        if let Some(state) = states.get(name)
            && reached.insert(name)
        {
            ends |= state.ends();
            open.extend(state.targets());
        }
    }
    if !ends {
        found.push(Problem::NeverEnds(scope.start_at.clone()));
    }
    found.extend(
        scope
            .states
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !reached.contains(name))
            .map(|name| Problem::Unreachable(name.clone())),
    );
}

/// A value that is a substitution as a whole was put there as one: constants never look like that, and
/// names of errors are looked at with their state.
fn find_stray_substitutions(document: &Json, found: &mut Vec<Problem>) {
    match document {
        Json::String(text) if text.contains("${") && !is_substitution(text) => {
            found.push(Problem::StraySubstitution(text.clone()));
        }
        Json::Array(items) => items.iter().for_each(|item| find_stray_substitutions(item, found)),
        Json::Object(fields) => {
            for (key, value) in fields {
                if key.contains("${") {
                    found.push(Problem::StraySubstitution(key.clone()));
                }
                find_stray_substitutions(value, found);
            }
        }
        _ => {}
    }
}

fn is_substitution(text: &str) -> bool {
    text.strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
        .is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()))
}

impl State {
    fn scopes(&self) -> Vec<&Scope> {
        match self {
            Self::Parallel(parallel) => parallel.branches.iter().collect(),
            Self::Map(map) => vec![map.processing.scope()],
            _ => Vec::new(),
        }
    }

    fn failures(&self) -> (&[Retry], &[Catch]) {
        match self {
            Self::Task(task) => (&task.retry, &task.catch),
            Self::Parallel(parallel) => (&parallel.retry, &parallel.catch),
            Self::Map(map) => (&map.retry, &map.catch),
            _ => (&[], &[]),
        }
    }

    fn flowing(&self) -> Option<&Flowing> {
        match self {
            Self::Task(task) => Some(&task.flowing),
            Self::Wait(wait) => Some(&wait.flowing),
            Self::Parallel(parallel) => Some(&parallel.flowing),
            Self::Map(map) => Some(&map.flowing),
            Self::Pass(pass) => Some(&pass.flowing),
            Self::Choice(_) | Self::Succeed(_) | Self::Fail(_) => None,
        }
    }

    fn ends(&self) -> bool {
        matches!(self, Self::Succeed(_) | Self::Fail(_)) || self.flowing() == Some(&Flowing::End)
    }

    fn targets(&self) -> Vec<&StateName> {
        let next = match self.flowing() {
            Some(Flowing::Next(name)) => Some(name),
            _ => None,
        };
        let (rules, default) = match self {
            Self::Choice(choice) => (choice.choices.as_slice(), choice.default.as_ref()),
            _ => (&[][..], None),
        };
        let (_, catch) = self.failures();
        next.into_iter()
            .chain(rules.iter().map(|rule| &rule.next))
            .chain(default)
            .chain(catch.iter().map(|catch| &catch.next))
            .collect()
    }
}

#[cfg(test)]
mod tests;
