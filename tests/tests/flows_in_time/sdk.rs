//! The AWS SDK of the functions under test: every request goes to the engine in this process, and any of them can be the
//! last that its function makes.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local::engine::Engine;
use local::front::Client;
use local::kernel::Caller;
use runtime::SdkConfig;
use runtime::aws_sdk_dynamodb::config::retry::RetryConfig;
use runtime::aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use runtime::aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, SharedCredentialsProvider, StalledStreamProtectionConfig,
};
use tokio::sync::Notify;

/// On which side of its call a function ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

/// The one crash of a run, and the count of calls that have been made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crash(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    calls: usize,
    at: Option<(usize, Side)>,
    struck: bool,
}

impl Crash {
    /// The function that makes the call at this place, counted from nought, ends there.
    pub(crate) fn at(&self, place: usize, side: Side) {
        self.0.lock().unwrap().at = Some((place, side));
    }

    pub(crate) fn calls(&self) -> usize {
        self.0.lock().unwrap().calls
    }

    pub(crate) fn struck(&self) -> bool {
        self.0.lock().unwrap().struck
    }

    /// Counts a call; says on which side of it the function ends.
    fn next(&self) -> Option<Side> {
        let mut state = self.0.lock().unwrap();
        let place = state.calls;
        state.calls += 1;
        let (_, side) = state.at.filter(|(at, _)| *at == place)?;
        state.struck = true;
        Some(side)
    }
}

/// The HTTP client of one invocation.
#[derive(Clone, Debug)]
struct Mortal {
    engine: Client,
    crash: Crash,
    gone: Arc<Notify>,
}

impl HttpClient for Mortal {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Mortal {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mortal = self.clone();
        HttpConnectorFuture::new(async move {
            let side = mortal.crash.next();
            if side == Some(Side::Before) {
                return mortal.end().await;
            }
            let answer = mortal.engine.call(request).await;
            if side == Some(Side::After) {
                return mortal.end().await;
            }
            answer
        })
    }
}

impl Mortal {
    async fn end<T>(&self) -> T {
        self.gone.notify_one();
        std::future::pending().await
    }
}

/// The configuration of one invocation under the function's role, and what is told when it has crashed.
pub(crate) fn mortal(engine: &Engine, caller: Caller, crash: &Crash) -> (SdkConfig, Arc<Notify>) {
    let gone = Arc::new(Notify::new());
    let client = Mortal { engine: engine.client(), crash: crash.clone(), gone: Arc::clone(&gone) };
    (config(engine, caller, client), gone)
}

/// The configuration of the account.
pub(crate) fn account(engine: &Engine) -> SdkConfig {
    config(engine, Caller::Account, engine.client())
}

fn config(engine: &Engine, caller: Caller, client: impl HttpClient + 'static) -> SdkConfig {
    let given = engine.credentials(caller);
    let keys = Credentials::new(&given.access_key, &given.secret_key, given.session_token.clone(), None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(engine.world().place.region.to_string()))
        .endpoint_url(&*engine.world().place.endpoint)
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .http_client(client)
        .sleep_impl(TokioSleep::new())
        .time_source(Virtual {
            start: engine.world().clock.now().millis().unsigned_abs(),
            at: tokio::time::Instant::now(),
        })
        .retry_config(RetryConfig::standard())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}

/// The engine's time, for signatures.
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

/// What stands in base 64, as a body of HTTP does on the bus.
pub(crate) fn text(body: &serde_json::Value) -> String {
    String::from_utf8(STANDARD.decode(body.as_str().unwrap()).unwrap()).unwrap()
}
