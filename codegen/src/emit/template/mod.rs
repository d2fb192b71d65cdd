//! From the plan to the resources of CloudFormation.
//!
//! In: the [`Plan`] and the definitions of its state machines. Out: the [`Input`] of the partition into
//! stacks: typed resources with their layers, parameters, conditions and outputs. Guaranteed: a resource
//! refers to its own layer and to lower ones only; where a name stands in the place of a reference, the order
//! that it would have given is said by `DependsOn`; a policy allows what the plan grants, and a wildcard
//! stands only where AWS knows no resource.
//!
//! One kind of thing is one file. Text of the spec becomes literals and nothing else: the gate of
//! [`crate::cfn`] refuses what CloudFormation would read as more.

mod alarms;
mod filter;
mod functions;
mod gateways;
mod grants;
mod key;
mod machines;
mod mail;
mod metadata;
mod parameters;
mod queues;
mod schedules;
mod scope;
mod tables;
#[cfg(test)]
mod tests;
mod topics;
mod triggers;

use crate::cfn::DocumentError;
use crate::plan::{MachineRef, Plan};
use crate::stacks::{Input, Lock, Placed};
use scope::Scope;
use std::collections::BTreeMap;

pub use parameters::{conditions, outputs, parameters};

/// Everything that becomes stacks; `lock` is what the last compile wrote.
///
/// # Errors
/// If text of the spec would be read by CloudFormation as something else, or a state machine of the plan has
/// no definition.
pub fn input(
    plan: &Plan,
    definitions: &BTreeMap<MachineRef, String>,
    lock: Option<Lock>,
) -> Result<Input, DocumentError> {
    Ok(Input {
        description: scope::cut(plan.about.as_deref().unwrap_or(&plan.name), 1_024),
        metadata: Vec::new(),
        parameters: parameters(plan)?,
        rules: Vec::new(),
        conditions: conditions(plan)?,
        resources: resources(plan, definitions)?,
        outputs: outputs(plan)?,
        lock,
    })
}

/// The resources of a plan; `definitions` are the state machines' texts, with `${LogicalId}` for what they call.
///
/// # Errors
/// If text of the spec would be read by CloudFormation as something else, or a state machine of the plan has
/// no definition.
pub fn resources(plan: &Plan, definitions: &BTreeMap<MachineRef, String>) -> Result<Vec<Placed>, DocumentError> {
    let mut scope = Scope::new(plan)?;
    key::key(&mut scope)?;
    tables::tables(&mut scope)?;
    topics::topics(&mut scope)?;
    queues::queues(&mut scope)?;
    topics::subscriptions(&mut scope)?;
    functions::functions(&mut scope)?;
    machines::machines(&mut scope, definitions)?;
    gateways::gateways(&mut scope)?;
    schedules::schedules(&mut scope)?;
    mail::mail(&mut scope)?;
    alarms::alarms(&mut scope)?;
    Ok(scope.placed)
}
