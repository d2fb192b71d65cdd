//! The engine's main address: AWS's APIs, functions' own addresses, the issuer's keys, and the engine's controls.
//!
//! In: a whole request. Out: its response. Guaranteed: whatever changes the engine's state and is not signed as
//! AWS asks carries the session's token.
//!
//! | path | is |
//! | --- | --- |
//! | `/.well-known/jwks.json` | the public keys of the flow's tokens |
//! | `/lambda-url/ID/…` | a function's own address |
//! | `/_eventloom/health` | whether the stacks are up |
//! | `/_eventloom/clock` | the time; `POST {"pause": true}`, `{"resume": true}`, `{"jump_ms": 1000}` |
//! | `/_eventloom/token` | `POST` claims: a token of the issuer |
//! | `/_eventloom/publish` | `POST {"event", "document"}`: an event to its topics |
//! | `/_eventloom/faults` | `POST` [`Rates`]: faults from now on |
//! | everything else | AWS's APIs |

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::engine::Engine;
use crate::faults::Rates;
use crate::publish::{Topic, publish};
use crate::wire::{Request, Response};

const JSON: &str = "application/json";

/// How long a token is good that says nothing of its end, in seconds.
const TOKEN_AGE: i64 = 12 * 3600;

/// What answers at the engine's main address; clones are the same.
#[derive(Clone, Debug)]
pub struct Server {
    engine: Engine,
    token: Rc<str>,
    topics: Rc<RefCell<Option<Vec<Topic>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clock {
    #[serde(default)]
    pause: bool,
    #[serde(default)]
    resume: bool,
    #[serde(default)]
    jump_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publish {
    event: String,
    document: Value,
}

/// What a control answers: a status and JSON.
type Answer = Result<Value, (u16, String)>;

impl Server {
    /// A server whose controls ask for `token`.
    pub fn new(engine: Engine, token: &str) -> Self {
        Self { engine, token: token.into(), topics: Rc::default() }
    }

    /// The stacks are up, and these are their topics.
    pub fn ready(&self, topics: Vec<Topic>) {
        *self.topics.borrow_mut() = Some(topics);
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request) -> Response {
        if let Some(control) = request.path.strip_prefix("/_eventloom/") {
            return match self.control(control, &request).await {
                Ok(value) => Response::new(200, JSON, value.to_string()),
                Err((status, message)) => Response::new(status, JSON, json!({"message": message}).to_string()),
            };
        }
        match request.path.as_str() {
            "/.well-known/jwks.json" => Response::new(200, JSON, self.engine.issuer().keys().to_string()),
            path if path.starts_with("/lambda-url/") => self.url(request).await,
            _ => self.engine.front().answer(request).await,
        }
    }

    async fn control(&self, control: &str, request: &Request) -> Answer {
        let changes = request.method == "POST";
        if changes && !self.is_trusted(request) {
            return Err((401, "this needs the token of the session: `Authorization: Bearer TOKEN`".to_owned()));
        }
        match (control, changes) {
            ("health", false) => Ok(json!({"ready": self.topics.borrow().is_some()})),
            ("clock", false) => Ok(self.time()),
            ("clock", true) => self.set_clock(&read(request)?),
            ("token", true) => self.mint(read(request)?),
            ("publish", true) => self.publish(read(request)?).await,
            ("faults", true) => {
                self.engine.faults().everywhere(read::<Rates>(request)?);
                Ok(json!({}))
            }
            ("health", true) | ("token" | "publish" | "faults", false) => {
                Err((405, format!("{} is not for `{control}`", request.method)))
            }
            _ => Err((404, format!("there is no control `{control}`"))),
        }
    }

    fn is_trusted(&self, request: &Request) -> bool {
        let given = request.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
        // By digests, so that the time of the comparison says nothing of the token.
        given.is_some_and(|given| Sha256::digest(given) == Sha256::digest(self.token.as_bytes()))
    }

    fn time(&self) -> Value {
        let clock = &self.engine.world().clock;
        json!({"now": clock.now().rfc3339(), "paused": clock.is_paused()})
    }

    fn set_clock(&self, asked: &Clock) -> Answer {
        let clock = &self.engine.world().clock;
        if asked.pause {
            clock.pause();
        }
        clock.jump(Duration::from_millis(asked.jump_ms));
        if asked.resume {
            clock.resume();
        }
        Ok(self.time())
    }

    fn mint(&self, mut claims: Value) -> Answer {
        let now = self.engine.world().clock.now().millis() / 1000;
        let members = claims.as_object_mut().ok_or_else(|| (400, "claims are an object".to_owned()))?;
        members.entry("iat").or_insert_with(|| now.into());
        members.entry("exp").or_insert_with(|| (now + TOKEN_AGE).into());
        Ok(json!({"token": self.engine.issuer().token(&claims)}))
    }

    async fn publish(&self, asked: Publish) -> Answer {
        let topics = self.topics.borrow().clone().ok_or_else(|| (503, "the stacks are not up yet".to_owned()))?;
        let published = publish(self.engine.world(), &topics, &asked.event, asked.document).await;
        published.map(|published| json!(published)).map_err(|error| (400, error.to_string()))
    }

    /// A request to a function's own address.
    async fn url(&self, request: Request) -> Response {
        let refused = |status: u16, message: &str| Response::new(status, JSON, json!({"Message": message}).to_string());
        let caller = match self.engine.front().caller(&request) {
            Ok(caller) => caller,
            Err(error) => return refused(403, &error.message),
        };
        let rest = request.path.strip_prefix("/lambda-url/").unwrap_or_default();
        let (id, path) = rest.split_once('/').unwrap_or((rest, ""));
        let headers: Vec<(&str, &str)> =
            request.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
        let input = json!({
            "UrlId": id, "Method": request.method.as_str(), "Path": format!("/{path}"), "Query": request.query,
            "Headers": headers, "Body": STANDARD.encode(&request.body), "SourceIp": "127.0.0.1",
        });
        let answer = self.engine.world().bus.request(caller, "lambda", "eventloom:InvokeUrl", input).await;
        match answer {
            Ok(answer) => written(&answer),
            Err(error) => refused(error.status, &error.message),
        }
    }
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, (u16, String)> {
    serde_json::from_slice(&request.body).map_err(|error| (400, error.to_string()))
}

/// The response of a function's own address.
fn written(answer: &Value) -> Response {
    let status = answer.get("StatusCode").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let body = STANDARD.decode(answer.get("Body").and_then(Value::as_str).unwrap_or_default()).unwrap_or_default();
    let mut response = Response { status: status.unwrap_or(502), headers: http::HeaderMap::new(), body: body.into() };
    for pair in answer.get("Headers").and_then(Value::as_array).into_iter().flatten() {
        let part = |index: usize| pair.get(index).and_then(Value::as_str).unwrap_or_default();
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(part(0)), http::HeaderValue::try_from(part(1))) {
            response.headers.append(name, value);
        }
    }
    response
}
