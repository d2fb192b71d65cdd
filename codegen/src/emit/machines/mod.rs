//! State machines, from the plan to the Amazon States Language.
//!
//! In: the plan's machines. Out: their definitions as JSON text. Guaranteed: Step Functions takes each
//! ([`asl::Machine::problems`] finds nothing), and what the spec's author wrote is never read as an
//! expression or a substitution.
//!
//! **The state** of an execution is the accepted event as flat fields, with `target` where it is for one user.
//! A step whose function answers with fields adds them; nothing ever takes one away. Where a workflow accepts
//! several types, the state's `event` says which it is, as `{event}` does in a spec; a group's own `event`, the
//! type of its members, stands for the group.
//!
//! **Resources** are named by `${LogicalId}` in the text: [`substitutions`] lists them. Integrations are named in the
//! same way, for their ARNs differ by partition: [`integrations`] lists them.

mod condition;
mod envelope;
mod repeats;
mod states;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::File;
use crate::asl::{self, Resource};
use crate::plan::{Machine, MachineRef, Plan, Reference};

/// The definition of every machine as text, by the machine.
pub type Definitions = BTreeMap<MachineRef, String>;

/// The definition of every machine.
#[must_use]
pub fn definitions(plan: &Plan) -> Definitions {
    plan.machines.iter().map(|machine| (machine.reference(), definition(plan, machine).to_json())).collect()
}

/// The definitions as files: `generated/state-machines/NAME.asl.json`.
#[must_use]
pub fn files(plan: &Plan, mut definitions: Definitions) -> Vec<File> {
    let file = |machine: &Machine| {
        let text = definitions.remove(&machine.reference())?;
        Some(File { path: format!("generated/state-machines/{}.asl.json", machine.name), text })
    };
    plan.machines.iter().filter_map(file).collect()
}

/// What a definition names as `${LogicalId}`, for `DefinitionSubstitutions`: functions and topics by their
/// ARN, queues by their URL.
#[must_use]
pub fn substitutions(machine: &Machine) -> Vec<Reference> {
    let functions = machine.calls.iter().cloned().map(Reference::Function);
    let topics = machine.publishes.iter().cloned().map(Reference::Topic);
    let queues = machine.sends.iter().cloned().map(Reference::Queue);
    functions.chain(topics).chain(queues).collect()
}

/// The integrations that a definition names.
#[must_use]
pub fn integrations(machine: &Machine) -> Vec<Resource> {
    let used = [
        (Resource::LambdaInvoke, machine.calls.is_empty()),
        (Resource::SnsPublish, machine.publishes.is_empty()),
        (Resource::SqsSendMessage, machine.sends.is_empty()),
    ];
    used.into_iter().filter(|(_, unused)| !unused).map(|(integration, _)| integration).collect()
}

fn definition(plan: &Plan, machine: &Machine) -> asl::Machine {
    let scope = states::Writer::new(plan, machine).scope(&machine.steps);
    asl::Machine {
        comment: Some(asl::Comment::new(&super::rust::docs::visible(&machine.about))),
        query_language: asl::QueryLanguage::Jsonata,
        timeout_seconds: Some(machine.timeout),
        scope,
    }
}
