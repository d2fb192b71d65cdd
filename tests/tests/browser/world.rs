//! Everi, up in the local engine in virtual time: its template, its roles, and the generated `dispatch` with real SDK
//! clients, each call of which a test can let fail.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use generated::handlers::Handlers;
use generated::{FUNCTIONS, dispatch};
use local::cloudformation::{Deployed, Sources, Stacks};
use local::engine::Engine;
use local::front::Client;
use local::kernel::{Arn, Caller, World};
use local::services::gateway::{Close, Handshake, Messages, Refusal, ToClient};
use local::services::lambda::FunctionError;
use runtime::aws_sdk_dynamodb::config::retry::RetryConfig;
use runtime::aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use runtime::aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, StalledStreamProtectionConfig,
};
use runtime::{Cx, Error, Invocation, LambdaEvent, SdkConfig, Start};
use serde_json::{Value, json};
use tokio::task::LocalSet;

/// The handlers of the flow.
struct Everi;

impl Handlers for Everi {
    type FindCommenters = handlers::find_commenters::Handler;
    type RenderNotice = handlers::render_notice::Handler;
}

/// Where the issuer's keys are.
const JWKS: &str = "http://127.0.0.1:9/.well-known/jwks.json";

/// Which call of which function fails, and whether its effect is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crash {
    pub(crate) function: &'static str,
    pub(crate) call: usize,
    pub(crate) after: bool,
}

/// What the tests' HTTP client knows.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    pub(crate) crash: Option<Crash>,
    /// Whether the crash has come.
    pub(crate) crashed: bool,
    /// Calls of each function.
    calls: BTreeMap<&'static str, usize>,
    /// The issuer's keys; none while it cannot be reached.
    pub(crate) keys: Option<String>,
    /// How often they were asked for.
    pub(crate) asked: usize,
}

impl Wire {
    /// From now on the calls of the functions are counted, and one of them fails.
    pub(crate) fn arm(&mut self, crash: Crash) {
        self.calls.clear();
        self.crash = Some(crash);
    }
}

/// A function's way to the engine.
#[derive(Clone, Debug)]
struct Line {
    function: &'static str,
    engine: Client,
    wire: Arc<Mutex<Wire>>,
}

impl HttpClient for Line {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Line {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut wire = self.wire.lock().unwrap();
        if request.uri().starts_with(JWKS) {
            wire.asked += 1;
            let keys = wire.keys.clone();
            return HttpConnectorFuture::ready(keys.map_or_else(
                || Err(ConnectorError::other("nobody is there".into(), None)),
                |keys| Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(keys))),
            ));
        }
        let calls = wire.calls.entry(self.function).or_default();
        let call = *calls;
        *calls += 1;
        let dies = wire.crash.filter(|crash| crash.function == self.function && crash.call == call && !wire.crashed);
        let gone = || ConnectorError::other("the process ended".into(), None);
        match dies {
            Some(Crash { after: false, .. }) => {
                wire.crashed = true;
                HttpConnectorFuture::ready(Err(gone()))
            }
            Some(_) => {
                wire.crashed = true;
                let call = self.engine.call(request);
                HttpConnectorFuture::new(async move {
                    call.await?;
                    Err(gone())
                })
            }
            None => self.engine.call(request),
        }
    }
}

/// The engine's time.
#[derive(Debug)]
struct Virtual {
    start: u64,
    at: tokio::time::Instant,
}

impl TimeSource for Virtual {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.start) + self.at.elapsed()
    }
}

/// The flow, up.
pub(crate) struct Flow {
    pub(crate) engine: Engine,
    deployed: Deployed,
    api: String,
    pub(crate) wire: Arc<Mutex<Wire>>,
    /// Whom the second pass gave on: the event's id and the user.
    pub(crate) rest: Rc<RefCell<Vec<(String, String)>>>,
}

pub(crate) fn run<F: Future<Output = ()>>(test: impl FnOnce(Flow) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        fastrand::seed(1);
        let engine = Engine::start(World::simulated(1)).unwrap();
        let wire = Arc::new(Mutex::new(Wire { keys: Some(engine.issuer().keys().to_string()), ..Wire::default() }));
        let rest = Rc::default();
        for (name, start) in FUNCTIONS {
            put(&engine, name, *start, &wire, &rest);
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../generated");
        let parameters = [("CodeBucket", "eventloom"), ("CodeKey", "/nonexistent/bootstrap"), ("JwksUrl", JWKS)];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let stacks = Stacks::load(engine.world()).unwrap();
        let deployed = match stacks.deploy(&Sources::read(&folder).unwrap(), &parameters).await {
            Ok(deployed) => deployed,
            Err(error) => panic!("{error}"),
        };
        let api = engine.gateway().served()[0].id.clone();
        test(Flow { engine, deployed, api, wire, rest }).await;
    });
}

/// Puts the generated `dispatch` behind a function, with its own variables and under its own role. The second pass has
/// no grouper here: it tells whom it found.
fn put(
    engine: &Engine,
    name: &'static str,
    start: Start,
    wire: &Arc<Mutex<Wire>>,
    rest: &Rc<RefCell<Vec<(String, String)>>>,
) {
    let (made, wire, rest) = (Rc::new(RefCell::new(None::<Cx>)), Arc::clone(wire), Rc::clone(rest));
    let owner = engine.clone();
    engine.functions().put(name, move |function, event, context| {
        let (made, wire, rest, engine) = (Rc::clone(&made), Arc::clone(&wire), Rc::clone(&rest), owner.clone());
        async move {
            let kept = made.borrow().clone();
            let cx = match kept {
                Some(cx) => cx,
                None => {
                    let cx = cold_start(&engine, name, &function, &wire).await;
                    made.replace(Some(cx.clone()));
                    cx
                }
            };
            let mut lambda = runtime::Context::default();
            lambda.deadline = u64::try_from(context.deadline.millis()).unwrap();
            lambda.request_id = context.request_id;
            let answer = match (name, start) {
                ("deliver_messages_rest", _) => {
                    let invocation = Invocation::new(&cx, &lambda);
                    let told = &generated::parts::DELIVER_MESSAGES;
                    runtime::browser::rest(&invocation, event, told, async |_, event, user| {
                        rest.borrow_mut().push((event.id.clone(), user.to_owned()));
                        Ok(())
                    })
                    .await
                }
                (_, Start::Ready) => dispatch::<Everi>(&cx, LambdaEvent::new(event, lambda)).await,
                (_, Start::Absent(part)) => Err(Error::retry(format!("the {part} is not there"))),
            };
            answer.map_err(|error| FunctionError::new(error.name(), error.to_string()))
        }
    });
}

async fn cold_start(engine: &Engine, name: &'static str, function: &str, wire: &Arc<Mutex<Wire>>) -> Cx {
    let ask = json!({"FunctionName": function});
    let about = engine.world().bus.request(Caller::Account, "lambda", "GetFunctionConfiguration", ask).await.unwrap();
    let env: BTreeMap<String, String> = serde_json::from_value(about["Environment"]["Variables"].clone()).unwrap();
    let role = Arn::parse(about["Role"].as_str().unwrap()).unwrap();
    let keys = engine.credentials(Caller::Role { role, session: name.to_owned() });
    let credentials = Credentials::new(&keys.access_key, &keys.secret_key, keys.session_token.clone(), None, "test");
    let start = engine.world().clock.now().millis().unsigned_abs();
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(engine.world().place.region.to_string()))
        .endpoint_url(&*engine.world().place.endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(Line { function: name, engine: engine.client(), wire: Arc::clone(wire) })
        .sleep_impl(TokioSleep::new())
        .time_source(Virtual { start, at: tokio::time::Instant::now() })
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    Cx::new(name, env, config).unwrap()
}

impl Flow {
    pub(crate) async fn ask(&self, service: &str, operation: &str, input: Value) -> Value {
        self.engine.world().bus.request(Caller::Account, service, operation, input).await.unwrap()
    }

    pub(crate) fn physical(&self, logical: &str) -> String {
        self.deployed.resources.iter().find(|resource| resource.logical_id == logical).unwrap().physical_id.clone()
    }

    pub(crate) async fn pass(&self, duration: Duration) {
        self.engine.world().clock.sleep(duration).await;
    }

    pub(crate) async fn join(&self, group: &str, member: &str) {
        let item = json!({"group": {"S": group}, "member": {"S": member}});
        let put = json!({"TableName": self.physical("GroupMembersTable"), "Item": item});
        self.ask("dynamodb", "PutItem", put).await;
    }

    pub(crate) async fn leave(&self, group: &str, member: &str) {
        let key = json!({"group": {"S": group}, "member": {"S": member}});
        let delete = json!({"TableName": self.physical("GroupMembersTable"), "Key": key});
        self.ask("dynamodb", "DeleteItem", delete).await;
    }

    /// Rows of a table.
    pub(crate) async fn rows(&self, logical: &str) -> Vec<Value> {
        let scan = json!({"TableName": self.physical(logical)});
        self.ask("dynamodb", "Scan", scan).await["Items"].as_array().cloned().unwrap_or_default()
    }

    /// Calls a function.
    pub(crate) async fn call(&self, logical: &str, payload: &Value) -> Value {
        let invoke = json!({"FunctionName": self.physical(logical), "Payload": payload});
        self.ask("lambda", "Invoke", invoke).await["Payload"].clone()
    }

    pub(crate) fn token(&self, user: &str, seconds: i64) -> String {
        let now = self.engine.world().clock.now().millis() / 1000;
        let claims = json!({
            "iss": "https://auth.everi.example/", "aud": "everi", "sub": user, "exp": now + seconds,
        });
        self.engine.issuer().token(&claims)
    }

    pub(crate) async fn try_connect(&self, token: &str, origin: Option<&str>) -> Result<Browser, Refusal> {
        let mut headers = http::HeaderMap::new();
        headers.insert("sec-websocket-protocol", format!("eventloom.v1, jwt.{token}").parse().unwrap());
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().unwrap());
        }
        let handshake =
            Handshake { stage: "dev".to_owned(), headers, query: String::new(), source_ip: "127.0.0.1".to_owned() };
        let connected = self.engine.gateway().connect(&self.api, handshake).await?;
        assert_eq!(connected.headers, [("Sec-WebSocket-Protocol".to_owned(), "eventloom.v1".to_owned())]);
        Ok(Browser { id: connected.id, messages: connected.client, is_closed: false })
    }

    /// A browser of a user, connected and resumed.
    pub(crate) async fn browser(&self, user: &str) -> Browser {
        let mut browser = self.try_connect(&self.token(user, 3600), Some("https://everi.example")).await.unwrap();
        let answer = browser.ask(self, json!({"action": "resume"})).await;
        assert_eq!((&answer["ok"], &answer["user"]), (&json!(true), &json!(user)));
        browser
    }
}

/// One connection.
pub(crate) struct Browser {
    pub(crate) id: String,
    messages: Messages,
    pub(crate) is_closed: bool,
}

impl Browser {
    /// Says something and gives the answer to it; nothing else may come meanwhile.
    pub(crate) async fn ask(&mut self, flow: &Flow, message: Value) -> Value {
        self.say(flow, message).await;
        let mut got = self.received();
        assert_eq!(got.len(), 1, "{got:?}");
        got.remove(0)
    }

    pub(crate) async fn say(&self, flow: &Flow, message: Value) {
        flow.engine.gateway().message(&self.id, message.to_string()).await;
    }

    /// What has come.
    pub(crate) fn received(&mut self) -> Vec<Value> {
        let mut got = Vec::new();
        while let Some(message) = self.messages.try_recv() {
            match message {
                ToClient::Text(text) => got.push(serde_json::from_str(&text).unwrap()),
                ToClient::Close(_) => self.is_closed = true,
            }
        }
        got
    }

    /// The sequences of the events that have come.
    pub(crate) fn sequences(&mut self) -> Vec<u64> {
        self.received().iter().filter_map(|frame| frame["sequence"].as_u64()).collect()
    }

    pub(crate) async fn close(&self, flow: &Flow) {
        flow.engine.gateway().disconnected(&self.id, &Close::new(1000, "")).await;
    }
}

/// A message into a group: `n` makes its id.
pub(crate) fn send(group: &str, n: u64, text: &str) -> Value {
    json!({"action": "send", "id": format!("01K0000000000000000000{n:04}"), "group": group, "text": text})
}
