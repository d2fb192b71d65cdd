//! The real binary in the local engine: processes over loopback, in real time whose clock jumps.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails should panic"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use local::cloudformation::{Deployed, Sources, Stacks};
use local::engine::Engine;
use local::front::{Limits, serve};
use local::kernel::{Caller, Clock, Happening, Outcome, Place, Random, Store, World};
use local::publish::{Topic, publish};
use local::server::Server;
use serde_json::{Value, json};
use tokio::task::LocalSet;

const MINUTE: Duration = Duration::from_secs(60);

/// The longest that a test waits in real time for what takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(60);

struct Flow {
    engine: Engine,
    deployed: Deployed,
    /// What happened to functions.
    told: Rc<RefCell<Vec<Happening>>>,
}

fn run<F: Future<Output = ()>>(test: impl FnOnce(Flow) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap()).into();
        let place = Place { endpoint, ..Place::default() };
        let world = World::new(Clock::system(), Random::seeded(1), Store::memory(), place);
        let engine = Engine::start(world).unwrap();
        let server = Server::new(engine.clone(), "unused");
        tokio::task::spawn_local(serve(listener, Limits::default(), move |request| {
            let server = server.clone();
            async move { server.answer(request).await }
        }));
        let told: Rc<RefCell<Vec<Happening>>> = Rc::default();
        let heard = Rc::clone(&told);
        engine.world().log.listen(move |happening| {
            if happening.service == "lambda" {
                heard.borrow_mut().push(happening.clone());
            }
        });
        let sources = Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
        let parameters: BTreeMap<String, String> =
            [("CodeBucket", "eventloom"), ("CodeKey", env!("CARGO_BIN_EXE_board-bootstrap"))]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        let deployed = match Stacks::load(engine.world()).unwrap().deploy(&sources, &parameters).await {
            Ok(deployed) => deployed,
            Err(error) => panic!("{error}"),
        };
        test(Flow { engine, deployed, told }).await;
    });
}

impl Flow {
    fn physical(&self, logical: &str) -> &str {
        &self.deployed.resources.iter().find(|resource| resource.logical_id == logical).unwrap().physical_id
    }

    async fn ask(&self, service: &str, operation: &str, input: Value) -> Value {
        self.engine.world().bus.request(Caller::Account, service, operation, input).await.unwrap()
    }

    async fn publish(&self, id: &str, title: &str, place: &str, pay: u64) {
        let topic =
            Topic { name: "jobs".into(), arn: self.physical("JobsTopic").into(), carries: vec!["JobPosted".into()] };
        let job = json!({
            "job_id": id, "time": "2026-01-01T00:00:00.000Z", "company": "Everi", "title": title, "place": place,
            "pay": pay,
        });
        publish(self.engine.world(), &[topic], "JobPosted", job).await.unwrap();
    }

    /// How often a function was invoked, with that outcome.
    fn invoked(&self, function: &str, outcome: Outcome) -> usize {
        let is = |told: &&Happening| told.what == "invoked" && told.resource == function && told.outcome == outcome;
        self.told.borrow().iter().filter(is).count()
    }

    /// Waits in real time until something holds.
    async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let wait = async {
            while !holds().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, wait).await.is_err() {
            panic!("{what}; so far {:#?}", self.told.borrow());
        }
    }

    fn jump(&self, by: Duration) {
        self.engine.world().clock.jump(by);
    }

    async fn count(&self, queue: &str, attribute: &str) -> String {
        let input = json!({"QueueUrl": self.physical(queue), "AttributeNames": [attribute]});
        let answer = self.ask("sqs", "GetQueueAttributes", input).await;
        answer["Attributes"][attribute].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_handler_reaches_its_table_with_its_role() {
    run(|flow| async move {
        flow.publish("01K00000000000000000000001", "Engineer", "remote", 1).await;
        flow.until("the handler did its work", async || flow.invoked("board-from-home", Outcome::Done) == 1).await;
        let key = json!({"job_id": {"S": "01K00000000000000000000001"}});
        let input = json!({"TableName": flow.physical("RemoteJobsTable"), "Key": key});
        assert_eq!(flow.ask("dynamodb", "GetItem", input).await["Item"]["title"]["S"], "Engineer");
    });
}

#[test]
fn a_jump_over_visibility_timeouts_brings_a_poison_record_to_the_dead_letters() {
    run(|flow| async move {
        flow.publish("01K00000000000000000000002", "", "office", 1).await;
        for attempt in 1..=3 {
            flow.until("the record came", async || flow.invoked("board-index", Outcome::Done) == attempt).await;
            flow.jump(3 * MINUTE);
        }
        flow.until("it is set aside", async || {
            flow.count("IndexQueueDeadLetters", "ApproximateNumberOfMessages").await == "1"
        })
        .await;
    });
}

#[test]
fn a_jump_over_a_delay_a_window_and_a_schedule_reaches_the_binary() {
    run(|flow| async move {
        // A delay of ten minutes, as the queue has it.
        let queue = flow.physical("LaterQueue");
        let job = json!({
            "job_id": "01K00000000000000000000003", "time": "2026-01-01T00:00:00.000Z", "company": "Everi",
            "title": "Engineer", "place": "office", "pay": 1,
        });
        let event = json!({
            "specversion": "1.0", "id": "e1", "source": "urn:eventloom:board", "type": "JobPosted",
            "time": "2026-01-01T00:00:00.000Z", "datacontenttype": "application/json", "data": job,
        });
        flow.ask("sqs", "SendMessage", json!({"QueueUrl": queue, "MessageBody": event.to_string()})).await;
        assert_eq!(flow.count("LaterQueue", "ApproximateNumberOfMessagesDelayed").await, "1");
        flow.jump(10 * MINUTE);
        flow.until("the delay passed", async || flow.invoked("board-later", Outcome::Done) == 1).await;

        // A batching window of a second.
        flow.publish("01K00000000000000000000004", "Engineer", "office", 200_000).await;
        flow.until("the window opened", async || {
            flow.count("WellPaidQueue", "ApproximateNumberOfMessagesNotVisible").await == "1"
        })
        .await;
        flow.jump(Duration::from_secs(1));
        flow.until("the window passed", async || flow.invoked("board-well-paid", Outcome::Done) == 1).await;

        // A schedule, and the queue that its event goes to.
        flow.jump(24 * 60 * MINUTE);
        flow.until("the schedule came due", async || flow.invoked("board-night", Outcome::Done) >= 1).await;
        flow.until("its event was handled", async || flow.invoked("board-tidy", Outcome::Done) >= 1).await;
    });
}
