//! The targets of one event, over several pages: each once, but whom the flow leaves out and who has muted it.

use std::collections::BTreeSet;

use generated::{Envelope, MessageSent};
use runtime::forward::{Forward, forward, nobody};
use runtime::lookup::{Lookup, Match};
use runtime::send::{Destination, Queue};
use runtime::targets::{Find, Targets};
use runtime::template::Part;
use runtime::{Context, Cx, EventType, Invocation, Order, TIMEOUT};
use serde_json::{Value, json};

use super::everi::ROOT;
use super::flow::{self, Flow};
use super::sdk;

const MEMBERS: usize = 450;

const LOOKUP: Lookup = Lookup {
    table: "TABLE",
    index: None,
    matching: &[Match { field: "group", number: false, value: &[Part::Field("group")] }],
};

const TARGETS: Targets = Targets {
    by_event: &[("MessageSent", Find::Rows(LOOKUP, "member"))],
    except: Some(Part::Actor),
    dedupe: true,
    most: None,
    page: 200,
    preferences: Some("PREFERENCES"),
    rest: Some(Queue { url: "REST", fifo: false }),
};

static PAGED: Forward = Forward {
    order: Order::Standard { concurrency: 10 },
    events: &[EventType::of::<MessageSent>()],
    targets: Some(TARGETS),
    to: &[Destination::Queue(Queue { url: "OUT", fifo: false })],
};

static FAILING: Forward = Forward { targets: Some(Targets { most: Some(449), rest: None, ..TARGETS }), ..PAGED };

async fn queue(flow: &Flow, name: &str) -> String {
    flow.ask("sqs", "CreateQueue", json!({"QueueName": name})).await["QueueUrl"].as_str().unwrap().to_owned()
}

async fn invocation(flow: &Flow) -> Invocation {
    for member in 0..MEMBERS {
        flow.put("GroupMembersTable", json!({"group": {"S": "g"}, "member": {"S": format!("m{member:03}")}})).await;
    }
    flow.put("PreferencesTable", json!({"user": {"S": "m007"}, "mutes": {"L": [{"S": "MessageSent"}]}})).await;
    flow.put("PreferencesTable", json!({"user": {"S": "m008"}, "mutes": {"L": [{"S": "UpdateLiked"}]}})).await;
    let env = [
        (TIMEOUT, "30000".to_owned()),
        ("TABLE", flow.physical("GroupMembersTable")),
        ("PREFERENCES", flow.physical("PreferencesTable")),
        ("OUT", queue(flow, "out").await),
        ("REST", queue(flow, "rest").await),
    ];
    let env = env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Invocation::new(&Cx::new("test", env, sdk::account(&flow.engine)).unwrap(), &Context::default())
}

fn message() -> String {
    let event = json!({
        "id": "01K00000000000000000000000", "time": "2026-01-01T00:00:00.000Z", "group": "g", "sender": "m000", "text": "Hi",
    });
    serde_json::to_string(&Envelope::of(serde_json::from_value::<MessageSent>(event).unwrap())).unwrap()
}

fn batch(body: &str) -> Value {
    json!({"Records": [{"messageId": "1", "body": body}]})
}

/// All bodies that wait in a queue, taken out of it.
async fn take(flow: &Flow, name: &str) -> Vec<String> {
    let url = queue(flow, name).await;
    let mut bodies = Vec::new();
    loop {
        let receive = json!({"QueueUrl": url, "MaxNumberOfMessages": 10});
        let received = flow.ask("sqs", "ReceiveMessage", receive).await["Messages"].as_array().cloned();
        let Some(received) = received.filter(|received| !received.is_empty()) else { return bodies };
        for message in received {
            bodies.push(message["Body"].as_str().unwrap().to_owned());
            let delete = json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]});
            flow.ask("sqs", "DeleteMessage", delete).await;
        }
    }
}

#[test]
fn many_targets_are_reached_page_by_page_under_ids_that_a_repetition_has_too() {
    flow::run(ROOT, async |flow: Flow| {
        let invocation = invocation(&flow).await;
        let (mut work, mut pages, mut ids, mut targets) = (vec![message()], 0, BTreeSet::new(), BTreeSet::new());
        while let Some(unit) = work.pop() {
            pages += 1;
            // Each unit comes twice, as SQS may deliver it.
            for _ in 0..2 {
                let answer = forward(&invocation, batch(&unit), &PAGED, nobody).await.unwrap();
                assert_eq!(answer, json!({"batchItemFailures": []}));
            }
            let mut rest = take(&flow, "rest").await;
            rest.dedup();
            assert!(rest.len() <= 1, "the same page is the same message: {rest:?}");
            work.extend(rest);
        }
        for body in take(&flow, "out").await {
            let event: Value = serde_json::from_str(&body).unwrap();
            assert_eq!((&event["type"], &event["data"]["group"]), (&json!("MessageSent"), &json!("g")));
            ids.insert(event["id"].as_str().unwrap().to_owned());
            targets.insert(event["data"]["target"].as_str().unwrap().to_owned());
        }
        let expected: BTreeSet<String> =
            (0..MEMBERS).map(|m| format!("m{m:03}")).filter(|m| m != "m000" && m != "m007").collect();
        assert_eq!(targets, expected, "all but the sender, and who has muted it");
        assert_eq!((pages, ids.len()), (3, expected.len()));
    });
}

#[test]
fn an_event_with_more_targets_than_the_most_fails_before_anybody_has_it() {
    flow::run(ROOT, async |flow: Flow| {
        let invocation = invocation(&flow).await;
        let answer = forward(&invocation, batch(&message()), &FAILING, nobody).await.unwrap();
        assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "1"}]}));
        assert!(take(&flow, "out").await.is_empty());
    });
}
