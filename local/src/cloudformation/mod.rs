//! CloudFormation: from templates to resources.
//!
//! In: the templates that the compiler made, and parameters. Out: resources, made by AWS's own operations over
//! the bus, as the account. Guaranteed: what a template says and this engine does not honour is an error that
//! names it, before anything is called; a deployment that was stopped anywhere is completed by the next one;
//! one that changes nothing calls nothing.
//!
//! | pass | does |
//! | --- | --- |
//! | `sources` | reads the files |
//! | `tree`, `template`, `parameters`, [`expression`] | from text to templates with expressions |
//! | `check` | finds what is not known |
//! | `scope`, [`evaluate`], `order` | parameters, conditions, the order of resources |
//! | `bring`, `plan`, `make` | what is to be done, and the calls that do it |
//! | `types` | each resource type: its properties and its calls |
//! | `records`, `names` | what was made, and under which name |

mod bring;
mod check;
pub mod evaluate;
pub mod expression;
mod make;
mod matrix;
mod names;
mod order;
mod parameters;
mod plan;
mod problem;
mod records;
mod scope;
pub mod sources;
mod template;
mod tree;
mod types;

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::Value;

use self::bring::{Run, prepare};
pub use self::matrix::matrix;
use self::problem::Problems;
pub use self::problem::{DeployError, Problem};
use self::records::Records;
pub use self::sources::Sources;
use self::tree::Tree;
use crate::kernel::{StoreError, World};

/// The stacks of an engine.
#[derive(Debug)]
pub struct Stacks {
    world: World,
    records: Records,
    busy: Cell<bool>,
}

/// What is there after a deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deployed {
    /// The stacks, those that others nest before them.
    pub stacks: Vec<DeployedStack>,
    /// All resources, in the order in which they came up.
    pub resources: Vec<DeployedResource>,
    /// What should have gone and would not go: it stays, and the next deployment tries again.
    pub left: Vec<Problem>,
}

/// A stack that is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployedStack {
    /// `main`, `main/StateStack1`.
    pub name: String,
    /// Its ARN.
    pub id: String,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
}

/// A resource that is up.
#[derive(Clone, Debug, PartialEq)]
pub struct DeployedResource {
    /// Its stack: `main`.
    pub stack: String,
    /// Its name in the template.
    pub logical_id: String,
    /// What `Ref` gives: a queue's URL, a topic's ARN, a function's name.
    pub physical_id: String,
    /// `AWS::SQS::Queue`
    pub kind: &'static str,
    /// What `Fn::GetAtt` gives.
    pub attributes: BTreeMap<String, Value>,
    /// What the template says of it beside: `Eventloom` is the compiler's.
    pub metadata: Value,
}

impl Stacks {
    /// The stacks that are on record.
    ///
    /// # Errors
    ///
    /// If the engine's file cannot be read.
    pub fn load(world: &World) -> Result<Self, StoreError> {
        let records = Records::load(&world.store)?;
        Ok(Self { world: world.clone(), records, busy: Cell::new(false) })
    }

    /// Makes everything as the templates say. Each root takes the parameters that it declares.
    ///
    /// # Errors
    ///
    /// [`DeployError::Refused`] if the templates or the parameters are wrong: all that is, at once.
    /// [`DeployError::Failed`] if resources could not be made.
    pub async fn deploy(
        &self,
        sources: &Sources,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Deployed, DeployError> {
        let _turn = Turn::take(&self.busy).ok_or(DeployError::Busy)?;
        let _active = self.world.activity.begin();
        let trees = self.read(sources, parameters)?;
        let mut run = Run::new(&self.world, &self.records);
        run.roots(&trees, parameters).await;
        if let Err(error) = self.world.store.durable().await {
            let what = format!("the records of the deployment cannot be kept: {error}");
            run.problems.push(Problem { stack: String::new(), place: String::new(), what });
        }
        if run.problems.is_empty() { Ok(run.deployed) } else { Err(DeployError::Failed(run.problems)) }
    }

    /// Reads and checks the templates and the parameters.
    fn read(&self, sources: &Sources, parameters: &BTreeMap<String, String>) -> Result<Vec<Tree>, DeployError> {
        let mut found = Vec::new();
        let trees = tree::read(sources, &mut found);
        for tree in &trees {
            check::check(tree, &mut found);
        }
        for name in parameters.keys() {
            let declares =
                |tree: &Tree| tree.template.parameters.contains_key(name) || tree.template.unread.contains(name);
            if !trees.iter().any(declares) {
                let what = format!("no stack declares the parameter `{}`", problem::shown(name));
                Problems::new("", &mut found).add("Parameters", what);
            }
        }
        if found.is_empty() {
            for tree in trees.iter().filter(|tree| tree.from.is_empty()) {
                prepare(&self.world, tree, (&tree.path, ""), parameters, &BTreeMap::new(), &mut found);
            }
        }
        if found.is_empty() { Ok(trees) } else { Err(DeployError::Refused(found)) }
    }
}

/// The one deployment at a time.
struct Turn<'a>(&'a Cell<bool>);

impl<'a> Turn<'a> {
    fn take(busy: &'a Cell<bool>) -> Option<Self> {
        (!busy.replace(true)).then_some(Self(busy))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
