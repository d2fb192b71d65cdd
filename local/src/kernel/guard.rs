//! The question that a service asks before it acts: may they?
//!
//! The answer is `iam`'s; a service knows no policy but the one on its own resource.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use serde_json::Value;

use super::{AwsError, Caller};

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
    /// Condition keys beyond those of every call, as `("dynamodb:LeadingKeys", "…")`.
    pub context: &'a [(&'a str, &'a str)],
}

/// Judges access.
pub trait Authorize: fmt::Debug {
    /// Allows, or refuses with the service-independent `AccessDenied` whose message names the statement
    /// that is missing.
    fn authorize(&self, access: &Access<'_>) -> Result<(), AwsError>;
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
        let judge = self.0.borrow().clone();
        judge.map_or(Ok(()), |judge| judge.authorize(access))
    }
}
