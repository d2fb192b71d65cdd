//! The last pass: from the plan to files.
//!
//! In: the [`Plan`](crate::plan::Plan). Out: every generated file, by its path from the flow's root.
//! Guaranteed: nothing is decided here; the same plan gives the same bytes.

pub mod asyncapi;
pub mod describe;
#[cfg(test)]
mod fixtures;
mod json;
pub mod machines;
pub mod schemas;
pub mod typescript;

use crate::plan::Plan;

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path from the flow's root, with `/` between its parts.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The documents about a flow: state machines, schemas, AsyncAPI, and TypeScript where a browser takes part.
#[must_use]
pub fn documents(plan: &Plan) -> Vec<File> {
    let described = describe::Described::of(plan);
    let mut files = machines::files(plan);
    files.extend(schemas::files(plan, &described));
    files.push(asyncapi::file(plan, &described));
    files.extend(typescript::file(plan, &described));
    files
}
