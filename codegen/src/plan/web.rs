//! APIs, schedules, mail.

use super::{FunctionRef, GatewayRef, Place, QueueRef, SecretRef, TopicRef};
use crate::model::GatewayKind;

/// A route of an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The route key: `$connect`, `send`, `POST /orders/{id}`.
    pub key: String,
    /// The part of its logical id: `Connect`, `Send`.
    pub id: String,
    /// The function that it calls.
    pub function: FunctionRef,
    /// Whether the authorizer stands before it.
    pub authorized: bool,
    /// Whether its answer goes back to the browser.
    pub answers: bool,
}

/// An API with its stage, authorizer, log group and routes.
#[derive(Debug, Clone)]
pub struct Gateway {
    /// Where it belongs.
    pub place: Place,
    /// Its name in the spec, and after the prefix.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// Its kind.
    pub kind: GatewayKind,
    /// The function that lets callers in, of a WebSocket API.
    pub authorizer: Option<FunctionRef>,
    /// The token's issuer.
    pub issuer: String,
    /// Whom the token is for.
    pub audience: String,
    /// The pages that browsers may call from.
    pub origins: Vec<String>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Requests a second that a client may make, and the burst.
    pub throttle: (u32, u32),
}

impl Gateway {
    /// A reference to it.
    #[must_use]
    pub fn reference(&self) -> GatewayRef {
        GatewayRef(self.place.logical.clone())
    }
}

/// What a schedule calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScheduleTarget {
    /// A function, asynchronously.
    Function(FunctionRef),
}

/// A schedule of EventBridge Scheduler with its role.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Where it belongs.
    pub place: Place,
    /// The name after the prefix.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// AWS's expression.
    pub at: String,
    /// A time zone's name.
    pub tz: String,
    /// What it calls.
    pub target: ScheduleTarget,
    /// The input, as JSON text.
    pub input: String,
    /// Where goes what could not be called.
    pub dead_letters: QueueRef,
}

/// SES: the identities, the configuration set, bounces and unsubscriptions.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Where it belongs.
    pub place: Place,
    /// The domains that mail is sent from, sorted.
    pub domains: Vec<String>,
    /// The topic of bounces and complaints.
    pub bounces: TopicRef,
    /// The function that takes one-click unsubscriptions, by a public URL.
    pub unsubscribe: Option<FunctionRef>,
    /// The secret that signs unsubscribe links.
    pub signing: Option<SecretRef>,
}
