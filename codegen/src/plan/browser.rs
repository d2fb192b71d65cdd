//! What the parts of the runtime that serve browsers are told.

use super::parts::DestinationPart;

/// What a function that serves browsers is told.
#[derive(Debug, Clone, PartialEq)]
pub enum BrowserPart {
    /// The authorizer of a gateway.
    Authorize(String),
    /// `$connect`.
    Connect(GatewayPart),
    /// `$disconnect`.
    Disconnect(GatewayPart),
    /// The built-in routes.
    Route(GatewayPart),
    /// The keeper of a membership's shards.
    Follow(GatewayPart, MembershipPart),
    /// A source.
    Receive(SourcePart),
    /// The resolver of a fan-out.
    Resolve(FanOutPart),
    /// A worker of a fan-out.
    Work(FanOutPart),
    /// The second pass of a fan-out: what may come, and where it goes.
    Rest(FanOutPart, Vec<String>, Vec<DestinationPart>),
    /// A sink.
    Show(SinkPart),
    /// A workflow's question whether something was seen: the variables of the logs, and what may come.
    Seen(Vec<String>, Vec<ShownPart>),
}

/// A WebSocket API.
#[derive(Debug, Clone, PartialEq)]
pub struct GatewayPart {
    /// The variable of the endpoint.
    pub endpoint: String,
    /// The tables of who belongs to which group.
    pub memberships: Vec<MembershipPart>,
    /// The conversations that members may read: the events' field, and the membership.
    pub conversations: Vec<(String, MembershipPart)>,
}

/// A table of who belongs to which group.
#[derive(Debug, Clone, PartialEq)]
pub struct MembershipPart {
    /// Its name.
    pub name: String,
    /// Its variable.
    pub table: String,
    /// The field of the group.
    pub group: String,
    /// The field of the user.
    pub user: String,
    /// The index by group.
    pub members: Option<String>,
    /// The index by user.
    pub groups: Option<String>,
    /// Whether both are the table's key.
    pub is_key: bool,
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// As it stands.
    Text(String),
    /// A name's value: a field, or `user`, `tenant`, `now`.
    Name(String),
}

/// A row that must be there.
#[derive(Debug, Clone, PartialEq)]
pub struct AllowPart {
    /// The table's variable.
    pub table: String,
    /// The index.
    pub index: Option<String>,
    /// The fields, those of the key first: name, value, whether it is a number.
    pub matching: Vec<(String, Vec<Piece>, bool)>,
    /// How many of them are the key.
    pub keys: usize,
    /// Whether they are the table's whole key.
    pub is_row: bool,
}

/// A source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourcePart {
    /// Its name.
    pub name: String,
    /// The event that it makes.
    pub event: String,
    /// Where that goes.
    pub to: Vec<DestinationPart>,
    /// The event's id field.
    pub id: String,
    /// The field that names its conversation.
    pub order_by: Option<String>,
    /// Fields that are set.
    pub set: Vec<(String, Vec<Piece>)>,
    /// A row that must be there.
    pub allow: Option<AllowPart>,
    /// Seconds that the log keeps it.
    pub replay: u64,
}

/// A fan-out.
#[derive(Debug, Clone, PartialEq)]
pub struct FanOutPart {
    /// The queue.
    pub queue: String,
    /// The variable of the endpoint.
    pub endpoint: String,
    /// Who the targets are.
    pub membership: MembershipPart,
    /// The group of an event.
    pub group: Vec<Piece>,
    /// The field of who is left out.
    pub except: Option<String>,
    /// `None`, `All`, `Unreached`.
    pub rest: &'static str,
    /// Whether the gateway's tokens name tenants.
    pub tenants: bool,
}

/// A sink.
#[derive(Debug, Clone, PartialEq)]
pub struct SinkPart {
    /// Its name.
    pub name: String,
    /// The flow.
    pub flow: String,
    /// The variable of the endpoint.
    pub endpoint: String,
    /// The variable of the preferences.
    pub preferences: Option<String>,
    /// What may come.
    pub events: Vec<ShownPart>,
}

/// An event as a sink meets it.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownPart {
    /// Its type.
    pub kind: String,
    /// Its id field.
    pub id: String,
    /// Its time field.
    pub time: String,
    /// Its tenant field.
    pub tenant: Option<String>,
    /// Whether it is a group's.
    pub is_group: bool,
}
