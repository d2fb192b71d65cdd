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
use describe::Described;

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

/// Where the list of generated files is, from the flow's root.
pub const MANIFEST: &str = "generated/files.txt";

/// The list of the files under `generated/`, itself included: what a later compile may take away when the flow no
/// longer has it.
#[must_use]
pub fn manifest(files: &[File]) -> File {
    let mut paths: Vec<&str> = files.iter().map(|f| f.path.as_str()).chain([MANIFEST]).collect();
    paths.retain(|path| path.starts_with("generated/"));
    paths.sort_unstable();
    let text = format!(
        "# Written by `cargo run -p codegen`: the files that it keeps here. Do not edit.\n{}\n",
        paths.join("\n")
    );
    File { path: MANIFEST.into(), text }
}

/// Every generated file but the templates and the list of all.
#[must_use]
pub fn files(plan: &Plan, described: &Described<'_>, definitions: Definitions) -> Vec<File> {
    let mut files = machines::files(plan, definitions);
    files.extend(schemas::files(plan, described));
    files.push(asyncapi::file(plan, described));
    files.extend(typescript::files(plan, described));
    files.extend(rust::files(plan));
    for (name, text) in
        [("diagram.svg", crate::diagram::svg(&plan.diagram)), ("diagram.mmd", crate::diagram::mermaid(&plan.diagram))]
    {
        files.push(File { path: format!("generated/{name}"), text });
    }
    files
}
