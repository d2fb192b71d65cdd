//! Lambda: every operation, as a client sees it, with functions in this process.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    Cors, DeadLetterConfig, DestinationConfig, Environment, FunctionCode, FunctionUrlAuthType, InvocationType, LogType,
    OnFailure, OnSuccess, RecursiveLoop, Runtime, TracingConfig, TracingMode, VpcConfig,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use local::kernel::{Access, Authorize, AwsError, Caller, Place, Time};
use local::services::lambda::FunctionError;
use serde_json::{Value, json};

use crate::fake::Fake;
use crate::functions::{Flow, ROLE, sad};
use crate::restart::Restarts;
use crate::world::run;

const ORDERS: &str = "arn:aws:lambda:eu-west-1:000000000000:function:orders";
const DEAD: &str = "arn:aws:sqs:eu-west-1:000000000000:dead";

async fn echo(event: Value) -> Result<Value, FunctionError> {
    Ok(event)
}

async fn fail(_: Value) -> Result<Value, FunctionError> {
    Err(sad())
}

fn payload(output: &InvokeOutput) -> Value {
    serde_json::from_slice(output.payload.as_ref().unwrap().as_ref()).unwrap()
}

fn blob(value: &Value) -> Blob {
    Blob::new(value.to_string())
}

async fn send(flow: &Flow, name: &str, event: &Value) {
    let invoke = flow.lambda.invoke().function_name(name).invocation_type(InvocationType::Event);
    assert_eq!(invoke.payload(blob(event)).send().await.unwrap().status_code(), 202);
}

#[test]
fn a_function_is_created_changed_and_deleted() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.put("orders", echo);
        let variables = Environment::builder().variables("STAGE", "test").build();
        let create = flow.create("orders").timeout(30).memory_size(512).environment(variables).tags("team", "orders");
        let made = create.kms_key_arn("arn:aws:kms:eu-west-1:000000000000:key/1").send().await.unwrap();
        assert_eq!(made.function_arn(), Some(ORDERS));
        assert_eq!((made.timeout(), made.memory_size(), made.role()), (Some(30), Some(512), Some(ROLE)));
        assert_eq!(made.state().unwrap().as_str(), "Active");
        assert_eq!(made.last_modified(), Some("2026-01-01T00:00:00.000+0000"));

        let got = flow.lambda.get_function().function_name(ORDERS).send().await.unwrap();
        assert_eq!(got.tags().unwrap()["team"], "orders");
        assert_eq!(got.configuration().unwrap().code_sha256(), made.code_sha256());
        let get = flow.lambda.get_function_configuration().function_name("orders").qualifier("$LATEST");
        assert_eq!(get.send().await.unwrap().environment().unwrap().variables().unwrap()["STAGE"], "test");

        let tracing = TracingConfig::builder().mode(TracingMode::Active).build();
        let update = flow.lambda.update_function_configuration().function_name("orders").timeout(5);
        let changed = update.tracing_config(tracing).revision_id(made.revision_id().unwrap()).send().await.unwrap();
        assert_eq!((changed.timeout(), changed.memory_size()), (Some(5), Some(512)));
        assert_ne!(changed.revision_id(), made.revision_id());
        let stale = flow.lambda.update_function_configuration().function_name("orders").timeout(6);
        let error = stale.revision_id(made.revision_id().unwrap()).send().await.unwrap_err();
        assert_eq!(error.code(), Some("PreconditionFailedException"));

        let update =
            || flow.lambda.update_function_code().function_name("orders").s3_bucket("eventloom").s3_key("/new");
        let dry = update().dry_run(true).send().await.unwrap();
        assert_ne!(dry.code_sha256(), made.code_sha256());
        let got = flow.lambda.get_function_configuration().function_name("orders").send().await.unwrap();
        assert_eq!(got.code_sha256(), made.code_sha256());
        assert_eq!(update().send().await.unwrap().code_sha256(), dry.code_sha256());

        flow.lambda.delete_function().function_name("orders").send().await.unwrap();
        let error = flow.lambda.get_function().function_name("orders").send().await.unwrap_err();
        assert_eq!(error.code(), Some("ResourceNotFoundException"));
        assert_eq!(error.message(), Some(format!("Function not found: {ORDERS}").as_str()));
    });
}

#[test]
fn what_a_function_cannot_be_is_refused() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.function("orders", echo).await;
        let twice = flow.create("orders").send().await.unwrap_err();
        assert_eq!(
            (twice.code(), twice.message()),
            (Some("ResourceConflictException"), Some("Function already exist: orders"),)
        );
        let create = || flow.create("orders").function_name("another");
        let variables = |name: &str, value: String| Environment::builder().variables(name, value).build();
        let s3 = |bucket: &str, key: &str| FunctionCode::builder().s3_bucket(bucket).s3_key(key).build();
        let cases = [
            ("no function name", create().function_name("a b")),
            ("does not honour `VpcConfig`", create().vpc_config(VpcConfig::builder().subnet_ids("a").build())),
            ("does not honour `Layers`", create().layers("arn:aws:lambda:eu-west-1:000000000000:layer:a:1")),
            ("does not honour `Publish`", create().publish(true)),
            ("does not honour `ZipFile`", create().code(FunctionCode::builder().zip_file(Blob::new("x")).build())),
            ("Runtime `nodejs22.x`", create().runtime(Runtime::from("nodejs22.x"))),
            ("bucket `eventloom` alone", create().code(s3("elsewhere", "/bin/true"))),
            ("at 'timeout' failed to satisfy constraint", create().timeout(901)),
            ("value greater than or equal to 128", create().memory_size(64)),
            ("request: AWS_REGION", create().environment(variables("AWS_REGION", "x".into()))),
            ("exceeded the 4KB limit", create().environment(variables("A", "x".repeat(4096)))),
            ("Architectures is one of x86_64, arm64", create().architectures("riscv".into())),
            ("Mode is one of", create().tracing_config(TracingConfig::builder().mode("Loud".into()).build())),
            (
                "go to a queue or a topic",
                create().dead_letter_config(DeadLetterConfig::builder().target_arn(ORDERS).build()),
            ),
        ];
        for (message, create) in cases {
            let error = create.send().await.unwrap_err();
            assert!(error.message().unwrap().contains(message), "{message}: {error:?}");
        }
        // What no function of this process stands for must be a file that can be run.
        for (message, key) in [
            ("is no absolute path", "bootstrap"),
            ("cannot be read", "/no/such/file"),
            ("is no executable file", "/etc/passwd"),
            ("is no executable file", "/tmp"),
        ] {
            let create = create().function_name("binary").handler("binary").code(s3("eventloom", key));
            let error = create.send().await.unwrap_err();
            assert_eq!(error.code(), Some("InvalidParameterValueException"), "{key}");
            assert!(error.message().unwrap().contains(message), "{key}: {error:?}");
        }
        let error = flow.lambda.list_functions().function_version("ALL".into()).send().await.unwrap_err();
        assert!(error.message().unwrap().contains("FunctionVersion"), "{error:?}");
        let error = flow.lambda.list_aliases().function_name("orders").send().await.unwrap_err();
        assert!(error.message().unwrap().contains("local engine"), "{error:?}");
    });
}

#[test]
fn functions_are_listed_by_page() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        for name in ["a", "b", "c"] {
            flow.function(name, echo).await;
        }
        let page = flow.lambda.list_functions().max_items(2).send().await.unwrap();
        let names = |functions: &[aws_sdk_lambda::types::FunctionConfiguration]| {
            functions.iter().map(|function| function.function_name().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(page.functions()), ["a", "b"]);
        let rest = flow.lambda.list_functions().marker(page.next_marker().unwrap()).send().await.unwrap();
        assert_eq!((names(rest.functions()), rest.next_marker()), (vec!["c".to_owned()], None));
    });
}

#[test]
fn an_invocation_answers_what_the_function_does() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", echo).await;
        let event = json!({"b": 1, "a": [null, "ä"]});
        let invoke = || flow.lambda.invoke().function_name("orders");
        let context = STANDARD.encode(r#"{"custom":{"a":"1"}}"#);
        let output = invoke().payload(blob(&event)).client_context(context).send().await.unwrap();
        assert_eq!(
            (output.status_code(), output.function_error(), output.executed_version()),
            (200, None, Some("$LATEST"),)
        );
        assert_eq!(output.payload().unwrap().as_ref(), event.to_string().as_bytes());
        let context = calls.contexts().remove(0);
        assert_eq!(context.function_arn, ORDERS);
        assert_eq!(context.deadline, flow.world().clock.now() + Duration::from_secs(3));
        assert_eq!(context.client_context.as_deref(), Some(r#"{"custom":{"a":"1"}}"#));

        assert_eq!(payload(&invoke().send().await.unwrap()), json!({}), "no event is an empty one");
        assert_eq!(calls.events().len(), 2);
        let dry = invoke().invocation_type(InvocationType::DryRun).send().await.unwrap();
        assert_eq!((dry.status_code(), calls.len()), (204, 0));
    });
}

#[test]
fn an_invocation_that_cannot_be_is_refused() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.function("orders", echo).await;
        let invoke = || flow.lambda.invoke().function_name("orders");
        let large = |size: usize| Blob::new(format!("\"{}\"", "x".repeat(size - 2)));
        let cases = [
            ("RequestTooLargeException", invoke().payload(large(6 * 1024 * 1024 + 1))),
            (
                "RequestTooLargeException",
                invoke().payload(large(1024 * 1024 + 1)).invocation_type(InvocationType::Event),
            ),
            ("InvalidRequestContentException", invoke().payload(Blob::new("{"))),
            ("InvalidRequestContentException", invoke().client_context("no base64 !")),
            ("InvalidParameterValueException", invoke().invocation_type("Later".into())),
            ("ResourceNotFoundException", invoke().function_name("another")),
            ("ResourceNotFoundException", invoke().qualifier("7")),
        ];
        for (code, invoke) in cases {
            assert_eq!(invoke.send().await.unwrap_err().code(), Some(code));
        }
        assert!(invoke().payload(large(6 * 1024 * 1024)).send().await.is_ok());
    });
}

#[test]
fn a_function_that_fails_is_no_failed_call() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.function("sad", fail).await;
        flow.function("slow", |_| std::future::pending()).await;
        flow.function("large", |_| async { Ok("x".repeat(7 << 20).into()) }).await;
        flow.function("panics", |_| async { panic!("as asked") }).await;
        for (name, kind, message) in [
            ("sad", "Sad", "as asked"),
            ("slow", "Sandbox.Timedout", "Error: Task timed out after 3.00 seconds"),
            ("large", "Function.ResponseSizeTooLarge", "exceeded maximum allowed payload size (6291556 bytes)"),
            ("panics", "Runtime.ExitError", "panicked"),
        ] {
            let began = flow.world().clock.now();
            let output = flow.lambda.invoke().function_name(name).send().await.unwrap();
            assert_eq!((output.status_code(), output.function_error()), (200, Some("Unhandled")), "{name}");
            let error = payload(&output);
            assert_eq!(error["errorType"], kind);
            assert!(error["errorMessage"].as_str().unwrap().contains(message), "{error}");
            let took = flow.world().clock.now().since(began);
            assert_eq!(took.as_secs(), if name == "slow" { 3 } else { 0 }, "{name}");
        }
    });
}

#[test]
fn a_tail_of_the_log_is_answered_to_who_asks() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.function("orders", echo).await;
        let invoke = || flow.lambda.invoke().function_name("orders");
        let tail = invoke().log_type(LogType::Tail).send().await.unwrap().log_result.unwrap();
        let tail = String::from_utf8(STANDARD.decode(tail).unwrap()).unwrap();
        assert!(tail.starts_with("START RequestId: ") && tail.contains("\nREPORT RequestId: "), "{tail}");
        assert_eq!(invoke().send().await.unwrap().log_result(), None);
    });
}

#[test]
fn concurrency_is_the_functions_own_or_the_accounts() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("slow", |_| std::future::pending()).await;
        flow.function("other", echo).await;
        let reserve = |name: &str, number| {
            flow.lambda.put_function_concurrency().function_name(name).reserved_concurrent_executions(number).send()
        };
        assert_eq!(reserve("slow", 2).await.unwrap().reserved_concurrent_executions(), Some(2));
        let invoke = |name: &str| flow.lambda.invoke().function_name(name).send();
        let answers = futures_util::future::join_all((0..3).map(|_| invoke("slow"))).await;
        assert_eq!(calls.len(), 2);
        let throttled: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
        assert_eq!(throttled.len(), 1);
        assert_eq!(throttled[0].code(), Some("TooManyRequestsException"));
        assert_eq!(throttled[0].message(), Some("Rate Exceeded."));

        let error = reserve("other", 899).await.unwrap_err();
        assert!(error.message().unwrap().contains("below its minimum value of [100]"), "{error:?}");
        reserve("other", 898).await.unwrap();
        reserve("other", 0).await.unwrap();
        assert_eq!(invoke("other").await.unwrap_err().code(), Some("TooManyRequestsException"));
        let account = flow.lambda.get_account_settings().send().await.unwrap().account_limit.unwrap();
        assert_eq!((account.concurrent_executions(), account.unreserved_concurrent_executions()), (1000, Some(998)));

        let get = || flow.lambda.get_function_concurrency().function_name("other").send();
        assert_eq!(get().await.unwrap().reserved_concurrent_executions(), Some(0));
        flow.lambda.delete_function_concurrency().function_name("other").send().await.unwrap();
        assert_eq!(get().await.unwrap().reserved_concurrent_executions(), None);
        invoke("other").await.unwrap();

        flow.lambda.delete_function_concurrency().function_name("slow").send().await.unwrap();
        let answers = futures_util::future::join_all((0..1001).map(|_| invoke("slow"))).await;
        assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1);
    });
}

#[test]
fn an_event_is_tried_again_after_one_minute_and_after_two() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let sqs = Rc::new(Fake::default());
        flow.world().bus.put("sqs", sqs.clone());
        let calls = flow.function("orders", fail).await;
        let letters = DeadLetterConfig::builder().target_arn(DEAD).build();
        let update = flow.lambda.update_function_configuration().function_name("orders");
        update.dead_letter_config(letters).send().await.unwrap();
        let destination = OnFailure::builder().destination(DEAD).build();
        let destinations = DestinationConfig::builder().on_failure(destination).build();
        let put = flow.lambda.put_function_event_invoke_config().function_name("orders");
        put.destination_config(destinations).send().await.unwrap();

        send(&flow, "orders", &json!({"order": 1})).await;
        flow.pass(59).await;
        assert_eq!(calls.len(), 1);
        flow.pass(2).await;
        assert_eq!(calls.len(), 2);
        flow.pass(118).await;
        assert_eq!((calls.len(), sqs.take().len()), (2, 0));
        flow.pass(2).await;
        let contexts = calls.contexts();
        assert_eq!(contexts.len(), 3);
        assert!(contexts.iter().all(|context| context.request_id == contexts[0].request_id));

        let mut sent = sqs.take();
        assert_eq!(sent.len(), 2);
        let letter = sent.pop().unwrap();
        assert_eq!(letter.caller, Caller::Role { role: arn(ROLE), session: "orders".to_owned() });
        assert_eq!(letter.input["MessageBody"], r#"{"order":1}"#);
        assert_eq!(letter.input["MessageAttributes"]["ErrorMessage"]["StringValue"], "as asked");
        assert_eq!(letter.input["MessageAttributes"]["RequestID"]["StringValue"], contexts[0].request_id);
        let record: Value = serde_json::from_str(sent[0].input["MessageBody"].as_str().unwrap()).unwrap();
        assert_eq!(
            record,
            json!({
                "version": "1.0", "timestamp": "2026-01-01T00:03:00.000Z",
                "requestContext": {
                    "requestId": contexts[0].request_id, "functionArn": format!("{ORDERS}:$LATEST"),
                    "condition": "RetriesExhausted", "approximateInvokeCount": 3,
                },
                "requestPayload": {"order": 1},
                "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
                "responsePayload": {"errorType": "Sad", "errorMessage": "as asked"},
            })
        );
        flow.pass(6 * 3600).await;
        assert_eq!((calls.len(), sqs.take().len()), (3, 0));
    });
}

fn arn(text: &str) -> local::kernel::Arn {
    local::kernel::Arn::parse(text).unwrap()
}

#[test]
fn an_event_that_was_taken_goes_on_to_the_destination_of_successes() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.function("orders", echo).await;
        let next = flow.function("next", echo).await;
        let destination = OnSuccess::builder().destination(ORDERS.replace("orders", "next")).build();
        let destinations = DestinationConfig::builder().on_success(destination).build();
        let put = flow.lambda.put_function_event_invoke_config().function_name("orders");
        put.destination_config(destinations).send().await.unwrap();
        send(&flow, "orders", &json!({"order": 1})).await;
        flow.pass(1).await;
        let record = next.events().remove(0);
        assert_eq!(record["requestContext"]["condition"], "Success");
        assert_eq!(
            (&record["requestPayload"], &record["responsePayload"]),
            (&json!({"order": 1}), &json!({"order": 1}))
        );
    });
}

#[test]
fn an_event_that_finds_no_room_waits_until_it_is_too_old() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let sqs = Rc::new(Fake::default());
        flow.world().bus.put("sqs", sqs.clone());
        let calls = flow.function("orders", echo).await;
        let reserve = |number| {
            let reserve = flow.lambda.put_function_concurrency().function_name("orders");
            reserve.reserved_concurrent_executions(number).send()
        };
        reserve(0).await.unwrap();
        send(&flow, "orders", &json!(1)).await;
        flow.pass(100).await;
        assert_eq!(calls.len(), 0);
        reserve(1).await.unwrap();
        flow.pass(300).await;
        assert_eq!(calls.len(), 1, "a throttle is no failed try");

        reserve(0).await.unwrap();
        let destination = OnFailure::builder().destination(DEAD).build();
        let destinations = DestinationConfig::builder().on_failure(destination).build();
        let put = flow.lambda.put_function_event_invoke_config().function_name("orders");
        let put = put.destination_config(destinations).maximum_event_age_in_seconds(60);
        put.maximum_retry_attempts(0).send().await.unwrap();
        send(&flow, "orders", &json!(2)).await;
        flow.pass(600).await;
        let record: Value = serde_json::from_str(sqs.inputs()[0]["MessageBody"].as_str().unwrap()).unwrap();
        assert_eq!(record["requestContext"]["condition"], "EventAgeExceeded");
        assert_eq!(record["requestContext"]["approximateInvokeCount"], 0);

        reserve(1).await.unwrap();
        flow.put("orders", fail);
        send(&flow, "orders", &json!(3)).await;
        flow.pass(1).await;
        let record: Value = serde_json::from_str(sqs.inputs()[0]["MessageBody"].as_str().unwrap()).unwrap();
        assert_eq!(record["requestContext"]["condition"], "RetriesExhausted", "MaximumRetryAttempts is 0");
    });
}

#[test]
fn a_destination_that_fails_for_a_while_is_reached_and_one_that_refuses_is_told() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        let sqs = Rc::new(Fake::default());
        flow.world().bus.put("sqs", sqs.clone());
        let told = flow.told(&["sent_to_destination", "dropped_event"]);
        flow.function("orders", echo).await;
        let destination = OnSuccess::builder().destination(DEAD).build();
        let destinations = DestinationConfig::builder().on_success(destination).build();
        let put = flow.lambda.put_function_event_invoke_config().function_name("orders");
        put.destination_config(destinations).send().await.unwrap();
        sqs.fail(AwsError::internal("for a while"));
        sqs.fail(AwsError::new("ThrottlingException", "slower"));
        send(&flow, "orders", &json!(1)).await;
        flow.pass(10).await;
        assert_eq!((sqs.take().len(), told.take().len()), (3, 1));
        sqs.fail(AwsError::new("AccessDenied", "no"));
        send(&flow, "orders", &json!(2)).await;
        flow.pass(10).await;
        assert_eq!(sqs.take().len(), 1);
        assert_eq!(told.take()[0].detail["error"], "AccessDenied: no");

        flow.put("orders", fail);
        send(&flow, "orders", &json!(3)).await;
        flow.pass(1).await;
        flow.lambda.delete_function().function_name("orders").send().await.unwrap();
        flow.pass(60).await;
        assert_eq!(told.take()[0].detail["reason"], "the function is deleted");
    });
}

#[test]
fn what_becomes_of_events_is_configured_and_forgotten() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.function("orders", echo).await;
        let get = || flow.lambda.get_function_event_invoke_config().function_name("orders").send();
        let missing = "doesn't have an EventInvokeConfig";
        assert!(get().await.unwrap_err().message().unwrap().contains(missing));
        let update = || flow.lambda.update_function_event_invoke_config().function_name("orders");
        assert!(update().maximum_retry_attempts(1).send().await.unwrap_err().message().unwrap().contains(missing));
        let put = || flow.lambda.put_function_event_invoke_config().function_name("orders");
        let made = put().qualifier("$LATEST").maximum_retry_attempts(1).maximum_event_age_in_seconds(60);
        let made = made.send().await.unwrap();
        assert_eq!(made.function_arn(), Some(format!("{ORDERS}:$LATEST").as_str()));
        let changed = update().maximum_event_age_in_seconds(90).send().await.unwrap();
        assert_eq!((changed.maximum_retry_attempts(), changed.maximum_event_age_in_seconds()), (Some(1), Some(90)));
        let put_anew = put().maximum_event_age_in_seconds(100).send().await.unwrap();
        assert_eq!(put_anew.maximum_retry_attempts(), None);
        let s3 = OnFailure::builder().destination("arn:aws:s3:::bucket").build();
        let s3 = DestinationConfig::builder().on_failure(s3).build();
        for refused in [
            put().maximum_retry_attempts(3),
            put().maximum_event_age_in_seconds(59),
            put().maximum_event_age_in_seconds(21_601),
            put().destination_config(s3),
        ] {
            assert!(refused.send().await.is_err());
        }
        assert_eq!(get().await.unwrap().maximum_event_age_in_seconds(), Some(100), "what is refused changes nothing");
        let delete = || flow.lambda.delete_function_event_invoke_config().function_name("orders").send();
        delete().await.unwrap();
        assert!(delete().await.unwrap_err().message().unwrap().contains(missing));
    });
}

/// What a server of function URLs calls.
async fn call_url(flow: &Flow, caller: Caller, id: &str, path: &str) -> Result<(u64, Value), AwsError> {
    let request = json!({
        "UrlId": id, "Method": "POST", "Path": path, "Query": "a=1&a=2", "SourceIp": "127.0.0.1",
        "Headers": [["Host", "localhost"], ["cookie", "c=1; d=2"]], "Body": STANDARD.encode("hello"),
    });
    let answer = flow.world().bus.request(caller, "lambda", "eventloom:InvokeUrl", request).await?;
    let body = STANDARD.decode(answer["Body"].as_str().unwrap()).unwrap();
    let body = String::from_utf8(body).unwrap();
    Ok((answer["StatusCode"].as_u64().unwrap(), serde_json::from_str(&body).unwrap_or(Value::String(body))))
}

#[test]
fn a_function_has_an_address_of_its_own() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.function("orders", echo).await;
        let create = || {
            let create = flow.lambda.create_function_url_config().function_name("orders");
            create.auth_type(FunctionUrlAuthType::None).cors(Cors::builder().allow_origins("*").build())
        };
        let made = create().send().await.unwrap();
        let id = made.function_url().trim_end_matches('/').rsplit('/').next().unwrap().to_owned();
        assert_eq!(made.function_url(), format!("{}/lambda-url/{id}/", Place::default().endpoint));
        assert_eq!(create().send().await.unwrap_err().code(), Some("ResourceConflictException"));
        let add = |sid: &str| flow.lambda.add_permission().function_name("orders").statement_id(sid).principal("*");
        let by_url = add("url").action("lambda:InvokeFunctionUrl").function_url_auth_type(FunctionUrlAuthType::None);
        assert_eq!(call_url(&flow, Caller::Anonymous, &id, "/").await.unwrap().0, 403, "so far nobody may");
        by_url.send().await.unwrap();
        assert_eq!(call_url(&flow, Caller::Anonymous, &id, "/").await.unwrap().0, 403, "one permission is not enough");
        add("invoke").action("lambda:InvokeFunction").invoked_via_function_url(true).send().await.unwrap();

        let (status, event) = call_url(&flow, Caller::Anonymous, &id, "/a%20b").await.unwrap();
        assert_eq!(status, 200);
        assert_eq!(
            (&event["version"], &event["rawPath"], &event["body"]),
            (&json!("2.0"), &json!("/a%20b"), &json!("hello"))
        );
        assert_eq!(
            (&event["cookies"], &event["queryStringParameters"]),
            (&json!(["c=1", "d=2"]), &json!({"a": "1,2"}))
        );
        assert_eq!(event["requestContext"]["http"]["method"], "POST");
        flow.put("orders", |_| async { Ok(json!({"statusCode": 418, "body": "no coffee"})) });
        assert_eq!(call_url(&flow, Caller::Anonymous, &id, "/").await.unwrap(), (418, json!("no coffee")));
        flow.put("orders", fail);
        assert_eq!(call_url(&flow, Caller::Anonymous, &id, "/").await.unwrap().0, 502);
        let reserve = flow.lambda.put_function_concurrency().function_name("orders");
        reserve.reserved_concurrent_executions(0).send().await.unwrap();
        assert_eq!(call_url(&flow, Caller::Anonymous, &id, "/").await.unwrap().0, 429);
        assert!(call_url(&flow, Caller::Anonymous, "nobody", "/").await.is_err());

        let update = flow.lambda.update_function_url_config().function_name("orders");
        let changed = update.auth_type(FunctionUrlAuthType::AwsIam).send().await.unwrap();
        assert_eq!(changed.cors().unwrap().allow_origins(), ["*"]);
        assert_eq!(call_url(&flow, Caller::Anonymous, &id, "/").await.unwrap().0, 403);
        let get = || flow.lambda.get_function_url_config().function_name("orders").send();
        assert_eq!(get().await.unwrap().auth_type(), &FunctionUrlAuthType::AwsIam);
        flow.lambda.delete_function_url_config().function_name("orders").send().await.unwrap();
        assert_eq!(get().await.unwrap_err().code(), Some("ResourceNotFoundException"));
    });
}

/// Refuses one action, and one caller everything that no policy of the resource allows.
#[derive(Debug)]
struct Judge {
    refused: &'static str,
    asked: Rc<Cell<u32>>,
}

impl Authorize for Judge {
    fn authorize(&self, access: &Access<'_>) -> Result<(), AwsError> {
        self.asked.set(self.asked.get() + 1);
        let allows = |policy: &Value| {
            let statements = policy["Statement"].as_array().unwrap();
            statements.iter().any(|statement| statement["Action"] == access.action)
        };
        let outsider = matches!(access.caller, Caller::Service { .. } | Caller::Anonymous);
        if access.action == self.refused || outsider && !access.policy.is_some_and(allows) {
            return Err(AwsError::new("AccessDeniedException", format!("no {} on {}", access.action, access.resource)));
        }
        Ok(())
    }
}

#[test]
fn a_permission_lets_others_invoke() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.function("orders", echo).await;
        let asked = Rc::new(Cell::new(0));
        flow.world().guard.put(Rc::new(Judge { refused: "lambda:DeleteFunction", asked: Rc::clone(&asked) }));
        let topic = || Caller::Service {
            principal: "sns.amazonaws.com",
            source: arn("arn:aws:sns:eu-west-1:000000000000:news"),
        };
        let invoke = || flow.world().bus.request(topic(), "lambda", "Invoke", json!({"FunctionName": "orders"}));
        assert_eq!(invoke().await.unwrap_err().code, "AccessDeniedException");
        let add = || {
            let add = flow.lambda.add_permission().function_name("orders").statement_id("news");
            let add = add.action("lambda:InvokeFunction").principal("sns.amazonaws.com");
            add.source_arn("arn:aws:sns:eu-west-1:000000000000:news").source_account("000000000000")
        };
        let statement: Value = serde_json::from_str(add().send().await.unwrap().statement().unwrap()).unwrap();
        assert_eq!(
            statement,
            json!({
                "Sid": "news", "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "lambda:InvokeFunction", "Resource": ORDERS,
                "Condition": {
                    "StringEquals": {"AWS:SourceAccount": "000000000000"},
                    "ArnLike": {"AWS:SourceArn": "arn:aws:sns:eu-west-1:000000000000:news"},
                },
            })
        );
        assert_eq!(invoke().await.unwrap()["StatusCode"], 200);
        assert_eq!(add().send().await.unwrap_err().code(), Some("ResourceConflictException"));
        let policy = flow.lambda.get_policy().function_name("orders").send().await.unwrap();
        assert!(policy.policy().unwrap().contains(r#""Sid":"news""#));
        let remove = || flow.lambda.remove_permission().function_name("orders").statement_id("news").send();
        remove().await.unwrap();
        assert_eq!(remove().await.unwrap_err().code(), Some("ResourceNotFoundException"));
        assert_eq!(
            flow.lambda.get_policy().function_name("orders").send().await.unwrap_err().code(),
            Some("ResourceNotFoundException")
        );
        assert_eq!(invoke().await.unwrap_err().code, "AccessDeniedException");

        let refused = flow.lambda.delete_function().function_name("orders").send().await.unwrap_err();
        assert_eq!(refused.code(), Some("AccessDeniedException"));
        assert!(asked.get() > 5);
        for (message, add) in [
            ("is no StatementId", add().statement_id("a b")),
            ("is no action of Lambda", add().action("sqs:SendMessage")),
            ("principal was invalid", add().principal("somebody")),
            ("does not honour `EventSourceToken`", add().event_source_token("alexa")),
            ("does not honour `PrincipalOrgID`", add().principal_org_id("o-1")),
        ] {
            let error = add.send().await.unwrap_err();
            assert!(error.message().unwrap().contains(message), "{message}: {error:?}");
        }
    });
}

#[test]
fn tags_and_the_recursion_setting_are_kept() {
    run(|test| async move {
        let flow = Flow::new(test).await;
        flow.function("orders", echo).await;
        let tag = flow.lambda.tag_resource().resource(ORDERS).tags("a", "1").tags("b", "2");
        tag.send().await.unwrap();
        flow.lambda.untag_resource().resource(ORDERS).tag_keys("a").tag_keys("c").send().await.unwrap();
        let tags = flow.lambda.list_tags().resource(ORDERS).send().await.unwrap().tags;
        assert_eq!(tags, Some(HashMap::from([("b".to_owned(), "2".to_owned())])));
        let put = flow.lambda.put_function_recursion_config().function_name("orders");
        put.recursive_loop(RecursiveLoop::Allow).send().await.unwrap();
        let got = flow.lambda.get_function_recursion_config().function_name("orders").send().await.unwrap();
        assert_eq!(got.recursive_loop(), Some(&RecursiveLoop::Allow));
    });
}

#[test]
fn a_restart_keeps_functions_and_the_events_that_were_accepted() {
    let restarts = Restarts::new("lambda");
    restarts.live(|test| async move {
        let flow = Flow::new(test).await;
        let calls = flow.function("orders", fail).await;
        let told = flow.told(&["will_retry_event"]);
        send(&flow, "orders", &json!({"order": 1})).await;
        while told.borrow().is_empty() {
            tokio::task::yield_now().await;
        }
        assert_eq!(calls.len(), 1);
        // One that is accepted, and not yet tried.
        send(&flow, "orders", &json!({"order": 2})).await;
    });
    restarts.live(|test| async move {
        let flow = Flow::again(test);
        let calls = flow.put("orders", echo);
        flow.world().clock.jump(Duration::from_secs(61));
        while calls.len() < 2 {
            tokio::task::yield_now().await;
        }
        let mut events = calls.events();
        events.sort_by_key(|event| event["order"].as_u64());
        assert_eq!(events, [json!({"order": 1}), json!({"order": 2})]);
        // What was taken is gone when it is on disk.
        flow.world().store.durable().await.unwrap();
        let got = flow.lambda.get_function().function_name("orders").send().await.unwrap();
        assert_eq!(got.configuration().unwrap().role(), Some(ROLE));
    });
    restarts.live(|test| async move {
        let flow = Flow::again(test);
        let calls = flow.put("orders", echo);
        flow.world().clock.jump(Duration::from_secs(24 * 3600));
        flow.lambda.list_functions().send().await.unwrap();
        flow.lambda.list_functions().send().await.unwrap();
        assert_eq!(calls.len(), 0);
        assert!(flow.world().clock.now() > Time::EPOCH);
    });
}
