//! Everi's groups: from likes in the outbox to one notification, started once as a workflow, whatever happens on the way;
//! from messages that no browser took to one mail.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use generated::{Envelope, MessageSent, UpdateLiked, UpdateUnliked, outbox};
use local::faults::Rates;
use runtime::aws_sdk_dynamodb::Client;
use serde_json::{Value, json};

use super::effects;
use super::everi;
use super::flow::{self, Flow, MINUTE, Root};
use super::sdk;

const ROOT: Root = Root { sweeps: true, ..everi::ROOT };

/// Of the flow's functions those that group may crash.
const MORTAL: Root = Root { sweeps: false, mortal: &["notify", "notices_flush", "notices_deliver"], ..everi::ROOT };

/// What is liked.
const UPDATE: &str = "01K0000000000000000000000Z";

fn actions(flow: &Flow) -> outbox::Actions {
    outbox::Actions::new(Client::new(&sdk::account(&flow.engine)), flow.physical("ActionsTable"))
}

/// The like of a number: of the member of that number, in that second.
fn liked(number: u32) -> Envelope<UpdateLiked> {
    let like = json!({
        "id": like_id(number), "time": format!("2026-01-01T00:00:0{number}.000Z"), "update_id": UPDATE,
        "author": "rustam", "liker": format!("member-{number}"),
    });
    Envelope::of(serde_json::from_value(like).unwrap())
}

fn like_id(number: u32) -> String {
    format!("01K0000000000000000000000{number}")
}

async fn like(flow: &Flow, number: u32) {
    actions(flow).put(&liked(number)).await.unwrap();
}

async fn unlike(flow: &Flow, number: u32) {
    let unlike = json!({
        "like_id": like_id(number), "time": "2026-01-01T00:00:09.000Z", "update_id": UPDATE, "author": "rustam",
        "liker": format!("member-{number}"),
    });
    let unlike: UpdateUnliked = serde_json::from_value(unlike).unwrap();
    actions(flow).put(&Envelope::of(unlike)).await.unwrap();
}

/// The notifications, as the workflow was started with them, by their names.
async fn notices(flow: &Flow) -> Vec<(String, Value)> {
    let mut notices = Vec::new();
    for execution in flow.executions("DeliverNoticeWorkflow").await {
        let about = json!({ "executionArn": execution["executionArn"] });
        let about = flow.ask("states", "DescribeExecution", about).await;
        let input = serde_json::from_str(about["input"].as_str().unwrap()).unwrap();
        notices.push((about["name"].as_str().unwrap().to_owned(), input));
    }
    notices.sort_by(|(a, _), (b, _)| a.cmp(b));
    notices
}

/// Revisions and counts, in the order of their names; all of them of one group, each under its revision's name.
fn counts(notices: &[(String, Value)]) -> Vec<(i64, i64)> {
    let groups: BTreeSet<&str> = notices.iter().map(|(name, _)| name.rsplit_once('-').unwrap().0).collect();
    assert!(groups.len() <= 1, "{notices:?}");
    let count = |(name, notice): &(String, Value)| {
        let (group, revision) = name.rsplit_once('-').unwrap();
        assert_eq!((notice["id"].as_str(), notice["revision"].to_string().as_str()), (Some(group), revision));
        (notice["revision"].as_i64().unwrap(), notice["count"].as_i64().unwrap())
    };
    notices.iter().map(count).collect()
}

#[test]
fn four_likes_become_one_notification_whose_first_is_shown_at_once() {
    flow::run(ROOT, async |flow: Flow| {
        like(&flow, 1).await;
        flow.pass(Duration::from_secs(10)).await;
        let shown = notices(&flow).await;
        assert_eq!(counts(&shown), [(1, 1)], "before the window closes");
        assert_eq!(shown[0].1["open"], true);
        for number in 2..=4 {
            like(&flow, number).await;
        }
        flow.pass(5 * MINUTE).await;
        let shown = notices(&flow).await;
        assert_eq!(counts(&shown), [(1, 1), (2, 4)]);
        let notice = &shown[1].1;
        assert_eq!(
            (&notice["open"], &notice["actors"], &notice["target"]),
            (&json!(false), &json!(4), &json!("rustam"))
        );
        assert_eq!((&notice["event"], &notice["object"]), (&json!("UpdateLiked"), &json!(UPDATE)));
        assert_eq!(notice["thread"], shown[0].1["thread"], "the later revision replaces the first");
        let sample: Vec<_> = notice["sample"].as_array().unwrap().iter().map(|of| of["actor"].clone()).collect();
        assert_eq!(sample, ["member-4", "member-3", "member-2"]);
        assert_eq!(
            (&notice["first"], &notice["last"]),
            (&json!("2026-01-01T00:00:01.000Z"), &json!("2026-01-01T00:00:04.000Z"))
        );
        assert_eq!(flow.times("render_notice").len(), 2, "the workflow takes what it is started with");
    });
}

#[test]
fn a_like_after_the_close_is_a_group_of_its_own() {
    flow::run(ROOT, async |flow: Flow| {
        for number in 1..=2 {
            like(&flow, number).await;
            flow.pass(5 * MINUTE).await;
        }
        let mut all: Vec<(i64, i64)> = Vec::new();
        for notice in notices(&flow).await {
            all.extend(counts(&[notice]));
        }
        all.sort_unstable();
        assert_eq!(all, [(1, 1), (1, 1), (2, 1), (2, 1)]);
    });
}

#[test]
fn an_unlike_before_the_close_takes_its_like_out() {
    flow::run(ROOT, async |flow: Flow| {
        for number in 1..=3 {
            like(&flow, number).await;
        }
        flow.pass(Duration::from_secs(10)).await;
        unlike(&flow, 2).await;
        flow.pass(5 * MINUTE).await;
        assert_eq!(counts(&notices(&flow).await).last(), Some(&(2, 2)));
    });
}

#[test]
fn an_unlike_that_overtakes_its_like_keeps_it_out() {
    flow::run(ROOT, async |flow: Flow| {
        unlike(&flow, 1).await;
        flow.pass(MINUTE).await;
        like(&flow, 1).await;
        flow.pass(10 * MINUTE).await;
        assert!(notices(&flow).await.is_empty());
    });
}

#[test]
fn a_group_of_which_nothing_is_left_starts_nothing_and_is_taken_from_the_browsers() {
    flow::run(ROOT, async |flow: Flow| {
        like(&flow, 1).await;
        flow.pass(Duration::from_secs(10)).await;
        let shown = flow.times("browser").len();
        unlike(&flow, 1).await;
        flow.pass(5 * MINUTE).await;
        assert_eq!(counts(&notices(&flow).await), [(1, 1)], "the preview, and no close");
        assert_eq!(flow.times("browser").len(), shown + 1);
        assert!(flow.waiting("NoticesGrouperOutDeadLetters").await.is_empty());
    });
}

#[test]
fn messages_that_come_twice_or_late_change_nothing() {
    flow::run(everi::ROOT, async |flow: Flow| {
        flow.engine.faults().everywhere(Rates { duplicate: 0.5, ..Rates::default() });
        for number in 1..=4 {
            like(&flow, number).await;
        }
        flow.pass(5 * MINUTE).await;
        assert_eq!(counts(&notices(&flow).await).last(), Some(&(2, 4)));
        flow.engine.faults().none();
        // The whole of it again after a day.
        flow.pass(Duration::from_secs(86_400)).await;
        let before = notices(&flow).await;
        for number in 1..=4 {
            let body = serde_json::to_string(&liked(number)).unwrap();
            let send = json!({"QueueUrl": flow.physical("NotifyQueue"), "MessageBody": body});
            flow.ask("sqs", "SendMessage", send).await;
        }
        flow.pass(10 * MINUTE).await;
        assert_eq!(notices(&flow).await, before);
    });
}

#[test]
fn a_group_whose_timer_was_lost_is_closed_by_the_sweep() {
    flow::run(ROOT, async |flow: Flow| {
        like(&flow, 1).await;
        flow.pass(Duration::from_secs(10)).await;
        flow.ask("sqs", "PurgeQueue", json!({"QueueUrl": flow.physical("NoticesGrouperTimers")})).await;
        flow.pass(2 * MINUTE).await;
        assert_eq!(counts(&notices(&flow).await), [(1, 1)], "the window may be open for five minutes");
        flow.pass(6 * MINUTE).await;
        assert_eq!(counts(&notices(&flow).await), [(1, 1), (2, 1)]);
    });
}

/// The message of a number in the group `g1`, as a source that browsers send to publishes it.
fn message(number: u32) -> Envelope<MessageSent> {
    let message = json!({
        "id": format!("01K0000000000000000000001{number}"), "time": format!("2026-01-01T00:00:0{number}.000Z"),
        "group": "g1", "sender": "agshin", "text": "Salam",
    });
    let mut message: Envelope<MessageSent> = Envelope::of(serde_json::from_value(message).unwrap());
    (message.conversation, message.sequence) = (Some("group:g1".to_owned()), Some(number.into()));
    message
}

/// Sends three messages to a group whose members have no browser open, of which one has seen so many; returns what its
/// mail is made of.
async fn unread(flow: &Flow, seen: u32) -> Vec<Value> {
    let mails: Rc<RefCell<Vec<Value>>> = Rc::default();
    let told = Rc::clone(&mails);
    flow.engine.functions().put("unread_email", move |_, event, _| {
        told.borrow_mut().push(event);
        async { Ok(Value::Null) }
    });
    for member in ["agshin", "rustam"] {
        flow.put("GroupMembersTable", json!({"group": {"S": "g1"}, "member": {"S": member}})).await;
    }
    let (key, cursor) = (json!({"S": "seen##rustam#group:g1"}), json!({"N": seen.to_string()}));
    flow.put("LiveGatewayLog", json!({"conversation": key, "sequence": {"N": "0"}, "cursor": cursor})).await;
    for number in 1..=3 {
        let body = serde_json::to_string(&message(number)).unwrap();
        let send = json!({"QueueUrl": flow.physical("DeliverMessagesQueue"), "MessageBody": body});
        flow.ask("sqs", "SendMessage", send).await;
    }
    flow.pass(30 * MINUTE).await;
    let mails = mails.borrow();
    mails.clone()
}

#[test]
fn messages_that_no_browser_took_become_one_mail() {
    flow::run(everi::ROOT, async |flow: Flow| {
        let mails = unread(&flow, 0).await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert_eq!(
            (&mails[0]["target"], &mails[0]["group"], &mails[0]["count"]),
            (&json!("rustam"), &json!("g1"), &json!(3))
        );
        assert_eq!((&mails[0]["event"], &mails[0]["revision"]), (&json!("MessageSent"), &json!(2)));
    });
}

#[test]
fn what_was_seen_meanwhile_is_in_no_mail() {
    flow::run(everi::ROOT, async |flow: Flow| {
        let mails = unread(&flow, 2).await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        assert_eq!((&mails[0]["count"], &mails[0]["first"]), (&json!(1), &json!("2026-01-01T00:00:03.000Z")));
    });
    flow::run(everi::ROOT, async |flow: Flow| {
        assert!(unread(&flow, 3).await.is_empty(), "all of it was seen");
    });
}

#[test]
fn each_like_is_in_one_group_that_is_delivered_once_whichever_call_its_functions_crash_at() {
    let crashes = effects::crashing_everywhere(MORTAL, async |flow: &Flow| {
        like(flow, 1).await;
        like(flow, 2).await;
        flow.pass(90 * MINUTE).await;
        // A like whose function crashed comes again minutes later, and may find its window closed: then it is in the next.
        let notices = notices(flow).await;
        let closes = notices.iter().filter(|(name, _)| name.ends_with("-2"));
        let members = closes.flat_map(|(_, notice)| notice["sample"].as_array().unwrap());
        let mut members: Vec<&str> = members.map(|member| member["id"].as_str().unwrap()).collect();
        members.sort_unstable();
        let counted: i64 =
            notices.iter().filter(|(name, _)| name.ends_with("-2")).filter_map(|(_, of)| of["count"].as_i64()).sum();
        let dead = flow.waiting("NoticesGrouperOutDeadLetters").await;
        members == [like_id(1), like_id(2)] && counted == 2 && dead.is_empty()
    });
    assert!(crashes >= 30, "{crashes}");
}
