//! `stacks.json`: which stacks there are, for what deploys or imitates them.
//!
//! The roots stand in the order of deployment. A root's parameter is given by the deployer, unless it says
//! from which output of which earlier root it comes. Files are relative to the folder of the list itself;
//! a nested template's URL in its root is that file, as `aws cloudformation package` and the CDK's
//! `CfnInclude` expect it.

use serde::{Deserialize, Serialize};

use super::RootStack;

/// The version of the file's form.
const VERSION: u32 = 1;

/// All stacks of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this form: 1.
    pub version: u32,
    /// The roots, each after those it depends on.
    pub stacks: Vec<StackEntry>,
}

/// One root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackEntry {
    /// Its name: `main`, `main-2`.
    pub name: String,
    /// Its template's file.
    pub template: String,
    /// The roots that must be there before it.
    pub depends_on: Vec<String>,
    /// Its parameters, in the order of its template.
    pub parameters: Vec<Given>,
    /// The stacks within it.
    pub nested: Vec<NestedEntry>,
}

/// A parameter of a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// Its name.
    pub name: String,
    /// Where its value comes from; absent if the deployer gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Source>,
}

/// An output of an earlier root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The root.
    pub stack: String,
    /// Its output. If it is absent, its condition does not hold, and the parameter's default applies.
    pub output: String,
}

/// A nested stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NestedEntry {
    /// Its name: `main/compute-1`.
    pub name: String,
    /// Its logical id in the root's template.
    pub logical_id: String,
    /// Its template's file.
    pub template: String,
}

impl Manifest {
    pub(super) fn of(roots: &[RootStack]) -> Self {
        let nested = |nested: &super::Nested| NestedEntry {
            name: nested.name.clone(),
            logical_id: nested.logical_id.clone(),
            template: nested.file.clone(),
        };
        let stack = |root: &RootStack| StackEntry {
            name: root.name.clone(),
            template: root.file.clone(),
            depends_on: root.depends_on.clone(),
            parameters: root.parameters.clone(),
            nested: root.nested.iter().map(nested).collect(),
        };
        Self { version: VERSION, stacks: roots.iter().map(stack).collect() }
    }

    /// The text of `stacks.json`.
    #[must_use]
    pub fn render(&self) -> String {
        // Structs of text, numbers and lists always have a form in JSON.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}
