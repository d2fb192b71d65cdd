//! Principals: whom a statement of a resource's policy concerns.
//!
//! Source: "AWS JSON policy elements: Principal" and "NotPrincipal" in the IAM User Guide.

use serde_json::Value;

use super::{Malformed, one_or_more};

/// Who asks, by all names that a policy may know them by.
#[derive(Clone, Copy, Debug)]
pub(in crate::services::iam) enum Who<'a> {
    /// The account itself.
    Account {
        /// Its number.
        account: &'a str,
    },
    /// A session of a role.
    Role {
        /// The number of the role's account.
        account: &'a str,
        /// The role's ARN.
        role: &'a str,
        /// The role's name: the end of its ARN.
        name: &'a str,
        /// The session's name.
        session: &'a str,
    },
    /// A service.
    Service(&'a str),
    /// Nobody.
    Anonymous,
}

/// How directly a statement names whoever asks. What names the account leaves it to the account's own
/// policies whether its roles may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::services::iam) enum Named {
    /// Its account.
    Account,
    /// Its role, or everybody.
    Role,
    /// Itself.
    Itself,
}

/// One principal of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Principal {
    Anyone,
    Account(String),
    /// A role or user, by its ARN.
    Identity(String),
    /// A session, by account, role's name and its own.
    Session(String, String, String),
    Service(String),
}

/// The principals of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Principals {
    /// These.
    Of(Vec<PrincipalOf>),
    /// All but these.
    Not(Vec<PrincipalOf>),
}

/// A principal that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PrincipalOf(Principal);

/// Reads the value of `Principal` or `NotPrincipal`.
pub(super) fn parse(value: &Value) -> Result<Vec<PrincipalOf>, Malformed> {
    if value == "*" {
        return Ok(vec![PrincipalOf(Principal::Anyone)]);
    }
    let wrong = |shown: &str| Malformed::new(format!("Invalid principal in policy: `{shown}`"));
    let kinds = value.as_object().filter(|kinds| !kinds.is_empty()).ok_or_else(|| wrong(&value.to_string()))?;
    let mut found = Vec::new();
    for (kind, names) in kinds {
        for name in one_or_more(names).ok_or_else(|| wrong(&names.to_string()))? {
            let principal = match kind.as_str() {
                "AWS" => aws(&name),
                "Service" => service(&name),
                other => {
                    return Err(Malformed::new(format!(
                        "the local engine does not have principals of the kind `{other}`"
                    )));
                }
            };
            found.push(PrincipalOf(principal.ok_or_else(|| wrong(&name))?));
        }
    }
    Ok(found)
}

fn aws(name: &str) -> Option<Principal> {
    if name == "*" {
        return Some(Principal::Anyone);
    }
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_account(name) {
        return Some(Principal::Account(name.to_owned()));
    }
    let mut parts = name.splitn(6, ':');
    let (arn, _partition, service, region) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (account, resource) = (parts.next()?, parts.next()?);
    // Wildcards are not taken within a principal.
    if arn != "arn" || !region.is_empty() || !is_account(account) || resource.contains(['*', '?']) {
        return None;
    }
    match (service, resource.split_once('/')) {
        ("iam", None) if resource == "root" => Some(Principal::Account(account.to_owned())),
        ("iam", Some(("role" | "user", rest))) if !rest.is_empty() => Some(Principal::Identity(name.to_owned())),
        ("sts", Some(("assumed-role", rest))) => {
            let (role, session) = rest.split_once('/')?;
            Some(Principal::Session(account.to_owned(), role.to_owned(), session.to_owned()))
        }
        _ => None,
    }
}

fn service(name: &str) -> Option<Principal> {
    let valid = name.split('.').count() >= 3 && !name.contains(['*', '?']) && name.ends_with(".amazonaws.com");
    valid.then(|| Principal::Service(name.to_owned()))
}

impl Principals {
    /// How whoever asks is named, if at all.
    pub(super) fn name(&self, who: Who<'_>) -> Option<Named> {
        match self {
            Self::Of(principals) => principals.iter().filter_map(|principal| principal.0.names(who)).max(),
            // Who is excepted must be by every name: the account, the role and the session.
            Self::Not(principals) => {
                let by = |named| principals.iter().any(|principal| principal.0.names(who) == Some(named));
                let anyone = principals.iter().any(|principal| principal.0 == Principal::Anyone);
                let excepted = match who {
                    Who::Role { .. } => by(Named::Itself) && by(Named::Role) && by(Named::Account),
                    _ => by(Named::Itself),
                };
                (!anyone && !excepted).then_some(Named::Role)
            }
        }
    }
}

impl Principal {
    fn names(&self, who: Who<'_>) -> Option<Named> {
        match (self, who) {
            (Self::Anyone, _) => Some(Named::Role),
            (Self::Account(named), Who::Account { account }) => (named == account).then_some(Named::Itself),
            (Self::Account(named), Who::Role { account, .. }) => (named == account).then_some(Named::Account),
            (Self::Identity(named), Who::Role { role, .. }) => (named == role).then_some(Named::Role),
            (Self::Session(in_account, of, named), Who::Role { account, name, session, .. }) => {
                (in_account == account && of == name && named == session).then_some(Named::Itself)
            }
            (Self::Service(named), Who::Service(principal)) => (named == principal).then_some(Named::Itself),
            _ => None,
        }
    }
}
