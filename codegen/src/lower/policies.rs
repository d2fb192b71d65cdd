//! How long the policies of roles are.
//!
//! In: the plan. Out: a diagnostic for each function and state machine whose policy IAM would refuse. ARNs are known when the stack is
//! deployed, so each is taken as long as it can be.

use crate::aws::limits::IAM_ROLE_POLICY_CHARACTERS;
use crate::diagnostic::Diagnostics;
use crate::model::Flow;
use crate::plan::{Grant, Machine, On, Plan, Reference};
use crate::rules::e140_role_policy;

/// `"arn:aws-us-gov:dynamodb:ap-southeast-1:123456789012:table/",` around a name.
const ARN: usize = 62;
/// The longest prefix of names, with its `-`.
const PREFIX: usize = 25;
/// A statement without its actions and resources: `{"Sid":"","Effect":"Allow","Action":[],"Resource":[]},`, and a
/// condition that it may have.
const STATEMENT: usize = 54;
/// `"Condition":{"StringEquals":{"kms:ViaService":[]}},`
const CONDITION: usize = 52;
/// The policy around its statements, and those that every function has: its logs and its traces.
const FRAME: usize = 500;
/// The policy of a machine around what it uses: the delivery of its logs, its traces and their sampling.
const MACHINE_FRAME: usize = 700;

/// Reports policies that IAM would refuse.
pub(super) fn report_long(plan: &Plan, flow: &Flow, out: &mut Diagnostics) {
    for function in &plan.functions {
        if let Some(length) = too_long(FRAME, &function.grants) {
            let what = e140_role_policy::Whose::Function(&function.name);
            out.push(e140_role_policy::diagnostic(flow.place_of(&function.place.owner), what, length));
        }
    }
    for machine in &plan.machines {
        if let Some(length) = too_long(MACHINE_FRAME, &grants(machine)) {
            let (_, name) = machine.place.owner.split_once('.').unwrap_or_default();
            let what = e140_role_policy::Whose::Workflow(name);
            out.push(e140_role_policy::diagnostic(flow.place_of(&machine.place.owner), what, length));
        }
    }
}

/// How long a policy is that IAM would refuse.
fn too_long(frame: usize, grants: &[Grant]) -> Option<u64> {
    let length = frame + grants.iter().map(statement).sum::<usize>();
    u64::try_from(length).ok().filter(|length| *length > IAM_ROLE_POLICY_CHARACTERS)
}

/// What a machine's role grants, as a function's would say it.
fn grants(machine: &Machine) -> Vec<Grant> {
    fn grant<T: Clone>(sid: &str, action: &'static str, of: &[T], reference: impl Fn(T) -> Reference) -> Grant {
        let on = of.iter().cloned().map(|r| On::Resource(reference(r))).collect();
        Grant { sid: sid.to_owned(), actions: vec![action], on }
    }
    vec![
        grant("Invoke", "lambda:InvokeFunction", &machine.calls, Reference::Function),
        grant("Publish", "sns:Publish", &machine.publishes, Reference::Topic),
        grant("Send", "sqs:SendMessage", &machine.sends, Reference::Queue),
        Grant {
            sid: "UseKey".to_owned(),
            actions: vec!["kms:Decrypt", "kms:GenerateDataKey"],
            on: vec![On::Key(vec!["sns", "sqs"])],
        },
    ]
}

fn statement(grant: &Grant) -> usize {
    // A text in a list: quotes and a comma.
    let actions: usize = grant.actions.iter().map(|a| a.len() + 3).sum();
    STATEMENT + grant.sid.len() + actions + grant.on.iter().map(resource).sum::<usize>()
}

/// The longest that one resource is. A name after the prefix is about as long as the logical id of its resource.
fn resource(on: &On) -> usize {
    let named = |logical: &str| ARN + PREFIX + logical.len();
    match on {
        On::Resource(reference) => named(match reference {
            Reference::Table(r) => &r.0,
            Reference::Queue(r) => &r.0,
            Reference::Function(r) => &r.0,
            Reference::Topic(r) => &r.0,
            Reference::Secret(r) => &r.0,
            Reference::Machine(r) => &r.0,
            Reference::Gateway(r) => &r.0,
        }),
        On::Index(table, index) => named(&table.0) + "/index/".len() + index.len(),
        On::Stream(table) => named(&table.0) + "/stream/2026-01-01T00:00:00.000".len(),
        On::Connections(_) => ARN + "0123456789/stage/*/@connections/*".len(),
        On::Schedules(group) => named(&group.0) + "schedule//*".len(),
        On::SchedulerRole(group) => named(&group.0) + "Role".len(),
        On::MailIdentity(domain) => 2 * ARN + PREFIX + domain.len() + "configuration-set/identity/".len(),
        On::Key(services) => {
            let via: usize = services.iter().map(|s| s.len() + ".ap-southeast-1.amazonaws.com".len() + 3).sum();
            ARN + "key/00000000-0000-0000-0000-000000000000".len() + CONDITION + via
        }
        On::Anything => 4,
    }
}
