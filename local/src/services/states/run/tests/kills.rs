//! An engine that is killed at any moment: what is written down is enough to go on.

use super::*;

/// Everything at once: branches, items, retries, catches, waits, variables and timeouts.
fn everything() -> Value {
    jsonata(json!({
        "a": { "Type": "Pass", "Assign": { "n": "{% $states.input.n %}" }, "Next": "both" },
        "both": { "Type": "Parallel", "Next": "sum", "Assign": { "left": "{% $states.result[0] %}" },
            "Branches": [
                { "StartAt": "wait", "States": {
                    "wait": { "Type": "Wait", "Seconds": 30, "Next": "try" },
                    "try": task("flaky", json!({
                        "TimeoutSeconds": 10, "Output": "{% $states.result + $n %}", "End": true,
                        "Retry": [{ "ErrorEquals": ["States.Timeout", "E"], "MaxAttempts": 3, "MaxDelaySeconds": 5 }],
                    })),
                } },
                { "StartAt": "each", "States": {
                    "each": { "Type": "Map", "Items": "{% $states.input.list %}", "MaxConcurrency": 2, "End": true,
                        "ToleratedFailureCount": 1,
                        "ItemProcessor": { "StartAt": "item", "States": {
                            "item": task("item", json!({ "Output": "{% $states.result %}", "Next": "pause",
                                "Catch": [{ "ErrorEquals": ["Soft"], "Next": "pause", "Output": "soft" }] })),
                            "pause": { "Type": "Wait", "Seconds": "{% $states.context.Map.Item.Index + 1 %}", "End": true },
                        } } },
                } },
            ] },
        "sum": { "Type": "Pass", "Output": "{% {'in': $states.input, 'left': $left, 'n': $n} %}", "End": true },
    }))
}

/// What the services say to a call depends on the call alone.
fn services(call: &Call) -> Answer {
    let (name, input) = invoked(call);
    match (name, call.task % 5) {
        ("flaky", 1) => None,
        ("flaky", 2) => failed("E"),
        ("flaky", _) => Some(Ok(json!(100))),
        _ if input == &json!(2) => failed("Soft"),
        _ if input == &json!(3) => failed("Hard"),
        _ => Some(Ok(json!({ "item": input }))),
    }
}

fn input() -> Value {
    json!({ "n": 7, "list": [0, 1, 2, 3, 4] })
}

/// A history without what only chance and clocks differ in.
fn story(play: &Play) -> Vec<Value> {
    play.rendered()
}

#[test]
fn a_kill_before_any_step_changes_nothing() {
    let mut undisturbed = play(&everything(), input());
    let ending = undisturbed.end(services);
    assert!(matches!(ending, Ending::Succeeded(_)), "{ending:?}");
    assert!(undisturbed.steps > 15, "{}", undisturbed.steps);
    for killed in 0..=undisturbed.steps {
        let mut again = play(&everything(), input());
        assert_eq!(again.go(|step| step == killed, services), ending, "killed before step {killed}");
        assert_eq!(story(&again), story(&undisturbed), "killed before step {killed}");
    }
}

#[test]
fn a_kill_before_every_step_changes_nothing() {
    let mut undisturbed = play(&everything(), input());
    let ending = undisturbed.end(services);
    let mut again = play(&everything(), input());
    assert_eq!(again.go(|_| true, services), ending);
    assert_eq!(story(&again), story(&undisturbed));
}

#[test]
fn a_kill_between_two_turns_of_a_long_way_changes_nothing() {
    let definition = jsonata(json!({
        "a": { "Type": "Pass", "Output": "{% $states.input + 1 %}", "Next": "b" },
        "b": { "Type": "Choice", "Choices": [{ "Condition": "{% $states.input >= 1200 %}", "Next": "c" }], "Default": "a" },
        "c": { "Type": "Succeed" },
    }));
    let mut undisturbed = play(&definition, json!(0));
    assert_eq!(undisturbed.output(nothing), json!(1200));
    let mut again = play(&definition, json!(0));
    assert_eq!(again.go(|_| true, nothing), Ending::Succeeded(Data::from(json!(1200))));
    assert_eq!(story(&again), story(&undisturbed));
}

#[test]
fn a_token_outlives_the_engine() {
    let definition = jsonata(json!({ "a": {
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
        "Arguments": { "QueueUrl": "q", "MessageBody": "{% $states.context.Task.Token %}" },
    } }));
    let mut play = play(&definition, json!({}));
    play.step(Event::Tick);
    let call = play.call();
    // Not answered: it is called again, with the same token.
    play.restart();
    assert_eq!(play.call(), call);
    play.answer(&call, Ok(json!({})));
    // Answered: only the token is waited for.
    play.restart();
    assert!(play.open.is_empty());
    let token = call.arguments["MessageBody"].as_str().unwrap().to_owned();
    assert!(play.step(Event::Token { thread: 0, token, result: Ok(json!("back")) }));
    assert_eq!(play.ended, Some(Ending::Succeeded(Data::from(json!("back")))));
}

#[test]
fn time_that_passed_while_there_was_no_engine_counts() {
    let mut play = play(&jsonata(json!({ "a": { "Type": "Wait", "Seconds": 60, "End": true } })), json!({}));
    play.step(Event::Tick);
    play.restart();
    play.now = Time::from_millis(START.millis() + 3_600_000);
    play.step(Event::Tick);
    assert_eq!(play.ended, Some(Ending::Succeeded(Data::from(json!({})))));
}
