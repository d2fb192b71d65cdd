//! A whole binary in its own process, before a Runtime API of the test's.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test's helpers fail the test")]

mod support;

use std::process::Command;

use runtime::serde::{Deserialize, Serialize};
use runtime::serde_json::{Value, json};
use runtime::{
    Consumer, Cx, Envelope, Error, Event, Exit, Invocation, LambdaEvent, Order, Pii, Start, Step, Timestamp, consume,
    step,
};
use support::Function;

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct Job {
    id: String,
    note: Pii<String>,
}

impl Event for Job {
    const FLOW: &'static str = "jobs";
    const TYPE: &'static str = "Job";

    fn id(&self) -> String {
        self.id.clone()
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }
}

const FUNCTIONS: &[(&str, Start)] =
    &[("double", Start::Ready), ("work", Start::Ready), ("group", Start::Absent("grouper"))];

async fn dispatch(cx: &Cx, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let invocation = &Invocation::new(cx, &event.context);
    match cx.function() {
        "double" => step(invocation, event.payload, &Step { once: None }, double).await,
        "work" => consume(invocation, event.payload, &Consumer { order: Order::Fifo, once: None }, work).await,
        other => Err(Error::UnknownFunction(other.to_owned())),
    }
}

async fn double(_: &Invocation, number: i64) -> Result<i64, Error> {
    match number {
        13 => panic!("{number} is a secret"),
        0 => Err(Error::named("Nothing", "nothing to double")),
        number => Ok(number * 2),
    }
}

async fn work(_: &Invocation, job: Job) -> Result<(), Error> {
    runtime::tracing::info!(?job, "at work");
    Ok(())
}

fn start(name: &str, events: impl IntoIterator<Item = Value>) -> Function {
    Function::start(std::env::current_exe().unwrap().to_str().unwrap(), name, events)
}

fn a_step_answers_with_its_handlers_result_or_its_errors_name() {
    let function = start("double", [json!(21), json!(0), json!("x"), json!(13), json!(1)]);
    let answers: Vec<_> = (0..5).map(|_| function.told()).collect();
    assert_eq!((answers[0].path.as_str(), &answers[0].body), ("invocation/request-4/response", &json!(42)));
    let errors = answers[1..4].iter().map(|told| {
        assert!(told.path.ends_with("/error"), "{}", told.path);
        [&told.body["errorType"], &told.body["errorMessage"]].map(|text| text.as_str().unwrap())
    });
    assert_eq!(
        errors.collect::<Vec<_>>(),
        [
            ["Nothing", "nothing to double"],
            ["Eventloom.Reject", "`.` is no whole number"],
            ["Eventloom.Panicked", "the handler panicked: see the log line before this one"],
        ]
    );
    assert_eq!(answers[4].body, json!(2), "the function goes on after a panic");
    assert_eq!(function.told().path, "next");
    let (_, log) = function.end();
    let panic = log.lines().find(|line| line.contains("\"message\":\"panic\"")).unwrap();
    assert!(panic.contains("tests/process.rs") && panic.contains("\"request_id\":\"request-1\""), "{panic}");
    assert!(!log.contains("secret"), "{log}");
}

fn a_poisoned_record_is_returned_alone_and_its_content_stays_out_of_the_log() {
    let envelope = |id: &str| {
        serde_json::to_value(Envelope::of(Job { id: id.to_owned(), note: "secret".to_owned().into() })).unwrap()
    };
    let mut poison = envelope("2");
    poison["data"]["id"] = json!(["secret"]);
    poison["correlationid"] = json!("secret");
    let mut other = envelope("3");
    other["type"] = json!("\u{1b}[31m\u{9b}0m");
    let records = [envelope("1"), poison, other].into_iter().enumerate();
    let records = records.map(|(at, body)| {
        json!({ "messageId": format!("m{at}"), "body": body.to_string(), "attributes": { "MessageGroupId": at.to_string() } })
    });
    let function = start("work", [json!({ "Records": records.collect::<Vec<_>>() })]);
    assert_eq!(
        function.told().body,
        json!({ "batchItemFailures": [{ "itemIdentifier": "m1" }, { "itemIdentifier": "m2" }] })
    );
    assert_eq!(function.told().path, "next");
    let (_, log) = function.end();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let reason = |at: usize| lines[at]["reason"].as_str().unwrap();
    assert!(lines[0]["message"] == "at work" && lines[0]["spans"][0]["request_id"] == "request-0", "{log}");
    assert_eq!(reason(1), "`data.id` is not a string");
    assert_eq!(lines[1]["span"]["message_id"], "m1");
    assert!(reason(2).starts_with("event type `\u{1b}[31m\u{9b}0m` is not handled here"));
    assert!(!log.contains("secret") && !log.contains('\u{1b}') && !log.contains('\u{9b}'), "{log}");
}

fn a_function_whose_runtime_is_absent_fails_at_its_start_by_name() {
    let function = start("group", [json!({ "Records": [] })]);
    let told = function.told();
    let said = "function `group` needs the grouper, which this version of the runtime does not have";
    assert_eq!((told.path.as_str(), &told.body["errorMessage"]), ("init/error", &json!(said)));
    let (code, log) = function.wait();
    assert_eq!(code, Some(5));
    assert!(log.contains(said), "{log}");
}

fn an_unknown_function_is_told_from_an_absent_one() {
    let function = start("dubble", []);
    assert_eq!(
        function.told().body["errorMessage"],
        "no function `dubble` in this binary; functions: double, work, group"
    );
    assert_eq!(function.wait().0, Some(4));
}

fn outside_lambda_the_binary_says_what_it_is() {
    let output = Command::new(std::env::current_exe().unwrap()).arg(OUTSIDE).env_clear().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("this is the binary of the flow's Lambda functions"), "{said}");
}

const OUTSIDE: &str = "--start-outside-lambda";

const CASES: &[(&str, fn())] = &[
    (
        "a_step_answers_with_its_handlers_result_or_its_errors_name",
        a_step_answers_with_its_handlers_result_or_its_errors_name,
    ),
    (
        "a_poisoned_record_is_returned_alone_and_its_content_stays_out_of_the_log",
        a_poisoned_record_is_returned_alone_and_its_content_stays_out_of_the_log,
    ),
    (
        "a_function_whose_runtime_is_absent_fails_at_its_start_by_name",
        a_function_whose_runtime_is_absent_fails_at_its_start_by_name,
    ),
    ("an_unknown_function_is_told_from_an_absent_one", an_unknown_function_is_told_from_an_absent_one),
    ("outside_lambda_the_binary_says_what_it_is", outside_lambda_the_binary_says_what_it_is),
];

fn main() -> Exit {
    if std::env::var_os("_HANDLER").is_some() || std::env::args().any(|argument| argument == OUTSIDE) {
        return runtime::run(FUNCTIONS, dispatch);
    }
    for (name, case) in CASES {
        println!("{name}");
        case();
    }
    Exit::Ended
}
