//! Retry and Catch.

use super::*;

fn retrying(retry: Value) -> Value {
    jsonata(json!({ "a": task("f", json!({ "Retry": retry, "End": true })) }))
}

/// The seconds at which the function was called that always fails so.
fn attempts(definition: &Value, error: &str) -> Vec<f64> {
    let mut play = play(definition, json!({}));
    let mut at = Vec::new();
    play.step(Event::Tick);
    while play.ended.is_none() {
        if play.open.is_empty() {
            play.skip();
        } else {
            at.push(play.seconds());
            let call = play.call();
            play.answer(&call, Err(Failure::new(error, "")));
        }
    }
    at
}

#[test]
fn a_retry_waits_longer_each_time_up_to_its_maximum() {
    let retry = json!([{ "ErrorEquals": ["E"], "IntervalSeconds": 3, "BackoffRate": 2.0, "MaxAttempts": 5, "MaxDelaySeconds": 10 }]);
    assert_eq!(attempts(&retrying(retry), "E"), [0.0, 3.0, 9.0, 19.0, 29.0, 39.0]);
    assert_eq!(attempts(&retrying(json!([{ "ErrorEquals": ["States.ALL"] }])), "E"), [0.0, 1.0, 3.0, 7.0]);
    assert_eq!(attempts(&retrying(json!([{ "ErrorEquals": ["E"], "MaxAttempts": 0 }])), "E"), [0.0]);
    assert_eq!(attempts(&retrying(json!([{ "ErrorEquals": ["Other"] }])), "E"), [0.0]);
}

#[test]
fn each_retrier_counts_for_itself() {
    let definition = retrying(json!([
        { "ErrorEquals": ["A"], "MaxAttempts": 1 }, { "ErrorEquals": ["B"], "MaxAttempts": 2 },
    ]));
    let mut play = play(&definition, json!({}));
    let mut errors = ["A", "B", "B", "A"].into_iter();
    assert_eq!(play.failure(|_| failed(errors.next().unwrap())).name(), "A");
    assert_eq!(play.types().iter().filter(|kind| *kind == "TaskScheduled").count(), 4);
}

#[test]
fn jitter_is_anywhere_up_to_the_interval() {
    let retry = |jitter: &str| json!([{ "ErrorEquals": ["E"], "IntervalSeconds": 100, "BackoffRate": 1.0, "MaxAttempts": 50, "JitterStrategy": jitter }]);
    let gaps = |at: Vec<f64>| at.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>();
    let full = gaps(attempts(&retrying(retry("FULL")), "E"));
    assert!(full.iter().all(|gap| (0.0..100.0).contains(gap)), "{full:?}");
    assert!(full.iter().any(|gap| *gap < 25.0) && full.iter().any(|gap| *gap > 75.0), "{full:?}");
    assert!(gaps(attempts(&retrying(retry("NONE")), "E")).iter().all(|gap| (*gap - 100.0).abs() < 1e-9));
}

#[test]
fn a_state_that_is_entered_again_has_all_its_tries() {
    let definition = jsonata(json!({
        "a": task("f", json!({ "Retry": [{ "ErrorEquals": ["E"], "MaxAttempts": 1 }],
            "Catch": [{ "ErrorEquals": ["E"], "Next": "b", "Output": "{% $states.input %}" }], "Next": "end" })),
        "b": { "Type": "Choice", "Choices": [{ "Condition": "{% $states.input > 1 %}", "Next": "end" }], "Default": "c" },
        "c": { "Type": "Pass", "Output": "{% $states.input + 1 %}", "Next": "a" },
        "end": { "Type": "Succeed" },
    }));
    let mut play = play(&definition, json!(0));
    let mut calls = 0;
    play.output(|_| {
        calls += 1;
        failed("E")
    });
    assert_eq!(calls, 6);
}

#[test]
fn the_context_counts_the_tries() {
    let task = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
        "Arguments": { "FunctionName": "f", "Payload": "{% $states.context.State.RetryCount %}" },
        "Retry": [{ "ErrorEquals": ["States.ALL"] }],
    });
    let mut seen = Vec::new();
    play(&jsonata(json!({ "a": task })), json!({})).failure(|call| {
        seen.push(call.arguments["Payload"].clone());
        failed("E")
    });
    assert_eq!(seen, [0, 1, 2, 3]);
}

fn catching(catch: Value) -> Value {
    jsonata(json!({
        "a": task("f", json!({ "Catch": catch, "End": true })),
        "b": { "Type": "Pass", "Output": { "b": "{% $states.input %}" }, "End": true },
        "c": { "Type": "Pass", "Output": "{% [$states.input, $why] %}", "End": true },
    }))
}

#[test]
fn the_first_catch_that_names_the_error_is_taken() {
    let definition = catching(json!([
        { "ErrorEquals": ["CardDeclined"], "Next": "b" },
        { "ErrorEquals": ["States.ALL"], "Next": "c", "Output": "{% $states.input.x %}",
          "Assign": { "why": "{% $states.errorOutput.Error %}" } },
    ]));
    let output = play(&definition, json!({ "x": 1 })).output(|_| failed("CardDeclined"));
    assert_eq!(output, json!({ "b": { "Error": "CardDeclined", "Cause": "because" } }));
    let output = play(&definition, json!({ "x": 1 })).output(|_| failed("Other"));
    assert_eq!(output, json!([1, "Other"]));
}

#[test]
fn a_catch_comes_after_the_last_try() {
    let mut definition = catching(json!([
        { "ErrorEquals": ["States.TaskFailed"], "Next": "b", "Output": "{% $states.context.State.RetryCount %}" },
        { "ErrorEquals": ["States.ALL"], "Next": "c" },
    ]));
    definition["States"]["a"]["Retry"] = json!([{ "ErrorEquals": ["E"], "MaxAttempts": 2 }]);
    assert_eq!(play(&definition, json!({})).output(|_| failed("E")), json!({ "b": 2 }));
}

#[test]
fn what_is_fatal_is_not_caught_by_wildcards() {
    let definition = catching(json!([
        { "ErrorEquals": ["States.TaskFailed"], "Next": "c" }, { "ErrorEquals": ["States.ALL"], "Next": "b" },
    ]));
    for fatal in ["States.Runtime", "States.DataLimitExceeded"] {
        assert_eq!(play(&definition, json!({})).failure(|_| failed(fatal)).name(), fatal);
    }
    let named = catching(json!([
        { "ErrorEquals": ["States.Runtime", "States.DataLimitExceeded"], "Next": "b", "Output": 1 },
        { "ErrorEquals": ["Other"], "Next": "c" },
    ]));
    assert_eq!(play(&named, json!({})).output(|_| failed("States.DataLimitExceeded")), json!({ "b": 1 }));
    assert_eq!(play(&named, json!({})).failure(|_| failed("States.Runtime")).name(), "States.Runtime");
}

#[test]
fn json_path_puts_the_error_where_it_is_told() {
    let definition = json_path(json!({
        "a": { "Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f", "End": true,
            "Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "b", "Assign": { "e.$": "$.Error" } }] },
        "b": { "Type": "Pass", "Parameters": { "all.$": "$", "e.$": "$e" }, "End": true },
    }));
    let output = play(&definition, json!({ "x": 1 })).output(|_| failed("E"));
    assert_eq!(output, json!({ "all": { "x": 1, "failure": { "Error": "E", "Cause": "because" } }, "e": "E" }));
}

#[test]
fn an_expression_that_fails_is_a_failure_of_its_state() {
    let mut definition = catching(json!([{ "ErrorEquals": ["States.QueryEvaluationError"], "Next": "b", "Output": 1 },
        { "ErrorEquals": ["Other"], "Next": "c" }]));
    definition["States"]["a"]["Output"] = json!("{% $states.result.none %}");
    let mut play = play(&definition, json!({}));
    assert_eq!(play.output(|_| Some(Ok(json!({})))), json!({ "b": 1 }));
    let evaluations: Vec<Value> =
        play.rendered().into_iter().filter(|event| event["type"] == "EvaluationFailed").collect();
    assert_eq!(evaluations.len(), 1);
    assert_eq!(evaluations[0]["evaluationFailedEventDetails"]["state"], "a");
}

#[test]
fn a_failed_expression_in_a_branch_is_told_once() {
    let definition = jsonata(json!({ "a": { "Type": "Parallel", "End": true, "Branches": [
        { "StartAt": "b", "States": { "b": { "Type": "Pass", "Output": "{% $none %}", "End": true } } },
    ] } }));
    let mut play = play(&definition, json!({}));
    assert_eq!(play.failure(nothing).name(), "States.QueryEvaluationError");
    assert_eq!(play.types().iter().filter(|kind| *kind == "EvaluationFailed").count(), 1);
}

#[test]
fn a_catch_whose_own_expression_fails_fails_the_execution() {
    let definition = catching(json!([
        { "ErrorEquals": ["E"], "Next": "b", "Output": "{% $none %}" }, { "ErrorEquals": ["States.ALL"], "Next": "c" },
    ]));
    assert_eq!(play(&definition, json!({})).failure(|_| failed("E")).name(), "States.QueryEvaluationError");
}
