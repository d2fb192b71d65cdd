//! What there may not be too much of.

use super::super::super::data::PAYLOAD;
use super::*;

#[test]
fn a_result_or_an_output_over_256_kib_fails() {
    let definition = jsonata(json!({ "a": task("f", json!({ "End": true })) }));
    let fits = Value::from("x".repeat(PAYLOAD - 2));
    assert_eq!(play(&definition, json!({})).output(|_| Some(Ok(fits.clone()))), fits);
    let failure = play(&definition, json!({})).failure(|_| Some(Ok(Value::from("x".repeat(PAYLOAD - 1)))));
    assert_eq!(failure.name(), "States.DataLimitExceeded");
    // As AWS says it of a task that is called by way of a service.
    let cause =
        "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit.";
    assert_eq!(failure.cause.unwrap(), cause);
    let grow =
        jsonata(json!({ "a": { "Type": "Pass", "Output": "{% [$states.input, $states.input] %}", "End": true } }));
    let half = Value::from("x".repeat(PAYLOAD / 2));
    assert_eq!(play(&grow, half).failure(nothing).name(), "States.DataLimitExceeded");
}

#[test]
fn variables_have_room_for_ten_mebibytes() {
    let assigning = |names: usize| {
        let value = "x".repeat(250 * 1024);
        let mut states = serde_json::Map::new();
        for name in 0..names {
            let (assign, next) = (format!("v{name}.$"), format!("s{}", name + 1));
            states.insert(format!("s{name}"), json!({ "Type": "Pass", "Assign": { assign: "$" }, "Next": next }));
        }
        states.insert(format!("s{names}"), json!({ "Type": "Succeed", "OutputPath": null }));
        play(&json!({ "StartAt": "s0", "States": states }), json!(value)).end(nothing)
    };
    assert_eq!(assigning(40), Ending::Succeeded(Data::from(json!({}))));
    assert!(matches!(assigning(41), Ending::Failed(failure) if failure.name() == "States.DataLimitExceeded"));
}

fn endless() -> Value {
    jsonata(json!({
        "a": { "Type": "Pass", "Next": "b" },
        "b": { "Type": "Choice", "Choices": [{ "Condition": false, "Next": "end" }], "Default": "a" },
        "end": { "Type": "Succeed" },
    }))
}

#[test]
fn a_history_has_25_000_events_the_last_of_which_says_so() {
    let mut play = play(&endless(), json!({}));
    let failure = play.failure(nothing);
    assert_eq!(failure.name(), "States.Runtime");
    assert!(failure.cause.unwrap().contains("maximum number of history events (25000)"));
    assert_eq!((play.history.len(), play.run.events), (25_000, 25_000));
    assert_eq!(play.types().last().unwrap(), "ExecutionFailed");
}

#[test]
fn retries_fill_a_history_as_well() {
    let retry = json!([{ "ErrorEquals": ["E"], "MaxAttempts": 99_999, "BackoffRate": 1.0 }]);
    let mut play = play(&jsonata(json!({ "a": task("f", json!({ "Retry": retry, "End": true })) })), json!({}));
    assert_eq!(play.failure(|_| failed("E")).name(), "States.Runtime");
    assert_eq!(play.history.len(), 25_000);
}

#[test]
fn an_express_execution_that_never_waits_ends_too() {
    let mut play = play(&endless(), json!({})).express();
    play.run.events = EXPRESS_EVENTS - 3_000;
    assert_eq!(play.end(nothing), Ending::TimedOut);
    assert_eq!(play.history.len(), 0);
}

#[test]
fn data_that_is_wrapped_again_and_again_fails() {
    let definition = jsonata(json!({
    "a": { "Type": "Pass", "Output": { "in": "{% $states.input %}" }, "Next": "b" },
    "b": { "Type": "Pass", "Next": "a" },
    }));
    let mut definition = definition;
    definition["States"]["b"] =
        json!({ "Type": "Choice", "Choices": [{ "Condition": false, "Next": "end" }], "Default": "a" });
    definition["States"]["end"] = json!({ "Type": "Succeed" });
    let mut play = play(&definition, json!({}));
    let failure = play.failure(nothing);
    assert!(failure.cause.unwrap().contains("nested more than 100 deep"));
    // What was written down on the way can be read again.
    for event in &play.history {
        serde_json::from_str::<HistoryEvent>(&serde_json::to_string(event).unwrap()).unwrap();
    }
}

#[test]
fn a_long_way_is_gone_in_turns() {
    let mut play = play(&endless(), json!({}));
    play.step(Event::Tick);
    assert!(play.more && play.ended.is_none());
    assert!(play.history.len() < 2_000);
}
