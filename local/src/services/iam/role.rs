//! Roles as they are kept, and with their policies read.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::managed;
use super::policy::{Kind, Malformed, Policy};
use crate::kernel::{Arn, Time};

/// A role's record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RoleRecord {
    pub(super) arn: Arn,
    pub(super) name: String,
    /// `AROA` and 17 letters and digits: another one each time that a role of this name is made.
    pub(super) id: String,
    pub(super) path: String,
    pub(super) description: Option<String>,
    /// The longest session, in seconds.
    pub(super) max_session: u32,
    /// The text of the trust policy.
    pub(super) trust: String,
    /// The texts of its own policies, by name.
    pub(super) inline: BTreeMap<String, String>,
    /// The ARNs of managed policies.
    pub(super) attached: BTreeSet<String>,
    /// The ARN of a managed policy.
    pub(super) boundary: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created: Time,
}

/// A role whose policies have been read.
#[derive(Debug)]
pub(super) struct Role {
    pub(super) record: RoleRecord,
    pub(super) trust: Policy,
    /// Its own policies and those of AWS.
    pub(super) policies: Vec<Policy>,
    pub(super) boundary: Option<Policy>,
}

impl Role {
    /// Reads a role's policies.
    pub(super) fn new(record: RoleRecord) -> Result<Self, Malformed> {
        let trust = Policy::parse_text(&record.trust, Kind::Trust)?;
        let own = record.inline.values().map(|text| Policy::parse_text(text, Kind::Identity));
        let attached = record.attached.iter().map(|arn| managed::policy(arn));
        let policies = own.chain(attached).collect::<Result<_, _>>()?;
        let boundary = record.boundary.as_deref().map(managed::policy).transpose()?;
        Ok(Self { record, trust, policies, boundary })
    }
}

/// All roles, by name; clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Roles(Rc<RefCell<BTreeMap<String, Rc<Role>>>>);

impl Roles {
    pub(super) fn get(&self, name: &str) -> Option<Rc<Role>> {
        self.0.borrow().get(name).cloned()
    }

    /// The role with this ARN.
    pub(super) fn with_arn(&self, arn: &Arn) -> Option<Rc<Role>> {
        self.get(arn.name()).filter(|role| role.record.arn == *arn)
    }

    pub(super) fn put(&self, role: Role) -> Rc<Role> {
        let role = Rc::new(role);
        self.0.borrow_mut().insert(role.record.name.clone(), Rc::clone(&role));
        role
    }

    pub(super) fn remove(&self, name: &str) {
        self.0.borrow_mut().remove(name);
    }

    /// All, in the order of their names.
    pub(super) fn all(&self) -> Vec<Rc<Role>> {
        self.0.borrow().values().cloned().collect()
    }
}
