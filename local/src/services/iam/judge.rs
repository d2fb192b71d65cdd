//! The judge: AWS's evaluation of policies, for one account.
//!
//! In: an access. Out: whether it is allowed; if not, an error that names the statement which would allow
//! it. Guaranteed: a statement that denies decides, wherever it stands; then a statement must allow: one of
//! the role (and of its boundary), or one of the resource that names the role or the service. A key and a
//! role's trust policy allow nobody whom they do not name, be it by naming the account. Source: "Policy
//! evaluation logic" in the IAM User Guide.
//!
//! Policies are read once: a role's when they are put, a resource's when it is first asked of and each time
//! that it has changed.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::denial::{Denial, PolicyType, Reason};
use super::policy::{Answer, Keys, Kind, Malformed, Named, Policy, Question, Who};
use super::role::{Role, Roles};
use crate::kernel::{Access, Arn, Authorize, AwsError, Caller, Clock, Log, Place, World};

/// Resources whose policies are kept read.
const KEPT: usize = 10_000;

/// Judges by the roles and by what stands on resources.
#[derive(Debug)]
pub(super) struct Judge {
    roles: Roles,
    place: Place,
    clock: Clock,
    log: Log,
    /// The policies of resources, by ARN, as they were when they were read.
    read: RefCell<BTreeMap<String, (Value, Rc<Policy>)>>,
}

impl Judge {
    pub(super) fn new(world: &World, roles: Roles) -> Self {
        let (place, clock, log) = (world.place.clone(), world.clock.clone(), world.log.clone());
        Self { roles, place, clock, log, read: RefCell::default() }
    }

    fn resource_policy(&self, access: &Access<'_>) -> Result<Option<Rc<Policy>>, Malformed> {
        let Some(document) = access.policy else { return Ok(None) };
        if let Some((read, policy)) = self.read.borrow().get(access.resource)
            && same(read, document)
        {
            return Ok(Some(Rc::clone(policy)));
        }
        let policy = Rc::new(Policy::parse(document, Kind::Resource)?);
        let mut read = self.read.borrow_mut();
        if read.len() >= KEPT {
            read.clear();
        }
        read.insert(access.resource.to_owned(), (document.clone(), Rc::clone(&policy)));
        Ok(Some(policy))
    }

    fn decide(&self, access: &Access<'_>) -> Result<(), Reason> {
        let policy = self.resource_policy(access).map_err(Reason::Malformed)?;
        self.evaluate(access, policy.as_deref(), must_be_named(access))
    }

    fn evaluate(&self, access: &Access<'_>, policy: Option<&Policy>, must_be_named: bool) -> Result<(), Reason> {
        let role = match access.caller {
            Caller::Role { role, .. } => Some(self.roles.with_arn(role).ok_or(Reason::NoRole)?),
            _ => None,
        };
        let action = super::policy::lower(access.action);
        let keys = Request { judge: self, access, role: role.as_deref() };
        let who = who(access.caller, &self.place.account);
        let question = Question { who, action: &action, resource: access.resource, keys: &keys };
        let by_resource = policy.map(|policy| policy.answer(&question)).unwrap_or_default();
        if let Some(statement) = by_resource.denied {
            return Err(Reason::Denied(PolicyType::Resource, statement));
        }
        let Some(role) = &role else {
            let is_account = matches!(access.caller, Caller::Account);
            let allowed = is_account || by_resource.allowed.is_some();
            return if allowed { Ok(()) } else { Err(Reason::NotAllowed(PolicyType::Resource)) };
        };
        let by_identity = answer_of(role.policies.iter(), &question);
        if let Some(statement) = by_identity.denied {
            return Err(Reason::Denied(PolicyType::Identity, statement));
        }
        let by_boundary = answer_of(role.boundary.iter(), &question);
        if let Some(statement) = by_boundary.denied {
            return Err(Reason::Denied(PolicyType::Boundary, statement));
        }
        let within_boundary = role.boundary.is_none() || by_boundary.allowed.is_some();
        match by_resource.allowed {
            // What names the session itself is no matter of the boundary.
            Some(Named::Itself) => return Ok(()),
            Some(Named::Role) => {}
            None if must_be_named => return Err(Reason::NotAllowed(PolicyType::Resource)),
            _ if by_identity.allowed.is_none() => return Err(Reason::NotAllowed(PolicyType::Identity)),
            _ => {}
        }
        if within_boundary { Ok(()) } else { Err(Reason::NotAllowed(PolicyType::Boundary)) }
    }

    /// What a role's own policies, and its boundary, say.
    pub(super) fn simulate(&self, access: &Access<'_>) -> Result<(), Reason> {
        self.evaluate(access, None, false)
    }

    fn denial<'a>(&'a self, access: &'a Access<'a>, reason: Reason) -> Denial<'a> {
        Denial { access, account: &self.place.account, reason }
    }

    fn refuse(&self, access: &Access<'_>, reason: Reason) -> AwsError {
        let denial = self.denial(access, reason);
        denial.tell(&self.log);
        denial.error()
    }
}

impl Authorize for Judge {
    fn authorize(&self, access: &Access<'_>) -> Result<(), AwsError> {
        self.decide(access).map_err(|reason| self.refuse(access, reason))
    }

    fn trust(&self, caller: &Caller, role: &Arn, context: &[(&str, &str)]) -> Result<(), AwsError> {
        let (action, resource) = ("sts:AssumeRole", role.as_str());
        let access = Access { caller, action, resource, policy: None, context };
        let found = self.roles.with_arn(role).ok_or_else(|| self.refuse(&access, Reason::NoSuchRole))?;
        self.evaluate(&access, Some(&found.trust), true).map_err(|reason| self.refuse(&access, reason))
    }

    fn understands(&self, policy: &Value) -> Result<(), AwsError> {
        let read = Policy::parse(policy, Kind::Resource);
        read.map(|_| ()).map_err(|error| AwsError::new("MalformedPolicyDocument", error.to_string()))
    }
}

/// Whether two documents are the same, with their members in the same order. Equality, which does not care
/// for the order, looks each member up: this is asked at each access.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((name, a), (other, b))| name == other && same(a, b))
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        _ => a == b,
    }
}

/// Whether the resource's policy must name whoever asks, if only by their account: of keys.
fn must_be_named(access: &Access<'_>) -> bool {
    access.policy.is_some() && access.action.starts_with("kms:")
}

fn answer_of<'a>(policies: impl Iterator<Item = &'a Policy>, question: &Question<'_>) -> Answer {
    let mut all = Answer::default();
    for policy in policies {
        let answer = policy.answer(question);
        if answer.denied.is_some() {
            return answer;
        }
        all.allowed = all.allowed.max(answer.allowed);
    }
    all
}

fn who<'a>(caller: &'a Caller, account: &'a str) -> Who<'a> {
    match caller {
        Caller::Account => Who::Account { account },
        Caller::Role { role, session } => {
            Who::Role { account: role.account(), role: role.as_str(), name: role.name(), session }
        }
        Caller::Service { principal, .. } => Who::Service(principal),
        Caller::Anonymous => Who::Anonymous,
    }
}

/// The condition keys of an access.
struct Request<'a> {
    judge: &'a Judge,
    access: &'a Access<'a>,
    role: Option<&'a Role>,
}

impl Keys for Request<'_> {
    fn values(&self, key: &str) -> Vec<Cow<'_, str>> {
        let given = self.access.context.iter().filter(|(name, _)| name.eq_ignore_ascii_case(key));
        let given: Vec<_> = given.map(|(_, value)| Cow::Borrowed(*value)).collect();
        if given.is_empty() { self.of_every_call(key).into_iter().collect() } else { given }
    }
}

impl Request<'_> {
    fn of_every_call(&self, key: &str) -> Option<Cow<'_, str>> {
        let caller = self.access.caller;
        let account = &*self.judge.place.account;
        let flag = |holds: bool| Some(Cow::Borrowed(if holds { "true" } else { "false" }));
        let of_service = |value: fn(&'static str) -> String| match caller {
            Caller::Service { principal, .. } => Some(Cow::Owned(value(principal))),
            _ => None,
        };
        match key {
            // Loopback and the SDK in this process stand for what is TLS on AWS.
            "aws:securetransport" => flag(true),
            "aws:viaawsservice" => flag(false),
            "aws:principalisawsservice" => flag(matches!(caller, Caller::Service { .. })),
            "aws:principalservicename" => of_service(str::to_owned),
            "aws:principalarn" => match caller {
                Caller::Role { role, .. } => Some(role.as_str().into()),
                Caller::Account => Some(caller.identity(account).into()),
                _ => None,
            },
            "aws:principalaccount" => match caller {
                Caller::Role { role, .. } => Some(role.account().into()),
                Caller::Account => Some(account.into()),
                _ => None,
            },
            "aws:principaltype" => match caller {
                Caller::Role { .. } => Some("AssumedRole".into()),
                Caller::Account => Some("Account".into()),
                Caller::Anonymous => Some("Anonymous".into()),
                Caller::Service { .. } => None,
            },
            "aws:userid" => match (caller, self.role) {
                (Caller::Role { session, .. }, Some(role)) => Some(format!("{}:{session}", role.record.id).into()),
                (Caller::Account, _) => Some(account.into()),
                _ => None,
            },
            "aws:sourcearn" => match caller {
                Caller::Service { source, .. } => Some(source.as_str().into()),
                _ => None,
            },
            // `aws:SourceOwner` is the older name of it, in SNS's default policy.
            "aws:sourceaccount" | "aws:sourceowner" => match caller {
                // The ARNs of some resources have no account: it is this one.
                Caller::Service { source, .. } if source.account().is_empty() => Some(account.into()),
                Caller::Service { source, .. } => Some(source.account().into()),
                _ => None,
            },
            "aws:sourceip" => (!matches!(caller, Caller::Service { .. })).then(|| "127.0.0.1".into()),
            "aws:requestedregion" => Some((&*self.judge.place.region).into()),
            "aws:resourceaccount" => {
                let account = self.access.resource.split(':').nth(4).filter(|account| !account.is_empty());
                account.map(Cow::Borrowed)
            }
            "aws:currenttime" => Some(self.judge.clock.now().rfc3339().into()),
            "aws:epochtime" => Some(self.judge.clock.now().seconds().to_string().into()),
            _ => {
                let tag = key.strip_prefix("aws:principaltag/")?;
                let tags = &self.role?.record.tags;
                tags.iter().find(|(name, _)| name.eq_ignore_ascii_case(tag)).map(|(_, value)| value.as_str().into())
            }
        }
    }
}
