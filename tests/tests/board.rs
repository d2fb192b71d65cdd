//! A whole flow runs to its end in the local engine, in virtual time: the template as it is deployed, and the
//! handlers behind the generated `dispatch`, in this process.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails should panic")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use board_generated::handlers::Handlers;
use board_generated::{FUNCTIONS, dispatch};
use local::cloudformation::{Deployed, Sources, Stacks};
use local::engine::Engine;
use local::kernel::{Caller, World};
use local::publish::{Topic, publish};
use local::services::lambda::FunctionError;
use runtime::{Cx, LambdaEvent, SdkConfig, Start, TIMEOUT};
use serde_json::{Value, json};
use tokio::task::LocalSet;

/// The handlers of the flow.
struct Board;

impl Handlers for Board {
    type IndexJob = board_handlers::index_job::Handler;
    type JudgeJob = board_handlers::judge_job::Handler;
    type KeepRemoteJob = board_handlers::keep_remote_job::Handler;
    type PraiseJob = board_handlers::praise_job::Handler;
    type RemindCompany = board_handlers::remind_company::Handler;
    type TidyUp = board_handlers::tidy_up::Handler;
}

/// Each invocation: the function, how many seconds after the start, whether it had failures.
type Invoked = Rc<RefCell<Vec<(String, u64, bool)>>>;

/// The flow, up.
struct Flow {
    engine: Engine,
    deployed: Deployed,
    invoked: Invoked,
}

fn run<F: Future<Output = ()>>(test: impl FnOnce(Flow) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let engine = Engine::start(World::simulated(1)).unwrap();
        let invoked = Invoked::default();
        for (name, start) in FUNCTIONS {
            match start {
                Start::Ready => put(&engine, name, &invoked),
                Start::Absent(part) => absent(&engine, name, part),
            }
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("flows/board/generated");
        let parameters = [("CodeBucket", "eventloom"), ("CodeKey", "/nonexistent/bootstrap")];
        let parameters: BTreeMap<String, String> =
            parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let stacks = Stacks::load(engine.world()).unwrap();
        let deployed = match stacks.deploy(&Sources::read(&folder).unwrap(), &parameters).await {
            Ok(deployed) => deployed,
            Err(error) => panic!("{error}"),
        };
        test(Flow { engine, deployed, invoked }).await;
    });
}

/// Puts the generated `dispatch` behind a function.
fn put(engine: &Engine, name: &'static str, invoked: &Invoked) {
    let (invoked, world, start) = (Rc::clone(invoked), engine.world().clone(), engine.world().clock.now());
    engine.functions().put(name, move |_, event, context| {
        let env = BTreeMap::from([(TIMEOUT.to_owned(), "30000".to_owned())]);
        let cx = Cx::new(name, env, SdkConfig::builder().build()).unwrap();
        let mut lambda = runtime::Context::default();
        lambda.deadline = u64::try_from(context.deadline.millis()).unwrap();
        lambda.request_id = context.request_id;
        let (invoked, at) = (Rc::clone(&invoked), world.clock.now().since(start).as_secs());
        async move {
            let answer = dispatch::<Board>(&cx, LambdaEvent::new(event, lambda)).await;
            let failed = answer
                .as_ref()
                .map_or(true, |answer| answer["batchItemFailures"].as_array().is_some_and(|items| !items.is_empty()));
            invoked.borrow_mut().push((name.to_owned(), at, failed));
            answer.map_err(|error| FunctionError::new(error.name(), error.to_string()))
        }
    });
}

/// A function that the real binary cannot run either: it ends before it asks for an event.
fn absent(engine: &Engine, name: &str, part: &'static str) {
    engine.functions().put(name, move |name, _, _| async move {
        Err(FunctionError::new("Runtime.ExitError", format!("`{name}` needs the {part}")))
    });
}

impl Flow {
    async fn ask(&self, service: &str, operation: &str, input: Value) -> Value {
        self.engine.world().bus.request(Caller::Account, service, operation, input).await.unwrap()
    }

    fn resource(&self, logical: &str) -> &local::cloudformation::DeployedResource {
        self.deployed.resources.iter().find(|resource| resource.logical_id == logical).unwrap()
    }

    async fn publish(&self, data: Value) {
        let topic = self.resource("JobsTopic");
        let topic = Topic {
            name: "jobs".to_owned(),
            arn: topic.physical_id.clone(),
            carries: vec!["JobPosted".to_owned(), "JobClosed".to_owned()],
        };
        publish(self.engine.world(), &[topic], "JobPosted", data).await.unwrap();
    }

    async fn pass(&self, duration: Duration) {
        self.engine.world().clock.sleep(duration).await;
    }

    fn times(&self, function: &str) -> Vec<u64> {
        self.invoked.borrow().iter().filter(|(name, ..)| name == function).map(|(_, at, _)| *at).collect()
    }

    /// What waits in a queue.
    async fn waiting(&self, logical: &str) -> Vec<Value> {
        let queue = &self.resource(logical).physical_id;
        let received = json!({"QueueUrl": queue, "MaxNumberOfMessages": 10, "AttributeNames": ["All"]});
        self.ask("sqs", "ReceiveMessage", received).await["Messages"].as_array().cloned().unwrap_or_default()
    }
}

fn job(title: &str, pay: u64) -> Value {
    json!({
        "job_id": "01K00000000000000000000000", "time": "2026-01-01T00:00:00.000Z", "company": "Everi",
        "title": title, "place": "office", "pay": pay,
    })
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn an_event_goes_to_the_queues_whose_filter_it_passes() {
    run(|flow| async move {
        flow.publish(job("Engineer", 200_000)).await;
        flow.publish(job("Apprentice", 20_000)).await;
        flow.pass(MINUTE).await;
        let mut handled: Vec<(String, bool)> =
            flow.invoked.borrow().iter().map(|(name, _, failed)| (name.clone(), *failed)).collect();
        handled.sort();
        handled.dedup();
        assert_eq!(handled, [("index".to_owned(), false), ("well_paid".to_owned(), false)]);
        assert_eq!(flow.times("well_paid"), [1], "both jobs' batching window is a second, and one passes the filter");
    });
}

#[test]
fn a_record_that_fails_is_tried_as_often_as_the_flow_says_and_set_aside() {
    run(|flow| async move {
        flow.publish(job("", 0)).await;
        flow.pass(30 * MINUTE).await;
        assert_eq!(flow.times("index"), [0, 180, 360], "three attempts, a visibility timeout apart");
        let dead = flow.waiting("IndexQueueDeadLetters").await;
        assert_eq!(dead.len(), 1);
        let body: Value = serde_json::from_str(dead[0]["Body"].as_str().unwrap()).unwrap();
        assert_eq!((&body["type"], &body["data"]["title"]), (&json!("JobPosted"), &json!("")));
        assert!(flow.waiting("IndexQueue").await.is_empty());
    });
}

#[test]
fn a_workflow_waits_and_its_message_is_delayed() {
    run(|flow| async move {
        let machine = &flow.resource("ReviewWorkflow").physical_id;
        for (title, ends) in [("Engineer", 1), ("A pyramid", 0)] {
            let input = json!({"stateMachineArn": machine, "input": job(title, 1).to_string()});
            let started = flow.ask("states", "StartExecution", input).await;
            flow.pass(80 * MINUTE).await;
            let about = flow.ask("states", "DescribeExecution", json!({"executionArn": started["executionArn"]})).await;
            assert_eq!(about["status"], "SUCCEEDED", "{about}");
            let reminded = flow.times("later");
            assert_eq!(reminded.len(), 1, "{ends}: {reminded:?}");
            assert!(reminded.iter().all(|at| (4200..4210).contains(at)), "an hour of rest, ten minutes of delay");
        }
    });
}

#[test]
fn what_waits_for_a_function_whose_runtime_is_still_to_come_is_not_lost() {
    run(|flow| async move {
        flow.publish(job("Engineer", 1)).await;
        flow.pass(60 * MINUTE).await;
        for queue in ["ShowQueueDeadLetters", "LookOverQueueDeadLetters"] {
            assert_eq!(flow.waiting(queue).await.len(), 1, "{queue}: nothing is lost meanwhile");
        }
    });
}
