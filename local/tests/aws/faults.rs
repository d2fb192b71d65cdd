//! Bad days on demand: functions that end beside their calls, messages twice and out of turn, by seed.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use local::engine::Engine;
use local::faults::{Crash, Plan, Rates};
use local::kernel::{Caller, Happening, Moment};
use serde_json::{Value, json};

use crate::world::{Test, role, run, run_seeded, sdk};

const IN: &str = "arn:aws:sqs:eu-west-1:000000000000:in";

/// A queue `in` whose function `copy` puts what it gets into a table and sends it to the queue `out`; what fails
/// twice goes to `dead`.
struct Copying {
    engine: Engine,
    told: Rc<RefCell<Vec<Happening>>>,
}

impl Copying {
    async fn new(test: Test) -> Self {
        let told: Rc<RefCell<Vec<Happening>>> = Rc::default();
        let heard = Rc::clone(&told);
        test.engine.world().log.listen(move |happening| heard.borrow_mut().push(happening.clone()));
        let copying = Self { engine: test.engine, told };
        let caller = role(&copying.engine, "copy", json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])).await;
        let sdk = sdk(&copying.engine, &copying.engine.credentials(caller));
        let (db, sqs) = (aws_sdk_dynamodb::Client::new(&sdk), aws_sdk_sqs::Client::new(&sdk));
        copying.engine.functions().put("copy", move |_, event: Value, _| {
            let (db, sqs) = (db.clone(), sqs.clone());
            async move {
                for record in event["Records"].as_array().unwrap() {
                    let id = record["body"].as_str().unwrap();
                    let key = aws_sdk_dynamodb::types::AttributeValue::S(id.to_owned());
                    let failed = |_| local::services::lambda::FunctionError::new("Sad", "a call failed");
                    db.put_item().table_name("seen").item("id", key).send().await.map_err(|_| ()).map_err(failed)?;
                    let send = sqs.send_message().queue_url("http://localhost/000000000000/out").message_body(id);
                    send.send().await.map_err(|_| ()).map_err(failed)?;
                }
                Ok(Value::Null)
            }
        });
        for queue in ["out", "dead"] {
            copying.ask("sqs", "CreateQueue", json!({"QueueName": queue})).await;
        }
        let redrive = json!({"deadLetterTargetArn": IN.replace(":in", ":dead"), "maxReceiveCount": 2}).to_string();
        let attributes = json!({"VisibilityTimeout": "30", "RedrivePolicy": redrive});
        copying.ask("sqs", "CreateQueue", json!({"QueueName": "in", "Attributes": attributes})).await;
        let table = json!({
            "TableName": "seen", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        });
        copying.ask("dynamodb", "CreateTable", table).await;
        let function = json!({
            "FunctionName": "copy", "Role": "arn:aws:iam::000000000000:role/copy", "Runtime": "provided.al2023",
            "Handler": "copy", "Timeout": 10, "Code": {"S3Bucket": "eventloom", "S3Key": "/in/this/process"},
        });
        copying.ask("lambda", "CreateFunction", function).await;
        copying
    }

    async fn ask(&self, service: &str, operation: &str, input: Value) -> Value {
        self.engine.world().bus.request(Caller::Account, service, operation, input).await.unwrap()
    }

    async fn map(&self, batch: u32) {
        let mapping = json!({"FunctionName": "copy", "EventSourceArn": IN, "BatchSize": batch});
        self.ask("lambda", "CreateEventSourceMapping", mapping).await;
    }

    async fn send(&self, body: &str) {
        self.ask("sqs", "SendMessage", json!({"QueueUrl": "in", "MessageBody": body})).await;
    }

    async fn pass(&self, seconds: u64) {
        self.engine.world().clock.sleep(Duration::from_secs(seconds)).await;
    }

    /// How many messages wait in a queue.
    async fn waiting(&self, queue: &str) -> String {
        let asked = json!({"QueueUrl": queue, "AttributeNames": ["All"]});
        let answer = self.ask("sqs", "GetQueueAttributes", asked).await;
        answer["Attributes"]["ApproximateNumberOfMessages"].as_str().unwrap().to_owned()
    }

    async fn rows(&self) -> Value {
        self.ask("dynamodb", "Scan", json!({"TableName": "seen"})).await["Count"].clone()
    }

    fn count(&self, service: &str, what: &str) -> usize {
        self.told.borrow().iter().filter(|told| (told.service, told.what) == (service, what)).count()
    }
}

fn crash(call: u32, when: Moment, times: u32) -> Crash {
    Crash { function: "copy".to_owned(), call, when, times }
}

#[test]
fn a_function_ends_before_or_after_any_call_and_its_message_comes_again() {
    // Beside which call; how many rows and copies there are after the crash, and after all.
    let table = [
        (0, Moment::Before, 0, "0", "1"),
        (1, Moment::Before, 0, "0", "1"),
        (1, Moment::After, 1, "0", "1"),
        (2, Moment::Before, 1, "0", "1"),
        (2, Moment::After, 1, "1", "2"),
        (0, Moment::After, 1, "1", "2"),
    ];
    for (call, when, rows, copies, in_the_end) in table {
        run(|test| async move {
            let copying = Copying::new(test).await;
            copying.engine.faults().crash(crash(call, when, 1));
            copying.map(1).await;
            copying.send("x").await;
            copying.pass(10).await;
            let place = format!("{when:?} {call}");
            assert_eq!((copying.rows().await, copying.waiting("out").await), (json!(rows), copies.into()), "{place}");
            copying.pass(60).await;
            assert_eq!((copying.rows().await, copying.waiting("out").await), (json!(1), in_the_end.into()), "{place}");
            assert_eq!((copying.waiting("in").await, copying.waiting("dead").await), ("0".into(), "0".into()));
            assert_eq!((copying.count("faults", "crashed"), copying.count("lambda", "invoked")), (1, 2), "{place}");
        });
    }
}

#[test]
fn a_crash_is_the_error_that_lambda_has_for_it() {
    run(|test| async move {
        let copying = Copying::new(test).await;
        for when in [Moment::Before, Moment::After] {
            copying.engine.faults().crash(crash(1, when, 1));
            let event = json!({"FunctionName": "copy", "Payload": {"Records": [{"body": "x"}]}});
            let answer = copying.ask("lambda", "Invoke", event.clone()).await;
            assert_eq!((&answer["FunctionError"], &answer["StatusCode"]), (&json!("Unhandled"), &json!(200)));
            assert_eq!(answer["Payload"]["errorType"], "Runtime.ExitError");
            let message = answer["Payload"]["errorMessage"].as_str().unwrap();
            assert!(message.starts_with("RequestId: "), "{message}");
            assert!(message.ends_with(" Error: Runtime exited with error: signal: killed"), "{message}");
            assert!(copying.ask("lambda", "Invoke", event).await.get("FunctionError").is_none(), "it strikes once");
            assert!(copying.engine.world().activity.is_quiet(), "nothing of the dead one goes on");
        }
    });
}

#[test]
fn what_crashes_each_time_is_a_dead_letter() {
    run(|test| async move {
        let copying = Copying::new(test).await;
        copying.engine.faults().crash(crash(2, Moment::Before, 100));
        copying.map(1).await;
        copying.send("x").await;
        copying.pass(120).await;
        assert_eq!((copying.waiting("in").await, copying.waiting("dead").await), ("0".into(), "1".into()));
        assert_eq!(copying.engine.faults().plan().crashes, [crash(2, Moment::Before, 98)]);
    });
}

#[test]
fn an_event_that_a_crash_ended_is_retried_as_on_aws() {
    run(|test| async move {
        let copying = Copying::new(test).await;
        copying.engine.faults().crash(crash(1, Moment::After, 2));
        let event = json!({
            "FunctionName": "copy", "InvocationType": "Event", "Payload": {"Records": [{"body": "x"}]},
        });
        copying.ask("lambda", "Invoke", event).await;
        copying.pass(59).await;
        assert_eq!(copying.count("lambda", "invoked"), 1);
        copying.pass(2).await;
        assert_eq!(copying.count("lambda", "invoked"), 2);
        copying.pass(121).await;
        assert_eq!((copying.count("lambda", "invoked"), copying.waiting("out").await), (3, "1".into()));
    });
}

#[test]
fn a_standard_queue_delivers_twice_and_out_of_turn() {
    run(|test| async move {
        let copying = Copying::new(test).await;
        let at = Rates { duplicate: 0.3, reorder: 1.0, ..Rates::default() };
        copying.engine.faults().at("sqs", at);
        for number in 0..20 {
            copying.send(&number.to_string()).await;
        }
        copying.map(1).await;
        copying.pass(5).await;
        copying.engine.faults().none();
        copying.pass(300).await;
        // What came too often is dead, though it was handled: on AWS too.
        assert_eq!((copying.rows().await, copying.waiting("in").await), (json!(20), "0".into()));
        let copies: u32 = copying.waiting("out").await.parse().unwrap();
        assert!(copies > 20, "some came twice: {copies}");
        assert!(copying.count("faults", "delivered_twice") > 0 && copying.count("faults", "reordered") > 0);
        let received = json!({"QueueUrl": "out", "MaxNumberOfMessages": 10});
        let first = copying.ask("sqs", "ReceiveMessage", received).await;
        let first: Vec<u32> = first["Messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["Body"].as_str().unwrap().parse().unwrap())
            .collect();
        assert!(!first.is_sorted(), "{first:?}");
    });
}

#[test]
fn the_same_seed_is_the_same_bad_day() {
    let day = |world: u64, seed: u64| {
        let trace: Rc<RefCell<Vec<String>>> = Rc::default();
        let kept = Rc::clone(&trace);
        run_seeded(world, |test| async move {
            let copying = Copying::new(test).await;
            let rates = Rates {
                throttle: 0.1,
                internal_error: 0.1,
                lost_response: 0.1,
                delay: 0.2,
                delay_ms: 2000,
                duplicate: 0.1,
                reorder: 0.2,
                crash_before: 0.1,
                crash_after: 0.1,
            };
            copying.engine.faults().set(Plan { seed: Some(seed), everywhere: rates, ..Plan::default() }).unwrap();
            for number in 0..10 {
                copying.send(&number.to_string()).await;
            }
            copying.map(2).await;
            copying.pass(600).await;
            copying.engine.faults().none();
            copying.pass(600).await;
            let lost = copying.rows().await.as_u64().unwrap() + copying.waiting("dead").await.parse::<u64>().unwrap();
            assert!(lost >= 10, "none is lost");
            let told = copying.told.borrow();
            let faults = told.iter().filter(|told| told.service == "faults");
            kept.borrow_mut().extend(faults.map(|told| format!("{} {} {}", told.at, told.resource, told.what)));
        });
        trace.take()
    };
    let first = day(1, 7);
    assert!(first.len() > 20, "{first:?}");
    for kind in ["throttled", "failed", "lost_answer", "delayed", "delivered_twice", "reordered", "crashed"] {
        assert!(first.iter().any(|line| line.ends_with(kind)), "no fault is {kind}: {first:?}");
    }
    assert_eq!(first, day(1, 7));
    assert_ne!(first, day(1, 8));
}

#[test]
fn a_call_after_the_end_of_its_function_has_no_effect() {
    run(|test| async move {
        let copying = Copying::new(test).await;
        let caller = role(&copying.engine, "two", json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}])).await;
        let sqs = aws_sdk_sqs::Client::new(&sdk(&copying.engine, &copying.engine.credentials(caller)));
        copying.engine.functions().put("copy", move |_, _, _| {
            let send = |body: &str| {
                sqs.send_message().queue_url("http://localhost/000000000000/out").message_body(body).send()
            };
            // Both are on their way when the first of them is the function's end.
            let (one, two) = (send("one"), send("two"));
            async move {
                let _ = tokio::join!(one, two);
                Ok(Value::Null)
            }
        });
        copying.engine.faults().crash(crash(1, Moment::Before, 1));
        let answer = copying.ask("lambda", "Invoke", json!({"FunctionName": "copy"})).await;
        assert_eq!(answer["Payload"]["errorType"], "Runtime.ExitError");
        assert_eq!(copying.waiting("out").await, "0");
    });
}
