//! The operations on executions.

use aws_sdk_sfn::error::ProvideErrorMetadata;
use aws_sdk_sfn::types::{ExecutionRedriveStatus, ExecutionStatus, SyncExecutionStatus};
use serde_json::json;

use super::*;
use crate::world::run;

#[test]
fn an_execution_is_started_and_described() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &wait(60)).await;
        let start = states.client.start_execution().state_machine_arn(&machine).name("first").input("{\"a\": 1}");
        let execution = start.send().await.unwrap().execution_arn;
        assert_eq!(execution, "arn:aws:states:eu-west-1:000000000000:execution:m:first");
        let running = states.describe(&execution).await;
        assert_eq!((running.status, running.name.as_deref()), (ExecutionStatus::Running, Some("first")));
        assert_eq!((running.input.as_deref(), running.output, running.stop_date), (Some("{\"a\":1}"), None, None));
        let ended = states.ended(&execution).await;
        assert_eq!((ended.status, ended.output.as_deref()), (ExecutionStatus::Succeeded, Some("{\"a\":1}")));
        assert_eq!(ended.stop_date.unwrap().secs() - ended.start_date.secs(), 60);
        assert_eq!(ended.redrive_status, Some(ExecutionRedriveStatus::NotRedrivable));
        // Without a name it is given one, and without an input an empty object.
        let unnamed = states.client.start_execution().state_machine_arn(&machine).send().await.unwrap();
        let unnamed = states.describe(&unnamed.execution_arn).await;
        assert_eq!((unnamed.name.unwrap().len(), unnamed.input.as_deref()), (36, Some("{}")));
    });
}

#[test]
fn a_name_starts_one_execution() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &wait(60)).await;
        let start = |input: &str| states.client.start_execution().state_machine_arn(&machine).name("n").input(input);
        let first = start("{\"a\":1}").send().await.unwrap();
        states.sleep(1).await;
        let again = start("{ \"a\": 1 }").send().await.unwrap();
        assert_eq!((&again.execution_arn, again.start_date), (&first.execution_arn, first.start_date));
        let error = start("{}").send().await.unwrap_err();
        assert_eq!(error.code(), Some("ExecutionAlreadyExists"));
        states.ended(&first.execution_arn).await;
        let error = start("{\"a\":1}").send().await.unwrap_err();
        let message = format!("Execution Already Exists: '{}'", first.execution_arn);
        assert_eq!(error.message(), Some(message.as_str()));
        // A name is free again 90 days after its execution ended.
        states.sleep(90 * 24 * 3600).await;
        assert!(start("{}").send().await.is_ok());
    });
}

#[test]
fn an_input_must_be_json_that_fits() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &pass()).await;
        let start = |input: String| states.client.start_execution().state_machine_arn(&machine).input(input).send();
        let deep = format!("{}1{}", "[".repeat(101), "]".repeat(101));
        for bad in ["not json", "", "{'a': 1}", &format!("\"{}\"", "x".repeat(256 * 1024)), &deep] {
            assert_eq!(start(bad.to_owned()).await.unwrap_err().code(), Some("InvalidExecutionInput"));
        }
        for good in ["2", "\"text\"", "null", &format!("\"{}\"", "x".repeat(256 * 1024 - 2))] {
            assert!(start(good.to_owned()).await.is_ok());
        }
        let named = states.client.start_execution().state_machine_arn(&machine).name("a b").send().await.unwrap_err();
        assert_eq!(named.code(), Some("InvalidName"));
        let missing = states.client.start_execution().state_machine_arn(machine.replace(":m", ":x")).send().await;
        assert_eq!(missing.unwrap_err().code(), Some("StateMachineDoesNotExist"));
    });
}

#[test]
fn an_execution_is_stopped() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &wait(60)).await;
        let execution = states.start(&machine, &json!({})).await;
        let stop = || states.client.stop_execution().execution_arn(&execution).error("Enough").cause("of it");
        let stopped = stop().send().await.unwrap().stop_date;
        let described = states.describe(&execution).await;
        assert_eq!((described.status, described.error.as_deref()), (ExecutionStatus::Aborted, Some("Enough")));
        assert_eq!((described.cause.as_deref(), described.stop_date), (Some("of it"), Some(stopped)));
        assert_eq!(states.types(&execution).await, ["ExecutionStarted", "WaitStateEntered", "ExecutionAborted"]);
        states.sleep(100).await;
        assert_eq!(stop().send().await.unwrap().stop_date, stopped);
        assert_eq!(states.describe(&execution).await.status, ExecutionStatus::Aborted);
        let missing = states.client.stop_execution().execution_arn(format!("{execution}x")).send().await.unwrap_err();
        assert_eq!(missing.code(), Some("ExecutionDoesNotExist"));
        let long = states.client.stop_execution().execution_arn(&execution).error("x".repeat(257)).send().await;
        assert_eq!(long.unwrap_err().code(), Some("ValidationException"));
    });
}

#[test]
fn executions_are_listed_newest_first_in_pages_and_by_status() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &wait(60)).await;
        let mut started = Vec::new();
        for number in 0..5 {
            started.insert(0, states.start(&machine, &json!(number)).await);
            states.sleep(20).await;
        }
        let list = || states.client.list_executions().state_machine_arn(&machine);
        let mut seen = Vec::new();
        let mut token = None;
        loop {
            let page = list().max_results(2).set_next_token(token).send().await.unwrap();
            assert!(page.executions.len() <= 2);
            seen.extend(page.executions.into_iter().map(|execution| execution.execution_arn));
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, started);
        let arns = |status: ExecutionStatus| {
            let list = list().status_filter(status);
            async move {
                let found = list.send().await.unwrap().executions;
                found.into_iter().map(|execution| execution.execution_arn).collect::<Vec<_>>()
            }
        };
        assert_eq!(arns(ExecutionStatus::Running).await, started[..2]);
        assert_eq!(arns(ExecutionStatus::Succeeded).await, started[2..]);
        assert_eq!(arns(ExecutionStatus::Failed).await.len(), 0);
        let error = states.client.list_executions().state_machine_arn("x").send().await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidArn"));
    });
}

#[test]
fn a_history_is_read_in_pages_in_both_directions() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &invoking()).await;
        states.lambda.payload(json!("done"));
        let execution = states.start(&machine, &json!({ "in": 1 })).await;
        states.ended(&execution).await;
        let all = states.history(&execution).await;
        assert_eq!(all.iter().map(|event| event.id).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
        let scheduled = all[2].task_scheduled_event_details.as_ref().unwrap();
        assert_eq!((scheduled.resource_type.as_str(), scheduled.resource.as_str()), ("lambda", "invoke"));
        assert_eq!(scheduled.parameters, "{\"FunctionName\":\"f\",\"Payload\":{\"in\":1}}");
        let get = || states.client.get_execution_history().execution_arn(&execution);
        let page = get().max_results(4).reverse_order(true).send().await.unwrap();
        assert_eq!(page.events.iter().map(|event| event.id).collect::<Vec<_>>(), [7, 6, 5, 4]);
        let rest = get().reverse_order(true).set_next_token(page.next_token).send().await.unwrap();
        assert_eq!(rest.events.iter().map(|event| event.id).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(rest.next_token, None);
        let bare = get().include_execution_data(false).send().await.unwrap().events;
        assert_eq!(bare[0].execution_started_event_details.as_ref().unwrap().input, None);
        assert_eq!(bare[6].execution_succeeded_event_details.as_ref().unwrap().output, None);
        let error = states.client.get_execution_history().execution_arn(format!("{execution}x")).send().await;
        assert_eq!(error.unwrap_err().code(), Some("ExecutionDoesNotExist"));
    });
}

#[test]
fn an_express_execution_answers_to_who_waits_for_it() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.express("x", &invoking()).await;
        let answer = json!({ "StatusCode": 200, "Payload": 1 });
        states.lambda.tell(Reply::After(Duration::from_millis(230), answer.clone()));
        let start = || states.client.start_sync_execution().state_machine_arn(&machine).input("{\"a\":1}");
        let done = start().name("n").send().await.unwrap();
        assert_eq!(done.status, SyncExecutionStatus::Succeeded);
        assert_eq!(serde_json::from_str::<Value>(done.output().unwrap()).unwrap(), answer);
        assert_eq!((done.input.as_deref(), done.name.as_deref()), (Some("{\"a\":1}"), Some("n")));
        assert!(done.execution_arn.starts_with("arn:aws:states:eu-west-1:000000000000:express:x:n:"));
        assert_eq!(done.billing_details.unwrap().billed_duration_in_milliseconds, 300);
        // The same name again is another execution.
        states.lambda.tell(Reply::Now(Ok(json!({ "FunctionError": "Unhandled", "Payload": { "errorType": "E" } }))));
        let failed = start().name("n").send().await.unwrap();
        assert_eq!((failed.status, failed.error.as_deref()), (SyncExecutionStatus::Failed, Some("E")));
        states.lambda.tell(Reply::Never);
        let late = start().send().await.unwrap();
        assert_eq!((late.status, late.error.as_deref()), (SyncExecutionStatus::TimedOut, Some("States.Timeout")));
        assert_eq!(late.stop_date.secs() - late.start_date.secs(), 300);
    });
}

#[test]
fn an_express_execution_is_begun_and_forgotten() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.express("x", &invoking()).await;
        let first = states.start(&machine, &json!({})).await;
        assert!(first.contains(":express:x:"), "{first}");
        states.sleep(1).await;
        assert_eq!(states.lambda.take().len(), 1);
        let code = |error: &dyn ProvideErrorMetadata| error.code().unwrap().to_owned();
        let none = "StateMachineTypeNotSupported";
        assert_eq!(code(&states.client.describe_execution().execution_arn(&first).send().await.unwrap_err()), none);
        assert_eq!(code(&states.client.stop_execution().execution_arn(&first).send().await.unwrap_err()), none);
        assert_eq!(code(&states.client.get_execution_history().execution_arn(&first).send().await.unwrap_err()), none);
        assert_eq!(code(&states.client.list_executions().state_machine_arn(&machine).send().await.unwrap_err()), none);
        let standard = states.machine("s", &pass()).await;
        let error = states.client.start_sync_execution().state_machine_arn(&standard).send().await.unwrap_err();
        assert_eq!(code(&error), none);
    });
}

#[test]
fn an_execution_that_waits_is_no_work() {
    run(|test| async move {
        let states = States::new(test);
        let machine = states.machine("m", &wait(600)).await;
        let express = states.express("x", &wait(60)).await;
        states.start(&machine, &json!({})).await;
        let client = states.client.clone();
        let waiting = tokio::task::spawn_local(async move {
            client.start_sync_execution().state_machine_arn(express).send().await.unwrap().status
        });
        let world = states.test.engine.world();
        states.sleep(1).await;
        assert!(world.activity.is_quiet());
        let next = world.clock.next_work().unwrap();
        assert_eq!(next.since(world.clock.now()), Duration::from_secs(59));
        assert_eq!(waiting.await.unwrap(), SyncExecutionStatus::Succeeded);
    });
}
