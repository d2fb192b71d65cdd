//! The job board: filters, dead letters, a workflow that waits.

use board_generated::handlers::Handlers;
use board_generated::{FUNCTIONS, dispatch};
use serde_json::{Value, json};

use super::effects;
use super::flow::{self, Flow, MINUTE, Root};

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

pub(crate) const ROOT: Root = Root {
    folder: "tests/flows/board",
    functions: FUNCTIONS,
    dispatch: |cx, event| Box::pin(async move { dispatch::<Board>(&cx, event).await }),
    parameters: &[],
    sweeps: false,
    mortal: &[],
};

fn run(test: impl AsyncFnOnce(Flow)) {
    flow::run(ROOT, test);
}

async fn publish(flow: &Flow, data: Value) {
    flow.publish("JobsTopic", "JobPosted", data).await;
}

fn job(title: &str, pay: u64) -> Value {
    json!({
        "job_id": "01K00000000000000000000000", "time": "2026-01-01T00:00:00.000Z", "company": "Everi",
        "title": title, "place": "office", "pay": pay,
    })
}

#[test]
fn an_event_goes_to_the_queues_whose_filter_it_passes() {
    run(async |flow: Flow| {
        publish(&flow, job("Engineer", 200_000)).await;
        publish(&flow, job("Apprentice", 20_000)).await;
        flow.pass(MINUTE).await;
        let mut handled: Vec<(String, bool)> =
            flow.invoked.borrow().iter().map(|(name, _, failed)| (name.clone(), *failed)).collect();
        handled.sort();
        handled.dedup();
        let of_a_queue: Vec<&str> =
            handled.iter().filter(|(_, failed)| !failed).map(|(name, _)| name.as_str()).collect();
        assert_eq!(of_a_queue, ["browser", "index", "judge_job", "look_over", "show", "well_paid"]);
        assert!(handled.iter().all(|(_, failed)| !failed), "{handled:?}");
        assert_eq!(flow.times("well_paid"), [1], "both jobs' batching window is a second, and one passes the filter");
    });
}

#[test]
fn a_record_that_fails_is_tried_as_often_as_the_flow_says_and_set_aside() {
    run(async |flow: Flow| {
        publish(&flow, job("", 0)).await;
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
    run(async |flow: Flow| {
        let machine = &flow.physical("ReviewWorkflow");
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
fn a_workflow_ends_and_reminds_once_whichever_call_its_functions_crash_at() {
    let crashes = effects::crashing_everywhere(ROOT, async |flow: &Flow| {
        let machine = flow.physical("ReviewWorkflow");
        let input = json!({"stateMachineArn": machine, "input": job("Engineer", 1).to_string()});
        let started = flow.ask("states", "StartExecution", input).await;
        flow.pass(120 * MINUTE).await;
        let about = flow.ask("states", "DescribeExecution", json!({"executionArn": started["executionArn"]})).await;
        let reminded = flow.invoked.borrow().iter().filter(|(name, _, failed)| name == "later" && !failed).count();
        about["status"] == "SUCCEEDED" && reminded == 1
    });
    assert!(crashes >= 8, "a step's claim and answer, a consumer's claim and answer: {crashes}");
}
