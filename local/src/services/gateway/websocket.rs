//! A WebSocket connection's life: handshake, messages, end.
//!
//! In: what a client says, without its socket. Out: calls of the routes' functions, and what goes back.
//! Guaranteed: a connection is in `@connections` only once `$connect` has answered with success, and its
//! `$disconnect` is called once, whoever ended it.

use std::rc::Rc;

use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::api::{Api, Protocol, Route, Stage};
use super::connections::{Connection, LARGEST, Messages, line};
use super::event;
use super::{Close, Gateway, ToClient};
use crate::kernel::Outcome;

/// A client's first request.
#[derive(Clone, Debug)]
pub struct Handshake {
    /// The stage that its path names.
    pub stage: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its query, percent-encoded.
    pub query: String,
    /// Its address.
    pub source_ip: String,
}

/// A connection that was let in.
#[derive(Debug)]
pub struct Connected {
    /// Its id.
    pub id: String,
    /// Headers of the answer, as `Sec-WebSocket-Protocol`.
    pub headers: Vec<(String, String)>,
    /// What goes to the client; ends with a [`ToClient::Close`] or when the connection is forgotten.
    pub client: Messages,
}

/// A handshake that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The response's status.
    pub status: u16,
    /// Its body: JSON, or what `$connect` answered.
    pub body: String,
}

impl Refusal {
    fn new(status: u16, message: &str) -> Self {
        Self { status, body: json!({"message": message}).to_string() }
    }
}

impl Gateway {
    /// Lets a client in, or not: asks the authorizer, then calls `$connect`.
    pub async fn connect(self: &Rc<Self>, api: &str, handshake: Handshake) -> Result<Connected, Refusal> {
        let forbidden = || Refusal::new(403, "Forbidden");
        let _busy = self.world.activity.begin();
        let api = self.api(api).filter(|api| api.protocol == Protocol::WebSocket).ok_or_else(forbidden)?;
        let stage = api.stages.get(&handshake.stage).ok_or_else(forbidden)?;
        if !self.throttle.admits(&api, stage, self.world.clock.now()) {
            return Err(Refusal::new(429, "Too Many Requests"));
        }
        let id = format!("{}=", self.world.random.alphanumeric(15));
        let (client, received) = line();
        let now = self.world.clock.now();
        let header = |name: &str| handshake.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let connection = Connection {
            api: api.id.clone(),
            stage: stage.name.clone(),
            connected: now,
            last_active: now,
            source_ip: handshake.source_ip.clone(),
            user_agent: header("user-agent").to_owned(),
            authorizer: Value::Null,
            client,
            open: false,
        };
        self.connections.put(&id, connection);
        // A handshake that is given up leaves nothing behind.
        let pending = Pending { gateway: self, id: &id, open: false };
        let headers = self.admit(&api, stage, &id, &handshake).await?;
        pending.open();
        tokio::task::spawn_local(Rc::clone(self).watch(id.clone()));
        self.world.log.tell("gateway", &api.name, "connected", Outcome::Done, || json!({"connection": id}));
        Ok(Connected { id, headers, client: received })
    }

    /// Asks the authorizer of `$connect`, then its function. Out: the answer's headers.
    async fn admit(
        &self,
        api: &Api,
        stage: &Stage,
        id: &str,
        handshake: &Handshake,
    ) -> Result<Vec<(String, String)>, Refusal> {
        let Some(route) = api.route("$connect") else { return Ok(Vec::new()) };
        let arn = self.arn(&api.id, &format!("{}/$connect", stage.name));
        let mut event = Map::new();
        let (single, multi) = event::headers(&handshake.headers);
        event.insert("headers".to_owned(), single);
        event.insert("multiValueHeaders".to_owned(), multi);
        let (single, multi) = event::query(&handshake.query);
        if !single.is_empty() {
            event.insert("queryStringParameters".to_owned(), single.into());
            event.insert("multiValueQueryStringParameters".to_owned(), multi.into());
        }
        if let Some(authorizer) = route.authorizer.as_ref().and_then(|id| api.authorizers.get_key_value(id)) {
            let mut asked = event.clone();
            asked.insert("type".to_owned(), "REQUEST".into());
            asked.insert("methodArn".to_owned(), arn.as_str().into());
            asked.insert("requestContext".to_owned(), self.context(api, stage, id, "$connect", "CONNECT"));
            let authorizer = (authorizer.0.as_str(), authorizer.1);
            let said = self.ask(&api.id, authorizer, asked.into(), arn.as_str()).await;
            let said = said.map_err(|denied| Refusal::new(denied.status(), denied.message()))?;
            self.connections.change(id, |connection| connection.authorizer = said);
        }
        event.insert("requestContext".to_owned(), self.context(api, stage, id, "$connect", "CONNECT"));
        event.insert("isBase64Encoded".to_owned(), false.into());
        let integration = api.integration(route).ok_or_else(|| Refusal::new(500, "Internal server error"))?;
        let answer = self.invoke(arn.as_str(), &integration.function, integration.timeout, event.into()).await;
        let failed = || Refusal::new(502, "Internal server error");
        let answer = answer.map_err(|_| failed())?;
        let status = answer.get("statusCode").and_then(Value::as_u64).ok_or_else(failed)?;
        if !(200..300).contains(&status) {
            let body = answer.get("body").and_then(Value::as_str).unwrap_or_default().to_owned();
            return Err(Refusal { status: u16::try_from(status).unwrap_or(502), body });
        }
        let headers = answer.get("headers").and_then(Value::as_object).into_iter().flatten();
        Ok(headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect())
    }

    /// A text message of a client.
    pub async fn message(self: &Rc<Self>, id: &str, text: String) {
        let _busy = self.world.activity.begin();
        let now = self.world.clock.now();
        let of = self.connections.change(id, |connection| {
            connection.last_active = now;
            (connection.api.clone(), connection.stage.clone())
        });
        let Some((api, stage)) = of else { return };
        let Some(api) = self.api(&api) else { return };
        let Some(stage) = api.stages.get(&stage) else { return };
        if text.len() > LARGEST {
            self.close(id, Close::new(1009, "Message too long"));
            return;
        }
        if !self.throttle.admits(&api, stage, now) {
            self.complain(id, "Too Many Requests");
            return;
        }
        let Some(route) = selected(&api, &text) else {
            self.complain(id, "Forbidden");
            return;
        };
        let event = json!({
            "requestContext": self.context(&api, stage, id, &route.key, "MESSAGE"),
            "body": text,
            "isBase64Encoded": false,
        });
        let Some(integration) = api.integration(route) else {
            self.complain(id, "Internal server error");
            return;
        };
        let arn = self.arn(&api.id, &format!("{}/{}", stage.name, route.key));
        let answer = self.invoke(arn.as_str(), &integration.function, integration.timeout, event).await;
        let outcome = if answer.is_ok() { Outcome::Done } else { Outcome::Failed };
        let key = &route.key;
        self.world.log.tell("gateway", &api.name, "received", outcome, || json!({"connection": id, "route": key}));
        match answer {
            Err(super::Failure::Timeout) => self.complain(id, "Endpoint request timed out"),
            Err(super::Failure::Function(_)) => self.complain(id, "Internal server error"),
            // Without a route response a function's answer goes nowhere.
            Ok(answer) if route.responses.values().any(|key| key == "$default") => {
                if let Some(body) = answer.get("body").and_then(Value::as_str) {
                    self.send(id, body.to_owned());
                }
            }
            Ok(_) => {}
        }
    }

    /// The connection ended, by the client or by [`ToClient::Close`]: calls `$disconnect`.
    pub async fn disconnected(self: &Rc<Self>, id: &str, close: &Close) {
        let _busy = self.world.activity.begin();
        let of = self.connections.change(id, |connection| (connection.api.clone(), connection.stage.clone()));
        let Some((api, stage)) = of else { return };
        let event = self.api(&api).and_then(|api| {
            let stage = api.stages.get(&stage)?;
            let mut context = self.context(&api, stage, id, "$disconnect", "DISCONNECT");
            let members = context.as_object_mut()?;
            members.insert("disconnectStatusCode".to_owned(), close.code.into());
            members.insert("disconnectReason".to_owned(), close.reason.clone().into());
            Some((Rc::clone(&api), json!({"requestContext": context, "isBase64Encoded": false})))
        });
        // From here on it is gone for `@connections`, also while `$disconnect` runs.
        self.connections.take(id);
        let Some((api, event)) = event else { return };
        self.world.log.tell(
            "gateway",
            &api.name,
            "disconnected",
            Outcome::Done,
            || json!({"connection": id, "code": close.code, "reason": close.reason}),
        );
        if let Some(route) = api.route("$disconnect")
            && let Some(integration) = api.integration(route)
        {
            let arn = self.arn(&api.id, &format!("{stage}/$disconnect"));
            // Best effort, as at AWS: nobody is there to hear of a failure.
            let _ = self.invoke(arn.as_str(), &integration.function, integration.timeout, event).await;
        }
    }

    /// Ends the connection when it has lived too long or been idle too long.
    async fn watch(self: Rc<Self>, id: String) {
        loop {
            let ends = self.connections.change(&id, |connection| {
                let oldest = connection.connected + self.lifetimes.longest;
                oldest.min(connection.last_active + self.lifetimes.idle)
            });
            let Some(ends) = ends else { return };
            self.world.clock.idle_until(ends).await;
            let over = self.connections.change(&id, |connection| {
                let now = self.world.clock.now();
                now >= connection.connected + self.lifetimes.longest
                    || now.since(connection.last_active) >= self.lifetimes.idle
            });
            if over == Some(true) {
                self.close(&id, Close::new(1001, "Going away"));
                return;
            }
        }
    }

    /// A frame that is no message, as a ping: the connection is not idle.
    pub fn alive(&self, id: &str) {
        let now = self.world.clock.now();
        self.connections.change(id, |connection| connection.last_active = now);
    }

    fn send(&self, id: &str, text: String) {
        // A client that is gone hears nothing.
        self.connections.change(id, |connection| connection.client.send(ToClient::Text(text)).ok());
    }

    fn close(&self, id: &str, close: Close) {
        self.connections.change(id, |connection| connection.client.send(ToClient::Close(close)).ok());
    }

    /// What API Gateway itself says to a client.
    fn complain(&self, id: &str, message: &str) {
        let request = self.world.random.uuid();
        self.send(id, json!({"message": message, "connectionId": id, "requestId": request}).to_string());
    }

    /// `requestContext`.
    fn context(&self, api: &Api, stage: &Stage, id: &str, route: &str, kind: &str) -> Value {
        let now = self.world.clock.now();
        let request = self.world.random.uuid();
        let mut context = json!({
            "routeKey": route,
            "eventType": kind,
            "extendedRequestId": request,
            "requestTime": event::request_time(now),
            "messageDirection": "IN",
            "stage": stage.name,
            "requestTimeEpoch": now.millis(),
            "requestId": request,
            "domainName": api.authority,
            "connectionId": id,
            "apiId": api.id,
        });
        if let Some(members) = context.as_object_mut() {
            if kind == "MESSAGE" {
                members.insert("messageId".to_owned(), self.world.random.alphanumeric(16).into());
            }
            self.connections.change(id, |connection| {
                members.insert("connectedAt".to_owned(), connection.connected.millis().into());
                let identity = json!({"sourceIp": connection.source_ip, "userAgent": connection.user_agent});
                members.insert("identity".to_owned(), identity);
                if !connection.authorizer.is_null() {
                    members.insert("authorizer".to_owned(), connection.authorizer.clone());
                }
            });
        }
        context
    }
}

/// The route that a message selects, or `$default`.
fn selected<'a>(api: &'a Api, text: &str) -> Option<&'a Route> {
    let path = api.route_selection.strip_prefix("$request.body.").unwrap_or_default();
    let body: Option<Value> = serde_json::from_str(text).ok();
    let key = body.as_ref().and_then(|body| path.split('.').try_fold(body, |value, part| value.get(part)));
    // The three routes of API Gateway's own are not for a client to choose.
    let key = key.and_then(Value::as_str).filter(|key| !key.starts_with('$'));
    key.and_then(|key| api.route(key)).or_else(|| api.route("$default"))
}

/// A connection until `$connect` has answered.
struct Pending<'a> {
    gateway: &'a Gateway,
    id: &'a str,
    open: bool,
}

impl Pending<'_> {
    fn open(mut self) {
        self.open = true;
        let now = self.gateway.world.clock.now();
        self.gateway.connections.change(self.id, |connection| {
            connection.open = true;
            connection.last_active = now;
        });
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.open {
            self.gateway.connections.take(self.id);
        }
    }
}
