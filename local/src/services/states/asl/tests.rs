use serde_json::{Value, json};

use super::*;

fn findings(definition: &Value) -> Vec<(String, String, String)> {
    match read(&definition.to_string(), false) {
        Ok(_) => Vec::new(),
        Err(found) => found.into_iter().map(|f| (f.code.to_owned(), f.location, f.message)).collect(),
    }
}

/// One state `a`, which ends if it does not say otherwise.
fn state(language: &str, state: &Value) -> Vec<(String, String, String)> {
    findings(&json!({ "QueryLanguage": language, "StartAt": "a", "States": { "a": state } }))
}

/// That just one thing is wrong, there and with these words.
fn refused(found: &[(String, String, String)], location: &str, words: &str) {
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].1, location, "{found:?}");
    assert!(found[0].2.contains(words), "{found:?}");
}

#[test]
fn every_kind_of_state_is_read_in_both_languages() {
    let json_path = json!({
        "Comment": "all of it", "Version": "1.0", "TimeoutSeconds": 60, "StartAt": "pass",
        "States": {
            "pass": { "Type": "Pass", "Result": 1, "ResultPath": "$.x", "Parameters": {}, "Next": "task" },
            "task": {
                "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "InputPath": null, "OutputPath": "$.a", "ResultSelector": { "b.$": "$.c" },
                "Parameters": { "QueueUrl": "q", "MessageBody": { "Token.$": "$$.Task.Token" } },
                "TimeoutSecondsPath": "$.timeout", "HeartbeatSeconds": 5, "Assign": { "v.$": "$.x" },
                "Retry": [{ "ErrorEquals": ["States.ALL"], "JitterStrategy": "NONE" }],
                "Catch": [{ "ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "fail" }],
                "Next": "choice",
            },
            "choice": { "Type": "Choice", "Default": "wait", "Choices": [
                { "And": [
                    { "Variable": "$.a", "IsPresent": true },
                    { "Not": { "Variable": "$.a", "StringMatches": "x*" } },
                    { "Or": [{ "Variable": "$v", "TimestampLessThanPath": "$$.State.EnteredTime" }] },
                ], "Next": "succeed" },
            ] },
            "wait": { "Type": "Wait", "TimestampPath": "$.at", "Next": "parallel" },
            "parallel": { "Type": "Parallel", "Next": "map", "Branches": [
                { "StartAt": "b", "States": { "b": { "Type": "Succeed" } } },
            ] },
            "map": { "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "Next": "ata",
                "Iterator": { "StartAt": "c", "States": { "c": { "Type": "Pass", "End": true } } } },
            "ata": { "Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input %}", "Next": "succeed" },
            "succeed": { "Type": "Succeed" },
            "fail": { "Type": "Fail", "ErrorPath": "States.Format('{}', $.e)", "Cause": "x" },
        },
    });
    assert_eq!(findings(&json_path), []);
    let jsonata = json!({
        "QueryLanguage": "JSONata", "StartAt": "wait",
        "States": {
            "wait": { "Type": "Wait", "Seconds": "{% $states.input.n %}", "Next": "choice" },
            "choice": { "Type": "Choice", "Choices": [{
                "Condition": "{% $states.input.n > 1 %}", "Next": "map", "Output": 1, "Assign": { "a": 1 },
            }] },
            "map": {
                "Type": "Map", "Items": [1, 2], "ItemSelector": { "i": "{% $states.context.Map.Item.Value %}" },
                "MaxConcurrency": "{% $states.input.n %}", "ToleratedFailurePercentage": 50, "End": true,
                "ItemProcessor": {
                    "ProcessorConfig": { "Mode": "INLINE" },
                    "StartAt": "task",
                    "States": { "task": {
                        "Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f",
                        "TimeoutSeconds": "{% 5 %}", "Arguments": {}, "Output": {}, "End": true,
                    } },
                },
            },
        },
    });
    assert_eq!(findings(&jsonata), []);
}

#[test]
fn names_must_lead_somewhere_and_states_be_reached() {
    let found = findings(&json!({ "StartAt": "a", "States": {
        "a": { "Type": "Pass", "Next": "b" }, "c": { "Type": "Succeed" },
    } }));
    let codes: Vec<&str> = found.iter().map(|(code, ..)| code.as_str()).collect();
    assert_eq!(codes, ["MISSING_TRANSITION_TARGET", "MISSING_TRANSITION_TARGET"]);
    assert!(found[0].2.contains("no state 'b'") && found[1].2.contains("'c' is not reachable"), "{found:?}");
    refused(&findings(&json!({ "StartAt": "x", "States": { "a": { "Type": "Succeed" } } })), "/StartAt", "'x'");
    let found = findings(&json!({ "StartAt": "a", "States": { "a": { "Type": "Pass", "Next": "a" } } }));
    refused(&found, "/States", "ends");
}

#[test]
fn a_field_of_the_other_language_is_refused() {
    let pass = json!({ "Type": "Pass", "InputPath": "$.a", "End": true });
    refused(&state("JSONata", &pass), "/States/a/InputPath", "'InputPath' is not supported in a Pass state of JSONata");
    let pass = json!({ "Type": "Pass", "Output": "{% 1 %}", "End": true });
    refused(&state("JSONPath", &pass), "/States/a/Output", "'Output' is not supported");
    let pass = json!({ "Type": "Pass", "QueryLanguage": "JSONPath", "End": true });
    refused(&state("JSONata", &pass), "/States/a/QueryLanguage", "can not be 'JSONPath'");
}

#[test]
fn queries_that_cannot_be_read_are_refused_with_their_place() {
    let pass = json!({ "Type": "Pass", "Output": { "x": ["{% 1 + %}"] }, "End": true });
    refused(&state("JSONata", &pass), "/States/a/Output/x[0]", "cannot be read");
    let pass = json!({ "Type": "Pass", "Parameters": { "x.$": "States.No()" }, "End": true });
    refused(&state("JSONPath", &pass), "/States/a/Parameters/x.$", "States.No");
    let choice = json!({ "StartAt": "a", "QueryLanguage": "JSONata", "States": {
        "a": { "Type": "Choice", "Choices": [{ "Condition": "$x", "Next": "b" }] }, "b": { "Type": "Succeed" },
    } });
    refused(&findings(&choice), "/States/a/Choices[0]/Condition", "a JSONata expression is expected");
}

#[test]
fn fields_are_what_the_language_has() {
    let refused = |value: Value, place: &str, words: &str| refused(&state("JSONPath", &value), place, words);
    refused(json!({ "Type": "Pass", "Nex": "b", "End": true }), "/States/a/Nex", "'Nex' is not supported");
    refused(json!({ "Type": "Pas", "End": true }), "/States/a/Type", "'Pas'");
    refused(json!({ "Type": "Pass" }), "/States/a", "'Next', or 'End'");
    refused(json!({ "Type": "Pass", "End": true, "Next": "a" }), "/States/a", "'Next', or 'End'");
    refused(json!({ "Type": "Wait", "End": true }), "/States/a", "just one of");
    refused(json!({ "Type": "Wait", "Seconds": -1, "End": true }), "/States/a/Seconds", "no value");
    refused(json!({ "Type": "Wait", "Timestamp": "noon", "End": true }), "/States/a/Timestamp", "no value");
    refused(json!({ "Type": "Task", "End": true }), "/States/a", "These fields are required: [Resource]");
    refused(json!({ "Type": "Pass", "ResultPath": "$..x", "End": true }), "/States/a/ResultPath", "reference path");
    refused(json!({ "Type": "Pass", "Assign": { "states": 1 }, "End": true }), "/States/a/Assign/states", "reserved");
    let task = |field: &str, value: Value| json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", field: value, "End": true });
    refused(task("TimeoutSeconds", json!(0)), "/States/a/TimeoutSeconds", "no value");
    refused(task("Credentials", json!({})), "/States/a/Credentials", "does not have 'Credentials'");
    let retry = |retry: Value| task("Retry", json!([retry, { "ErrorEquals": ["x"] }]));
    refused(retry(json!({ "ErrorEquals": [] })), "/States/a/Retry[0]/ErrorEquals", "at least one");
    refused(retry(json!({ "ErrorEquals": ["States.ALL"] })), "/States/a/Retry[0]/ErrorEquals", "alone");
    refused(retry(json!({ "ErrorEquals": ["a"], "BackoffRate": 0.5 })), "/States/a/Retry[0]/BackoffRate", "1.0");
    let delay = json!({ "ErrorEquals": ["a"], "IntervalSeconds": 9, "MaxDelaySeconds": 9 });
    refused(retry(delay), "/States/a/Retry[0]/MaxDelaySeconds", "greater");
}

#[test]
fn a_resource_that_is_not_there_is_named() {
    let found = |resource: &str| {
        let task = json!({ "Type": "Task", "Resource": resource, "End": true });
        let found = findings(&json!({ "StartAt": "a", "States": { "a": task } }));
        found.into_iter().map(|(code, _, message)| format!("{code} {message}")).collect::<String>()
    };
    assert!(found("arn:aws:states:eu-west-1:123456789012:activity:x").contains("does not have activities"));
    assert!(found("arn:aws:states:::glue:startJobRun.sync").contains("does not have the integration"));
    assert!(found("arn:aws:states:::lambda:invoke.sync").contains("cannot be waited for"));
    assert!(found("arn:aws:states:::dynamodb:getItem.waitForTaskToken").contains("has no .waitForTaskToken"));
    assert!(found("arn:aws:states:::lambda:invoke.then").contains("no integration pattern"));
    assert!(found("arn:aws:states:::aws-sdk:glue:startJobRun").contains("does not have the service 'glue'"));
    assert!(found("nothing").starts_with("INVALID_RESOURCE"));
    assert_eq!(found("arn:aws:states:::aws-sdk:dynamodb:query"), "");
}

#[test]
fn an_express_machine_cannot_wait_for_others() {
    for resource in ["arn:aws:states:::lambda:invoke.waitForTaskToken", "arn:aws:states:::states:startExecution.sync:2"]
    {
        let task = json!({ "Type": "Task", "Resource": resource, "End": true });
        let definition = json!({ "StartAt": "a", "States": { "a": task } }).to_string();
        assert!(read(&definition, false).is_ok());
        assert_eq!(read(&definition, true).unwrap_err()[0].code, "INVALID_RESOURCE");
    }
}

#[test]
fn distributed_maps_are_named_as_absent() {
    let map = json!({ "Type": "Map", "End": true, "ItemProcessor": {
        "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS" },
        "StartAt": "b", "States": { "b": { "Type": "Succeed" } },
    } });
    refused(&state("JSONPath", &map), "/States/a/ItemProcessor/ProcessorConfig/Mode", "does not have Distributed Map");
}

#[test]
fn names_are_unique_and_short() {
    let long = "x".repeat(81);
    let found = findings(&json!({ "StartAt": long, "States": { &long: { "Type": "Succeed" } } }));
    assert_eq!(found[0].0, "INVALID_STATE_NAME");
    let found = findings(&json!({ "StartAt": "a", "States": { "a": { "Type": "Parallel", "End": true, "Branches": [
        { "StartAt": "a", "States": { "a": { "Type": "Succeed" } } },
    ] } } }));
    assert_eq!(found[0].0, "DUPLICATE_STATE_NAME");
}

#[test]
fn an_inner_scope_does_not_assign_what_an_outer_one_does() {
    let found = findings(&json!({ "StartAt": "a", "States": { "a": {
        "Type": "Parallel", "Assign": { "x": 1 }, "End": true, "Branches": [
            { "StartAt": "b", "States": { "b": { "Type": "Pass", "Assign": { "x.$": "$.y" }, "End": true } } },
        ],
    } } }));
    refused(&found, "/States/a/Branches[0]/States/b/Assign/x", "scope around");
}

#[test]
fn a_definition_is_json_of_at_most_a_megabyte() {
    assert_eq!(read("{", false).unwrap_err()[0].code, "INVALID_JSON_DESCRIPTION");
    assert_eq!(read(&" ".repeat(1_048_577), false).unwrap_err()[0].message, "the definition is larger than 1 MB");
    assert!(read("[]", false).is_err());
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let found = findings(&json!({ "StartAt": "a", "Foo": 1, "States": {
        "a": { "Type": "Pass", "Bar": 1, "End": true }, "b": { "Type": "Wait", "Seconds": "x", "End": true },
    } }));
    assert!(found.len() >= 3, "{found:?}");
}
