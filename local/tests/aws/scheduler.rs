//! EventBridge Scheduler: every operation, and what is called when.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_scheduler::Client;
use aws_sdk_scheduler::error::ProvideErrorMetadata;
use aws_sdk_scheduler::operation::create_schedule::builders::CreateScheduleFluentBuilder;
use aws_sdk_scheduler::primitives::DateTime;
use aws_sdk_scheduler::types::{
    ActionAfterCompletion, DeadLetterConfig, FlexibleTimeWindow, FlexibleTimeWindowMode, KinesisParameters,
    RetryPolicy, ScheduleState, SqsParameters, Tag, Target,
};
use aws_sdk_sqs::types::{Message, QueueAttributeName};
use local::engine::Engine;
use local::kernel::{Access, Arn, Authorize, AwsError, Caller, Clock, Place, Random, Store, Time, World};
use serde_json::{Value, json};
use tokio::task::LocalSet;

use crate::fake::Fake;
use crate::world::{self, Test, sdk};

const ROLE: &str = "arn:aws:iam::000000000000:role/timers";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:000000000000:timers";
const DEAD: &str = "arn:aws:sqs:eu-west-1:000000000000:dead";
const MACHINE: &str = "arn:aws:states:eu-west-1:000000000000:stateMachine:flow";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:000000000000:function:sweep";
const MINUTE: Duration = Duration::from_secs(60);

/// Runs a test whose roles are there and may do all.
fn run<F: Future<Output = ()>>(test: impl FnOnce(Test) -> F) {
    world::run(|world| {
        world.engine.world().guard.put(Rc::new(Anything));
        test(world)
    });
}

/// Allows all.
#[derive(Debug)]
struct Anything;

impl Authorize for Anything {
    fn authorize(&self, _: &Access<'_>) -> Result<(), AwsError> {
        Ok(())
    }
}

fn off() -> FlexibleTimeWindow {
    FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Off).build().unwrap()
}

fn target(arn: &str, input: Option<&str>) -> Target {
    Target::builder().arn(arn).role_arn(ROLE).set_input(input.map(str::to_owned)).build().unwrap()
}

/// A schedule that sends to the queue.
fn schedule(client: &Client, name: &str, expression: &str) -> CreateScheduleFluentBuilder {
    let schedule = client.create_schedule().name(name).schedule_expression(expression).flexible_time_window(off());
    schedule.target(target(QUEUE, Some(r#"{"at":"<aws.scheduler.scheduled-time>"}"#)))
}

fn refusal<T: std::fmt::Debug, E: ProvideErrorMetadata>(answer: Result<T, E>) -> (String, String) {
    let error = answer.err().unwrap();
    (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
}

fn invalid(text: &str) -> (String, String) {
    ("ValidationException".to_owned(), text.to_owned())
}

async fn queue(test: &Test, name: &str) -> aws_sdk_sqs::Client {
    let sqs = aws_sdk_sqs::Client::new(&test.sdk);
    let create = sqs.create_queue().queue_name(name);
    let create = match name.ends_with(".fifo") {
        true => create
            .attributes(QueueAttributeName::FifoQueue, "true")
            .attributes(QueueAttributeName::ContentBasedDeduplication, "true"),
        false => create,
    };
    create.send().await.unwrap();
    sqs
}

/// All messages that are in a queue, which are taken out.
async fn received(sqs: &aws_sdk_sqs::Client, queue: &str) -> Vec<Message> {
    let mut all = Vec::new();
    loop {
        let receive = sqs.receive_message().queue_url(queue).max_number_of_messages(10).message_attribute_names("All");
        let messages = receive.send().await.unwrap().messages.unwrap_or_default();
        if messages.is_empty() {
            return all;
        }
        for message in &messages {
            let delete = sqs.delete_message().queue_url(queue).set_receipt_handle(message.receipt_handle.clone());
            delete.send().await.unwrap();
        }
        all.extend(messages);
    }
}

async fn due_times(sqs: &aws_sdk_sqs::Client) -> Vec<String> {
    let at = |message: Message| {
        serde_json::from_str::<Value>(message.body().unwrap()).unwrap()["at"].as_str().unwrap().to_owned()
    };
    let mut times: Vec<String> = received(sqs, "timers").await.into_iter().map(at).collect();
    times.sort();
    times
}

/// A service under another's name that writes down its calls.
fn fake(test: &Test, name: &'static str) -> Rc<Fake> {
    let fake = Rc::new(Fake::default());
    test.engine.world().bus.put(name, Rc::<Fake>::clone(&fake));
    fake
}

#[test]
fn a_schedule_is_shown_as_it_was_made() {
    run(|test| async move {
        let client = Client::new(&test.sdk);
        let group = client.create_schedule_group().name("news").send().await.unwrap().schedule_group_arn;
        assert_eq!(group, "arn:aws:scheduler:eu-west-1:000000000000:schedule-group/news");
        let dead = DeadLetterConfig::builder().arn(DEAD).build();
        let retry = RetryPolicy::builder().maximum_event_age_in_seconds(3600).maximum_retry_attempts(10).build();
        let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Flexible).maximum_window_in_minutes(5);
        let target = Target::builder().arn(FUNCTION).role_arn(ROLE).input(r#"{"sweep":true}"#);
        let target = target.dead_letter_config(dead).retry_policy(retry).build().unwrap();
        let create = client
            .create_schedule()
            .name("morning")
            .group_name("news")
            .schedule_expression("cron(0 6 ? * MON-SAT *)")
            .schedule_expression_timezone("Europe/Vilnius")
            .start_date(DateTime::from_secs(1_767_300_000))
            .end_date(DateTime::from_secs(1_767_900_000))
            .flexible_time_window(window.build().unwrap())
            .state(ScheduleState::Disabled)
            .description("each morning")
            .action_after_completion(ActionAfterCompletion::Delete)
            .kms_key_arn("arn:aws:kms:eu-west-1:000000000000:key/1234")
            .target(target.clone());
        let arn = create.send().await.unwrap().schedule_arn;
        assert_eq!(arn, "arn:aws:scheduler:eu-west-1:000000000000:schedule/news/morning");
        let shown = client.get_schedule().name("morning").group_name("news").send().await.unwrap();
        assert_eq!(
            (shown.arn(), shown.name(), shown.group_name()),
            (Some(arn.as_str()), Some("morning"), Some("news"))
        );
        assert_eq!(shown.schedule_expression(), Some("cron(0 6 ? * MON-SAT *)"));
        assert_eq!(shown.schedule_expression_timezone(), Some("Europe/Vilnius"));
        assert_eq!(
            (shown.start_date().unwrap().secs(), shown.end_date().unwrap().secs()),
            (1_767_300_000, 1_767_900_000)
        );
        assert_eq!(shown.flexible_time_window().unwrap().maximum_window_in_minutes(), Some(5));
        assert_eq!((shown.state(), shown.description()), (Some(&ScheduleState::Disabled), Some("each morning")));
        assert_eq!(shown.action_after_completion(), Some(&ActionAfterCompletion::Delete));
        assert_eq!(shown.kms_key_arn(), Some("arn:aws:kms:eu-west-1:000000000000:key/1234"));
        assert_eq!(shown.target(), Some(&target));
        assert_eq!(shown.creation_date().unwrap().secs(), 1_767_225_600);

        // What is not said has its default.
        schedule(&client, "plain", "rate(1 hour)").send().await.unwrap();
        let shown = client.get_schedule().name("plain").send().await.unwrap();
        assert_eq!((shown.group_name(), shown.schedule_expression_timezone()), (Some("default"), Some("UTC")));
        assert_eq!(
            (shown.state(), shown.action_after_completion()),
            (Some(&ScheduleState::Enabled), Some(&ActionAfterCompletion::None))
        );
        let retry = shown.target().unwrap().retry_policy().unwrap();
        assert_eq!((retry.maximum_event_age_in_seconds(), retry.maximum_retry_attempts()), (Some(86_400), Some(185)));
    });
}

#[test]
fn a_one_time_schedule_sends_once_at_its_time() {
    run(|test| async move {
        let (client, sqs) = (Client::new(&test.sdk), queue(&test, "timers").await);
        let clock = test.engine.world().clock.clone();
        schedule(&client, "timer", "at(2026-01-01T14:30:00)")
            .schedule_expression_timezone("Europe/Vilnius")
            .send()
            .await
            .unwrap();
        // It is work that is waited for.
        let due = Time::from_millis(1_767_225_600_000) + 750 * MINUTE;
        clock.sleep(Duration::from_millis(1)).await;
        assert_eq!(clock.next_work(), Some(due));
        clock.sleep_until(due - Duration::from_millis(1)).await;
        assert!(received(&sqs, "timers").await.is_empty());
        clock.sleep(Duration::from_millis(2)).await;
        assert_eq!(due_times(&sqs).await, ["2026-01-01T12:30:00Z"]);
        clock.sleep(Duration::from_secs(24 * 3600)).await;
        assert!(received(&sqs, "timers").await.is_empty());
        // It stays, unless it is to go.
        client.get_schedule().name("timer").send().await.unwrap();
    });
}

#[test]
fn a_schedule_that_is_to_go_goes_after_its_last_time() {
    run(|test| async move {
        let (client, sqs) = (Client::new(&test.sdk), queue(&test, "timers").await);
        let clock = test.engine.world().clock.clone();
        let once = schedule(&client, "timer", "at(2026-01-01T00:10:00)");
        once.action_after_completion(ActionAfterCompletion::Delete).send().await.unwrap();
        let again = schedule(&client, "few", "rate(5 minutes)").end_date(DateTime::from_secs(1_767_225_600 + 900));
        again.action_after_completion(ActionAfterCompletion::Delete).send().await.unwrap();
        clock.sleep(14 * MINUTE).await;
        assert_eq!(refusal(client.get_schedule().name("timer").send().await).1, "Schedule timer does not exist.");
        client.get_schedule().name("few").send().await.unwrap();
        clock.sleep(2 * MINUTE).await;
        assert_eq!(refusal(client.get_schedule().name("few").send().await).0, "ResourceNotFoundException");
        let times = [
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:05:00Z",
            "2026-01-01T00:10:00Z",
            "2026-01-01T00:10:00Z",
            "2026-01-01T00:15:00Z",
        ];
        assert_eq!(due_times(&sqs).await, times);
    });
}

#[test]
fn a_time_that_has_passed_is_due_at_once() {
    run(|test| async move {
        let (client, sqs) = (Client::new(&test.sdk), queue(&test, "timers").await);
        schedule(&client, "late", "at(2025-12-31T23:59:59)").send().await.unwrap();
        test.engine.world().clock.sleep(Duration::from_millis(1)).await;
        assert_eq!(due_times(&sqs).await, ["2025-12-31T23:59:59Z"]);
    });
}

#[test]
fn a_recurring_schedule_is_no_work_and_is_due_again_and_again() {
    run(|test| async move {
        let (client, sqs) = (Client::new(&test.sdk), queue(&test, "timers").await);
        let clock = test.engine.world().clock.clone();
        schedule(&client, "rate", "rate(1 minute)").send().await.unwrap();
        clock.sleep(Duration::from_secs(30)).await;
        assert_eq!(clock.next_work(), None);
        assert!(clock.next_wake().is_some());
        clock.sleep(2 * MINUTE).await;
        assert_eq!(due_times(&sqs).await, ["2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"]);
        client.delete_schedule().name("rate").send().await.unwrap();
        schedule(&client, "cron", "cron(0/20 0 * * ? *)").send().await.unwrap();
        clock.sleep(60 * MINUTE).await;
        assert_eq!(due_times(&sqs).await, ["2026-01-01T00:20:00Z", "2026-01-01T00:40:00Z"]);
    });
}

#[test]
fn a_jump_makes_up_for_what_was_due_meanwhile() {
    run(|test| async move {
        let (client, sqs) = (Client::new(&test.sdk), queue(&test, "timers").await);
        let clock = test.engine.world().clock.clone();
        schedule(&client, "rate", "rate(1 minute)")
            .start_date(DateTime::from_secs(1_767_225_660))
            .send()
            .await
            .unwrap();
        clock.jump(5 * MINUTE);
        clock.sleep(Duration::from_secs(1)).await;
        let five: Vec<String> = (1..=5).map(|minute| format!("2026-01-01T00:{minute:02}:00Z")).collect();
        assert_eq!(due_times(&sqs).await, five);

        let skipped = Rc::new(RefCell::new(Vec::new()));
        let told = Rc::clone(&skipped);
        test.engine.world().log.listen(move |happening| {
            if happening.what == "skipped" {
                told.borrow_mut().push(happening.detail.clone());
            }
        });
        clock.jump(24 * 60 * MINUTE);
        clock.sleep(Duration::from_secs(1)).await;
        let times = due_times(&sqs).await;
        assert_eq!((times.len(), times.last().unwrap().as_str()), (100, "2026-01-02T00:05:00Z"));
        assert_eq!(*skipped.borrow(), [json!({"due_times": 1340})]);
        clock.sleep(MINUTE).await;
        assert_eq!(due_times(&sqs).await, ["2026-01-02T00:06:00Z"]);
    });
}

#[test]
fn a_flexible_window_is_kept() {
    run(|test| async move {
        let (client, sqs) = (Client::new(&test.sdk), queue(&test, "timers").await);
        let clock = test.engine.world().clock.clone();
        let window = FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Flexible).maximum_window_in_minutes(10);
        let once = schedule(&client, "timer", "at(2026-01-01T01:00:00)").flexible_time_window(window.build().unwrap());
        once.send().await.unwrap();
        clock.sleep(Duration::from_millis(1)).await;
        let at = clock.next_work().unwrap();
        let due = Time::from_millis(1_767_225_600_000) + 60 * MINUTE;
        assert!(at > due && at < due + 10 * MINUTE, "{at}");
        clock.sleep_until(at + Duration::from_millis(1)).await;
        assert_eq!(due_times(&sqs).await, ["2026-01-01T01:00:00Z"]);
    });
}

#[test]
fn a_schedule_is_changed_disabled_and_enabled() {
    run(|test| async move {
        let (client, sqs) = (Client::new(&test.sdk), queue(&test, "timers").await);
        let clock = test.engine.world().clock.clone();
        schedule(&client, "timer", "at(2026-01-01T01:00:00)").send().await.unwrap();
        let update = |expression: &str, state: ScheduleState| {
            let update =
                client.update_schedule().name("timer").schedule_expression(expression).flexible_time_window(off());
            update.state(state).target(target(QUEUE, Some(r#"{"at":"changed"}"#))).send()
        };
        update("at(2026-01-01T01:00:00)", ScheduleState::Disabled).await.unwrap();
        clock.sleep(90 * MINUTE).await;
        assert!(received(&sqs, "timers").await.is_empty());
        let arn = update("at(2026-01-01T02:00:00)", ScheduleState::Enabled).await.unwrap().schedule_arn;
        let shown = client.get_schedule().name("timer").send().await.unwrap();
        assert_eq!((shown.arn(), shown.description()), (Some(arn.as_str()), None));
        assert!(shown.last_modification_date().unwrap() > shown.creation_date().unwrap());
        clock.sleep(60 * MINUTE).await;
        assert_eq!(due_times(&sqs).await, ["changed"]);
        client.delete_schedule().name("timer").send().await.unwrap();
        let gone = refusal(update("at(2026-01-01T04:00:00)", ScheduleState::Enabled).await);
        assert_eq!(gone, ("ResourceNotFoundException".into(), "Schedule timer does not exist.".into()));
        assert_eq!(refusal(client.delete_schedule().name("timer").send().await).0, "ResourceNotFoundException");
    });
}

#[test]
fn a_name_is_used_once_unless_the_token_is_the_same() {
    run(|test| async move {
        let client = Client::new(&test.sdk);
        let create = |token: &str, expression: &str| schedule(&client, "timer", expression).client_token(token).send();
        let first = create("one", "at(2026-01-01T01:00:00)").await.unwrap();
        let again = create("one", "at(2026-01-01T01:00:00)").await.unwrap();
        assert_eq!(first.schedule_arn(), again.schedule_arn());
        for (token, expression) in [("two", "at(2026-01-01T01:00:00)"), ("one", "at(2026-01-01T02:00:00)")] {
            let other = refusal(create(token, expression).await);
            assert_eq!(other, ("ConflictException".into(), "Schedule timer already exists.".into()));
        }
        let elsewhere = refusal(schedule(&client, "timer", "rate(1 day)").group_name("other").send().await);
        assert_eq!(elsewhere, ("ResourceNotFoundException".into(), "Schedule group other does not exist.".into()));
    });
}

#[test]
fn what_is_wrong_is_said() {
    run(|test| async move {
        let client = Client::new(&test.sdk);
        let make = |expression: &str| schedule(&client, "timer", expression);
        for expression in ["at(2026-01-01)", "rate(5 weeks)", "cron(0 6 * * * *)", "tomorrow"] {
            let refused = refusal(make(expression).send().await);
            assert_eq!(refused, invalid(&format!("Invalid Schedule Expression {expression}.")));
        }
        let at = "at(2026-01-02T00:00:00)";
        let zone = refusal(make(at).schedule_expression_timezone("Mars/Base").send().await);
        assert_eq!(zone, invalid("Invalid Schedule Expression Timezone Mars/Base."));
        let start = make("rate(1 day)").start_date(DateTime::from_secs(1_767_225_000));
        assert_eq!(
            refusal(start.send().await),
            invalid("The StartDate you specify cannot be earlier than 5 minutes ago.")
        );
        let name = refusal(schedule(&client, "a b", at).send().await);
        assert!(name.1.contains("Member must satisfy regular expression pattern"), "{}", name.1);
        let long = refusal(schedule(&client, &"x".repeat(65), at).send().await);
        assert!(long.1.contains("less than or equal to 64"), "{}", long.1);
        let window =
            FlexibleTimeWindow::builder().mode(FlexibleTimeWindowMode::Flexible).maximum_window_in_minutes(1441);
        let window = refusal(make(at).flexible_time_window(window.build().unwrap()).send().await);
        assert!(window.1.contains("less than or equal to 1440"), "{}", window.1);
        let with = |change: &dyn Fn(
            aws_sdk_scheduler::types::builders::TargetBuilder,
        ) -> aws_sdk_scheduler::types::builders::TargetBuilder| {
            make(at).target(change(Target::builder().arn(QUEUE).role_arn(ROLE)).build().unwrap()).send()
        };
        let retry = RetryPolicy::builder().maximum_event_age_in_seconds(10).build();
        let retry = refusal(with(&|target| target.retry_policy(retry.clone())).await);
        assert!(retry.1.contains("greater than or equal to 60"), "{}", retry.1);
        let arn = refusal(with(&|target| target.arn("nothing")).await);
        assert_eq!(arn, invalid("Provided Arn is not in correct format."));
        let role = refusal(with(&|target| target.role_arn(QUEUE)).await);
        assert_eq!(role, invalid("Provided Arn is not in correct format."));
        let dead = DeadLetterConfig::builder().arn(format!("{DEAD}.fifo")).build();
        let dead = refusal(with(&|target| target.dead_letter_config(dead.clone())).await);
        assert_eq!(dead, invalid("The dead-letter queue must be a standard SQS queue."));
        let fifo = refusal(with(&|target| target.arn(format!("{QUEUE}.fifo"))).await);
        assert_eq!(fifo, invalid("MessageGroupId must be provided for a FIFO queue."));
        let text = refusal(with(&|target| target.arn(FUNCTION).input("no json")).await);
        assert!(text.1.starts_with("Input is not valid JSON"), "{}", text.1);
        let read =
            refusal(with(&|target| target.arn("arn:aws:scheduler:::aws-sdk:sqs:receiveMessage").input("{}")).await);
        assert!(read.1.contains("it only reads"), "{}", read.1);
        let bus = "arn:aws:events:eu-west-1:000000000000:event-bus/default";
        let bus = refusal(with(&|target| target.arn(bus)).await);
        assert!(bus.1.starts_with("the local engine has no schedules with the target"), "{}", bus.1);
        let kinesis = KinesisParameters::builder().partition_key("x").build().unwrap();
        let kinesis = refusal(with(&|target| target.kinesis_parameters(kinesis.clone())).await);
        assert!(kinesis.1.starts_with("the local engine does not honour `KinesisParameters`"), "{}", kinesis.1);
        assert!(client.list_schedules().send().await.unwrap().schedules().is_empty());
    });
}

#[test]
fn each_kind_of_target_is_called_as_the_role() {
    run(|test| async move {
        let client = Client::new(&test.sdk);
        let (lambda, sns, states, sqs) =
            (fake(&test, "lambda"), fake(&test, "sns"), fake(&test, "states"), fake(&test, "sqs"));
        let topic = "arn:aws:sns:eu-west-1:000000000000:news";
        let make =
            |name: &str, target: Target| schedule(&client, name, "at(2026-01-01T01:00:00)").target(target).send();
        make("function", target(FUNCTION, Some(r#"{"sweep":true}"#))).await.unwrap();
        make("topic", target(topic, Some("<aws.scheduler.schedule-arn> <aws.scheduler.attempt-number>")))
            .await
            .unwrap();
        make("machine", target(MACHINE, Some("{}"))).await.unwrap();
        let fifo = Target::builder().arn(format!("{QUEUE}.fifo")).role_arn(ROLE).input("x");
        let fifo = fifo.sqs_parameters(SqsParameters::builder().message_group_id("g").build());
        make("queue", fifo.build().unwrap()).await.unwrap();
        let universal = |action: &str| format!("arn:aws:scheduler:::aws-sdk:{action}");
        let start = format!(r#"{{"StateMachineArn":"{MACHINE}","Input":"{{}}"}}"#);
        make("start", target(&universal("sfn:startExecution"), Some(&start))).await.unwrap();
        let send = r#"{"QueueUrl":"timers","MessageBody":"<aws.scheduler.scheduled-time>"}"#;
        make("send", target(&universal("sqs:sendMessage"), Some(send))).await.unwrap();
        let invoke = r#"{"FunctionName":"sweep","InvocationType":"Event","Payload":"{\"a\":1}"}"#;
        make("invoke", target(&universal("lambda:invoke"), Some(invoke))).await.unwrap();
        test.engine.world().clock.sleep(61 * MINUTE).await;

        let role = Arn::parse(ROLE).unwrap();
        let calls = |fake: &Fake| -> Vec<(String, String, Value)> {
            let mut calls: Vec<_> = fake
                .take()
                .into_iter()
                .map(|call| match call.caller {
                    Caller::Role { role: found, session } if found == role => (session, call.operation, call.input),
                    other => panic!("{other:?}"),
                })
                .collect();
            calls.sort_by(|one, other| one.0.cmp(&other.0));
            calls
        };
        let call = |session: &str, operation: &str, input: Value| (session.to_owned(), operation.to_owned(), input);
        assert_eq!(
            calls(&lambda),
            [
                call(
                    "function",
                    "Invoke",
                    json!({"FunctionName": FUNCTION, "InvocationType": "Event", "Payload": {"sweep": true}})
                ),
                call(
                    "invoke",
                    "Invoke",
                    json!({"FunctionName": "sweep", "InvocationType": "Event", "Payload": {"a": 1}})
                ),
            ],
        );
        let message = "arn:aws:scheduler:eu-west-1:000000000000:schedule/default/topic 1";
        assert_eq!(calls(&sns), [call("topic", "Publish", json!({"Message": message, "TopicArn": topic}))]);
        let started = json!({"stateMachineArn": MACHINE, "input": "{}"});
        assert_eq!(
            calls(&states),
            [call("machine", "StartExecution", started.clone()), call("start", "StartExecution", started)]
        );
        let fifo = json!({"MessageBody": "x", "QueueUrl": "http://127.0.0.1:4566/000000000000/timers.fifo", "MessageGroupId": "g"});
        let sent = json!({"QueueUrl": "timers", "MessageBody": "2026-01-01T01:00:00Z"});
        assert_eq!(calls(&sqs), [call("queue", "SendMessage", fifo), call("send", "SendMessage", sent)]);
    });
}

#[test]
fn a_target_without_an_input_gets_an_event() {
    run(|test| async move {
        let (client, lambda) = (Client::new(&test.sdk), fake(&test, "lambda"));
        schedule(&client, "plain", "at(2026-01-01T01:00:00)").target(target(FUNCTION, None)).send().await.unwrap();
        test.engine.world().clock.sleep(61 * MINUTE).await;
        let mut event = lambda.inputs()[0]["Payload"].clone();
        assert!(event.as_object_mut().unwrap().shift_remove("id").unwrap().is_string());
        let expected = json!({
            "version": "0",
            "detail-type": "Scheduled Event",
            "source": "aws.scheduler",
            "account": "000000000000",
            "time": "2026-01-01T01:00:00Z",
            "region": "eu-west-1",
            "resources": ["arn:aws:scheduler:eu-west-1:000000000000:schedule/default/plain"],
            "detail": "{}",
        });
        assert_eq!(event, expected);
    });
}

fn failing(client: &Client, attempts: i32, age: i32) -> CreateScheduleFluentBuilder {
    let retry = RetryPolicy::builder().maximum_retry_attempts(attempts).maximum_event_age_in_seconds(age).build();
    let dead = DeadLetterConfig::builder().arn(DEAD).build();
    let target =
        Target::builder().arn(FUNCTION).role_arn(ROLE).input(r#"{"attempt":"<aws.scheduler.attempt-number>"}"#);
    let target = target.retry_policy(retry).dead_letter_config(dead).build().unwrap();
    schedule(client, "failing", "at(2026-01-01T01:00:00)").target(target)
}

fn attribute(message: &Message, name: &str) -> Option<String> {
    message.message_attributes.as_ref().unwrap().get(name).map(|value| value.string_value().unwrap().to_owned())
}

#[test]
fn a_target_that_fails_is_tried_again() {
    run(|test| async move {
        let (client, sqs) = (Client::new(&test.sdk), queue(&test, "dead").await);
        let lambda = fake(&test, "lambda");
        let busy = || AwsError::new("TooManyRequestsException", "Rate Exceeded.").status(429);
        lambda.fail(busy());
        lambda.fail(AwsError::internal("oops"));
        failing(&client, 10, 3600).send().await.unwrap();
        test.engine.world().clock.sleep(65 * MINUTE).await;
        let attempts: Vec<Value> = lambda.inputs().iter().map(|input| input["Payload"]["attempt"].clone()).collect();
        assert_eq!(attempts, ["1", "2", "3"]);
        assert!(received(&sqs, "dead").await.is_empty());
        assert!(test.engine.world().activity.is_quiet());
    });
}

#[test]
fn an_exhausted_retry_policy_leaves_a_dead_letter() {
    for (attempts, age, retried, condition) in
        [(2, 3600, "2", "MaximumRetryAttempts"), (185, 60, "6", "MaximumEventAgeInSeconds")]
    {
        run(|test| async move {
            let (client, sqs) = (Client::new(&test.sdk), queue(&test, "dead").await);
            let lambda = fake(&test, "lambda");
            for _ in 0..20 {
                lambda.fail(AwsError::new("ServiceException", "oops").status(500));
            }
            failing(&client, attempts, age)
                .action_after_completion(ActionAfterCompletion::Delete)
                .send()
                .await
                .unwrap();
            test.engine.world().clock.sleep(70 * MINUTE).await;
            let letters = received(&sqs, "dead").await;
            assert_eq!(letters.len(), 1);
            let letter = &letters[0];
            let tried: u32 = retried.parse().unwrap();
            assert_eq!(letter.body().unwrap(), json!({"attempt": (tried + 1).to_string()}).to_string());
            let shown = |name| attribute(letter, name);
            assert_eq!(shown("EXHAUSTED_RETRY_CONDITION").as_deref(), Some(condition));
            assert_eq!(shown("RETRY_ATTEMPTS").as_deref(), Some(retried));
            assert_eq!(shown("ERROR_CODE").as_deref(), Some("ServiceException"));
            assert_eq!(shown("ERROR_MESSAGE").as_deref(), Some("oops"));
            assert_eq!(shown("IS_PAYLOAD_TRUNCATED").as_deref(), Some("false"));
            assert_eq!(shown("SCHEDULED_TIME").as_deref(), Some("2026-01-01T01:00:00Z"));
            assert_eq!(shown("TARGET_ARN").as_deref(), Some(FUNCTION));
            let arn = "arn:aws:scheduler:eu-west-1:000000000000:schedule/default/failing";
            assert_eq!(shown("SCHEDULE_ARN").as_deref(), Some(arn));
            assert_eq!(refusal(client.get_schedule().name("failing").send().await).0, "ResourceNotFoundException");
        });
    }
}

#[test]
fn a_call_that_is_wrong_is_not_tried_again() {
    run(|test| async move {
        let (client, sqs) = (Client::new(&test.sdk), queue(&test, "dead").await);
        // There is no such queue.
        let dead = DeadLetterConfig::builder().arn(DEAD).build();
        let target =
            Target::builder().arn(QUEUE).role_arn(ROLE).input("hello").dead_letter_config(dead).build().unwrap();
        schedule(&client, "lost", "at(2026-01-01T01:00:00)").target(target).send().await.unwrap();
        test.engine.world().clock.sleep(60 * MINUTE + Duration::from_millis(1)).await;
        let letters = received(&sqs, "dead").await;
        assert_eq!(letters.len(), 1);
        let body = json!({"MessageBody": "hello", "QueueUrl": "http://127.0.0.1:4566/000000000000/timers"}).to_string();
        assert_eq!(letters[0].body(), Some(body.as_str()));
        assert_eq!(attribute(&letters[0], "RETRY_ATTEMPTS").as_deref(), Some("0"));
        assert_eq!(attribute(&letters[0], "EXHAUSTED_RETRY_CONDITION"), None);
        assert!(attribute(&letters[0], "ERROR_CODE").unwrap().contains("QueueDoesNotExist"));
    });
}

#[test]
fn groups_hold_schedules_and_go_with_them() {
    run(|test| async move {
        let (client, sqs) = (Client::new(&test.sdk), queue(&test, "timers").await);
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().unwrap();
        let create =
            |token: &str| client.create_schedule_group().name("news").client_token(token).tags(tag("a", "1")).send();
        let arn = create("one").await.unwrap().schedule_group_arn;
        assert_eq!(create("one").await.unwrap().schedule_group_arn, arn);
        assert_eq!(
            refusal(create("two").await),
            ("ConflictException".into(), "Schedule group news already exists.".into())
        );
        let shown = client.get_schedule_group().name("news").send().await.unwrap();
        assert_eq!((shown.arn(), shown.state().unwrap().as_str()), (Some(arn.as_str()), "ACTIVE"));
        client.get_schedule_group().name("default").send().await.unwrap();
        let listed = client.list_schedule_groups().send().await.unwrap();
        let names: Vec<_> = listed.schedule_groups().iter().map(|group| group.name().unwrap()).collect();
        assert_eq!(names, ["default", "news"]);

        client.tag_resource().resource_arn(&arn).tags(tag("b", "2")).send().await.unwrap();
        client.untag_resource().resource_arn(&arn).tag_keys("a").send().await.unwrap();
        let tags = client.list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
        assert_eq!(tags.tags(), [tag("b", "2")]);

        schedule(&client, "timer", "at(2026-01-01T01:00:00)").group_name("news").send().await.unwrap();
        schedule(&client, "timer", "at(2026-01-01T02:00:00)").send().await.unwrap();
        client.delete_schedule_group().name("news").send().await.unwrap();
        assert_eq!(refusal(client.get_schedule_group().name("news").send().await).0, "ResourceNotFoundException");
        assert_eq!(
            refusal(client.get_schedule().name("timer").group_name("news").send().await).0,
            "ResourceNotFoundException"
        );
        assert_eq!(refusal(client.delete_schedule_group().name("default").send().await).0, "ValidationException");
        test.engine.world().clock.sleep(180 * MINUTE).await;
        assert_eq!(due_times(&sqs).await, ["2026-01-01T02:00:00Z"]);
    });
}

#[test]
fn schedules_are_listed_in_pages() {
    run(|test| async move {
        let client = Client::new(&test.sdk);
        client.create_schedule_group().name("news").send().await.unwrap();
        for name in ["a-1", "a-2", "b-1"] {
            schedule(&client, name, "at(2026-01-02T00:00:00)").send().await.unwrap();
            schedule(&client, name, "at(2026-01-02T00:00:00)")
                .group_name("news")
                .state(ScheduleState::Disabled)
                .send()
                .await
                .unwrap();
        }
        let names = |output: &aws_sdk_scheduler::operation::list_schedules::ListSchedulesOutput| {
            let names = output
                .schedules()
                .iter()
                .map(|found| format!("{}/{}", found.group_name().unwrap(), found.name().unwrap()));
            names.collect::<Vec<_>>()
        };
        let first = client.list_schedules().max_results(4).send().await.unwrap();
        assert_eq!(names(&first), ["default/a-1", "default/a-2", "default/b-1", "news/a-1"]);
        let rest = client.list_schedules().set_next_token(first.next_token).send().await.unwrap();
        assert_eq!((names(&rest), rest.next_token()), (vec!["news/a-2".to_owned(), "news/b-1".to_owned()], None));
        let some = client
            .list_schedules()
            .group_name("news")
            .name_prefix("a-")
            .state(ScheduleState::Disabled)
            .send()
            .await
            .unwrap();
        assert_eq!(names(&some), ["news/a-1", "news/a-2"]);
        assert_eq!(some.schedules()[0].target().unwrap().arn(), QUEUE);
        assert_eq!(refusal(client.list_schedules().group_name("other").send().await).0, "ResourceNotFoundException");
        assert_eq!(refusal(client.list_schedules().max_results(101).send().await).0, "ValidationException");
    });
}

/// Writes down what is asked, and refuses one action.
#[derive(Debug, Default)]
struct Judge {
    refuses: Cell<&'static str>,
    asked: RefCell<Vec<(String, String)>>,
}

impl Judge {
    fn ask(&self, action: &str, resource: &str) -> Result<(), AwsError> {
        self.asked.borrow_mut().push((action.to_owned(), resource.to_owned()));
        match action == self.refuses.get() {
            true => Err(AwsError::new("AccessDenied", "no statement allows it").status(403)),
            false => Ok(()),
        }
    }
}

impl Authorize for Judge {
    fn authorize(&self, access: &Access<'_>) -> Result<(), AwsError> {
        self.ask(access.action, access.resource)
    }

    fn trust(&self, caller: &Caller, role: &Arn, _: &[(&str, &str)]) -> Result<(), AwsError> {
        let source = Arn::parse("arn:aws:scheduler:eu-west-1:000000000000:schedule-group/default").unwrap();
        assert_eq!(*caller, Caller::Service { principal: "scheduler.amazonaws.com", source });
        self.ask("sts:AssumeRole", role.as_str())
    }
}

#[test]
fn who_makes_a_schedule_must_be_allowed_to_pass_its_role_and_the_role_to_be_taken_on() {
    run(|test| async move {
        let client = Client::new(&test.sdk);
        let judge = Rc::new(Judge::default());
        test.engine.world().guard.put(Rc::<Judge>::clone(&judge));
        judge.refuses.set("iam:PassRole");
        let refused = refusal(schedule(&client, "timer", "rate(1 day)").send().await);
        assert_eq!(refused, ("AccessDeniedException".into(), "no statement allows it".into()));
        let arn = "arn:aws:scheduler:eu-west-1:000000000000:schedule/default/timer";
        let asked = |action: &str, resource: &str| (action.to_owned(), resource.to_owned());
        assert_eq!(judge.asked.take(), [asked("scheduler:CreateSchedule", arn), asked("iam:PassRole", ROLE)]);
        judge.refuses.set("sts:AssumeRole");
        let refused = refusal(schedule(&client, "timer", "rate(1 day)").send().await);
        let text = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role. \
                    (no statement allows it)";
        assert_eq!(refused, invalid(text));
        assert_eq!(refusal(client.get_schedule().name("timer").send().await).0, "ResourceNotFoundException");
    });
}

#[test]
fn a_role_that_cannot_be_taken_on_any_more_calls_nothing() {
    run(|test| async move {
        let (client, lambda) = (Client::new(&test.sdk), fake(&test, "lambda"));
        schedule(&client, "timer", "at(2026-01-01T01:00:00)")
            .target(target(FUNCTION, Some("{}")))
            .send()
            .await
            .unwrap();
        let judge = Rc::new(Judge::default());
        judge.refuses.set("sts:AssumeRole");
        test.engine.world().guard.put(judge);
        test.engine.world().clock.sleep(61 * MINUTE).await;
        assert!(lambda.take().is_empty());
        assert!(test.engine.world().activity.is_quiet());
    });
}

#[test]
fn a_restart_loses_nothing() {
    let folder = std::env::temp_dir().join(format!("eventloom-scheduler-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let engine = || {
        let store = Store::open(&folder.join("engine.sqlite")).unwrap();
        // Not the system's time: each engine begins where the test says.
        let clock = Clock::new(Time::from_millis(1_767_225_600_000));
        let engine = Engine::start(World::new(clock, Random::seeded(1), store, Place::default())).unwrap();
        engine.world().guard.put(Rc::new(Anything));
        engine
    };
    let bus = |engine: &Engine, service: &'static str, operation: &'static str, input: Value| {
        let bus = engine.world().bus.clone();
        async move { bus.request(Caller::Account, service, operation, input).await.unwrap() }
    };
    LocalSet::new().block_on(&runtime(), async {
        let engine = engine();
        bus(&engine, "sqs", "CreateQueue", json!({"QueueName": "timers"})).await;
        for (name, expression) in [("once", "at(2026-01-01T01:00:00)"), ("again", "cron(30 1 * * ? *)")] {
            let schedule = json!({
                "Name": name, "ScheduleExpression": expression, "FlexibleTimeWindow": {"Mode": "OFF"},
                "StartDate": "2026-01-01T00:00:00Z",
                "Target": {"Arn": QUEUE, "RoleArn": ROLE, "Input": name},
            });
            bus(&engine, "scheduler", "CreateSchedule", schedule).await;
        }
        // What is called is not there yet, so that it is being tried when the engine dies.
        let lambda = Rc::new(Fake::default());
        engine.world().bus.put("lambda", Rc::<Fake>::clone(&lambda));
        lambda.fail(AwsError::internal("not yet"));
        let trying = json!({
            "Name": "trying", "ScheduleExpression": "at(2026-01-01T00:00:00)", "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": FUNCTION, "RoleArn": ROLE, "Input": "{}"},
        });
        bus(&engine, "scheduler", "CreateSchedule", trying).await;
        while lambda.inputs().is_empty() {
            tokio::task::yield_now().await;
        }
        bus(&engine, "scheduler", "ListSchedules", json!({})).await;
    });
    LocalSet::new().block_on(&runtime(), async {
        let engine = engine();
        let lambda = Rc::new(Fake::default());
        engine.world().bus.put("lambda", Rc::<Fake>::clone(&lambda));
        engine.world().clock.jump(2 * 60 * MINUTE);
        let mut bodies = Vec::new();
        while bodies.len() < 2 {
            let receive = json!({"QueueUrl": "timers", "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1});
            let answer = bus(&engine, "sqs", "ReceiveMessage", receive).await;
            let messages = answer.get("Messages").and_then(Value::as_array).cloned().unwrap_or_default();
            bodies.extend(messages.iter().map(|message| message["Body"].as_str().unwrap().to_owned()));
        }
        bodies.sort();
        assert_eq!(bodies, ["again", "once"]);
        let calls = lambda.inputs();
        assert_eq!(calls.len(), 1);
        let shown = bus(&engine, "scheduler", "GetSchedule", json!({"Name": "again"})).await;
        assert_eq!(shown["StartDate"], json!(1_767_225_600.0));
        let keys = engine.credentials(Caller::Account);
        let listed = Client::new(&sdk(&engine, &keys)).list_schedules().send().await.unwrap();
        assert_eq!(listed.schedules().len(), 3);
    });
}
