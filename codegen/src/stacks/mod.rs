//! From one flat list of resources to templates within CloudFormation's limits, and to the lock that keeps
//! every resource where it is.
//!
//! In: [`Input`], the planned resources with their layers, owners and components, and the [`Lock`] of the
//! last compile. Out: [`Stacks`]: root stacks, their nested stacks, the new lock, and what [`Changes`].
//! Guaranteed:
//!
//! - **Nothing moves.** What the lock records stays in its stack. One template takes everything up to
//!   [`limits::AIM_RESOURCES`]; beyond that new resources, and only they, go to nested stacks by layer.
//! - **Every reference resolves.** One that crosses templates goes through outputs and parameters of the
//!   root, unless the other template can compose the value of a name; one that crosses roots is an output
//!   of the earlier and a parameter of the later, which `stacks.json` names. Not `Fn::ImportValue`: an export in use can be neither changed nor removed, and
//!   the local engine would have to know of it.
//! - **No circles** between nested stacks or roots, and none between resources: an error names them.
//! - **Same input, same bytes**, in whatever order the resources come.

mod assemble;
mod changes;
mod error;
mod graph;
mod identity;
mod key;
pub mod limits;
mod link;
mod lock;
mod manifest;
mod named;
mod pack;
mod place;
mod scan;
#[cfg(test)]
mod tests;

use crate::cfn::{Condition, Output, Parameter, Resource, Rule, Template, Tree};

pub use changes::{Changed, Changes, IndexUpdate, Named, Refusal, Rename, Replacement};
pub use error::StackError;
pub(crate) use graph::components;
pub use identity::Identity;
pub use key::{Layer, StackKey};
pub use lock::{Entry, Lock, LockError};
pub use manifest::{Given, Manifest, NestedEntry, Source, StackEntry};

/// A planned resource, and what decides where it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// The resource.
    pub resource: Resource,
    /// Its layer: it may refer to its own and to lower ones.
    pub layer: Layer,
    /// The named thing of the spec that it belongs to, as `queue notify`.
    pub owner: String,
    /// The connected component of the flow that it belongs to; 0 for what all share.
    pub component: u32,
    /// What decides whether an update replaces it.
    pub identity: Identity,
}

/// Everything that becomes stacks.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Input {
    /// What the first root says of itself; at most 1,024 bytes.
    pub description: String,
    /// Metadata of the first root.
    pub metadata: Vec<(&'static str, Tree)>,
    /// What the deployer gives.
    pub parameters: Vec<Parameter>,
    /// What parameters must fulfil; they stand in the first root.
    pub rules: Vec<Rule>,
    /// What is decided from parameters.
    pub conditions: Vec<Condition>,
    /// The resources, in any order.
    pub resources: Vec<Placed>,
    /// What the deployer is told; each goes to the root that has what it names.
    pub outputs: Vec<Output>,
    /// What the last compile wrote, if there was one.
    pub lock: Option<Lock>,
}

/// The stacks of a flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Stacks {
    /// In the order in which they are deployed.
    pub roots: Vec<RootStack>,
    /// To be written for the next compile.
    pub lock: Lock,
    /// Against the last compile.
    pub changes: Changes,
}

/// A stack that is deployed by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct RootStack {
    /// Its name: `main`, `main-2`.
    pub name: String,
    /// Its template's file, relative to the folder of all outputs.
    pub file: String,
    /// Its template.
    pub template: Template,
    /// The stacks within it.
    pub nested: Vec<Nested>,
    /// Its parameters, and where their values come from.
    pub parameters: Vec<Given>,
    /// The roots that must be there before it.
    pub depends_on: Vec<String>,
}

/// A stack within a root.
#[derive(Debug, Clone, PartialEq)]
pub struct Nested {
    /// Its name: `main/compute-1`.
    pub name: String,
    /// Its logical id in the root's template.
    pub logical_id: String,
    /// Its template's file, relative to the folder of all outputs.
    pub file: String,
    /// Its template.
    pub template: Template,
}

/// Puts every resource into a stack.
///
/// # Errors
/// If the resources cannot form stacks: see [`StackError`].
pub fn partition(input: Input) -> Result<Stacks, StackError> {
    let Input { description, metadata, parameters, rules, conditions, resources, outputs, lock } = input;
    let mut flow = scan::scan(resources, parameters, conditions)?;
    let places = place::place(&flow, lock.as_ref())?;
    let next = lock::record(&mut flow, &places);
    let changes = changes::compare(lock.as_ref(), &next, &flow);
    let front = assemble::Front { description, metadata, rules, outputs };
    let roots = assemble::assemble(flow, &places, front)?;
    Ok(Stacks { roots, lock: next, changes })
}

/// The text of every template, by its file, and of the list of stacks, `stacks.json`. Each template is let go
/// when its text is there: together they are the largest of all that a compile makes.
///
/// # Errors
/// If a template is larger than CloudFormation takes, or cannot be written.
pub fn render(roots: Vec<RootStack>) -> Result<Vec<(String, String)>, StackError> {
    let manifest = Manifest::of(&roots).render();
    let mut files = Vec::new();
    for root in roots {
        files.push(text(&root.name, root.file, root.template)?);
        for nested in root.nested {
            files.push(text(&nested.name, nested.file, nested.template)?);
        }
    }
    files.push(("stacks.json".to_owned(), manifest));
    Ok(files)
}

fn text(name: &str, file: String, template: Template) -> Result<(String, String), StackError> {
    let text = template.render()?;
    limits::check(name, "bytes", text.len(), limits::TEMPLATE_BYTES)?;
    Ok((file, text))
}

impl Stacks {
    /// The list of stacks that the local engine and the CDK app read.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        Manifest::of(&self.roots)
    }
}
