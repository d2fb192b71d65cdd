//! Timeouts, heartbeats, tokens, and answers that come too late.

use super::*;

fn token_task(more: Value) -> Value {
    let mut task = json!({
        "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
        "Arguments": { "QueueUrl": "q", "MessageBody": "{% $states.context.Task.Token %}" },
    });
    task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mut states = json!({ "a": task });
    if more.get("Catch").is_some() {
        states["b"] = json!({ "Type": "Pass", "Output": "{% $states.input.Error %}", "End": true });
    }
    jsonata(states)
}

fn token(call: &Call) -> String {
    call.arguments["MessageBody"].as_str().unwrap().to_owned()
}

fn at(seconds: i64) -> Time {
    Time::from_millis(START.millis() + seconds * 1000)
}

#[test]
fn a_task_that_takes_too_long_times_out() {
    let definition =
        jsonata(json!({ "a": task("f", json!({ "TimeoutSeconds": "{% $states.input %}", "End": true })) }));
    let mut play = play(&definition, json!(5));
    assert_eq!(play.failure(|_| None), Failure::timeout(false));
    assert_eq!(play.seconds(), 5.0);
    let types = play.types();
    // Nobody caught it: the execution failed, and did not itself time out.
    assert_eq!(types[types.len() - 2..], ["TaskTimedOut", "ExecutionFailed"]);
}

#[test]
fn an_answer_after_the_timeout_is_not_heard() {
    let retry = json!([{ "ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 1 }]);
    let definition = jsonata(json!({ "a": task("f", json!({ "TimeoutSeconds": 5, "Retry": retry, "End": true })) }));
    let mut play = play(&definition, json!({}));
    play.step(Event::Tick);
    let first = play.call();
    play.now = at(5);
    play.step(Event::Tick);
    assert!(!play.answer(&first, Ok(json!("late"))));
    play.now = at(6);
    play.step(Event::Tick);
    let second = play.call();
    assert!(!play.answer(&first, Ok(json!("later"))));
    assert!(play.answer(&second, Ok(json!("good"))));
    assert_eq!(play.ended, Some(Ending::Succeeded(Data::from(json!("good")))));
}

#[test]
fn a_timeout_that_is_none_fails() {
    for bad in ["{% 0 %}", "{% -1 %}", "{% 1.5 %}", "{% 'x' %}", "{% 100000000 %}"] {
        let definition = jsonata(json!({ "a": task("f", json!({ "TimeoutSeconds": bad, "End": true })) }));
        assert_eq!(play(&definition, json!({})).failure(nothing).name(), "States.QueryEvaluationError", "{bad}");
    }
    let definition = json_path(json!({ "a": {
        "Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:f", "TimeoutSecondsPath": "$.t",
        "End": true,
    } }));
    assert_eq!(play(&definition, json!({ "t": 0 })).failure(nothing).name(), "States.Runtime");
    assert_eq!(play(&definition, json!({ "t": 2 })).failure(|_| None).name(), "States.Timeout");
}

#[test]
fn a_task_with_a_token_waits_for_who_has_it() {
    let mut play = play(&token_task(json!({})), json!({}));
    play.step(Event::Tick);
    let call = play.call();
    assert!(play.answer(&call, Ok(json!({ "MessageId": "1" }))));
    assert_eq!(play.types().last().unwrap(), "TaskSubmitted");
    assert_eq!(play.run.next_work(), None);
    let wrong = Event::Token { thread: call.thread, token: "other".to_owned(), result: Ok(json!(1)) };
    assert!(!play.step(wrong));
    let right = Event::Token { thread: call.thread, token: token(&call), result: Ok(json!({ "done": true })) };
    assert!(play.step(right.clone()));
    assert_eq!(play.ended, Some(Ending::Succeeded(Data::from(json!({ "done": true })))));
    assert!(!play.step(right));
}

#[test]
fn a_token_may_come_back_before_the_call_is_answered() {
    let mut play = play(&token_task(json!({})), json!({}));
    play.step(Event::Tick);
    let call = play.call();
    let failure = Err(Failure::new("Refused", "no"));
    assert!(play.step(Event::Token { thread: call.thread, token: token(&call), result: failure }));
    assert_eq!(play.ended, Some(Ending::Failed(Failure::new("Refused", "no"))));
    assert!(!play.answer(&call, Ok(json!({}))));
}

#[test]
fn a_call_that_fails_needs_no_token() {
    let mut play = play(&token_task(json!({})), json!({}));
    assert_eq!(play.failure(|_| failed("SQS.QueueDoesNotExistException")).name(), "SQS.QueueDoesNotExistException");
}

#[test]
fn a_retry_has_a_token_of_its_own() {
    let retry = json!({ "Retry": [{ "ErrorEquals": ["E"] }] });
    let mut play = play(&token_task(retry), json!({}));
    play.step(Event::Tick);
    let first = play.call();
    play.answer(&first, Err(Failure::new("E", "")));
    play.skip();
    let second = play.call();
    assert_ne!(token(&first), token(&second));
    assert!(!play.step(Event::Token { thread: 0, token: token(&first), result: Ok(json!(1)) }));
    assert!(play.step(Event::Token { thread: 0, token: token(&second), result: Ok(json!(2)) }));
}

#[test]
fn heartbeats_keep_a_task_alive_until_they_stop() {
    let catch = json!([{ "ErrorEquals": ["States.HeartbeatTimeout"], "Next": "b" }]);
    let definition = token_task(json!({ "HeartbeatSeconds": 10, "TimeoutSeconds": 100, "Catch": catch }));
    let mut play = play(&definition, json!({}));
    play.step(Event::Tick);
    let call = play.call();
    play.answer(&call, Ok(json!({})));
    let beat = Event::Heartbeat { thread: call.thread, token: token(&call) };
    for beats in 1..=4 {
        play.now = at(beats * 9);
        assert!(play.step(beat.clone()));
    }
    assert_eq!(play.run.next_work(), Some(at(46)));
    play.skip();
    assert_eq!(play.seconds(), 46.0);
    // Caught by the name that it has for `Catch`, and shown by the one that it has on AWS.
    assert_eq!(play.ended, Some(Ending::Succeeded(Data::from(json!("States.Timeout")))));
    assert!(!play.step(beat));
}

#[test]
fn heartbeats_do_not_hold_up_the_timeout() {
    let catch = json!([{ "ErrorEquals": ["States.HeartbeatTimeout"], "Next": "b" }]);
    let definition = token_task(json!({ "HeartbeatSeconds": 10, "TimeoutSeconds": 20, "Catch": catch }));
    let mut play = play(&definition, json!({}));
    play.step(Event::Tick);
    let call = play.call();
    for beats in 1..=3 {
        play.now = at(beats * 6);
        play.step(Event::Heartbeat { thread: call.thread, token: token(&call) });
    }
    play.now = at(20);
    play.step(Event::Tick);
    assert_eq!(play.ended, Some(Ending::Failed(Failure::timeout(false))));
}

#[test]
fn an_execution_that_takes_too_long_times_out_whatever_it_does() {
    let mut definition = jsonata(json!({ "a": { "Type": "Parallel", "End": true,
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "b" }],
        "Branches": [
            { "StartAt": "w", "States": { "w": { "Type": "Wait", "Seconds": 1000, "End": true } } },
            { "StartAt": "t", "States": { "t": task("f", json!({ "End": true })) } },
        ] }, "b": { "Type": "Succeed" } }));
    definition["TimeoutSeconds"] = json!(60);
    let mut play = play(&definition, json!({}));
    assert_eq!(play.end(|_| None), Ending::TimedOut);
    assert_eq!(play.seconds(), 60.0);
    let last = play.rendered().pop().unwrap();
    assert_eq!((&last["type"], &last["previousEventId"]), (&json!("ExecutionTimedOut"), &json!(0)));
}

#[test]
fn an_execution_is_stopped_at_once() {
    let mut play = play(&jsonata(json!({ "a": { "Type": "Wait", "Seconds": 60, "End": true } })), json!({}));
    play.step(Event::Tick);
    let why = Failure::new("Enough", "of it");
    play.step(Event::Stop(why.clone()));
    assert_eq!(play.ended, Some(Ending::Aborted(why)));
    assert_eq!(play.types(), ["ExecutionStarted", "WaitStateEntered", "ExecutionAborted"]);
    assert_eq!((play.run.next_work(), play.run.threads.len()), (None, 0));
}
