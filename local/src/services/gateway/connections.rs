//! The open connections, and `@connections`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::Gateway;
use crate::kernel::{Access, AwsError, Call, Time};

/// The largest message in either direction ("API Gateway quotas").
pub const LARGEST: usize = 128 << 10;

/// How much may wait for a client that reads slowly, in bytes. AWS does not say its own bound.
const WAITING: usize = 1 << 20;

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

/// The end of a connection's line where messages are put in.
#[derive(Debug)]
pub(super) struct Line {
    sender: mpsc::UnboundedSender<ToClient>,
    waiting: Rc<Cell<usize>>,
}

/// The end of a connection's line where its socket takes messages out.
#[derive(Debug)]
pub struct Messages {
    receiver: mpsc::UnboundedReceiver<ToClient>,
    waiting: Rc<Cell<usize>>,
}

/// Why a message was not put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsent {
    /// The client reads too slowly.
    Full,
    /// There is no client any more.
    Gone,
}

/// A line that nothing waits in.
pub(super) fn line() -> (Line, Messages) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let waiting = Rc::new(Cell::new(0));
    (Line { sender, waiting: Rc::clone(&waiting) }, Messages { receiver, waiting })
}

impl Line {
    pub(super) fn send(&self, message: ToClient) -> Result<(), Unsent> {
        let waiting = self.waiting.get() + message.len();
        if waiting > WAITING {
            return Err(Unsent::Full);
        }
        self.sender.send(message).map_err(|_| Unsent::Gone)?;
        self.waiting.set(waiting);
        Ok(())
    }
}

impl Messages {
    /// The next message; `None` once the connection is forgotten.
    pub async fn recv(&mut self) -> Option<ToClient> {
        let message = self.receiver.recv().await?;
        Some(self.taken(message))
    }

    /// The next message, if one waits.
    pub fn try_recv(&mut self) -> Option<ToClient> {
        let message = self.receiver.try_recv().ok()?;
        Some(self.taken(message))
    }

    fn taken(&self, message: ToClient) -> ToClient {
        self.waiting.set(self.waiting.get().saturating_sub(message.len()));
        message
    }
}

impl ToClient {
    /// What it weighs while it waits: the end of a connection always has room.
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Close(_) => 0,
        }
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
    pub(super) client: Line,
    /// False until `$connect` has answered, and once it was deleted: for `@connections` it does not exist then.
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
                return Err(Unsent::Gone);
            }
            match (method, data) {
                ("POST", Some(data)) => {
                    connection.client.send(ToClient::Text(data))?;
                    connection.last_active = now;
                    Ok(json!({}))
                }
                ("GET", _) => Ok(json!({
                    "connectedAt": connection.connected.rfc3339(),
                    "lastActiveAt": connection.last_active.rfc3339(),
                    "identity": {"sourceIp": connection.source_ip, "userAgent": connection.user_agent},
                })),
                _ => {
                    connection.client.send(ToClient::Close(Close::new(1000, "Connection Closed Normally")))?;
                    connection.open = false;
                    Ok(json!({}))
                }
            }
        });
        answer.unwrap_or(Err(Unsent::Gone)).map_err(|unsent| match unsent {
            Unsent::Gone => AwsError::new("GoneException", "The connection no longer exists").status(410),
            Unsent::Full => {
                let message = "The WebSocket client side buffer is full";
                AwsError::new("LimitExceededException", message).status(429)
            }
        })
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
