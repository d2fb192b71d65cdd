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
//! | `/_eventloom/faults` | the faults that are to come; `POST` a [`Plan`]: these from now on |
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
use crate::faults::Plan;
use crate::kernel::{Clock, Time, World};
use crate::publish::{Topic, publish};
use crate::wire::{Request, Response};

const JSON: &str = "application/json";

/// How long a token is good that says nothing of its end, in seconds.
const TOKEN_AGE: i64 = 12 * 3600;

/// The last moment of the clock, which dates of four digits can tell.
const LATEST: Time = Time::from_millis(253_370_764_800_000);

/// Where the engine keeps how many milliseconds its clock is ahead of the system's.
pub const AHEAD: &str = "engine.ahead";

/// Keeps how far the clock is ahead of the system's, with whatever is kept next.
pub fn keep_lead(world: &World) {
    let ahead = u64::try_from(world.clock.now().since(Clock::system().now()).as_millis()).unwrap_or(u64::MAX);
    world.store.table(AHEAD).put("ms", &ahead);
}

/// What answers at the engine's main address; clones are the same.
#[derive(Clone, Debug)]
pub struct Server {
    engine: Engine,
    token: Rc<str>,
    topics: Rc<RefCell<Option<Vec<Topic>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
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
            ("clock", true) => self.set_clock(&read(request)?).await,
            ("token", true) => self.mint(read(request)?),
            ("publish", true) => self.publish(read(request)?).await,
            ("faults", true) => {
                self.engine.faults().set(read::<Plan>(request)?).map_err(|error| (400, error))?;
                Ok(json!(self.engine.faults().plan()))
            }
            ("faults", false) => Ok(json!(self.engine.faults().plan())),
            ("health", true) | ("token" | "publish", false) => {
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

    async fn set_clock(&self, asked: &Change) -> Answer {
        let clock = &self.engine.world().clock;
        let by = Duration::from_millis(asked.jump_ms);
        if clock.now() + by > LATEST {
            return Err((400, format!("the clock does not go beyond {LATEST}")));
        }
        if asked.pause {
            clock.pause();
        }
        clock.jump(by);
        if asked.resume {
            clock.resume();
        }
        keep_lead(self.engine.world());
        let store = &self.engine.world().store;
        store.durable().await.map_err(|error| (500, error.to_string()))?;
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

#[cfg(test)]
mod tests {
    use http::{HeaderMap, Method};
    use tokio::task::LocalSet;

    use super::*;
    use crate::kernel::World;

    fn run<F: Future<Output = ()>>(test: impl FnOnce(Server) -> F) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        LocalSet::new().block_on(&runtime, async {
            let engine = Engine::start(World::simulated(1)).unwrap();
            test(Server::new(engine, "secret")).await;
        });
    }

    async fn ask(server: &Server, method: Method, path: &str, token: Option<&str>, body: &Value) -> (u16, Value) {
        let mut headers = HeaderMap::new();
        if let Some(token) = token {
            headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        let (path, query, body) = (path.to_owned(), String::new(), body.to_string().into());
        let response = server.answer(Request { method, path, query, headers, body }).await;
        (response.status, serde_json::from_slice(&response.body).unwrap())
    }

    #[test]
    fn a_control_without_the_token_changes_nothing() {
        run(|server| async move {
            let clock = server.engine.world().clock.clone();
            let before = clock.now();
            let jump = json!({"jump_ms": 60_000});
            for token in [None, Some(""), Some("secreT"), Some("secret ")] {
                let (status, _) = ask(&server, Method::POST, "/_eventloom/clock", token, &jump).await;
                assert_eq!((status, clock.now()), (401, before), "{token:?}");
            }
            let (status, told) = ask(&server, Method::POST, "/_eventloom/clock", Some("secret"), &jump).await;
            assert_eq!((status, clock.now()), (200, before + Duration::from_secs(60)));
            assert_eq!(told["now"], clock.now().rfc3339());
        });
    }

    #[test]
    fn a_token_is_good_with_the_keys_that_everybody_may_read() {
        run(|server| async move {
            let claims = json!({"sub": "agshin"});
            let (_, minted) = ask(&server, Method::POST, "/_eventloom/token", Some("secret"), &claims).await;
            let now = server.engine.world().clock.now();
            let claims = server.engine.issuer().verify(minted["token"].as_str().unwrap(), now).unwrap();
            assert_eq!((&claims["sub"], claims["exp"].as_i64()), (&json!("agshin"), Some(now.seconds() + TOKEN_AGE)));
            let (status, keys) = ask(&server, Method::GET, "/.well-known/jwks.json", None, &Value::Null).await;
            assert_eq!((status, keys), (200, server.engine.issuer().keys()));
        });
    }

    #[test]
    fn what_is_no_control_or_no_json_is_said() {
        run(|server| async move {
            let token = Some("secret");
            for (method, control, body, status) in [
                (Method::GET, "health", json!({}), 200),
                (Method::GET, "publish", json!({}), 405),
                (Method::POST, "health", json!({}), 405),
                (Method::POST, "nothing", json!({}), 404),
                (Method::POST, "clock", json!({"jump": 1}), 400),
                (Method::POST, "clock", json!({"jump_ms": u64::MAX}), 400),
                (Method::POST, "clock", json!({"jump_ms": -1}), 400),
                (Method::POST, "token", json!([]), 400),
                (Method::POST, "faults", json!({"everywhere": {"throttle": 7}}), 400),
                (Method::POST, "faults", json!({"at": {"../x": {}}}), 400),
                (Method::POST, "publish", json!({"event": "E", "document": {}}), 503),
                (Method::POST, "faults", json!({"throttle": "often"}), 400),
            ] {
                let answer = ask(&server, method, &format!("/_eventloom/{control}"), token, &body).await;
                assert_eq!(answer.0, status, "{control}: {answer:?}");
            }
        });
    }

    #[test]
    fn an_event_that_no_topic_carries_is_refused_with_those_that_there_are() {
        run(|server| async move {
            let topic = Topic {
                name: "jobs".into(),
                arn: "arn:aws:sns:eu-west-1:000000000000:jobs".into(),
                carries: vec!["JobPosted".into()],
            };
            server.ready(vec![topic]);
            let body = json!({"event": "JobPost", "document": {}});
            let (status, told) = ask(&server, Method::POST, "/_eventloom/publish", Some("secret"), &body).await;
            assert_eq!(
                (status, &told["message"]),
                (400, &json!("no topic carries `JobPost`; the flow's topics carry: JobPosted"))
            );
        });
    }
}
