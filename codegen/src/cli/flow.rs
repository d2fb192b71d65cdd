//! A compile for another program: what `codegen` does without arguments, and what it would say.

use std::path::Path;

use super::{load, put};

/// What came of a compile that another program asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Errors and warnings for a person; empty if there are none.
    pub diagnostics: String,
    /// What was made and what changed; none if the spec has errors, and nothing was written.
    pub summary: Option<String>,
    /// Whether any generated file changed.
    pub changed: bool,
}

/// A file that could not be read or written, or no flow in the folder.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Failed(#[from] load::Failure);

/// Compiles the flow in the folder `root` and writes what changed; `spec` is its root file where the folder
/// has several.
pub fn flow(root: &Path, spec: Option<&Path>, colored: bool) -> Result<Flow, Failed> {
    let root = load::root(root, spec)?;
    let compiled = crate::compile(&root.input(None)?);
    let checked = &compiled.checked;
    let diagnostics = match checked.diagnostics.as_slice() {
        [] => String::new(),
        found => crate::render::human(&checked.sources, found, colored),
    };
    let Some(output) = &compiled.output else { return Ok(Flow { diagnostics, summary: None, changed: false }) };
    let (changed, summary) = put(&root, output)?;
    Ok(Flow { diagnostics, summary: Some(summary), changed })
}
