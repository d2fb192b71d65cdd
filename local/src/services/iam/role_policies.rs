//! The operations on the policies of a role.

use serde_json::{Value, json};

use super::denial::Reason;
use super::errors::{limit, no_entity, no_role};
use super::input::{Attach, List, OfRolePolicy, PutRolePolicy, Simulate, read};
use super::policy::{Kind, Policy};
use super::roles::{check_managed, check_name, encoded, size};
use super::{Iam, NAME, page};
use crate::kernel::{Access, Arn, AwsError, Caller, Outcome};

/// Characters of all policies of a role's own, white space apart.
const INLINE: usize = 10_240;
/// Managed policies of a role (IAM quotas: by default).
const ATTACHED: usize = 10;

impl Iam {
    pub(super) fn put_role_policy(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let PutRolePolicy { role_name, policy_name, policy_document } = read(input)?;
        let role = self.allowed(caller, "PutRolePolicy", &role_name)?;
        check_name("policyName", &policy_name, 128)?;
        Policy::parse_text(&policy_document, Kind::Identity)?;
        let others = role.record.inline.iter().filter(|(name, _)| **name != policy_name);
        if others.map(|(_, text)| size(text)).sum::<usize>() + size(&policy_document) > INLINE {
            return Err(limit(format!("Maximum policy size of {INLINE} bytes exceeded for role {role_name}")));
        }
        self.change(&role, |record| {
            record.inline.insert(policy_name.clone(), policy_document);
        })?;
        self.world.log.tell(NAME, &role_name, "changed", Outcome::Done, || json!({"policy": policy_name}));
        Ok(json!({}))
    }

    pub(super) fn get_role_policy(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let OfRolePolicy { role_name, policy_name } = read(input)?;
        let role = self.allowed(caller, "GetRolePolicy", &role_name)?;
        let text = role.record.inline.get(&policy_name).ok_or_else(|| no_policy(&policy_name))?;
        Ok(json!({"RoleName": role_name, "PolicyName": policy_name, "PolicyDocument": encoded(text)}))
    }

    pub(super) fn delete_role_policy(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let OfRolePolicy { role_name, policy_name } = read(input)?;
        let role = self.allowed(caller, "DeleteRolePolicy", &role_name)?;
        if !role.record.inline.contains_key(&policy_name) {
            return Err(no_policy(&policy_name));
        }
        self.change(&role, |record| {
            record.inline.remove(&policy_name);
        })?;
        self.world.log.tell(NAME, &role_name, "changed", Outcome::Done, || json!({"policy": policy_name}));
        Ok(json!({}))
    }

    pub(super) fn list_role_policies(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let list: List = read(input)?;
        let role = self.allowed(caller, "ListRolePolicies", list.role_name.as_deref().unwrap_or_default())?;
        let names = role.record.inline.keys().map(|name| (name.clone(), name));
        Ok(page(names, &list, "PolicyNames", |name| json!(name)))
    }

    pub(super) fn attach_role_policy(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let Attach { role_name, policy_arn } = read(input)?;
        let role = self.allowed(caller, "AttachRolePolicy", &role_name)?;
        check_managed(&policy_arn)?;
        if role.record.attached.len() >= ATTACHED && !role.record.attached.contains(&policy_arn) {
            return Err(limit(format!("Cannot exceed quota for PoliciesPerRole: {ATTACHED}")));
        }
        self.change(&role, |record| {
            record.attached.insert(policy_arn);
        })?;
        Ok(json!({}))
    }

    pub(super) fn detach_role_policy(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let Attach { role_name, policy_arn } = read(input)?;
        let role = self.allowed(caller, "DetachRolePolicy", &role_name)?;
        if !role.record.attached.contains(&policy_arn) {
            return Err(no_entity(format!("Policy {policy_arn} was not found.")));
        }
        self.change(&role, |record| {
            record.attached.remove(&policy_arn);
        })?;
        Ok(json!({}))
    }

    pub(super) fn list_attached_role_policies(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let list: List = read(input)?;
        let role = self.allowed(caller, "ListAttachedRolePolicies", list.role_name.as_deref().unwrap_or_default())?;
        let policies = role.record.attached.iter().map(|arn| (arn.clone(), arn));
        let shown = |arn: &String| json!({"PolicyName": arn.rsplit('/').next(), "PolicyArn": arn});
        Ok(page(policies, &list, "AttachedPolicies", shown))
    }

    /// What a role's own policies say, as if nothing stood on the resources.
    pub(super) fn simulate(&self, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        let input: Simulate = read(input)?;
        self.check(caller, "SimulatePrincipalPolicy", &input.policy_source_arn)?;
        let role = Arn::parse(&input.policy_source_arn).ok().filter(|arn| self.roles.with_arn(arn).is_some());
        let role = role.ok_or_else(|| no_role(&input.policy_source_arn))?;
        let simulated = Caller::Role { role, session: "simulation".to_owned() };
        let context: Vec<(&str, &str)> = input
            .context_entries
            .iter()
            .flat_map(|entry| entry.context_key_values.iter().map(|value| (&*entry.context_key_name, value.as_str())))
            .collect();
        let everything = ["*".to_owned()];
        let resources = if input.resource_arns.is_empty() { &everything[..] } else { &input.resource_arns };
        let mut results = Vec::new();
        for action in &input.action_names {
            for resource in resources {
                let access = Access { caller: &simulated, action, resource, policy: None, context: &context };
                let decision = match self.judge.simulate(&access) {
                    Ok(()) => "allowed",
                    Err(Reason::Denied(..)) => "explicitDeny",
                    Err(_) => "implicitDeny",
                };
                results.push(json!({
                    "EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision,
                }));
            }
        }
        Ok(json!({"EvaluationResults": results, "IsTruncated": false}))
    }
}

fn no_policy(name: &str) -> AwsError {
    no_entity(format!("The role policy with name {name} cannot be found."))
}
