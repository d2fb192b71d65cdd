//! AWS IAM: roles, and the judge of every call.
//!
//! In: the operations on roles, and each access that a service asks about. Out: their answers, and
//! allowances or refusals. Guaranteed: a policy that was put is understood whole; a change holds for the
//! next call, and survives a restart.
//!
//! | file | is |
//! | --- | --- |
//! | `policy/` | the policy language |
//! | `judge` | from all policies to a decision |
//! | `denial` | what whoever is refused reads |
//! | `role`, `managed` | what is kept, and AWS's own policies |
//! | `roles`, `role_policies` | the operations |
//!
//! Inert, though accepted and read back: `Description`, `Path` but for the ARN, and `MaxSessionDuration`
//! for whatever is not `sts:AssumeRole`.

mod denial;
mod errors;
mod input;
mod judge;
mod managed;
mod policy;
mod role;
mod role_policies;
mod roles;

use std::rc::Rc;

use futures_util::future::{FutureExt, LocalBoxFuture};
use serde_json::{Value, json};

use self::errors::no_role;
use self::judge::Judge;
use self::role::{Role, RoleRecord, Roles};
use crate::kernel::{Access, Arn, AwsError, Call, Caller, Outcome, Service, StoreError, Table, World};
use crate::wire::{Protocol, Query};

/// As ARNs and signatures name it.
pub const NAME: &str = "iam";

/// How clients call it.
pub const PROTOCOL: Protocol =
    Protocol::Query(Query { namespace: "https://iam.amazonaws.com/doc/2010-05-08/", maps: &[] });

/// The service.
#[derive(Debug)]
pub struct Iam {
    world: World,
    table: Table,
    roles: Roles,
    judge: Rc<Judge>,
}

impl Iam {
    /// Loads the roles; from now on every access is judged.
    pub fn start(world: &World) -> Result<Rc<Self>, StoreError> {
        let table = world.store.table("iam.roles");
        let roles = Roles::default();
        for (name, record) in table.load::<RoleRecord>()? {
            match Role::new(record) {
                Ok(role) => {
                    roles.put(role);
                }
                // Another version of the engine wrote it. Whoever acts as this role is refused.
                Err(error) => {
                    world.log.tell(NAME, &name, "not read", Outcome::Failed, || json!({"reason": error.to_string()}));
                }
            }
        }
        let judge = Rc::new(Judge::new(world, roles.clone()));
        world.guard.put(Rc::<Judge>::clone(&judge));
        Ok(Rc::new(Self { world: world.clone(), table, roles, judge }))
    }

    fn answer(&self, call: Call) -> Result<Value, AwsError> {
        let Call { caller, operation, input } = call;
        let caller = &caller;
        match operation.as_str() {
            "CreateRole" => self.create_role(caller, input),
            "GetRole" => self.get_role(caller, input),
            "ListRoles" => self.list_roles(caller, input),
            "UpdateRole" => self.update_role(caller, input),
            "UpdateAssumeRolePolicy" => self.update_trust(caller, input),
            "DeleteRole" => self.delete_role(caller, input),
            "TagRole" => self.tag_role(caller, input),
            "UntagRole" => self.untag_role(caller, input),
            "ListRoleTags" => self.list_role_tags(caller, input),
            "PutRolePermissionsBoundary" => self.put_boundary(caller, input),
            "DeleteRolePermissionsBoundary" => self.delete_boundary(caller, input),
            "PutRolePolicy" => self.put_role_policy(caller, input),
            "GetRolePolicy" => self.get_role_policy(caller, input),
            "DeleteRolePolicy" => self.delete_role_policy(caller, input),
            "ListRolePolicies" => self.list_role_policies(caller, input),
            "AttachRolePolicy" => self.attach_role_policy(caller, input),
            "DetachRolePolicy" => self.detach_role_policy(caller, input),
            "ListAttachedRolePolicies" => self.list_attached_role_policies(caller, input),
            "SimulatePrincipalPolicy" => self.simulate(caller, input),
            other => Err(AwsError::unsupported(NAME, other)),
        }
    }

    /// The role of this name, to a caller who may do this to it.
    fn allowed(&self, caller: &Caller, operation: &str, name: &str) -> Result<Rc<Role>, AwsError> {
        let found = self.roles.get(name);
        let arn = found.as_ref().map_or_else(|| self.arn("/", name), |role| Ok(role.record.arn.clone()))?;
        self.check(caller, operation, arn.as_str())?;
        found.ok_or_else(|| no_role(name))
    }

    fn check(&self, caller: &Caller, operation: &str, resource: &str) -> Result<(), AwsError> {
        let action = format!("iam:{operation}");
        self.world.guard.check(&Access { caller, action: &action, resource, policy: None, context: &[] })
    }

    /// A role's ARN, which has no region.
    fn arn(&self, path: &str, name: &str) -> Result<Arn, AwsError> {
        let text = format!("arn:aws:iam::{}:role{path}{name}", self.world.place.account);
        Arn::parse(&text).map_err(|error| errors::validation(error.to_string()))
    }

    /// Keeps a changed role, if its policies can be read.
    fn change(&self, role: &Role, change: impl FnOnce(&mut RoleRecord)) -> Result<Rc<Role>, AwsError> {
        let mut record = role.record.clone();
        change(&mut record);
        self.put(record)
    }

    fn put(&self, record: RoleRecord) -> Result<Rc<Role>, AwsError> {
        let role = Role::new(record)?;
        self.table.put(&role.record.name, &role.record);
        Ok(self.roles.put(role))
    }
}

impl Service for Iam {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        async move { self.answer(call) }.boxed_local()
    }
}

/// A page of a list, and the marker of the next one: the key that the page ended with.
fn page<T>(
    items: impl Iterator<Item = (String, T)>,
    list: &input::List,
    member: &str,
    shown: impl Fn(T) -> Value,
) -> Value {
    let size = usize::try_from(list.max_items.unwrap_or(100).clamp(1, 1000)).unwrap_or(100);
    let after = list.marker.as_deref().unwrap_or_default();
    let mut rest = items.filter(|(key, _)| key.as_str() > after);
    let mut found = Vec::new();
    let mut last = String::new();
    for (key, item) in rest.by_ref().take(size) {
        found.push(shown(item));
        last = key;
    }
    if rest.next().is_some() {
        json!({member: found, "IsTruncated": true, "Marker": last})
    } else {
        json!({member: found, "IsTruncated": false})
    }
}
