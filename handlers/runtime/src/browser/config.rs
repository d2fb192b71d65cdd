//! What the compiler tells these functions of the flow: names of environment variables, fields, and the spec's options.
//!
//! Tables, queues and endpoints are named by the environment variables that hold them, as the template sets them.

use super::text::Part;
use crate::event_type::EventType;
use crate::send::Destination;

/// A WebSocket API's authorizer. The environment has `JWKS_URL`, `JWT_ISSUER`, `JWT_AUDIENCE`, `JWT_USER`,
/// `ORIGINS` and, where tokens say it, `JWT_TENANT`.
#[derive(Clone, Copy, Debug)]
pub struct Authorizer {
    /// The gateway's name in the spec, for the log.
    pub gateway: &'static str,
}

/// A WebSocket API: what its own routes and the memberships' streams need.
#[derive(Clone, Copy, Debug)]
pub struct Gateway {
    /// The table of connections.
    pub connections: &'static str,
    /// The table of logs; empty for functions that read none.
    pub log: &'static str,
    /// The endpoint of `@connections`; empty for functions that post nothing.
    pub endpoint: &'static str,
    /// The tables whose rows say who belongs to which group.
    pub memberships: &'static [Membership],
    /// The conversations that members of a group may read.
    pub conversations: &'static [Conversation],
}

/// A table whose rows say who belongs to which group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Its name in the spec: a part of the shards' keys.
    pub name: &'static str,
    /// The table.
    pub table: &'static str,
    /// The field that names the group.
    pub group: &'static str,
    /// The field that names the user.
    pub user: &'static str,
    /// The index by which the members of a group are found; none for the table's own key.
    pub members: Option<&'static str>,
    /// The index by which the groups of a user are found; none for the table's own key.
    pub groups: Option<&'static str>,
    /// Whether group and user are the table's key, in either order: then one row is read, and not a query.
    pub is_key: bool,
}

/// A conversation that the members of a group may read, because events are ordered by the group.
#[derive(Clone, Copy, Debug)]
pub struct Conversation {
    /// The field of the events that names it: `group` makes `group:g1`.
    pub field: &'static str,
    /// Who may read it.
    pub membership: Membership,
}

/// What keeps the shards of a membership, by its table's stream.
#[derive(Clone, Copy, Debug)]
pub struct Keeper {
    /// Whose connections.
    pub gateway: Gateway,
    /// By whose stream.
    pub membership: Membership,
}

/// A row that must be there.
#[derive(Clone, Copy, Debug)]
pub struct Lookup {
    /// The table.
    pub table: &'static str,
    /// The index; none for the table's own key.
    pub index: Option<&'static str>,
    /// The fields, and what they equal. Those of the key come first.
    pub matching: &'static [Match],
    /// How many of `matching` are the table's, or the index's, key.
    pub keys: usize,
    /// Whether these are the table's whole key: then one row is read, consistently.
    pub is_row: bool,
}

/// A field and what it equals.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    /// The field.
    pub field: &'static str,
    /// The value.
    pub value: &'static [Part],
    /// Whether the field is a number.
    pub number: bool,
}

/// Fields that a flow sets, and to what.
pub type Set = &'static [(&'static str, &'static [Part])];

/// A source whose events come from browsers.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The source's name in the spec, for the log.
    pub name: &'static str,
    /// The table of connections.
    pub connections: &'static str,
    /// The table of logs.
    pub log: &'static str,
    /// The flow's table of markers.
    pub runtime: &'static str,
    /// What it makes.
    pub event: EventType,
    /// Where that goes.
    pub to: &'static [Destination],
    /// The event's own id field.
    pub id: &'static str,
    /// The field by which its conversation is named; none where the event has no order.
    pub order_by: Option<&'static str>,
    /// Fields that are set here. `user`, `tenant` and `now` are known beside the event's own fields.
    pub set: Set,
    /// A row that must be there.
    pub allow: Option<Lookup>,
    /// How long the log keeps it, in seconds: as long as the gateway's sink replays.
    pub replay: u64,
}

/// A queue whose events are posted to the browsers of a group's members.
#[derive(Clone, Copy, Debug)]
pub struct FanOut {
    /// The queue's name in the spec, for the log.
    pub queue: &'static str,
    /// The table of connections.
    pub connections: &'static str,
    /// The flow's table of markers.
    pub runtime: &'static str,
    /// The endpoint of `@connections`; for the workers.
    pub endpoint: &'static str,
    /// Who the targets are.
    pub membership: Membership,
    /// The group of an event.
    pub group: &'static [Part],
    /// The field of the event with a user who is left out.
    pub except: Option<&'static str>,
    /// Who gets what the browsers did not take.
    pub rest: Rest,
    /// Whether the gateway's tokens name tenants: then an event goes to connections of its own tenant alone.
    pub tenants: bool,
}

/// The second pass of a fan-out, and where it sends on.
#[derive(Clone, Copy, Debug)]
pub struct GiveOn {
    /// The fan-out.
    pub fan_out: FanOut,
    /// The events that may come.
    pub events: &'static [EventType],
    /// Who comes after the browsers.
    pub to: &'static [Destination],
}

/// What comes after the browsers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing.
    None,
    /// `to: [browser, x]`: every target.
    All,
    /// `to: { first: [browser, x] }`: those whose browsers took nothing.
    Unreached,
}

/// A sink that delivers to a user's browsers.
#[derive(Clone, Copy, Debug)]
pub struct Sink {
    /// The sink's name in the spec.
    pub name: &'static str,
    /// The flow's name.
    pub flow: &'static str,
    /// The table of connections.
    pub connections: &'static str,
    /// The table of logs.
    pub log: &'static str,
    /// The endpoint of `@connections`.
    pub endpoint: &'static str,
    /// The table of preferences, where the flow has one.
    pub preferences: Option<&'static str>,
    /// What may come.
    pub events: &'static [Shown],
}

/// An event, as a sink or a workflow's `seen` meets it.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// Its CloudEvents type.
    pub kind: &'static str,
    /// The field that is its id.
    pub id: &'static str,
    /// The field that says when it happened.
    pub time: &'static str,
    /// The field that names the tenant.
    pub tenant: Option<&'static str>,
    /// Whether it is a group's.
    pub is_group: bool,
}

/// What answers a workflow whether its target has seen a delivery.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The tables of logs.
    pub logs: &'static [&'static str],
    /// What may come.
    pub events: &'static [Shown],
}
