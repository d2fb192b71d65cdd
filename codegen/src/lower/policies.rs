//! How long the policies of roles are.
//!
//! In: the plan. Out: a diagnostic for each function whose policy IAM would refuse. ARNs are known when the stack is
//! deployed, so each is taken as long as it can be.

use crate::aws::limits::IAM_ROLE_POLICY_CHARACTERS;
use crate::diagnostic::Diagnostics;
use crate::model::Flow;
use crate::plan::{Function, Grant, On, Plan, Reference};
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

/// Reports policies that IAM would refuse.
pub(super) fn report_long(plan: &Plan, flow: &Flow, out: &mut Diagnostics) {
    for function in &plan.functions {
        let length = u64::try_from(length(function)).unwrap_or(u64::MAX);
        if length > IAM_ROLE_POLICY_CHARACTERS {
            out.push(e140_role_policy::diagnostic(flow.place_of(&function.place.owner), &function.name, length));
        }
    }
}

fn length(function: &Function) -> usize {
    FRAME + function.grants.iter().map(statement).sum::<usize>()
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
