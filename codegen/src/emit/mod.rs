//! The last pass: from the plan to files.
//!
//! In: the [`Plan`](crate::plan::Plan). Out: every generated file, by its path from the flow's root.
//! Guaranteed: nothing is decided here; the same plan gives the same bytes.

pub mod describe;
#[cfg(test)]
mod fixtures;
mod json;
pub mod machines;
pub mod schemas;
pub mod rust;

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path from the flow's root, with `/` between its parts.
    pub path: String,
    /// Its text.
    pub text: String,
}
