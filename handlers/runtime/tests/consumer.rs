//! The batch consumer: which records of a batch are returned as failed, and what runs when.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test's helpers fail the test")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use runtime::{
    Consumer, Context, Cx, Envelope, Error, Event, Invocation, MARGIN, Order, SdkConfig, TIMEOUT, Timestamp, consume,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const STANDARD: Order = Order::Standard { concurrency: 10 };

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
struct Job {
    id: String,
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

fn body(id: &str) -> String {
    serde_json::to_string(&Envelope::of(Job { id: id.to_owned() })).unwrap()
}

/// One record a word: `id`, or `group/id` in a FIFO queue. The message id is the job's and its place.
fn batch(words: &str) -> Value {
    let records = words.split_whitespace().enumerate().map(|(at, word)| {
        let (group, id) = word.split_once('/').unwrap_or(("", word));
        let body = if id == "poison" { "{".to_owned() } else { body(id) };
        json!({ "messageId": format!("{id}{at}"), "body": body, "attributes": { "MessageGroupId": group } })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

fn invocation(timeout: Duration) -> Invocation {
    let env = BTreeMap::from([(TIMEOUT.to_owned(), timeout.as_millis().to_string())]);
    Invocation::new(&Cx::new("work", env, SdkConfig::builder().build()).unwrap(), &Context::default())
}

/// What a job does, by its id; and the ids in the order in which they began.
async fn run(order: Order, timeout: Duration, batch: Value) -> (Vec<String>, Vec<String>) {
    let begun = RefCell::new(Vec::new());
    let work = async |_: &Invocation, job: Job| {
        begun.borrow_mut().push(job.id.clone());
        match job.id.as_str() {
            "fail" => Err(Error::retry("no luck")),
            "panic" => panic!("on purpose"),
            "slow" => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Ok(())
            }
            _ => Ok(()),
        }
    };
    let answer = consume(&invocation(timeout), batch, &Consumer { order, once: None }, work).await.unwrap();
    let failed = answer["batchItemFailures"].as_array().unwrap().iter();
    let failed = failed.map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect();
    (failed, begun.into_inner())
}

const LONG: Duration = Duration::from_secs(600);

#[tokio::test(start_paused = true)]
async fn only_the_record_that_failed_is_returned() {
    let (failed, begun) = run(STANDARD, LONG, batch("a fail b")).await;
    assert_eq!((failed, begun.len()), (vec!["fail1".to_owned()], 3));
}

#[tokio::test(start_paused = true)]
async fn a_panic_fails_its_own_record_alone() {
    assert_eq!(run(STANDARD, LONG, batch("a panic b")).await.0, ["panic1"]);
}

#[tokio::test(start_paused = true)]
async fn poison_is_returned_without_reaching_the_handler() {
    assert_eq!(
        run(STANDARD, LONG, batch("a poison b")).await,
        (vec!["poison1".to_owned()], vec!["a".into(), "b".into()])
    );
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_is_a_record_of_its_own() {
    let (failed, begun) = run(STANDARD, LONG, batch("fail fail")).await;
    assert_eq!((failed, begun.len()), (vec!["fail0".to_owned(), "fail1".to_owned()], 2));
}

#[tokio::test(start_paused = true)]
async fn after_a_failure_the_rest_of_its_group_fails_too_and_the_other_groups_go_on() {
    let (failed, begun) = run(Order::Fifo, LONG, batch("g/a h/b g/fail h/c g/d")).await;
    assert_eq!(failed, ["fail2", "d4"]);
    assert!(!begun.contains(&"d".to_owned()), "a record overtook one of its group: {begun:?}");
}

#[tokio::test(start_paused = true)]
async fn a_group_keeps_its_order() {
    let (_, begun) = run(Order::Fifo, LONG, batch("g/slow g/a g/b")).await;
    assert_eq!(begun, ["slow", "a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_poisoned_record_holds_its_group_back() {
    assert_eq!(run(Order::Fifo, LONG, batch("g/poison g/a h/b")).await.0, ["poison0", "a1"]);
}

#[tokio::test(start_paused = true)]
async fn a_standard_queue_takes_no_more_at_once_than_its_concurrency() {
    let began = tokio::time::Instant::now();
    run(Order::Standard { concurrency: 2 }, LONG, batch("slow slow slow slow")).await;
    assert_eq!(began.elapsed().as_secs(), 120);
}

#[tokio::test(start_paused = true)]
async fn near_the_deadline_what_is_done_stays_done_and_the_rest_is_returned() {
    let began = tokio::time::Instant::now();
    let timeout = Duration::from_secs(30);
    let (failed, begun) = run(Order::Standard { concurrency: 1 }, timeout, batch("a slow b")).await;
    assert_eq!((failed, begun), (vec!["slow1".to_owned(), "b2".to_owned()], vec!["a".into(), "slow".into()]));
    assert_eq!(began.elapsed().as_millis(), (timeout - MARGIN).as_millis());
}

#[tokio::test(start_paused = true)]
async fn a_batch_without_time_begins_nothing() {
    let (failed, begun) = run(STANDARD, MARGIN, batch("a b")).await;
    assert_eq!((failed.len(), begun.len()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_record_that_could_not_be_named_fails_the_whole_batch() {
    let batch = json!({ "Records": [{ "body": body("a") }] });
    let consumer = Consumer { order: STANDARD, once: None };
    let error = consume(&invocation(LONG), batch, &consumer, async |_: &Invocation, _: Job| Ok(())).await.unwrap_err();
    assert_eq!(error.to_string(), "a record of the batch has no message id");
}

#[tokio::test(start_paused = true)]
async fn the_clock_is_the_deadline_less_the_timeout_and_what_has_passed() {
    let mut context = Context::default();
    context.deadline = 1_767_225_630_000;
    let env = BTreeMap::from([(TIMEOUT.to_owned(), "30000".to_owned())]);
    let invocation = Invocation::new(&Cx::new("work", env, SdkConfig::builder().build()).unwrap(), &context);
    assert_eq!(invocation.now().to_string(), "2026-01-01T00:00:00.000Z");
    tokio::time::advance(Duration::from_millis(1_500)).await;
    assert_eq!(invocation.now().to_string(), "2026-01-01T00:00:01.500Z");
    assert_eq!(invocation.remaining(), Duration::from_millis(28_500));
}
