//! What an API is made of, as its records keep it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An API of either protocol with all its parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Api {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) protocol: Protocol,
    /// `$request.body.action`.
    #[serde(default)]
    pub(super) route_selection: String,
    /// Of an HTTP API.
    #[serde(default)]
    pub(super) cors: Option<Cors>,
    /// `127.0.0.1:4567`, where it is served.
    pub(super) authority: String,
    #[serde(default)]
    pub(super) routes: BTreeMap<String, Route>,
    #[serde(default)]
    pub(super) integrations: BTreeMap<String, Integration>,
    #[serde(default)]
    pub(super) authorizers: BTreeMap<String, Authorizer>,
    #[serde(default)]
    pub(super) stages: BTreeMap<String, Stage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Protocol {
    #[serde(rename = "WEBSOCKET")]
    WebSocket,
    #[serde(rename = "HTTP")]
    Http,
}

impl Protocol {
    pub(super) const fn scheme(self) -> &'static str {
        match self {
            Self::WebSocket => "ws",
            Self::Http => "http",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Cors {
    #[serde(default)]
    pub(super) allow_origins: Vec<String>,
    #[serde(default)]
    pub(super) allow_methods: Vec<String>,
    #[serde(default)]
    pub(super) allow_headers: Vec<String>,
    #[serde(default)]
    pub(super) expose_headers: Vec<String>,
    #[serde(default)]
    pub(super) max_age: Option<u64>,
    #[serde(default)]
    pub(super) allow_credentials: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Route {
    pub(super) key: String,
    /// `integrations/ID`.
    pub(super) target: String,
    /// `NONE`, `CUSTOM` or `JWT`.
    pub(super) authorization: String,
    pub(super) authorizer: Option<String>,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    /// Whether a `RouteResponse` lets the function's answer through to a WebSocket client.
    #[serde(default)]
    pub(super) responses: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Integration {
    /// The function's ARN.
    pub(super) function: String,
    /// Milliseconds.
    pub(super) timeout: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Authorizer {
    /// A function that is asked, with what must be in the request for that.
    Function { function: String, sources: Vec<String> },
    /// A token's signature and claims.
    Jwt { issuer: String, audience: Vec<String>, source: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Stage {
    pub(super) name: String,
    /// Requests a second, and at once.
    pub(super) throttle: Option<(f64, f64)>,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, String>,
    /// What the engine keeps and does not act on.
    #[serde(default)]
    pub(super) access_log: Option<Value>,
}

impl Api {
    /// The route of this key.
    pub(super) fn route(&self, key: &str) -> Option<&Route> {
        self.routes.values().find(|route| route.key == key)
    }

    /// What a route calls.
    pub(super) fn integration(&self, route: &Route) -> Option<&Integration> {
        self.integrations.get(route.target.strip_prefix("integrations/")?)
    }

    /// `ws://127.0.0.1:4567`.
    pub(super) fn endpoint(&self) -> String {
        format!("{}://{}", self.protocol.scheme(), self.authority)
    }
}
