//! `kill -9` at random moments under load: nothing that was accepted is lost.
//!
//! The test starts itself again as an engine, talks to it with SDK clients over loopback, and kills it.
//! `EVENTLOOM_KILLS` says how often, and `EVENTLOOM_SEED` when.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that fails should panic; the engine says its port"
)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sqs::types::QueueAttributeName;
use local::engine::Engine;
use local::front::{Limits, serve};
use local::kernel::{Caller, Clock, Place, Random, Store, World};
use local::server::Server;

const FOLDER: &str = "EVENTLOOM_CRASH_FOLDER";

/// What the engine accepted, by what was asked of it.
#[derive(Default)]
struct Accepted {
    sent: BTreeSet<String>,
    published: BTreeSet<String>,
    put: BTreeSet<String>,
}

/// An engine in a process of its own.
struct Running {
    child: Child,
    sdk: SdkConfig,
}

impl Running {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "engine", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = lines.map(Result::unwrap).find_map(|line| line.strip_prefix("engine ").map(str::to_owned)).unwrap();
        let [endpoint, key, secret] = said.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(endpoint)
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(key, secret, None, None, "test")))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
            .build();
        Self { child, sdk }
    }

    fn kill(mut self) {
        // SIGKILL on Unix: no destructor, no last flush.
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The engine's side: runs until it is killed.
#[test]
fn engine() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let place = Place { endpoint: endpoint.as_str().into(), ..Place::default() };
        let store = Store::open(&Path::new(&folder).join("engine.sqlite")).unwrap();
        let random = Random::seeded(u64::from(std::process::id()));
        let engine = Engine::start(World::new(Clock::system(), random, store, place)).unwrap();
        let key = engine.credentials(Caller::Account);
        println!("engine {endpoint} {} {}", key.access_key, key.secret_key);
        let server = Server::new(engine, "unused");
        serve(listener, Limits::default(), move |request| {
            let server = server.clone();
            async move { server.answer(request).await }
        })
        .await;
    });
}

async fn make(sdk: &SdkConfig) {
    let sqs = aws_sdk_sqs::Client::new(sdk);
    for name in ["sent", "published"] {
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"sns.amazonaws.com"}},"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-west-1:000000000000:{name}"}}]}}"#
        );
        let queue = sqs.create_queue().queue_name(name).attributes(QueueAttributeName::VisibilityTimeout, "1");
        queue.attributes(QueueAttributeName::Policy, policy).send().await.unwrap();
    }
    let sns = aws_sdk_sns::Client::new(sdk);
    let topic = sns.create_topic().name("published").send().await.unwrap().topic_arn.unwrap();
    let subscribe = sns.subscribe().topic_arn(topic).protocol("sqs").attributes("RawMessageDelivery", "true");
    subscribe.endpoint("arn:aws:sqs:eu-west-1:000000000000:published").send().await.unwrap();
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let text = ScalarAttributeType::S;
    let id = AttributeDefinition::builder().attribute_name("id").attribute_type(text).build().unwrap();
    let table = aws_sdk_dynamodb::Client::new(sdk).create_table().table_name("put").key_schema(key);
    table.attribute_definitions(id).billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
}

fn url(sdk: &SdkConfig, queue: &str) -> String {
    format!("{}/000000000000/{queue}", sdk.endpoint_url().unwrap())
}

/// Asks for things until the engine is gone, and notes what it accepted.
async fn load(sdk: SdkConfig, worker: String, accepted: Arc<Mutex<Accepted>>) {
    let (sqs, sns) = (aws_sdk_sqs::Client::new(&sdk), aws_sdk_sns::Client::new(&sdk));
    let db = aws_sdk_dynamodb::Client::new(&sdk);
    for number in 0.. {
        let id = format!("{worker}-{number}");
        let sent = sqs.send_message().queue_url(url(&sdk, "sent")).message_body(&id).send().await;
        if sent.is_ok() {
            accepted.lock().unwrap().sent.insert(id.clone());
        }
        let topic = "arn:aws:sns:eu-west-1:000000000000:published";
        if sns.publish().topic_arn(topic).message(&id).send().await.is_ok() {
            accepted.lock().unwrap().published.insert(id.clone());
        }
        let put = db.put_item().table_name("put").item("id", AttributeValue::S(id.clone())).send().await;
        if put.is_ok() {
            accepted.lock().unwrap().put.insert(id);
        }
        // Received and not deleted: in flight when the engine dies.
        if sent.is_err() || sqs.receive_message().queue_url(url(&sdk, "sent")).send().await.is_err() {
            return;
        }
    }
}

/// Takes all messages out of a queue until everything expected was there.
async fn drain(sdk: &SdkConfig, queue: &str, expected: &BTreeSet<String>) -> BTreeSet<String> {
    let sqs = aws_sdk_sqs::Client::new(sdk);
    let (mut found, mut empty) = (BTreeSet::new(), 0);
    while empty < 3 && !expected.is_subset(&found) {
        let receive = sqs.receive_message().queue_url(url(sdk, queue)).max_number_of_messages(10).wait_time_seconds(2);
        let messages = receive.send().await.unwrap().messages.unwrap_or_default();
        empty = if messages.is_empty() { empty + 1 } else { 0 };
        for message in messages {
            found.insert(message.body.unwrap());
            let delete = sqs.delete_message().queue_url(url(sdk, queue));
            delete.receipt_handle(message.receipt_handle.unwrap()).send().await.unwrap();
        }
    }
    found
}

#[test]
fn what_was_accepted_is_there_after_any_kill() {
    if std::env::var_os(FOLDER).is_some() {
        return;
    }
    let number = |name: &str, otherwise: u64| std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap());
    let (kills, seed) = (number("EVENTLOOM_KILLS", 20), number("EVENTLOOM_SEED", 1));
    let folder = std::env::temp_dir().join(format!("eventloom-crash-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut random = fastrand::Rng::with_seed(seed);
    let accepted: Arc<Mutex<Accepted>> = Arc::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        for kill in 0..kills {
            let engine = Running::start(&folder);
            if kill == 0 {
                make(&engine.sdk).await;
            }
            let workers: Vec<_> = (0..4)
                .map(|worker| tokio::spawn(load(engine.sdk.clone(), format!("{kill}-{worker}"), Arc::clone(&accepted))))
                .collect();
            tokio::time::sleep(Duration::from_millis(random.u64(20..400))).await;
            engine.kill();
            for worker in workers {
                worker.await.unwrap();
            }
        }
        let engine = Running::start(&folder);
        let accepted = std::mem::take(&mut *accepted.lock().unwrap());
        for (queue, expected) in [("sent", &accepted.sent), ("published", &accepted.published)] {
            let found = drain(&engine.sdk, queue, expected).await;
            let lost: Vec<_> = expected.difference(&found).take(5).collect();
            assert!(lost.is_empty(), "seed {seed}: of `{queue}` were lost: {lost:?}, of {}", expected.len());
        }
        let db = aws_sdk_dynamodb::Client::new(&engine.sdk);
        for id in &accepted.put {
            let got = db.get_item().table_name("put").key("id", AttributeValue::S(id.clone())).consistent_read(true);
            assert!(got.send().await.unwrap().item.is_some(), "seed {seed}: the row {id} was lost");
        }
        assert!(accepted.sent.len() > usize::try_from(kills).unwrap(), "there was load");
        println!(
            "{kills} kills: {} messages, {} published, {} rows, none lost",
            accepted.sent.len(),
            accepted.published.len(),
            accepted.put.len()
        );
        engine.kill();
    });
    std::fs::remove_dir_all(&folder).unwrap();
}
