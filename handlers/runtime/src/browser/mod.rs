//! Everything that browsers need: who they are, what they send, what is sent to them, and what they missed.
//!
//! | function | entry point | reads | writes |
//! | --- | --- | --- | --- |
//! | authorizer | [`authorize`] | the issuer's keys | nothing |
//! | `$connect`, `$disconnect` | [`connect`], [`disconnect`] | memberships | connections, shards |
//! | `resume`, `seen`, `$default` | [`route`] | connections, memberships, logs | connections, shards, cursors |
//! | a membership table's stream | [`follow`] | memberships, connections | shards |
//! | a source | [`receive`] | connections, `allow` | a conversation, markers |
//! | a fan-out | [`resolve`], [`work`], [`give_on`] | shards, memberships | whom it reached |
//! | a sink | [`show`] | connections, preferences | the inbox, threads |
//! | a workflow's `seen` | [`seen`] | threads, cursors | nothing |
//!
//! The wire protocol between browser and flow is `docs/browser.md`.
//!
//! Invariants of the whole part:
//!
//! - Who a browser is, the token says, once; from then on the connection's row does, and nothing that a browser sends.
//! - A conversation's sequence has no gap. What a browser misses it notices by that, and fetches.
//! - A post is never the only copy: what is posted is in a log first.
//! - Anything may be done twice. A browser shows it once, by its id.

mod authorize;
mod config;
mod connect;
mod fan_out;
mod fetch;
mod item;
mod jwks;
mod key;
mod log;
mod membership;
mod pace;
mod post;
mod request;
mod rest;
mod routes;
mod row;
mod seen;
mod shards;
mod sink;
mod source;
mod table;
mod text;
mod token;
mod worker;

pub use authorize::authorize;
pub use config::{
    Authorizer, Conversation, FanOut, Gateway, GiveOn, Keeper, Lookup, Match, Membership, Rest, Seen, Set, Shown, Sink,
    Source,
};
pub use connect::{connect, disconnect};
pub use fan_out::resolve;
pub use rest::{give_on, rest};
pub use routes::route;
pub use seen::{has_seen, seen};
pub use shards::follow;
pub use sink::show;
pub use source::receive;
pub use text::Part;
pub use worker::work;

/// What a function keeps from one invocation to the next.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    keys: jwks::Cache,
    pace: pace::Pace,
}
