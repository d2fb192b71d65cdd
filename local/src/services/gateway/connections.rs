//! The open connections, and `@connections`.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Gateway;
use crate::kernel::{Access, AwsError, Call, Time};

/// The largest message in either direction ("API Gateway quotas").
pub(super) const LARGEST: usize = 128 << 10;

/// What goes to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToClient {
    /// A text frame.
    Text(String),
    /// The end, of this side's making.
    Close(Close),
}

/// Why a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// The code of RFC 6455.
    pub code: u16,
    /// For a person.
    pub reason: String,
}

impl Close {
    /// A code with its reason.
    pub fn new(code: u16, reason: &str) -> Self {
        Self { code, reason: reason.to_owned() }
    }
}

/// A connection from the handshake on.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) api: String,
    pub(super) stage: String,
    pub(super) connected: Time,
    pub(super) last_active: Time,
    pub(super) source_ip: String,
    pub(super) user_agent: String,
    /// What the authorizer said.
    pub(super) authorizer: Value,
    pub(super) client: mpsc::UnboundedSender<ToClient>,
    /// False until `$connect` has answered: for `@connections` it does not exist before.
    pub(super) open: bool,
}

#[derive(Debug, Default)]
pub(super) struct Connections(RefCell<BTreeMap<String, Connection>>);

impl Connections {
    pub(super) fn put(&self, id: &str, connection: Connection) {
        self.0.borrow_mut().insert(id.to_owned(), connection);
    }

    pub(super) fn take(&self, id: &str) -> Option<Connection> {
        self.0.borrow_mut().remove(id)
    }

    pub(super) fn change<T>(&self, id: &str, change: impl FnOnce(&mut Connection) -> T) -> Option<T> {
        self.0.borrow_mut().get_mut(id).map(change)
    }

    pub(super) fn len(&self) -> usize {
        self.0.borrow().len()
    }
}

impl Gateway {
    /// How many connections there are.
    pub fn connected(&self) -> usize {
        self.connections.len()
    }

    /// One operation of `@connections`.
    pub(super) fn manage(&self, call: &Call) -> Result<Value, AwsError> {
        let text = |name: &str| call.input.get(name).and_then(Value::as_str).unwrap_or_default();
        let (id, stage) = (text("ConnectionId"), text("Stage"));
        let gone = || AwsError::new("GoneException", "The connection no longer exists").status(410);
        let (api, its_stage) = self
            .connections
            .change(id, |connection| (connection.api.clone(), connection.stage.clone()))
            .unwrap_or_else(|| (self.api_of(stage), stage.to_owned()));
        let method = match call.operation.as_str() {
            "PostToConnection" => "POST",
            "GetConnection" => "GET",
            _ => "DELETE",
        };
        let resource = self.arn(&api, &format!("{its_stage}/{method}/@connections/{id}"));
        self.world.guard.check(&Access {
            caller: &call.caller,
            action: "execute-api:ManageConnections",
            resource: resource.as_str(),
            policy: None,
            context: &[],
        })?;
        let now = self.world.clock.now();
        let data = (method == "POST").then(|| data(text("Data"))).transpose()?;
        let answer = self.connections.change(id, |connection| {
            if !connection.open || its_stage != stage {
                return None;
            }
            match (method, data) {
                ("POST", Some(data)) => {
                    connection.client.send(ToClient::Text(data)).ok()?;
                    connection.last_active = now;
                    Some(json!({}))
                }
                ("GET", _) => Some(json!({
                    "connectedAt": connection.connected.rfc3339(),
                    "lastActiveAt": connection.last_active.rfc3339(),
                    "identity": {"sourceIp": connection.source_ip, "userAgent": connection.user_agent},
                })),
                _ => {
                    connection.client.send(ToClient::Close(Close::new(1000, "Connection Closed Normally"))).ok()?;
                    Some(json!({}))
                }
            }
        });
        answer.flatten().ok_or_else(gone)
    }

    /// The API that has this stage, for a permission's resource where the connection is not known.
    fn api_of(&self, stage: &str) -> String {
        let apis = self.apis.borrow();
        let found = apis.values().find(|api| api.stages.contains_key(stage));
        found.map_or_else(|| "*".to_owned(), |api| api.id.clone())
    }
}

/// A message's text.
fn data(base64: &str) -> Result<String, AwsError> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(base64).unwrap_or_default();
    if bytes.len() > LARGEST {
        let message = "The data has exceeded the maximum size allowed.";
        return Err(AwsError::new("PayloadTooLargeException", message).status(413));
    }
    String::from_utf8(bytes).map_err(|_| AwsError::new("BadRequestException", "the data is no UTF-8 text"))
}
