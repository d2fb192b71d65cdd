//! The stack: made, published to, and heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, Runtime};
use aws_sdk_sns::types::PublishBatchRequestEntry;
use aws_sdk_sqs::types::QueueAttributeName;
use aws_smithy_http_client::Builder;
use tokio::net::UdpSocket;
use tokio::sync::Notify;

use crate::function::TELL;
use crate::process::Place;

const NAMES: [&str; 3] = ["one", "two", "three"];
/// What an event is: 300 bytes or so, as a like is.
const BODY: &str = r#"{"specversion":"1.0","id":"0b6d1d6bd2e7b2d8a7c9d4f1e2a3b4c5","source":"urn:eventloom:everi","type":"UpdateLiked","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","data":{"update_id":"01K00000000000000000000000","author":"agshin","liker":"rustam"}}"#;
/// Publishers at the same time.
const PUBLISHERS: usize = 4;

pub(crate) struct Stack {
    sns: aws_sdk_sns::Client,
    lambda: aws_sdk_lambda::Client,
    topic: String,
    ear: Arc<Ear>,
    /// Records that were waited for.
    expected: usize,
}

/// Counts the records that the functions tell.
#[derive(Default)]
struct Ear {
    heard: AtomicUsize,
    more: Notify,
}

impl Ear {
    async fn listen(self: Arc<Self>, socket: UdpSocket) {
        let mut datagram = [0; 8];
        loop {
            socket.recv(&mut datagram).await.unwrap();
            self.heard.fetch_add(usize::try_from(u64::from_le_bytes(datagram)).unwrap(), Ordering::Relaxed);
            self.more.notify_one();
        }
    }
}

impl Stack {
    /// Everything is there and the mappings are enabled.
    pub(crate) async fn up(place: &Place) -> Self {
        let config = sdk(place);
        let (sns, sqs) = (aws_sdk_sns::Client::new(&config), aws_sdk_sqs::Client::new(&config));
        let lambda = aws_sdk_lambda::Client::new(&config);
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let tell = socket.local_addr().unwrap().to_string();
        let topic = sns.create_topic().name("events").send().await.unwrap().topic_arn.unwrap();
        let role = place.role().await;
        for name in NAMES {
            let arn = format!("arn:aws:sqs:{}:{}:{name}", place.region, place.account);
            let policy = format!(
                r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"Service":"sns.amazonaws.com"}},"Action":"sqs:SendMessage","Resource":"{arn}","Condition":{{"ArnEquals":{{"aws:SourceArn":"{topic}"}}}}}}}}"#
            );
            sqs.create_queue().queue_name(name).attributes(QueueAttributeName::Policy, policy).send().await.unwrap();
            let subscribe = sns.subscribe().topic_arn(&topic).protocol("sqs").endpoint(&arn);
            subscribe.attributes("RawMessageDelivery", "true").send().await.unwrap();
            let function = lambda
                .create_function()
                .function_name(name)
                .runtime(Runtime::Providedal2023)
                .handler(name)
                .role(&role)
                .code(place.code())
                .timeout(30)
                .environment(Environment::builder().variables(TELL, &tell).build());
            function.send().await.unwrap();
            let mapping = lambda.create_event_source_mapping().event_source_arn(arn).function_name(name).batch_size(10);
            mapping.send().await.unwrap();
        }
        let ear = Arc::new(Ear::default());
        tokio::spawn(Arc::clone(&ear).listen(socket));
        Self { sns, lambda, topic, ear, expected: 0 }
    }

    pub(crate) async fn publish_one(&self) {
        self.sns.publish().topic_arn(&self.topic).message(BODY).send().await.unwrap();
    }

    /// Publishes one batch, and says how many of it were taken.
    pub(crate) async fn publish_ten(&self) -> usize {
        let entry = |id: u32| PublishBatchRequestEntry::builder().id(id.to_string()).message(BODY).build().unwrap();
        let batch = self.sns.publish_batch().topic_arn(&self.topic);
        let batch = batch.set_publish_batch_request_entries(Some((0..10).map(entry).collect()));
        batch.send().await.unwrap().successful().len()
    }

    /// Publishes for so long in batches of ten, and says how many.
    pub(crate) async fn publish_for(&self, duration: Duration) -> usize {
        let until = Instant::now() + duration;
        let one = || async {
            let mut published = 0;
            while Instant::now() < until {
                let entries = (0..10)
                    .map(|id| PublishBatchRequestEntry::builder().id(id.to_string()).message(BODY).build().unwrap());
                let batch = self.sns.publish_batch().topic_arn(&self.topic);
                let answer = batch.set_publish_batch_request_entries(Some(entries.collect())).send().await.unwrap();
                published += answer.successful().len();
            }
            published
        };
        futures_util::future::join_all((0..PUBLISHERS).map(|_| one())).await.into_iter().sum()
    }

    /// Waits for so many records more; in so long a silence the rest is lost.
    pub(crate) async fn heard(&mut self, records: usize, silence: Duration) {
        self.expected += records;
        while self.ear.heard.load(Ordering::Relaxed) < self.expected {
            tokio::time::timeout(silence, self.ear.more.notified()).await.unwrap();
        }
    }

    /// How many records were published for and not heard yet.
    pub(crate) fn behind(&self, published: usize) -> usize {
        (published * NAMES.len()).saturating_sub(self.ear.heard.load(Ordering::Relaxed) - self.expected)
    }

    pub(crate) async fn invoke(&self) {
        let payload = Blob::new("{}");
        let answer = self.lambda.invoke().function_name("one").payload(payload).send().await.unwrap();
        assert_eq!(answer.function_error(), None);
    }
}

fn sdk(place: &Place) -> SdkConfig {
    let keys = aws_sdk_sqs::config::Credentials::new(&place.access_key, &place.secret_key, None, None, "bench");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(place.region.clone()))
        .endpoint_url(&place.endpoint)
        .credentials_provider(aws_sdk_sqs::config::SharedCredentialsProvider::new(keys))
        .http_client(Builder::new().build_http())
        .sleep_impl(aws_smithy_async::rt::sleep::TokioSleep::new())
        .build()
}
