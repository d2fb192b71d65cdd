//! Names: logical ids, names after the prefix, and environment variables.

use crate::diagnostic::Diagnostics;
use crate::model::Flow;
use crate::plan::{Place, Plan};
use crate::rules::e058_names_meet;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The longest name after the prefix. A function's whole name has at most 64 characters (AWS Lambda API
/// Reference, CreateFunction); the prefix takes up to 24 of them, and a `-`.
const LONGEST: usize = 39;

/// `user_actions` and `Table` to `UserActionsTable`.
pub(super) fn logical(identity: &str, kind: &str) -> String {
    let mut id = pascal(identity);
    id.push_str(kind);
    id
}

/// `user_actions` to `UserActions`; a name that is UpperCamel stays.
pub(crate) fn pascal(name: &str) -> String {
    let mut made = String::with_capacity(name.len() + 16);
    for word in name.split('_') {
        let mut chars = word.chars();
        made.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        made.push_str(chars.as_str());
    }
    made
}

/// The name after the prefix: `notify`, `notify-dlq`; a long one is cut and told apart by a hash of the whole.
pub(crate) fn physical(parts: &[&str]) -> String {
    let name = parts.join("-").replace('_', "-");
    if name.len() <= LONGEST {
        return name;
    }
    let hash = Sha256::digest(name.as_bytes());
    let hash: String = hash.iter().take(4).map(|b| format!("{b:02x}")).collect();
    let kept: String = name.chars().take(LONGEST - 9).collect();
    format!("{}-{hash}", kept.trim_end_matches('-'))
}

/// An environment variable: `TABLE_MEMBERS`.
pub(super) fn variable(kind: &str, name: &str) -> String {
    format!("{kind}_{}", name.to_ascii_uppercase())
}

/// Where a thing's resource belongs.
pub(super) fn place(logical: String, owner: String, component: u32) -> Place {
    Place { logical, owner, component, allow_replace: None }
}

/// The thing that a resource belongs to, by its logical id: that of the place whose id it has, or begins with, as the
/// ids of roles and of log groups do.
pub(crate) fn owner_of<'p>(plan: &'p Plan, id: &str) -> Option<&'p str> {
    let found = places(plan).filter(|p| id.starts_with(p.logical.as_str()));
    found.max_by_key(|p| p.logical.len()).map(|p| p.owner.as_str())
}

/// The thing that the most resources belong to; of several, the first by name.
pub(crate) fn largest_owner(plan: &Plan) -> Option<&str> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    places(plan).filter(|p| p.owner.contains('.')).for_each(|p| *counts.entry(&p.owner).or_default() += 1);
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(owner, _)| owner)
}

/// Reports functions and resources whose names meet though their things' names differ: once for two things.
pub(super) fn report_clashes(plan: &Plan, flow: &Flow, out: &mut Diagnostics) {
    let mut said: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut functions: BTreeMap<&str, &str> = BTreeMap::new();
    for function in &plan.functions {
        let owner = function.place.owner.as_str();
        if let Some(first) = functions.insert(&function.name, owner).filter(|first| said.insert((first, owner))) {
            let places = (flow.place_of(owner), flow.place_of(first));
            out.push(e058_names_meet::function(places.0, &function.name, first, owner, places.1));
        }
    }
    let mut logical: BTreeMap<&str, &str> = BTreeMap::new();
    for place in places(plan) {
        let owner = place.owner.as_str();
        if let Some(first) = logical.insert(&place.logical, owner).filter(|first| said.insert((first, owner))) {
            let places = (flow.place_of(owner), flow.place_of(first));
            out.push(e058_names_meet::logical(places.0, &place.logical, first, owner, places.1));
        }
    }
}

/// The places of everything in a plan.
fn places(plan: &Plan) -> impl Iterator<Item = &Place> {
    let mappings = plan.functions.iter().flat_map(|f| &f.mappings).map(|m| &m.place);
    let state = plan.tables.iter().map(|t| &t.place).chain(plan.secrets.iter().map(|s| &s.place));
    let messaging = plan.topics.iter().map(|t| &t.place).chain(plan.queues.iter().map(|q| &q.place));
    let compute = plan.functions.iter().map(|f| &f.place).chain(plan.machines.iter().map(|m| &m.place));
    let web = plan.gateways.iter().map(|g| &g.place).chain(plan.schedules.iter().map(|s| &s.place));
    let rest = plan.subscriptions.iter().map(|s| &s.place).chain(plan.alarms.iter().map(|a| &a.place));
    state.chain(messaging).chain(compute).chain(web).chain(rest).chain(mappings)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, logical, physical};

    #[test]
    fn a_logical_id_is_upper_camel_with_its_kind() {
        assert_eq!(logical("user_actions", "Table"), "UserActionsTable");
    }

    #[test]
    fn a_long_name_is_cut_and_told_apart() {
        let (a, b) = ("a".repeat(40), format!("{}b", "a".repeat(39)));
        let (one, other) = (physical(&[&a, "dlq"]), physical(&[&b, "dlq"]));
        assert!(one.len() <= LONGEST && other.len() <= LONGEST);
        assert_ne!(one, other);
    }
}
