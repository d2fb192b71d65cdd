//! What an update would do to what the last compile described.
//!
//! In: the last lock and the next. Out: [`Changes`], as data; the checks make diagnostics of refusals and
//! the command line a summary of the rest.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::identity::{INDEX, STREAM};
use super::lock::{Entry, Lock};
use super::scan::Flow;

/// What an update would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Made.
    pub added: Vec<Named>,
    /// Gone from the stack.
    pub removed: Vec<Named>,
    /// Of those removed, what holds data: it stays in the account, by its `DeletionPolicy`, without a stack.
    pub retained: Vec<Named>,
    /// Of those, the tables and secrets that the spec itself named.
    pub lost: Vec<Named>,
    /// Made again, the old one deleted or kept by its `UpdateReplacePolicy`.
    pub replaced: Vec<Replacement>,
    /// What must not happen.
    pub refused: Vec<Refusal>,
    /// Tables whose indexes cannot be had in one update.
    pub indexes: Vec<IndexUpdate>,
    /// Things that may be one thing under another name.
    pub renames: Vec<Rename>,
}

/// A thing that is gone, where one other of its kind is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename {
    /// Of which kind both are: `queues`.
    pub kind: String,
    /// The name that is gone.
    pub was: String,
    /// The name that is new.
    pub now: String,
}

/// A resource by its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its logical id.
    pub id: String,
    /// Its type.
    pub kind: Cow<'static, str>,
    /// The named thing of the spec that it belongs to.
    pub owner: String,
}

impl Named {
    /// The name of the thing that it belongs to, without its kind.
    #[must_use]
    pub fn name(&self) -> &str {
        self.owner.split_once('.').map_or(&self.owner, |(_, name)| name)
    }
}

/// A property whose change replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The property.
    pub property: String,
    /// What it was; `None` if it was absent.
    pub was: Option<String>,
    /// What it is; `None` if it is absent.
    pub now: Option<String>,
}

/// A resource that another will replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// Which.
    pub resource: Named,
    /// Because of what.
    pub changed: Vec<Changed>,
    /// Whether it holds what cannot be made again.
    pub stateful: bool,
    /// The user's reason, if it is allowed for one.
    pub allowed: Option<String>,
}

/// A change that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It would replace what holds data, and no reason is given.
    Replaces(Replacement),
    /// CloudFormation does not change the type under a logical id.
    Retyped {
        /// The resource as it is now.
        resource: Named,
        /// The type it had.
        was: String,
    },
}

/// Indexes that take more than one update: DynamoDB makes or drops one at a time.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexUpdate {
    /// The table.
    pub table: Named,
    /// Made.
    pub added: Vec<String>,
    /// Dropped.
    pub dropped: Vec<String>,
    /// Of another key or projection under the same name: to be dropped in one update and made in the next.
    pub changed: Vec<String>,
}

/// Whether what is removed from a stack stays in the account. Queues and topics hold what cannot be made again
/// too, and are deleted all the same: what nobody reads any more would pile up.
fn is_retained(kind: &str) -> bool {
    matches!(kind, "AWS::DynamoDB::Table" | "AWS::KMS::Key" | "AWS::Logs::LogGroup" | "AWS::SecretsManager::Secret")
}

/// Whether a resource is the whole of a table or a secret of the spec; what a grouper or a gateway keeps goes with it.
fn is_declared(entry: &Entry) -> bool {
    match &*entry.kind {
        "AWS::DynamoDB::Table" => entry.owner.starts_with("tables."),
        "AWS::SecretsManager::Secret" => entry.owner.starts_with("secrets."),
        _ => false,
    }
}

/// Compares two compiles.
pub(super) fn compare(last: Option<&Lock>, next: &Lock, flow: &Flow) -> Changes {
    let mut changes = Changes::default();
    let none = Lock::default();
    let last = last.unwrap_or(&none);
    for (id, entry) in &next.resources {
        match last.resources.get(id) {
            None => changes.added.push(named(id, entry)),
            Some(was) if was.kind != entry.kind => {
                changes.refused.push(Refusal::Retyped { resource: named(id, entry), was: was.kind.to_string() });
            }
            Some(was) => update(&mut changes, id, was, entry, flow),
        }
    }
    for (id, entry) in last.resources.iter().filter(|(id, _)| !next.resources.contains_key(*id)) {
        changes.removed.push(named(id, entry));
        if is_retained(&entry.kind) {
            changes.retained.push(named(id, entry));
        }
        if is_declared(entry) {
            changes.lost.push(named(id, entry));
        }
    }
    changes.renames = renames(&changes, last, next);
    changes
}

/// The kinds of things that keep their identity by `renamed_from`.
const RENAMED: [&str; 9] =
    ["tables", "secrets", "gateways", "sources", "topics", "queues", "groupers", "workflows", "sinks"];

/// Of a thing with a former name the resources stay: so both sides are looked for among what comes and goes.
fn renames(changes: &Changes, last: &Lock, next: &Lock) -> Vec<Rename> {
    let things = |found: &[Named], other: &Lock| -> BTreeSet<(String, String)> {
        let still: BTreeSet<&str> = other.resources.values().map(|e| e.owner.as_str()).collect();
        let owners = found.iter().map(|n| n.owner.as_str()).filter(|o| !still.contains(o));
        owners.filter_map(|o| o.split_once('.')).map(|(kind, name)| (kind.to_owned(), name.to_owned())).collect()
    };
    if changes.removed.is_empty() || changes.added.is_empty() {
        return Vec::new();
    }
    let (gone, new) = (things(&changes.removed, next), things(&changes.added, last));
    let only = |things: &BTreeSet<(String, String)>, kind: &str| {
        let mut names = things.iter().filter(|(of, _)| of == kind).map(|(_, name)| name.clone());
        names.next().filter(|_| names.next().is_none())
    };
    let rename =
        |kind: &&str| Some(Rename { kind: (*kind).to_owned(), was: only(&gone, kind)?, now: only(&new, kind)? });
    RENAMED.iter().filter_map(rename).collect()
}

fn named(id: &str, entry: &Entry) -> Named {
    Named { id: id.to_owned(), kind: entry.kind.clone(), owner: entry.owner.clone() }
}

fn update(changes: &mut Changes, id: &str, was: &Entry, now: &Entry, flow: &Flow) {
    let mut changed = Vec::new();
    let mut indexes = IndexUpdate { table: named(id, now), added: vec![], dropped: vec![], changed: vec![] };
    let properties: BTreeSet<&String> = was.identity.keys().chain(now.identity.keys()).collect();
    for property in properties {
        let (before, after) = (was.identity.get(property), now.identity.get(property));
        if before == after || (property == STREAM && before.is_none()) {
            continue;
        }
        match (property.strip_prefix(INDEX), before, after) {
            (Some(index), None, _) => indexes.added.push(index.to_owned()),
            (Some(index), _, None) => indexes.dropped.push(index.to_owned()),
            (Some(index), ..) => indexes.changed.push(index.to_owned()),
            (None, ..) => {
                changed.push(Changed { property: property.clone(), was: before.cloned(), now: after.cloned() });
            }
        }
    }
    if !changed.is_empty() {
        let item = flow.index.get(id).and_then(|at| flow.item(*at));
        let allowed = item.and_then(|item| item.placed.identity.allow_replace.clone());
        // What held data when it was deployed is guarded, whatever the spec calls it now.
        let stateful = was.stateful || now.stateful;
        let replacement = Replacement { resource: named(id, now), changed, stateful, allowed };
        if stateful && replacement.allowed.is_none() {
            changes.refused.push(Refusal::Replaces(replacement));
        } else {
            changes.replaced.push(replacement);
        }
    } else if indexes.added.len() + indexes.dropped.len() + 2 * indexes.changed.len() > 1 {
        changes.indexes.push(indexes);
    }
}
