//! A world for one test: an engine in virtual time, and SDK clients of it.

use std::time::{Duration, SystemTime};

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::TimeSource;
use local::engine::Engine;
use local::front::Credentials;
use local::kernel::{Arn, Caller, World};
use serde_json::{Value, json};
use tokio::task::LocalSet;

/// What a test gets.
pub(crate) struct Test {
    pub(crate) engine: Engine,
    /// Clients made from this act as the account.
    pub(crate) sdk: SdkConfig,
}

/// Runs `test` in a fresh engine. Virtual time passes only when all wait, and then at once.
pub(crate) fn run<F: Future<Output = ()>>(test: impl FnOnce(Test) -> F) {
    run_seeded(1, test);
}

/// As [`run`], with another sequence of chance.
pub(crate) fn run_seeded<F: Future<Output = ()>>(seed: u64, test: impl FnOnce(Test) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        // The SDK draws the jitter of its retries from the thread's generator.
        fastrand::seed(seed);
        let engine = Engine::start(World::simulated(seed)).unwrap();
        let sdk = sdk(&engine, &engine.credentials(Caller::Account));
        test(Test { engine, sdk }).await;
    });
}

/// A session of a new role, which may do what these statements say.
pub(crate) async fn role(engine: &Engine, name: &str, statements: Value) -> Caller {
    let bus = &engine.world().bus;
    let services = ["lambda.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com"];
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sts:AssumeRole"},
    ]});
    let create = json!({"RoleName": name, "AssumeRolePolicyDocument": trust.to_string()});
    let made = bus.request(Caller::Account, "iam", "CreateRole", create).await.unwrap();
    allow(engine, name, statements).await;
    let role = Arn::parse(made["Role"]["Arn"].as_str().unwrap()).unwrap();
    Caller::Role { role, session: name.to_owned() }
}

/// From now on a role may do what these statements say, and nothing else.
pub(crate) async fn allow(engine: &Engine, name: &str, statements: Value) {
    let bus = &engine.world().bus;
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    let (operation, input) = match statements.as_array() {
        Some(statements) if statements.is_empty() => {
            ("DeleteRolePolicy", json!({"RoleName": name, "PolicyName": "test"}))
        }
        _ => ("PutRolePolicy", json!({"RoleName": name, "PolicyName": "test", "PolicyDocument": policy.to_string()})),
    };
    if let Err(error) = bus.request(Caller::Account, "iam", operation, input).await {
        assert_eq!(error.code, "NoSuchEntity", "{error}");
    }
}

/// Configuration for SDK clients that sign with these credentials. They make one attempt: a test sees
/// each answer.
pub(crate) fn sdk(engine: &Engine, credentials: &Credentials) -> SdkConfig {
    let keys = aws_sdk_sqs::config::Credentials::new(
        &credentials.access_key,
        &credentials.secret_key,
        credentials.session_token.clone(),
        None,
        "test",
    );
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(engine.world().place.region.to_string()))
        .endpoint_url(&*engine.world().place.endpoint)
        .credentials_provider(aws_sdk_sqs::config::SharedCredentialsProvider::new(keys))
        .http_client(engine.client())
        .sleep_impl(TokioSleep::new())
        .time_source(Virtual {
            start: engine.world().clock.now().millis().unsigned_abs(),
            at: tokio::time::Instant::now(),
        })
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(aws_config::stalled_stream_protection::StalledStreamProtectionConfig::disabled())
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
