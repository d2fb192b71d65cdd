//! Browsers of Everi: who gets in, what they send, what reaches them, and what they find when they come back.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails should panic")]

mod world;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use world::{Crash, Flow, run, send};

const SECOND: Duration = Duration::from_secs(1);

async fn group_of_three(flow: &Flow) {
    for member in ["agshin", "rustam", "leyla"] {
        flow.join("g1", member).await;
    }
    flow.pass(SECOND).await;
}

#[test]
fn a_message_reaches_the_other_members_within_a_second_and_the_sender_hears_its_place() {
    run(|flow| async move {
        group_of_three(&flow).await;
        let mut agshin = flow.browser("agshin").await;
        let mut rustam = flow.browser("rustam").await;
        let answer = agshin.ask(&flow, send("g1", 1, "Salam")).await;
        assert_eq!((&answer["ok"], &answer["sequence"]), (&json!(true), &json!(1)));
        assert_eq!(
            (&answer["conversation"], &answer["re"]),
            (&json!("group:g1"), &json!("01K00000000000000000000001"))
        );
        flow.pass(SECOND).await;
        let got = rustam.received();
        assert_eq!(got.len(), 1, "{got:?}");
        let (frame, data) = (&got[0], &got[0]["data"]);
        assert_eq!((&frame["type"], &frame["sequence"]), (&json!("MessageSent"), &json!(1)));
        assert_eq!((&data["sender"], &data["text"], &data["group"]), (&json!("agshin"), &json!("Salam"), &json!("g1")));
        assert_eq!(agshin.received(), Vec::<Value>::new(), "the sender is left out");
    });
}

#[test]
fn who_has_no_browser_open_is_found_by_the_second_pass_and_nobody_else() {
    run(|flow| async move {
        group_of_three(&flow).await;
        let mut agshin = flow.browser("agshin").await;
        let _rustam = flow.browser("rustam").await;
        let answer = agshin.ask(&flow, send("g1", 1, "Salam")).await;
        flow.pass(5 * SECOND).await;
        assert!(flow.rest.borrow().is_empty(), "it waits ten seconds");
        flow.pass(10 * SECOND).await;
        let id = answer["id"].as_str().unwrap().to_owned();
        assert_eq!(*flow.rest.borrow(), [(id, "leyla".to_owned())]);
    });
}

#[test]
fn nobody_sends_as_another_or_into_a_group_that_is_not_theirs() {
    run(|flow| async move {
        group_of_three(&flow).await;
        let mut agshin = flow.browser("agshin").await;
        let mut forged = send("g1", 1, "I am Rustam");
        forged["sender"] = "rustam".into();
        forged["time"] = "1999-01-01T00:00:00Z".into();
        let answer = agshin.ask(&flow, forged).await;
        assert_eq!(answer["ok"], true);
        let rows = flow.rows("LiveGatewayLog").await;
        let frame = rows.iter().find_map(|row| row["frame"]["S"].as_str()).unwrap();
        let frame: Value = serde_json::from_str(frame).unwrap();
        assert_eq!(frame["data"]["sender"], "agshin");
        assert_ne!(frame["data"]["time"], "1999-01-01T00:00:00.000Z");

        let mut stranger = flow.browser("stranger").await;
        let answer = stranger.ask(&flow, send("g1", 2, "Hello")).await;
        assert_eq!((&answer["ok"], &answer["error"]["code"]), (&json!(false), &json!("forbidden")));
        let answer = stranger.ask(&flow, json!({"action": "fetch", "conversation": "group:g1", "after": 0})).await;
        assert_eq!(answer["error"]["code"], "forbidden");
        let answer = stranger.ask(&flow, json!({"action": "seen", "conversation": "group:g1", "sequence": 1})).await;
        assert_eq!(answer["error"]["code"], "forbidden");
    });
}

#[test]
fn a_message_that_is_sent_again_is_one_message_and_another_under_its_id_is_none() {
    run(|flow| async move {
        group_of_three(&flow).await;
        let mut agshin = flow.browser("agshin").await;
        let first = agshin.ask(&flow, send("g1", 1, "Salam")).await;
        let again = agshin.ask(&flow, send("g1", 1, "Salam")).await;
        assert_eq!(first, again);
        let other = agshin.ask(&flow, send("g1", 1, "Sabahın xeyir")).await;
        assert_eq!(other["error"]["code"], "conflict");
        let mut rustam = flow.browser("rustam").await;
        let same_id = rustam.ask(&flow, send("g1", 1, "Salam")).await;
        assert_eq!((&same_id["ok"], &same_id["sequence"]), (&json!(true), &json!(2)), "an id is of its user");
    });
}

#[test]
fn what_is_no_event_is_refused_and_said_why_without_its_content() {
    run(|flow| async move {
        group_of_three(&flow).await;
        let mut agshin = flow.browser("agshin").await;
        let mut long = send("g1", 1, "");
        long["text"] = "x".repeat(4_000).into();
        for (message, code) in [
            (json!({"action": "send", "id": "01K00000000000000000000001", "group": "g1"}), "invalid"),
            (json!({"action": "send", "id": "nonsense", "group": "g1", "text": "x"}), "invalid"),
            (json!({"action": "send"}), "invalid"),
            (long, "invalid"),
            (json!({"action": "dance", "ref": 7}), "unknown_action"),
            (json!({"action": "fetch", "conversation": "inbox", "after": -1}), "invalid"),
            (json!({"action": "seen", "conversation": "inbox", "sequence": 9}), "invalid"),
        ] {
            let answer = agshin.ask(&flow, message.clone()).await;
            assert_eq!(answer["error"]["code"], code, "{message} {answer}");
        }
        flow.engine.gateway().message(&agshin.id, "not json \u{1b}[31m".to_owned()).await;
        assert_eq!(agshin.received()[0]["error"]["code"], "unknown_action");
    });
}

#[test]
fn who_was_away_fetches_what_was_missed() {
    run(|flow| async move {
        group_of_three(&flow).await;
        let mut agshin = flow.browser("agshin").await;
        let mut rustam = flow.browser("rustam").await;
        agshin.ask(&flow, send("g1", 1, "one")).await;
        flow.pass(SECOND).await;
        assert_eq!(rustam.sequences(), [1]);
        rustam.close(&flow).await;
        for n in 2..5 {
            agshin.ask(&flow, send("g1", n, "more")).await;
        }
        flow.pass(SECOND).await;
        let mut rustam = flow.try_connect(&flow.token("rustam", 3600), None).await.unwrap();
        let resumed = rustam.ask(&flow, json!({"action": "resume", "ref": "r"})).await;
        assert_eq!(resumed["re"], "r");
        let conversations = json!([
            {"conversation": "group:g1", "last": 4, "seen": 0}, {"conversation": "inbox", "last": 0, "seen": 0},
        ]);
        assert_eq!(resumed["conversations"], conversations);
        let page = rustam.ask(&flow, json!({"action": "fetch", "conversation": "group:g1", "after": 1})).await;
        let sequences: Vec<u64> =
            page["items"].as_array().unwrap().iter().map(|i| i["sequence"].as_u64().unwrap()).collect();
        assert_eq!((sequences, &page["upto"]), (vec![2, 3, 4], &json!(4)));
        let seen = rustam.ask(&flow, json!({"action": "seen", "conversation": "group:g1", "sequence": 4})).await;
        assert_eq!(seen["ok"], true);
        rustam.ask(&flow, json!({"action": "seen", "conversation": "group:g1", "sequence": 2})).await;
        let resumed = rustam.ask(&flow, json!({"action": "resume"})).await;
        assert_eq!(resumed["conversations"][0]["seen"], 4, "a cursor never goes back");
    });
}

#[test]
fn an_expired_token_ends_the_connection_and_no_post_reaches_it() {
    run(|flow| async move {
        group_of_three(&flow).await;
        let mut agshin = flow.browser("agshin").await;
        let mut rustam = flow.try_connect(&flow.token("rustam", 60), None).await.unwrap();
        rustam.ask(&flow, json!({"action": "resume"})).await;
        flow.pass(61 * SECOND).await;
        agshin.ask(&flow, send("g1", 1, "Salam")).await;
        flow.pass(SECOND).await;
        assert_eq!(rustam.sequences(), Vec::<u64>::new());
        rustam.say(&flow, send("g1", 2, "Salam")).await;
        assert_eq!(rustam.received()[0]["error"]["code"], "unauthorized");
        rustam.say(&flow, json!({"action": "ping"})).await;
        rustam.received();
        assert!(rustam.is_closed);
    });
}

#[test]
fn a_member_who_leaves_receives_nothing_more_and_one_who_joins_does() {
    run(|flow| async move {
        group_of_three(&flow).await;
        let mut agshin = flow.browser("agshin").await;
        let mut rustam = flow.browser("rustam").await;
        let mut nigar = flow.browser("nigar").await;
        flow.leave("g1", "rustam").await;
        flow.join("g1", "nigar").await;
        flow.pass(5 * SECOND).await;
        agshin.ask(&flow, send("g1", 1, "Salam")).await;
        flow.pass(SECOND).await;
        assert_eq!(rustam.sequences(), Vec::<u64>::new());
        assert_eq!(nigar.sequences(), [1]);
        let shards: BTreeSet<String> = flow
            .rows("LiveGatewayConnections")
            .await
            .iter()
            .filter(|row| row["pk"]["S"].as_str().unwrap().starts_with("shard#"))
            .map(|row| row["user"]["S"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(shards, BTreeSet::from(["agshin".to_owned(), "nigar".to_owned()]));
    });
}

#[test]
fn an_end_without_disconnect_is_cleaned_up_by_the_first_post_but_not_a_connection_that_has_just_begun() {
    run(|flow| async move {
        group_of_three(&flow).await;
        let mut agshin = flow.browser("agshin").await;
        let table = flow.physical("LiveGatewayConnections");
        let now = flow.engine.world().clock.now().millis();
        for (id, connected) in [("young=", now), ("old=", now - 60_000)] {
            for (pk, sk) in [(format!("connection#{id}"), "connection"), ("shard#group_members#g1#0".to_owned(), id)] {
                let item = json!({
                    "pk": {"S": pk}, "sk": {"S": sk}, "user": {"S": "rustam"}, "state": {"S": "active"},
                    "connected_at": {"N": connected.to_string()}, "until": {"N": (now / 1000 + 600).to_string()},
                    "expires_at": {"N": (now / 1000 + 7800).to_string()},
                });
                flow.ask("dynamodb", "PutItem", json!({"TableName": table, "Item": item})).await;
            }
        }
        agshin.ask(&flow, send("g1", 1, "Salam")).await;
        flow.pass(15 * SECOND).await;
        let rows = flow.rows("LiveGatewayConnections").await;
        let of = |id: &str| {
            rows.iter().filter(|row| row["sk"]["S"] == id || row["pk"]["S"] == format!("connection#{id}")).count()
        };
        assert_eq!((of("young="), of("old=")), (2, 0));
        let rest: Vec<String> = flow.rest.borrow().iter().map(|(_, user)| user.clone()).collect();
        assert_eq!(rest, ["leyla", "rustam"], "a browser that took nothing is none");
    });
}

#[test]
fn tokens_and_origins_decide_who_gets_in() {
    run(|flow| async move {
        let good = flow.token("agshin", 600);
        let now = flow.engine.world().clock.now().millis() / 1000;
        let other = |claims: Value| flow.engine.issuer().token(&claims);
        let everi = "https://auth.everi.example/";
        for token in [
            flow.token("agshin", -60),
            other(json!({"iss": everi, "aud": "other", "sub": "agshin", "exp": now + 600})),
            other(json!({"iss": "https://evil.example/", "aud": "everi", "sub": "agshin", "exp": now + 600})),
            other(json!({"iss": everi, "aud": "everi", "exp": now + 600})),
            format!("{}x", good.get(..good.len() - 4).unwrap()),
            "eyJhbGciOiJub25lIn0.e30.".to_owned(),
        ] {
            assert_eq!(flow.try_connect(&token, None).await.err().unwrap().status, 403);
        }
        for (origin, is_in) in [
            (Some("https://everi.example"), true),
            (Some("http://localhost:5173"), true),
            (Some("https://evil.example"), false),
            (None, true),
        ] {
            assert_eq!(flow.try_connect(&good, origin).await.is_ok(), is_in, "{origin:?}");
        }
        assert_eq!(flow.wire.lock().unwrap().asked, 1, "the keys are kept");
    });
}

#[test]
fn an_issuer_that_cannot_be_reached_is_a_failure_and_kept_keys_serve_on() {
    run(|flow| async move {
        let keys = flow.wire.lock().unwrap().keys.take();
        assert_eq!(flow.try_connect(&flow.token("agshin", 600), None).await.err().unwrap().status, 500);
        flow.wire.lock().unwrap().keys = keys;
        assert!(flow.try_connect(&flow.token("agshin", 600), None).await.is_ok());
        flow.wire.lock().unwrap().keys = None;
        flow.pass(Duration::from_secs(2 * 3600)).await;
        assert!(flow.try_connect(&flow.token("agshin", 600), None).await.is_ok());
    });
}

fn notice(revision: u64, count: u64) -> Value {
    json!({
        "id": "0f", "thread": "0f", "target": "agshin", "event": "UpdateLiked", "object": "u1", "count": count,
        "actors": count, "sample": [], "first": "2026-01-01T00:00:00.000Z", "last": "2026-01-01T00:00:00.000Z",
        "open": revision == 1, "revision": revision, "title": "t", "body": "b", "link": "https://everi.example/u1",
    })
}

#[test]
fn a_notice_is_shown_on_all_pages_of_its_target_replaced_by_its_revisions_and_kept_for_later() {
    run(|flow| async move {
        let mut first = flow.browser("agshin").await;
        let mut second = flow.browser("agshin").await;
        let mut other = flow.browser("rustam").await;
        for revision in [1, 1, 2] {
            assert_eq!(flow.call("BrowserSinkFunction", &notice(revision, 1)).await, json!({}));
        }
        assert_eq!(first.sequences(), [1, 1, 2], "a repetition is posted again, at its place");
        assert_eq!(second.sequences(), [1, 1, 2]);
        assert_eq!(other.sequences(), Vec::<u64>::new());
        flow.call("BrowserSinkFunction", &notice(1, 1)).await;
        assert_eq!(first.sequences(), Vec::<u64>::new(), "an old revision changes nothing");
        let mut away = flow.browser("agshin").await;
        let page = away.ask(&flow, json!({"action": "fetch", "conversation": "inbox", "after": 0})).await;
        let revisions: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|i| &i["data"]["revision"]).collect();
        assert_eq!((revisions, &page["upto"]), (vec![&json!(2)], &json!(2)));
    });
}

#[test]
fn what_was_seen_is_known_to_the_workflow_and_new_members_are_not_seen() {
    run(|flow| async move {
        let mut agshin = flow.browser("agshin").await;
        let seen = "DeliverNoticeWorkflowSeenFunction";
        assert_eq!(flow.call(seen, &notice(2, 1)).await, json!({"seen": false}));
        flow.call("BrowserSinkFunction", &notice(1, 1)).await;
        agshin.received();
        agshin.ask(&flow, json!({"action": "seen", "conversation": "inbox", "sequence": 1})).await;
        flow.call("BrowserSinkFunction", &notice(2, 1)).await;
        assert_eq!(flow.call(seen, &notice(2, 1)).await, json!({"seen": true}), "the same members, seen before");
        flow.call("BrowserSinkFunction", &notice(3, 2)).await;
        assert_eq!(flow.call(seen, &notice(3, 2)).await, json!({"seen": false}));
    });
}

#[test]
fn a_withdrawn_notice_is_told_and_stays_withdrawn() {
    run(|flow| async move {
        let mut agshin = flow.browser("agshin").await;
        flow.call("BrowserSinkFunction", &notice(1, 1)).await;
        let withdrawn = json!({"target": "agshin", "thread": "0f", "revision": 2, "withdrawn": true});
        flow.call("BrowserSinkFunction", &withdrawn).await;
        flow.call("BrowserSinkFunction", &notice(1, 1)).await;
        let got = agshin.received();
        assert_eq!(got.len(), 2);
        assert_eq!(got[1]["withdrawn"], json!({"type": "Notice", "thread": "0f", "revision": 2}));
        let page = agshin.ask(&flow, json!({"action": "fetch", "conversation": "inbox", "after": 0})).await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_muted_user_is_shown_nothing() {
    run(|flow| async move {
        let mut agshin = flow.browser("agshin").await;
        let item = json!({"user": {"S": "agshin"}, "mutes": {"L": [{"S": "UpdateLiked"}]}});
        let put = json!({"TableName": flow.physical("PreferencesTable"), "Item": item});
        flow.ask("dynamodb", "PutItem", put).await;
        flow.call("BrowserSinkFunction", &notice(1, 1)).await;
        assert_eq!(agshin.received(), Vec::<Value>::new());
    });
}

#[test]
fn a_group_of_a_thousand_is_reached_in_its_shards() {
    run(|flow| async move {
        for n in 0..1_000 {
            flow.join("big", &format!("m{n}")).await;
        }
        flow.pass(5 * SECOND).await;
        let mut sender = flow.browser("m0").await;
        let mut others = Vec::new();
        for n in 1..1_000 {
            others.push(flow.browser(&format!("m{n}")).await);
            // The stage takes no more at once.
            if n % 100 == 0 {
                flow.pass(SECOND).await;
            }
        }
        sender.ask(&flow, send("big", 1, "Salam")).await;
        flow.pass(5 * SECOND).await;
        let reached = others.iter_mut().filter(|browser| !browser.is_closed).map(|b| b.sequences()).collect::<Vec<_>>();
        assert!(reached.iter().all(|got| *got == [1]), "each once");
        let shards: BTreeSet<String> = flow
            .rows("LiveGatewayConnections")
            .await
            .iter()
            .filter_map(|row| row["pk"]["S"].as_str().filter(|pk| pk.starts_with("shard#")).map(str::to_owned))
            .collect();
        assert_eq!(shards.len(), 4);
        flow.pass(15 * SECOND).await;
        assert!(flow.rest.borrow().is_empty());
    });
}

/// The sender sends again until it is answered; nobody may then see a gap, another order, or anything twice that a
/// client's dedupe by id would not drop.
fn crashed(crash: Crash) -> bool {
    let crashed = Rc::new(Cell::new(false));
    let seen = Rc::clone(&crashed);
    run(move |flow| async move {
        group_of_three(&flow).await;
        let mut agshin = flow.browser("agshin").await;
        let mut rustam = flow.browser("rustam").await;
        flow.wire.lock().unwrap().arm(crash);
        for n in 1..4 {
            let mut tries = 0;
            let answer = loop {
                tries += 1;
                assert!(tries < 4, "{crash:?}");
                let answer = agshin.ask(&flow, send("g1", n, "Salam")).await;
                if answer["ok"] == true {
                    break answer;
                }
                assert_eq!(answer["message"], "Internal server error", "{crash:?} {answer}");
            };
            assert_eq!(answer["sequence"], n, "{crash:?}");
        }
        flow.pass(Duration::from_secs(600)).await;
        let frames = rustam.received();
        let ids: BTreeSet<(u64, String)> = frames
            .iter()
            .map(|frame| (frame["sequence"].as_u64().unwrap(), frame["id"].as_str().unwrap().to_owned()))
            .collect();
        assert_eq!(ids.iter().map(|(sequence, _)| *sequence).collect::<Vec<_>>(), [1, 2, 3], "{crash:?}");
        let texts: BTreeSet<&str> = frames.iter().map(|frame| frame["data"]["id"].as_str().unwrap()).collect();
        assert_eq!(texts.len(), 3, "{crash:?}");
        let rest: BTreeSet<(String, String)> = flow.rest.borrow().iter().cloned().collect();
        assert_eq!(rest.iter().filter(|(_, user)| user == "leyla").count(), 3, "{crash:?} {rest:?}");
        seen.set(flow.wire.lock().unwrap().crashed);
    });
    crashed.get()
}

#[test]
fn a_crash_at_any_call_loses_no_message_and_keeps_their_order() {
    for function in ["incoming_messages", "deliver_messages", "deliver_messages_worker", "deliver_messages_rest"] {
        for after in [false, true] {
            let calls = (0..40).take_while(|call| crashed(Crash { function, call: *call, after })).count();
            assert!(calls >= 3, "{function} makes calls: {calls}");
        }
    }
}
