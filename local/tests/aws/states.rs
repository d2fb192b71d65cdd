//! Step Functions: every operation, as a client sees it.

mod calls;
mod executions;
mod machines;
mod restarts;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_sfn::Client;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::types::{ExecutionStatus, HistoryEvent, StateMachineType};
use futures_util::future::{FutureExt, LocalBoxFuture};
use local::kernel::{Access, Authorize, AwsError, Call, Caller, Clock, Service};
use serde_json::{Value, json};

use crate::world::Test;

const ROLE: &str = "arn:aws:iam::000000000000:role/machine";

/// What a service does with a call.
#[derive(Clone, Debug)]
enum Reply {
    Now(Result<Value, AwsError>),
    After(Duration, Value),
    Never,
}

/// A service that answers as it is told, then with an empty object, and remembers its calls.
#[derive(Debug)]
struct Told {
    clock: Clock,
    replies: RefCell<VecDeque<Reply>>,
    calls: RefCell<Vec<Call>>,
}

impl Told {
    fn new(clock: &Clock) -> Rc<Self> {
        Rc::new(Self { clock: clock.clone(), replies: RefCell::default(), calls: RefCell::default() })
    }

    fn tell(&self, reply: Reply) {
        self.replies.borrow_mut().push_back(reply);
    }

    /// The function of the next invocation answers so.
    fn payload(&self, payload: Value) {
        self.tell(Reply::Now(Ok(json!({ "StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": payload }))));
    }

    /// The calls so far, which are forgotten.
    fn take(&self) -> Vec<Call> {
        self.calls.take()
    }

    fn inputs(&self) -> Vec<Value> {
        self.take().into_iter().map(|call| call.input).collect()
    }
}

impl Service for Told {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        self.calls.borrow_mut().push(call);
        let reply = self.replies.borrow_mut().pop_front().unwrap_or_else(|| Reply::Now(Ok(json!({}))));
        let clock = self.clock.clone();
        async move {
            match reply {
                Reply::Now(answer) => answer,
                Reply::After(time, answer) => {
                    clock.sleep(time).await;
                    Ok(answer)
                }
                Reply::Never => std::future::pending().await,
            }
        }
        .boxed_local()
    }
}

/// Allows all but one action of roles.
#[derive(Debug)]
struct Judge {
    denied: &'static str,
    asked: RefCell<Vec<String>>,
}

impl Authorize for Judge {
    fn authorize(&self, access: &Access<'_>) -> Result<(), AwsError> {
        self.asked.borrow_mut().push(format!("{} {}", access.action, access.resource));
        match access.caller {
            Caller::Role { .. } if access.action == self.denied => Err(AwsError::new("AccessDenied", "no").status(403)),
            _ => Ok(()),
        }
    }
}

impl Judge {
    fn denying(denied: &'static str) -> Rc<Self> {
        Rc::new(Self { denied, asked: RefCell::default() })
    }
}

/// Step Functions, with a Lambda and an SQS that do what they are told.
struct States {
    test: Test,
    client: Client,
    lambda: Rc<Told>,
    sqs: Rc<Told>,
}

impl States {
    fn new(test: Test) -> Self {
        let states = Self::beside_real_services(test);
        let bus = &states.test.engine.world().bus;
        bus.put("lambda", states.lambda.clone());
        bus.put("sqs", states.sqs.clone());
        states
    }

    /// The told ones are not asked. Everybody may do everything, until a test says otherwise.
    fn beside_real_services(test: Test) -> Self {
        let world = test.engine.world();
        world.guard.put(Judge::denying(""));
        let (lambda, sqs) = (Told::new(&world.clock), Told::new(&world.clock));
        Self { client: Client::new(&test.sdk), test, lambda, sqs }
    }

    async fn machine(&self, name: &str, definition: &Value) -> String {
        let create = self.client.create_state_machine().name(name).role_arn(ROLE);
        create.definition(definition.to_string()).send().await.unwrap().state_machine_arn
    }

    async fn express(&self, name: &str, definition: &Value) -> String {
        let create = self.client.create_state_machine().name(name).role_arn(ROLE).r#type(StateMachineType::Express);
        create.definition(definition.to_string()).send().await.unwrap().state_machine_arn
    }

    async fn start(&self, machine: &str, input: &Value) -> String {
        start(&self.client, machine, input).await
    }

    async fn describe(&self, execution: &str) -> DescribeExecutionOutput {
        self.client.describe_execution().execution_arn(execution).send().await.unwrap()
    }

    /// Waits until an execution has ended.
    async fn ended(&self, execution: &str) -> DescribeExecutionOutput {
        loop {
            let described = self.describe(execution).await;
            if described.status != ExecutionStatus::Running {
                return described;
            }
            self.sleep(1).await;
        }
    }

    /// The output of an execution that is begun and ends well.
    async fn output(&self, machine: &str, input: &Value) -> Value {
        let execution = self.start(machine, input).await;
        let ended = self.ended(&execution).await;
        assert_eq!(ended.status, ExecutionStatus::Succeeded, "{ended:?}");
        serde_json::from_str(ended.output().unwrap()).unwrap()
    }

    /// Error and cause of an execution that is begun and fails.
    async fn failure(&self, machine: &str, input: &Value) -> (String, String) {
        let execution = self.start(machine, input).await;
        let ended = self.ended(&execution).await;
        assert_eq!(ended.status, ExecutionStatus::Failed, "{ended:?}");
        (ended.error.unwrap_or_default(), ended.cause.unwrap_or_default())
    }

    async fn history(&self, execution: &str) -> Vec<HistoryEvent> {
        self.client.get_execution_history().execution_arn(execution).send().await.unwrap().events
    }

    async fn types(&self, execution: &str) -> Vec<String> {
        self.history(execution).await.iter().map(|event| event.r#type.as_str().to_owned()).collect()
    }

    async fn sleep(&self, seconds: u64) {
        self.test.engine.world().clock.sleep(Duration::from_secs(seconds)).await;
    }
}

async fn start(client: &Client, machine: &str, input: &Value) -> String {
    let start = client.start_execution().state_machine_arn(machine).input(input.to_string());
    start.send().await.unwrap().execution_arn
}

fn pass() -> Value {
    json!({ "StartAt": "a", "States": { "a": { "Type": "Pass", "End": true } } })
}

fn wait(seconds: u64) -> Value {
    json!({ "StartAt": "a", "States": { "a": { "Type": "Wait", "Seconds": seconds, "End": true } } })
}

/// A machine with one Task of this resource and these arguments.
fn calling(resource: &str, arguments: Value) -> Value {
    json!({ "QueryLanguage": "JSONata", "StartAt": "call", "States": {
        "call": { "Type": "Task", "Resource": resource, "Arguments": arguments, "End": true },
    } })
}

fn invoking() -> Value {
    calling("arn:aws:states:::lambda:invoke", json!({ "FunctionName": "f", "Payload": "{% $states.input %}" }))
}
