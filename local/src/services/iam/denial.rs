//! Refusals, in AWS's words, and the statement that would turn each into an allowance.

use std::fmt;

use serde_json::{Value, json};

use super::NAME;
use super::policy::Malformed;
use crate::kernel::{Access, AwsError, Caller, Log, Outcome};

/// Services whose code for a refusal is `AccessDenied`; all others have `AccessDeniedException`.
const PLAIN: [&str; 4] = ["iam", "sns", "sqs", "sts"];

/// Where a policy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PolicyType {
    Identity,
    Resource,
    Boundary,
}

impl fmt::Display for PolicyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity-based policy",
            Self::Resource => "resource-based policy",
            Self::Boundary => "permissions boundary",
        })
    }
}

/// Why an access is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The caller's role is not there.
    NoRole,
    /// The role that is to be taken on is not there.
    NoSuchRole,
    /// A statement denies, by its `Sid` or number.
    Denied(PolicyType, String),
    /// No statement allows.
    NotAllowed(PolicyType),
    /// The resource's policy cannot be read.
    Malformed(Malformed),
}

/// A refusal.
#[derive(Debug)]
pub(super) struct Denial<'a> {
    pub(super) access: &'a Access<'a>,
    pub(super) account: &'a str,
    pub(super) reason: Reason,
}

impl Denial<'_> {
    /// The error to answer with.
    pub(super) fn error(&self) -> AwsError {
        let Access { caller, action, resource, .. } = *self.access;
        let user = caller.identity(self.account);
        let mut message = format!("User: {user} is not authorized to perform: {action} on resource: {resource}");
        message += &match &self.reason {
            Reason::NoRole => " because the user's role does not exist".to_owned(),
            Reason::NoSuchRole => " because the role does not exist".to_owned(),
            Reason::Denied(kind, statement) => {
                format!(" with an explicit deny in {}. The statement `{statement}` denies it", article(*kind))
            }
            Reason::NotAllowed(kind) => {
                let statement = self.statement().unwrap_or_default();
                format!(
                    " because no {kind} allows the {action} action. Add this to {}: {statement}",
                    self.place_of(*kind)
                )
            }
            Reason::Malformed(error) => format!(" because the resource's policy cannot be read: {error}"),
        };
        let service = action.split(':').next().unwrap_or_default();
        let plain = PLAIN.contains(&service) && action != "iam:PassRole";
        AwsError::new(if plain { "AccessDenied" } else { "AccessDeniedException" }, message).status(403)
    }

    /// Tells it, for whoever looks why nothing happens.
    pub(super) fn tell(&self, log: &Log) {
        let Access { caller, action, resource, .. } = *self.access;
        let name = match caller {
            Caller::Role { role, .. } => role.name(),
            Caller::Service { principal, .. } => principal,
            Caller::Account => "account",
            Caller::Anonymous => "anonymous",
        };
        log.tell(NAME, name, "denied", Outcome::Failed, || {
            json!({
                "caller": caller.identity(self.account), "action": action, "resource": resource,
                "reason": self.error().message, "statement": self.statement(),
            })
        });
    }

    /// The statement that would allow it, where one is missing.
    fn statement(&self) -> Option<Value> {
        let Reason::NotAllowed(kind) = &self.reason else { return None };
        let Access { caller, action, resource, .. } = *self.access;
        if *kind != PolicyType::Resource {
            return Some(json!({"Effect": "Allow", "Action": action, "Resource": resource}));
        }
        let (principal, condition) = match caller {
            Caller::Account => (json!({"AWS": caller.identity(self.account)}), None),
            Caller::Role { role, .. } => (json!({"AWS": role}), None),
            Caller::Service { principal, source } => {
                (json!({"Service": principal}), Some(json!({"ArnEquals": {"aws:SourceArn": source}})))
            }
            Caller::Anonymous => (json!("*"), None),
        };
        let mut statement = json!({"Effect": "Allow", "Principal": principal, "Action": action});
        if let Some(members) = statement.as_object_mut() {
            if action.starts_with("kms:") {
                members.insert("Resource".to_owned(), "*".into());
            } else if action != "sts:AssumeRole" {
                members.insert("Resource".to_owned(), resource.into());
            }
            members.extend(condition.map(|condition| ("Condition".to_owned(), condition)));
        }
        Some(statement)
    }

    /// Where the statement belongs.
    fn place_of(&self, kind: PolicyType) -> String {
        let Access { caller, action, resource, .. } = *self.access;
        match (kind, caller) {
            (PolicyType::Identity, Caller::Role { role, .. }) => format!("a policy of the role {}", role.name()),
            (PolicyType::Boundary, Caller::Role { role, .. }) => format!("the boundary of the role {}", role.name()),
            _ if action == "sts:AssumeRole" => format!("the trust policy of {resource}"),
            _ => format!("the policy of {resource}"),
        }
    }
}

fn article(kind: PolicyType) -> String {
    let article = if kind == PolicyType::Identity { "an" } else { "a" };
    format!("{article} {kind}")
}
