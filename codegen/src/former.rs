//! Former names: what keeps a thing's identity in the stack when it is renamed.
//!
//! In: the resolved flow and the lock of the last compile. Out: the flow, in which every thing knows all the names
//! that the stack knew it by. Guaranteed: what `renamed_from` says is true of the lock; a rename that is in the lock
//! stays when the line is gone.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Flow, Name, SinkKind};
use crate::rules::e052_renamed_from;
use crate::stacks::Lock;
use std::collections::{BTreeMap, BTreeSet};

/// Puts the names that the lock remembers into the flow, and reports former names that it knows nothing of.
pub(crate) fn remember(flow: &mut Flow, lock: &Lock, out: &mut Diagnostics) {
    let known: BTreeSet<&str> = lock.resources.values().map(|entry| entry.owner.as_str()).collect();
    let now: BTreeSet<String> = names(flow).map(|(kind, name)| owner(kind, &name.text)).collect();
    let stack = Stack { lock, known, now };
    for (kind, name) in names_mut(flow) {
        match stack.former(kind, name) {
            Ok(former) => name.former = former,
            Err(wrong) => out.push(*wrong),
        }
    }
}

/// What the next lock remembers.
pub(crate) fn remembered(flow: &Flow) -> BTreeMap<String, Vec<String>> {
    let renamed = names(flow).filter(|(_, name)| !name.former.is_empty());
    renamed.map(|(kind, name)| (owner(kind, &name.text), name.former.clone())).collect()
}

fn owner(kind: &str, name: &str) -> String {
    format!("{kind}.{name}")
}

/// The last compile and this one.
struct Stack<'a> {
    lock: &'a Lock,
    /// The owners of what is in the stack.
    known: BTreeSet<&'a str>,
    /// The owners of what is in the spec.
    now: BTreeSet<String>,
}

impl Stack<'_> {
    /// The names that a thing had.
    fn former(&self, kind: &str, name: &Name) -> Result<Vec<String>, Box<Diagnostic>> {
        let own = owner(kind, &name.text);
        let remembered = self.lock.renamed.get(&own).cloned().unwrap_or_default();
        let Some(said) = &name.renamed_from else { return Ok(remembered) };
        if self.known.contains(own.as_str()) {
            // The line has done its work and may stay, if it is the one that did it.
            return if remembered.contains(&said.value) {
                Ok(remembered)
            } else {
                Err(Box::new(e052_renamed_from::another(said.span, &name.text, &said.value)))
            };
        }
        let Some(was) = self.latest(kind, &said.value) else {
            let prefix = format!("{kind}.");
            let gone = self.known.iter().filter(|known| !self.now.contains(**known));
            let gone: Vec<&str> = gone.filter_map(|known| known.strip_prefix(&prefix)).collect();
            return Err(Box::new(e052_renamed_from::unknown(said.span, &said.value, kind, &gone)));
        };
        let mut former = self.lock.renamed.get(&owner(kind, &was)).cloned().unwrap_or_default();
        former.push(was);
        Ok(former)
    }

    /// The name under which the lock has what is, or once was, called `name`.
    fn latest(&self, kind: &str, name: &str) -> Option<String> {
        if self.known.contains(owner(kind, name).as_str()) {
            return Some(name.to_owned());
        }
        let renamed = self.lock.renamed.iter().filter(|(_, former)| former.iter().any(|f| f == name));
        let free = renamed.filter(|(owner, _)| self.known.contains(owner.as_str()) && !self.now.contains(*owner));
        free.filter_map(|(owner, _)| owner.split_once('.'))
            .find_map(|(of, latest)| (of == kind).then(|| latest.to_owned()))
    }
}

macro_rules! every_name {
    ($flow:expr, $values:ident, $at:ident) => {{
        let flow = $flow;
        // What a counter or a table sink does is done by its queue's consumer: it has nothing of its own in the stack.
        let own = |kind: &SinkKind| !matches!(kind, SinkKind::Counter { .. } | SinkKind::Table { .. });
        (flow.tables.$values().map(|t| ("tables", $at!(t))))
            .chain(flow.secrets.$values().map(|t| ("secrets", $at!(t))))
            .chain(flow.gateways.$values().map(|t| ("gateways", $at!(t))))
            .chain(flow.sources.$values().map(|t| ("sources", $at!(t))))
            .chain(flow.topics.$values().map(|t| ("topics", $at!(t))))
            .chain(flow.queues.$values().map(|t| ("queues", $at!(t))))
            .chain(flow.groupers.$values().map(|t| ("groupers", $at!(t))))
            .chain(flow.workflows.$values().map(|t| ("workflows", $at!(t))))
            .chain(flow.sinks.$values().filter(move |t| own(&t.kind)).map(|t| ("sinks", $at!(t))))
    }};
}

macro_rules! shared {
    ($thing:ident) => {
        &$thing.name
    };
}

macro_rules! exclusive {
    ($thing:ident) => {
        &mut $thing.name
    };
}

/// The names of everything that is in the stack.
fn names(flow: &Flow) -> impl Iterator<Item = (&'static str, &Name)> {
    every_name!(flow, values, shared)
}

fn names_mut(flow: &mut Flow) -> impl Iterator<Item = (&'static str, &mut Name)> {
    every_name!(flow, values_mut, exclusive)
}
