//! The question that a service asks before it acts: may they?
//!
//! The answer is `iam`'s; a service knows no policy but the one on its own resource.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use serde_json::Value;

use super::{Arn, AwsError, Caller};

/// One question of authorization.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// Who asks.
    pub caller: &'a Caller,
    /// `sqs:SendMessage`.
    pub action: &'a str,
    /// The ARN it acts on.
    pub resource: &'a str,
    /// The policy on that resource, as a policy document, where it has one.
    pub policy: Option<&'a Value>,
    /// Condition keys beyond those of every call, as `("dynamodb:LeadingKeys", "…")`; a key with several
    /// values is there several times.
    pub context: &'a [(&'a str, &'a str)],
}

/// Judges access.
pub trait Authorize: fmt::Debug {
    /// Allows, or refuses with `AccessDenied` or, in the name of a service that calls it so,
    /// `AccessDeniedException`. The message names the statement that is missing.
    fn authorize(&self, access: &Access<'_>) -> Result<(), AwsError>;

    /// Whether a caller may take on a role, by the role's trust policy.
    fn trust(&self, caller: &Caller, role: &Arn, context: &[(&str, &str)]) -> Result<(), AwsError> {
        let _ = (caller, role, context);
        Ok(())
    }

    /// Whether a policy on a resource is understood: `MalformedPolicyDocument` says what is not.
    fn understands(&self, policy: &Value) -> Result<(), AwsError> {
        let _ = policy;
        Ok(())
    }
}

/// The judge of an engine: lets all pass until one is put in.
#[derive(Clone, Debug, Default)]
pub struct Guard(Rc<RefCell<Option<Rc<dyn Authorize>>>>);

impl Guard {
    /// From now on `judge` decides.
    pub fn put(&self, judge: Rc<dyn Authorize>) {
        *self.0.borrow_mut() = Some(judge);
    }

    /// Whether the access is allowed; the error is the one to answer with.
    pub fn check(&self, access: &Access<'_>) -> Result<(), AwsError> {
        self.judge().map_or(Ok(()), |judge| judge.authorize(access))
    }

    /// Takes a role on: gives whom to call as from then on. A service asks as
    /// [`Caller::Service`] with the resource that it does it for, each time that a session begins: when it
    /// runs a function, an execution, a schedule.
    pub fn assume(&self, caller: &Caller, role: &Arn, session: &str) -> Result<Caller, AwsError> {
        self.assume_with(caller, role, session, &[])
    }

    /// As [`assume`](Self::assume), with condition keys of the call: `sts:ExternalId`.
    pub fn assume_with(
        &self,
        caller: &Caller,
        role: &Arn,
        session: &str,
        context: &[(&str, &str)],
    ) -> Result<Caller, AwsError> {
        self.judge().map_or(Ok(()), |judge| judge.trust(caller, role, context))?;
        Ok(Caller::Role { role: role.clone(), session: session.to_owned() })
    }

    /// Whether a policy is understood, which a service asks before it puts it on a resource. The error is
    /// `MalformedPolicyDocument`, which most services word in their own way.
    pub fn understands(&self, policy: &Value) -> Result<(), AwsError> {
        self.judge().map_or(Ok(()), |judge| judge.understands(policy))
    }

    fn judge(&self) -> Option<Rc<dyn Authorize>> {
        self.0.borrow().clone()
    }
}
