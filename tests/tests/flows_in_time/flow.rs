//! A flow, up: its template in an engine, its functions behind the generated `dispatch`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use local::cloudformation::{Deployed, DeployedResource, Sources, Stacks};
use local::engine::Engine;
use local::kernel::{Arn, Caller, World};
use local::publish::{Topic, publish};
use local::services::lambda::{Context, FunctionError};
use runtime::{Cx, Error, LambdaEvent, Start};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use super::sdk::{self, Crash};

/// The answer of a function.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<Value, Error>>>>;

/// A flow's root: its folder, and its functions.
#[derive(Clone, Copy)]
pub(crate) struct Root {
    /// From the repository's root: `tests/flows/board`, or nothing for the repository's own.
    pub(crate) folder: &'static str,
    pub(crate) functions: &'static [(&'static str, Start)],
    pub(crate) dispatch: fn(Cx, LambdaEvent<Value>) -> Answer,
    /// Parameters of the template beside those of the code.
    pub(crate) parameters: &'static [(&'static str, &'static str)],
    /// Whether groupers look for lost timers, which takes sixteen queries a minute; where not, the sweep is down.
    pub(crate) sweeps: bool,
    /// The functions that may crash; all, where none is named.
    pub(crate) mortal: &'static [&'static str],
}

/// Each invocation: the function, how many seconds after the start, whether it had failures.
type Invoked = Rc<RefCell<Vec<(String, u64, bool)>>>;

/// The flow, up.
pub(crate) struct Flow {
    pub(crate) engine: Engine,
    deployed: Deployed,
    pub(crate) invoked: Invoked,
    pub(crate) crash: Crash,
}

/// Runs a test of a flow.
pub(crate) fn run(root: Root, test: impl AsyncFnOnce(Flow)) {
    run_seeded(root, 1, test);
}

/// As [`run`], with another sequence of chance.
pub(crate) fn run_seeded(root: Root, seed: u64, test: impl AsyncFnOnce(Flow)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        // The SDK draws the jitter of its retries from the thread's generator.
        fastrand::seed(seed);
        let engine = Engine::start(World::simulated(seed)).unwrap();
        let (invoked, crash) = (Invoked::default(), Crash::default());
        for (name, start) in root.functions {
            match start {
                Start::Ready => put(&engine, root, name, &invoked, &crash),
                Start::Absent(part) => absent(&engine, name, part),
            }
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(root.folder).join("generated");
        let code = [("CodeBucket", "eventloom"), ("CodeKey", "/nonexistent/bootstrap")];
        let parameters = code.iter().chain(root.parameters);
        let parameters: BTreeMap<String, String> =
            parameters.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let stacks = Stacks::load(engine.world()).unwrap();
        let deployed = match stacks.deploy(&Sources::read(&folder).unwrap(), &parameters).await {
            Ok(deployed) => deployed,
            Err(error) => panic!("{error}"),
        };
        test(Flow { engine, deployed, invoked, crash }).await;
    });
}

/// Puts the generated `dispatch` behind a function.
fn put(engine: &Engine, root: Root, name: &'static str, invoked: &Invoked, crash: &Crash) {
    let (own, start) = (engine.clone(), engine.world().clock.now());
    let (invoked, crash) = (Rc::clone(invoked), crash.clone());
    engine.functions().put(name, move |_, event, context| {
        let (engine, invoked, crash) = (own.clone(), Rc::clone(&invoked), crash.clone());
        async move {
            if event["sweep"] == true && !root.sweeps {
                return Ok(Value::Null);
            }
            let at = engine.world().clock.now().since(start).as_secs();
            let answer = invoke(&engine, root, name, &crash, event, context).await;
            let failed = answer
                .as_ref()
                .map_or(true, |answer| answer["batchItemFailures"].as_array().is_some_and(|items| !items.is_empty()));
            invoked.borrow_mut().push((name.to_owned(), at, failed));
            answer
        }
    });
}

async fn invoke(
    engine: &Engine,
    root: Root,
    name: &str,
    crash: &Crash,
    event: Value,
    context: Context,
) -> Result<Value, FunctionError> {
    let about = json!({ "FunctionName": context.function_arn });
    let about = engine.world().bus.request(Caller::Account, "lambda", "GetFunctionConfiguration", about).await.unwrap();
    let variables = about["Environment"]["Variables"].as_object().cloned().unwrap_or_default();
    let env = variables.into_iter().map(|(name, value)| (name, value.as_str().unwrap().to_owned())).collect();
    let role = Arn::parse(about["Role"].as_str().unwrap()).unwrap();
    let spared = Crash::default();
    let crash = if root.mortal.is_empty() || root.mortal.contains(&name) { crash } else { &spared };
    let (sdk, gone) = sdk::mortal(engine, Caller::Role { role, session: name.to_owned() }, crash);
    let cx = Cx::new(name, env, sdk).unwrap();
    let mut lambda = runtime::Context::default();
    lambda.deadline = u64::try_from(context.deadline.millis()).unwrap();
    lambda.request_id = context.request_id;
    tokio::select! {
        biased;
        () = gone.notified() => Err(FunctionError::new("Runtime.ExitError", "the process ended")),
        answer = (root.dispatch)(cx, LambdaEvent::new(event, lambda)) => {
            answer.map_err(|error| {
                eprintln!("{name}: {error}");
                FunctionError::new(error.name(), error.to_string())
            })
        }
    }
}

/// A function that the real binary cannot run either: it ends before it asks for an event.
fn absent(engine: &Engine, name: &str, part: &'static str) {
    engine.functions().put(name, move |name, _, _| async move {
        Err(FunctionError::new("Runtime.ExitError", format!("`{name}` needs the {part}")))
    });
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

impl Flow {
    pub(crate) async fn ask(&self, service: &str, operation: &str, input: Value) -> Value {
        self.engine.world().bus.request(Caller::Account, service, operation, input).await.unwrap()
    }

    pub(crate) fn resource(&self, logical: &str) -> &DeployedResource {
        self.deployed.resources.iter().find(|resource| resource.logical_id == logical).unwrap()
    }

    /// A resource's physical id: a table's name, a queue's URL, a topic's ARN.
    pub(crate) fn physical(&self, logical: &str) -> String {
        self.resource(logical).physical_id.clone()
    }

    /// Publishes an event to a topic, as a person does it.
    pub(crate) async fn publish(&self, topic: &str, event: &str, data: Value) {
        let arn = self.physical(topic);
        let topic = Topic { name: topic.to_owned(), arn, carries: vec![event.to_owned()] };
        publish(self.engine.world(), &[topic], event, data).await.unwrap();
    }

    pub(crate) async fn pass(&self, duration: Duration) {
        self.engine.world().clock.sleep(duration).await;
    }

    pub(crate) fn times(&self, function: &str) -> Vec<u64> {
        self.invoked.borrow().iter().filter(|(name, ..)| name == function).map(|(_, at, _)| *at).collect()
    }

    /// What waits in a queue.
    pub(crate) async fn waiting(&self, logical: &str) -> Vec<Value> {
        let received =
            json!({"QueueUrl": self.physical(logical), "MaxNumberOfMessages": 10, "AttributeNames": ["All"]});
        self.ask("sqs", "ReceiveMessage", received).await["Messages"].as_array().cloned().unwrap_or_default()
    }

    /// A row of a table, as DynamoDB's JSON; nothing where there is none.
    pub(crate) async fn row(&self, table: &str, key: Value) -> Value {
        let get = json!({"TableName": self.physical(table), "Key": key, "ConsistentRead": true});
        self.ask("dynamodb", "GetItem", get).await["Item"].clone()
    }

    /// Puts a row, as DynamoDB's JSON.
    pub(crate) async fn put(&self, table: &str, row: Value) {
        self.ask("dynamodb", "PutItem", json!({"TableName": self.physical(table), "Item": row})).await;
    }

    /// The executions of a workflow: their names, and how they stand.
    pub(crate) async fn executions(&self, logical: &str) -> Vec<Value> {
        let list = json!({"stateMachineArn": self.physical(logical)});
        self.ask("states", "ListExecutions", list).await["executions"].as_array().cloned().unwrap_or_default()
    }
}
