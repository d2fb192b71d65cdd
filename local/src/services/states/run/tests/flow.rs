//! States one after the other, and the data that goes through them.

use super::*;

fn result_of(definition: &Value, input: Value) -> Value {
    play(definition, input).output(nothing)
}

#[test]
fn a_pass_gives_what_it_is_told_to() {
    let pass = json_path(json!({ "a": {
        "Type": "Pass", "InputPath": "$.in", "Result": { "x": 1 }, "ResultPath": "$.out", "OutputPath": "$.out", "End": true,
    } }));
    assert_eq!(result_of(&pass, json!({ "in": 7 })), json!({ "x": 1 }));
    let pass = json_path(json!({ "a": {
        "Type": "Pass", "Parameters": { "n.$": "$.n", "who.$": "$$.StateMachine.Name" }, "ResultPath": "$.p", "End": true,
    } }));
    assert_eq!(result_of(&pass, json!({ "n": 1 })), json!({ "n": 1, "p": { "n": 1, "who": "m" } }));
    let pass = jsonata(json!({ "a": { "Type": "Pass", "Output": { "n": "{% $states.input.n + 1 %}" }, "End": true } }));
    assert_eq!(result_of(&pass, json!({ "n": 1 })), json!({ "n": 2 }));
}

#[test]
fn nothing_is_an_empty_object() {
    let pass = json_path(json!({ "a": { "Type": "Pass", "InputPath": null, "ResultPath": "$.r", "End": true } }));
    assert_eq!(result_of(&pass, json!({ "n": 1 })), json!({ "n": 1, "r": {} }));
    let pass = json_path(json!({ "a": { "Type": "Pass", "Result": 1, "ResultPath": null, "End": true } }));
    assert_eq!(result_of(&pass, json!({ "n": 1 })), json!({ "n": 1 }));
    let pass = json_path(json!({ "a": { "Type": "Succeed", "OutputPath": null } }));
    assert_eq!(result_of(&pass, json!({ "n": 1 })), json!({}));
}

#[test]
fn a_path_that_leads_to_nothing_fails_the_execution() {
    let pass = json_path(json!({ "a": { "Type": "Pass", "InputPath": "$.gone", "End": true } }));
    assert_eq!(play(&pass, json!({})).failure(nothing).name(), "States.Runtime");
    let pass = json_path(json!({ "a": { "Type": "Pass", "Parameters": { "x.$": "$.gone" }, "End": true } }));
    assert_eq!(play(&pass, json!({})).failure(nothing).name(), "States.ParameterPathFailure");
}

#[test]
fn a_choice_takes_the_first_rule_that_holds() {
    let choice = json_path(json!({
        "a": { "Type": "Choice", "Default": "none", "Choices": [
            { "Variable": "$.n", "NumericGreaterThan": 10, "Next": "many" },
            { "And": [{ "Variable": "$.n", "IsPresent": true }, { "Not": { "Variable": "$.n", "NumericEquals": 0 } }],
              "Next": "some" },
        ] },
        "many": { "Type": "Pass", "Result": "many", "End": true },
        "some": { "Type": "Pass", "Result": "some", "End": true },
        "none": { "Type": "Pass", "Result": "none", "End": true },
    }));
    for (n, chosen) in [(11, "many"), (3, "some"), (0, "none")] {
        assert_eq!(result_of(&choice, json!({ "n": n })), chosen);
    }
}

#[test]
fn a_choice_without_a_match_and_default_fails() {
    let choice = jsonata(json!({
        "a": { "Type": "Choice", "Choices": [{ "Condition": "{% $states.input.n > 1 %}", "Next": "b" }] },
        "b": { "Type": "Succeed" },
    }));
    assert_eq!(play(&choice, json!({ "n": 1 })).failure(nothing).name(), "States.NoChoiceMatched");
    let failure = play(&choice, json!({ "n": "x" })).failure(nothing);
    assert_eq!(failure.name(), "States.QueryEvaluationError");
}

#[test]
fn a_rule_has_its_own_output_and_variables() {
    let choice = jsonata(json!({
        "a": { "Type": "Choice", "Default": "b", "Output": "state", "Assign": { "v": "default" }, "Choices": [
            { "Condition": "{% $states.input = 1 %}", "Next": "b", "Output": "rule", "Assign": { "v": "rule" } },
            { "Condition": "{% $states.input = 2 %}", "Next": "b", "Assign": { "v": "second" } },
        ] },
        "b": { "Type": "Pass", "Output": "{% [$states.input, $v] %}", "End": true },
    }));
    assert_eq!(result_of(&choice, json!(1)), json!(["rule", "rule"]));
    assert_eq!(result_of(&choice, json!(2)), json!(["state", "second"]));
    assert_eq!(result_of(&choice, json!(3)), json!(["state", "default"]));
}

#[test]
fn a_wait_ends_at_its_time() {
    let at = |wait: Value, input: Value| {
        let mut fields = json!({ "Type": "Wait", "End": true });
        fields.as_object_mut().unwrap().extend(wait.as_object().unwrap().clone());
        let mut play = play(&json!({ "StartAt": "a", "States": { "a": fields } }), input.clone());
        assert_eq!(play.output(nothing), input);
        play.seconds()
    };
    assert_eq!(at(json!({ "Seconds": 60 }), json!({})), 60.0);
    assert_eq!(at(json!({ "SecondsPath": "$.n" }), json!({ "n": 7 })), 7.0);
    assert_eq!(at(json!({ "Timestamp": "2026-01-01T00:01:40Z" }), json!({})), 100.0);
    assert_eq!(at(json!({ "TimestampPath": "$.t" }), json!({ "t": "2026-01-01T00:00:01.5Z" })), 1.5);
    assert_eq!(at(json!({ "Timestamp": "2020-01-01T00:00:00Z" }), json!({})), 0.0);
    let jsonata = json!({ "QueryLanguage": "JSONata", "Seconds": "{% $states.input.n * 2 %}" });
    assert_eq!(at(jsonata, json!({ "n": 30 })), 60.0);
    let jsonata = json!({ "QueryLanguage": "JSONata", "Timestamp": "{% $fromMillis($millis() + 5000) %}" });
    assert_eq!(at(jsonata, json!({})), 5.0);
}

#[test]
fn a_wait_for_what_is_no_time_fails() {
    let path = json_path(json!({ "a": { "Type": "Wait", "SecondsPath": "$.n", "End": true } }));
    assert_eq!(play(&path, json!({ "n": "soon" })).failure(nothing).name(), "States.Runtime");
    let jsonata = jsonata(json!({ "a": { "Type": "Wait", "Timestamp": "{% 'noon' %}", "End": true } }));
    assert_eq!(play(&jsonata, json!({})).failure(nothing).name(), "States.QueryEvaluationError");
}

#[test]
fn a_fail_says_why() {
    let fail =
        json_path(json!({ "a": { "Type": "Fail", "Error": "Gone", "CausePath": "States.Format('no {}', $.x)" } }));
    assert_eq!(play(&fail, json!({ "x": "tea" })).failure(nothing), Failure::new("Gone", "no tea"));
    let fail = jsonata(json!({ "a": { "Type": "Fail", "Error": "{% $states.input.e %}" } }));
    assert_eq!(play(&fail, json!({ "e": "E" })).failure(nothing), Failure::told(Some("E".to_owned()), None));
    let fail = jsonata(json!({ "a": { "Type": "Fail" } }));
    assert_eq!(play(&fail, json!({})).failure(nothing), Failure::told(None, None));
}

#[test]
fn a_task_gives_its_result_as_the_state_shapes_it() {
    let jsonata = jsonata(json!({ "a": task("f", json!({
        "Output": "{% $merge([$states.input, $states.result.Payload]) %}", "End": true,
    })) }));
    let output = play(&jsonata, json!({ "x": 1 })).output(|call| {
        assert_eq!(invoked(call), ("f", &json!({ "x": 1 })));
        Some(Ok(json!({ "Payload": { "y": 2 } })))
    });
    assert_eq!(output, json!({ "x": 1, "y": 2 }));
    let json_path = json_path(json!({ "a": {
        "Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f", "InputPath": "$.in",
        "Parameters": { "q.$": "$.n" }, "ResultSelector": { "z.$": "$.y" }, "ResultPath": "$.out", "End": true,
    } }));
    let output = play(&json_path, json!({ "in": { "n": 5 } })).output(|call| {
        assert_eq!(*call.arguments, json!({ "q": 5 }));
        Some(Ok(json!({ "y": 2, "more": true })))
    });
    assert_eq!(output, json!({ "in": { "n": 5 }, "out": { "z": 2 } }));
}

#[test]
fn variables_are_seen_after_they_are_assigned_and_outlive_outputs() {
    let definition = jsonata(json!({
        "a": { "Type": "Pass", "Assign": { "n": "{% $states.input %}", "m": 1 }, "Output": null, "Next": "b" },
        "b": { "Type": "Pass", "Assign": { "n": "{% $n + 1 %}", "old": "{% $n %}" }, "Output": "{% $n %}", "Next": "c" },
        "c": { "Type": "Pass", "Output": "{% [$states.input, $n, $old, $m] %}", "End": true },
    }));
    // An expression sees the variables as they were before its own state assigned any.
    assert_eq!(result_of(&definition, json!(5)), json!([5, 6, 5, 1]));
    let definition = json_path(json!({
        "a": { "Type": "Pass", "Assign": { "v.$": "$.x" }, "Result": 0, "Next": "b" },
        "b": { "Type": "Pass", "Parameters": { "v.$": "$v" }, "End": true },
    }));
    // In a Pass of JSONPath, `$` of `Assign` is the result.
    assert_eq!(play(&definition, json!({ "x": 1 })).failure(nothing).name(), "States.ParameterPathFailure");
}

#[test]
fn the_context_says_where_we_are() {
    let definition = jsonata(json!({
        "a": { "Type": "Wait", "Seconds": 2, "Next": "b" },
        "b": { "Type": "Pass", "Output": "{% $states.context %}", "End": true },
    }));
    let context = result_of(&definition, json!({ "i": 1 }));
    assert_eq!(context["Execution"]["Input"], json!({ "i": 1 }));
    assert_eq!(context["Execution"]["StartTime"], "2026-01-01T00:00:00.000Z");
    assert_eq!(context["State"], json!({ "Name": "b", "EnteredTime": "2026-01-01T00:00:02.000Z", "RetryCount": 0 }));
}

#[test]
fn each_state_may_have_its_own_language() {
    let definition = json_path(json!({
        "a": { "Type": "Pass", "Result": [1, 2, 3], "ResultPath": "$.list", "Next": "b" },
        "b": { "Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $sum($states.input.list) %}", "End": true },
    }));
    assert_eq!(result_of(&definition, json!({})), json!(6));
}

#[test]
fn the_history_is_as_aws_tells_it() {
    let mut play = play(&jsonata(json!({ "a": task("f", json!({ "TimeoutSeconds": 9, "End": true })) })), json!({}));
    play.output(|_| Some(Ok(json!(1))));
    let events = play.rendered();
    let types = ["ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSucceeded"];
    assert_eq!(play.types(), [&types[..], &["TaskStateExited", "ExecutionSucceeded"]].concat());
    // The first state follows on no event.
    let previous: Vec<u64> = events.iter().map(|event| event["previousEventId"].as_u64().unwrap()).collect();
    assert_eq!(previous, [0, 0, 2, 3, 4, 5, 6]);
    assert_eq!(
        events[2]["taskScheduledEventDetails"],
        json!({
            "resourceType": "lambda", "resource": "invoke", "region": "eu-west-1", "timeoutInSeconds": 9,
            "parameters": "{\"FunctionName\":\"f\",\"Payload\":{}}",
        })
    );
    assert_eq!(events[6]["executionSucceededEventDetails"]["output"], "1");
    assert!(play.history[6].render(7, true)["executionSucceededEventDetails"].get("output").is_none());
}
