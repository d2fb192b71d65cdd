//! An engine that is dropped at any moment, and started again on the same file.

use std::path::PathBuf;
use std::rc::Rc;

use aws_sdk_sfn::types::{ExecutionStatus, HistoryEventType};
use local::engine::Engine;
use local::kernel::{Caller, Clock, Place, Random, Store, Time, World};
use serde_json::json;
use tokio::task::LocalSet;

use super::*;
use crate::world::sdk;

/// Where an engine's file is, and what its clock showed when it was last dropped.
struct Life {
    file: PathBuf,
    now: Time,
    lives: u64,
}

impl Life {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("eventloom-states-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self { file: folder.join("engine.sqlite"), now: Time::from_millis(1_767_225_600_000), lives: 0 }
    }

    /// Starts the engine, lets `life` happen and drops the engine with all that it was doing. The clock
    /// stands, but for what `life` jumps: commits are made in real time, on a thread of their own.
    fn live<T, F: Future<Output = T>>(&mut self, life: impl FnOnce(States) -> F) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        self.lives += 1;
        let (lived, now) = LocalSet::new().block_on(&runtime, async {
            let clock = Clock::new(self.now);
            clock.pause();
            let store = Store::open(&self.file).unwrap();
            let world = World::new(clock.clone(), Random::seeded(self.lives), store, Place::default());
            let engine = Engine::start(world).unwrap();
            let sdk = sdk(&engine, &engine.credentials(Caller::Account));
            let lived = life(States::new(Test { engine, sdk })).await;
            (lived, clock.now())
        });
        self.now = now;
        lived
    }
}

/// Lets what goes on go on until nothing does.
async fn settle(states: &States) {
    states.test.engine.world().activity.quiet().await;
    states.test.engine.world().store.durable().await.unwrap();
}

#[test]
fn all_is_there_after_a_restart() {
    let mut life = Life::new("there");
    let [ended, waiting, token] = life.live(|states| async move {
        let machine = states.machine("m", &pass()).await;
        let ended = states.start(&machine, &json!({ "a": 1 })).await;
        let machine = states.machine("w", &wait(60)).await;
        let waiting = states.start(&machine, &json!({ "b": 2 })).await;
        let definition = calling(
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            json!({ "QueueUrl": "q", "MessageBody": "{% $states.context.Task.Token %}" }),
        );
        let machine = states.machine("t", &definition).await;
        states.start(&machine, &json!({})).await;
        settle(&states).await;
        [ended, waiting, states.sqs.inputs().pop().unwrap()["MessageBody"].as_str().unwrap().to_owned()]
    });
    life.live(|states| async move {
        assert_eq!(states.describe(&ended).await.output(), Some("{\"a\":1}"));
        assert_eq!(states.types(&ended).await.len(), 4);
        assert_eq!(states.describe(&waiting).await.status, ExecutionStatus::Running);
        assert_eq!(states.client.list_state_machines().send().await.unwrap().state_machines.len(), 3);
        // The call was answered, so it is not made again.
        settle(&states).await;
        assert_eq!(states.sqs.take().len(), 0);
        states.client.send_task_success().task_token(&token).output("1").send().await.unwrap();
        let again =
            states.client.start_execution().state_machine_arn("arn:aws:states:eu-west-1:000000000000:stateMachine:w");
        let name = waiting.rsplit(':').next().unwrap();
        let again = again.name(name).input("{\"b\":2}").send().await.unwrap();
        assert_eq!(again.execution_arn, waiting);
        let clock = &states.test.engine.world().clock;
        clock.jump(Duration::from_secs(61));
        while states.describe(&waiting).await.status == ExecutionStatus::Running {
            tokio::task::yield_now().await;
        }
        assert_eq!(states.describe(&waiting).await.status, ExecutionStatus::Succeeded);
    });
}

/// Branches, items, retries, catches and waits.
fn busy() -> Value {
    json!({ "QueryLanguage": "JSONata", "StartAt": "first", "States": {
        "first": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "both",
            "Arguments": { "FunctionName": "first", "Payload": "{% $states.input %}" },
            "Output": "{% $states.result.Payload %}" },
        "both": { "Type": "Parallel", "Next": "last", "Branches": [
            { "StartAt": "each", "States": {
                "each": { "Type": "Map", "Items": "{% $states.input %}", "MaxConcurrency": 2, "End": true,
                    "ItemProcessor": { "StartAt": "item", "States": {
                        "item": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
                            "Arguments": { "FunctionName": "item", "Payload": "{% $states.input %}" },
                            "Output": "{% $states.result.Payload %}",
                            "Catch": [{ "ErrorEquals": ["Odd"], "Next": "odd" }] },
                        "odd": { "Type": "Pass", "Output": "odd", "End": true },
                    } } },
            } },
            { "StartAt": "wait", "States": {
                "wait": { "Type": "Wait", "Seconds": 20, "Next": "child" },
                "child": { "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": true,
                    "Arguments": { "StateMachineArn": "arn:aws:states:eu-west-1:000000000000:stateMachine:child", "Name": "c" },
                    "Output": "{% $states.result.Status %}" },
            } },
        ] },
        "last": { "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true,
            "Arguments": { "QueueUrl": "q", "MessageBody": "{% $states.input %}" }, "Output": "{% $states.input %}" },
    } })
}

/// Answers by the call alone, so that it does not matter how often it is made.
#[derive(Debug)]
struct Functions;

impl Service for Functions {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        let payload = &call.input["Payload"];
        let answer = match call.input["FunctionName"].as_str().unwrap() {
            "first" => json!({ "Payload": [0, 1, 2, 3, 4] }),
            _ if payload.as_u64().unwrap() % 2 == 1 => {
                json!({ "FunctionError": "Unhandled", "Payload": { "errorType": "Odd" } })
            }
            _ => json!({ "Payload": payload }),
        };
        async move {
            // Others have their turn before the answer is there.
            tokio::task::yield_now().await;
            Ok(answer)
        }
        .boxed_local()
    }
}

/// Goes on for so many turns, and gives the execution's history if it has ended.
async fn turns(states: &States, execution: &str, turns: u64) -> Option<(DescribeExecutionOutput, Vec<HistoryEvent>)> {
    let world = states.test.engine.world();
    world.bus.put("lambda", Rc::new(Functions));
    for _ in 0..turns {
        tokio::task::yield_now().await;
    }
    let described = states.describe(execution).await;
    if described.status != ExecutionStatus::Running {
        return Some((described, states.history(execution).await));
    }
    if world.activity.is_quiet()
        && let Some(next) = world.clock.next_work()
    {
        world.clock.jump_to(next);
    }
    None
}

#[test]
fn an_execution_goes_on_however_often_the_engine_is_dropped() {
    // From lives in which nothing is done to lives in which much is.
    for longest in [5, 11, 23] {
        goes_on(longest);
    }
}

/// Lives of up to so many turns, until the execution has ended as it must.
fn goes_on(longest: u64) {
    let mut life = Life::new(&format!("often-{longest}"));
    let execution = life.live(|states| async move {
        states.test.engine.world().bus.put("lambda", Rc::new(Functions));
        states.machine("child", &wait(10)).await;
        let machine = states.machine("busy", &busy()).await;
        states.start(&machine, &json!({})).await
    });
    let mut found = None;
    for number in 0_u64.. {
        assert!(number < 2_000, "it does not end");
        let execution = execution.clone();
        found = life.live(|states| async move { turns(&states, &execution, number % longest).await });
        if found.is_some() {
            break;
        }
    }
    let (described, history) = found.unwrap();
    assert_eq!(described.status, ExecutionStatus::Succeeded, "{described:?}");
    assert_eq!(described.output(), Some("[[0,\"odd\",2,\"odd\",4],\"SUCCEEDED\"]"));
    // Whatever was called twice, each state was entered and left once.
    let count = |kind: HistoryEventType| history.iter().filter(|event| event.r#type == kind).count();
    assert_eq!(count(HistoryEventType::TaskStateEntered), 8);
    assert_eq!(count(HistoryEventType::TaskStateExited), 8);
    assert_eq!(count(HistoryEventType::TaskScheduled), 8);
    assert_eq!(count(HistoryEventType::PassStateEntered), 2);
    assert_eq!(
        history.iter().map(|event| event.id).collect::<Vec<_>>(),
        (1..=history.len() as i64).collect::<Vec<_>>()
    );
    assert!(life.lives > 5);
}

#[test]
fn a_restarted_engine_calls_again_what_was_not_answered() {
    let mut life = Life::new("again");
    let execution = life.live(|states| async move {
        states.lambda.tell(Reply::Never);
        let machine = states.machine("m", &invoking()).await;
        let execution = states.start(&machine, &json!({ "n": 1 })).await;
        while states.lambda.calls.borrow().is_empty() {
            tokio::task::yield_now().await;
        }
        execution
    });
    life.live(|states| async move {
        states.lambda.payload(json!("done"));
        while states.describe(&execution).await.status == ExecutionStatus::Running {
            tokio::task::yield_now().await;
        }
        assert_eq!(states.lambda.inputs(), [json!({ "FunctionName": "f", "Payload": { "n": 1 } })]);
        assert_eq!(states.types(&execution).await.iter().filter(|kind| *kind == "TaskScheduled").count(), 1);
    });
}

#[test]
fn an_express_execution_goes_on_and_leaves_nothing_behind() {
    let mut life = Life::new("express");
    life.live(|states| async move {
        states.lambda.tell(Reply::Never);
        let machine = states.express("x", &invoking()).await;
        states.start(&machine, &json!({})).await;
        while states.lambda.calls.borrow().is_empty() {
            tokio::task::yield_now().await;
        }
    });
    life.live(|states| async move {
        while states.lambda.calls.borrow().is_empty() {
            tokio::task::yield_now().await;
        }
        settle(&states).await;
    });
    life.live(|states| async move {
        settle(&states).await;
        assert_eq!(states.lambda.take().len(), 0);
    });
}

#[test]
fn a_machine_that_is_being_deleted_is_deleted_after_a_restart() {
    let mut life = Life::new("deleted");
    let machine = life.live(|states| async move {
        let machine = states.machine("m", &wait(60)).await;
        states.start(&machine, &json!({})).await;
        states.client.delete_state_machine().state_machine_arn(&machine).send().await.unwrap();
        machine
    });
    life.live(|states| async move {
        states.test.engine.world().clock.jump(Duration::from_secs(61));
        while states.client.describe_state_machine().state_machine_arn(&machine).send().await.is_ok() {
            tokio::task::yield_now().await;
        }
        let machines = states.client.list_state_machines().send().await.unwrap();
        assert_eq!(machines.state_machines.len(), 0);
    });
}
