//! The last pass: from the plan to files.
//!
//! In: the [`Plan`]. Out: every generated file, by its path from the flow's root.
//! Guaranteed: nothing is decided here; the same plan gives the same bytes.

pub mod asyncapi;
pub mod describe;
#[cfg(test)]
mod fixtures;
mod json;
pub mod machines;
pub mod rust;
pub mod schemas;
pub mod template;
pub mod typescript;

use crate::plan::Plan;
use crate::stacks::{Lock, StackError, Stacks, partition};

pub use machines::{Definitions, definitions};
pub use rust::Skeleton;

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path from the flow's root, with `/` between its parts.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The stacks of a plan with the definitions of its state machines; `lock` is what the last compile wrote.
///
/// # Errors
/// If the resources cannot form stacks within CloudFormation's limits.
pub fn stacks(plan: &Plan, definitions: &Definitions, lock: Option<Lock>) -> Result<Stacks, StackError> {
    partition(template::input(plan, definitions, lock)?)
}

/// Every generated file but the templates.
#[must_use]
pub fn files(plan: &Plan, definitions: Definitions) -> Vec<File> {
    let described = describe::Described::of(plan);
    let mut files = machines::files(plan, definitions);
    files.extend(schemas::files(plan, &described));
    files.push(asyncapi::file(plan, &described));
    files.extend(typescript::file(plan, &described));
    files.extend(rust::files(plan));
    for (name, text) in
        [("diagram.svg", crate::diagram::svg(&plan.diagram)), ("diagram.mmd", crate::diagram::mermaid(&plan.diagram))]
    {
        files.push(File { path: format!("generated/{name}"), text });
    }
    files
}
