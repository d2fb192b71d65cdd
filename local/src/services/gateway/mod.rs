//! API Gateway: WebSocket and HTTP APIs in front of functions.
//!
//! In: APIs as CloudFormation describes them, and what clients say: a handshake, a message, an HTTP request.
//! Out: calls of functions, and what goes back to the clients. Sockets are not here: [`Gateway::connect`] and
//! [`Gateway::request`] are called by what serves them, or by a test without any.
//!
//! `apigatewayv2` makes APIs; `execute-api` is `@connections`.

mod api;
mod authorize;
mod connections;
mod control;
mod event;
pub(crate) mod http;
#[cfg(test)]
mod tests;
mod throttle;
mod websocket;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};

use self::api::Api;
use self::connections::Connections;
pub use self::connections::{Close, LARGEST, Messages, ToClient};
use self::throttle::Throttle;
pub use self::websocket::{Connected, Handshake, Refusal};
use crate::issuer::Issuer;
use crate::kernel::{AwsError, Call, Caller, Service, StoreError, Table, World};
use crate::wire::{Payload, Protocol, Rest, Route};

/// As CloudFormation calls it.
pub const CONTROL: &str = "apigatewayv2";
/// As functions call it.
pub const NAME: &str = "execute-api";
/// `@connections`, below a stage's path.
pub const PROTOCOL: Protocol = Protocol::Rest(Rest {
    routes: &[
        Route {
            input: Payload::Bytes("Data"),
            ..Route::new("PostToConnection", "POST", "/{Stage}/@connections/{ConnectionId}")
        },
        Route::new("GetConnection", "GET", "/{Stage}/@connections/{ConnectionId}"),
        Route { status: 204, ..Route::new("DeleteConnection", "DELETE", "/{Stage}/@connections/{ConnectionId}") },
    ],
});

/// How long a connection lives, and how long it may be idle ("API Gateway quotas").
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// From the handshake on.
    pub longest: Duration,
    /// From the last message in either direction on.
    pub idle: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { longest: Duration::from_secs(2 * 3600), idle: Duration::from_secs(600) }
    }
}

/// API Gateway.
#[derive(Debug)]
pub struct Gateway {
    world: World,
    issuer: Issuer,
    records: Table,
    apis: RefCell<BTreeMap<String, Rc<Api>>>,
    connections: Connections,
    throttle: Throttle,
    lifetimes: Lifetimes,
    first_port: Option<u16>,
    changed: tokio::sync::Notify,
}

/// An API that is to be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The API's id.
    pub id: String,
    /// The API's name.
    pub name: String,
    /// Where: `127.0.0.1:4567`.
    pub authority: String,
    /// Whether it is a WebSocket API.
    pub websocket: bool,
    /// Its stages.
    pub stages: Vec<String>,
}

impl Gateway {
    /// Starts, with the APIs that are on record. Their connections are gone, as after an outage of AWS's.
    /// APIs are served from the port `first_port` on.
    pub fn start(
        world: &World,
        issuer: Issuer,
        lifetimes: Lifetimes,
        first_port: Option<u16>,
    ) -> Result<Rc<Self>, StoreError> {
        let records = world.store.table("apigateway.apis");
        let apis = records.load::<Api>()?.into_iter().map(|(id, api)| (id, Rc::new(api))).collect();
        Ok(Rc::new(Self {
            world: world.clone(),
            issuer,
            records,
            apis: RefCell::new(apis),
            connections: Connections::default(),
            throttle: Throttle::default(),
            lifetimes,
            first_port,
            changed: tokio::sync::Notify::new(),
        }))
    }

    /// All APIs, for what serves them.
    pub fn served(&self) -> Vec<Served> {
        let apis = self.apis.borrow();
        let served = apis.values().map(|api| Served {
            id: api.id.clone(),
            name: api.name.clone(),
            authority: api.authority.clone(),
            websocket: api.protocol == api::Protocol::WebSocket,
            stages: api.stages.keys().cloned().collect(),
        });
        served.collect()
    }

    /// Waits until an API was made or removed since the last time.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// An API as it is now.
    fn api(&self, id: &str) -> Option<Rc<Api>> {
        self.apis.borrow().get(id).cloned()
    }

    /// `arn:aws:execute-api:REGION:ACCOUNT:API/REST`.
    fn arn(&self, api: &str, rest: &str) -> crate::kernel::Arn {
        self.world.place.arn(NAME, &format!("{api}/{rest}"))
    }

    /// Calls a function as the API and waits at most `timeout` milliseconds.
    async fn invoke(&self, source: &str, function: &str, timeout: u64, event: Value) -> Result<Value, Failure> {
        let source = crate::kernel::Arn::parse(source).map_err(|error| Failure::Function(error.to_string()))?;
        let caller = Caller::Service { principal: "apigateway.amazonaws.com", source };
        let input = json!({"FunctionName": function, "InvocationType": "RequestResponse", "Payload": event});
        let answer = self.world.bus.request(caller, "lambda", "Invoke", input);
        let late = self.world.clock.sleep(Duration::from_millis(timeout));
        let answer = tokio::select! {
            biased;
            answer = answer => answer.map_err(|error| Failure::Function(error.to_string()))?,
            () = late => return Err(Failure::Timeout),
        };
        let payload = answer.get("Payload").cloned().unwrap_or_default();
        match answer.get("FunctionError") {
            Some(_) => {
                Err(Failure::Function(payload.get("errorMessage").and_then(Value::as_str).unwrap_or("").to_owned()))
            }
            None => Ok(payload),
        }
    }
}

/// Why a function gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Failure {
    Timeout,
    /// With its message.
    Function(String),
}

impl Service for Gateway {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        async move {
            match call.operation.as_str() {
                "PostToConnection" | "GetConnection" | "DeleteConnection" => self.manage(&call),
                operation => self.control(operation, call.input),
            }
        }
        .boxed_local()
    }
}
