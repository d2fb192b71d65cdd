//! Mail: who gets one, how often whatever crashes, and who gets none any more.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::faults::Rates;
use local::kernel::Caller;
use orders_generated::handlers::{Handlers, JudgeReturn, JudgeReturnCx, PayBack, PayBackCx, PayBackInput};
use orders_generated::{FUNCTIONS, Judgement, ReturnRequested, dispatch};
use runtime::Error;
use serde_json::{Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

use super::flow::{self, Flow, MINUTE, Root};
use super::{effects, everi, sdk};

/// The handlers of the shop, as far as returns go.
struct Shop;

impl Handlers for Shop {
    type AskReviewer = orders_handlers::ask_reviewer::Handler;
    type CallSupplier = orders_handlers::call_supplier::Handler;
    type FindLowStock = orders_handlers::find_low_stock::Handler;
    type JudgeReturn = Shop;
    type PayBack = Shop;
    type PickLine = orders_handlers::pick_line::Handler;
    type PrintLabel = orders_handlers::print_label::Handler;
    type ReleaseOrder = orders_handlers::release_order::Handler;
    type Reorder = orders_handlers::reorder::Handler;
    type ReserveStock = orders_handlers::reserve_stock::Handler;
    type TakePayment = orders_handlers::take_payment::Handler;
}

impl JudgeReturn for Shop {
    async fn judge_return(_: &JudgeReturnCx<'_>, _: ReturnRequested) -> Result<Judgement, Error> {
        let answer =
            json!({ "accepted": true, "refunded": 100, "title": "Your return\r\nBcc: everybody@else.example" });
        serde_json::from_value(answer).map_err(Error::reject)
    }
}

impl PayBack for Shop {
    async fn pay_back(_: &PayBackCx<'_>, _: PayBackInput) -> Result<(), Error> {
        Ok(())
    }
}

const SHOP: Root = Root {
    folder: "tests/flows/orders",
    functions: FUNCTIONS,
    dispatch: |cx, event| Box::pin(async move { dispatch::<Shop>(&cx, event).await }),
    parameters: &[],
    sweeps: false,
    mortal: &[],
};

const ORDER: &str = "01K00000000000000000000000";

async fn mails(flow: &Flow) -> Vec<Value> {
    flow.ask("ses", "eventloom:ListMails", json!({})).await["Mails"].as_array().unwrap().clone()
}

async fn customer(flow: &Flow) {
    let row = json!({"customer_id": {"S": "aydan"}, "name": {"S": "Aydan"}, "email": {"S": "aydan@mail.example"}});
    flow.put("CustomersTable", row).await;
}

async fn send_back(flow: &Flow) {
    let data = json!({
        "id": "01K00000000000000000000001", "time": "2026-01-01T00:00:00.000Z", "order_id": ORDER, "shop": "main",
        "customer": "aydan", "lines": [{"sku": "a", "quantity": 1, "price": 100}], "why": "broken",
    });
    flow.publish("ReturnsTopic", "ReturnRequested", data).await;
}

/// Calls a function and waits for it, as a consumer or a grouper does; whether it failed.
async fn call(flow: &Flow, function: &str, payload: &Value) -> bool {
    let call = json!({"FunctionName": flow.physical(function), "Payload": payload});
    flow.ask("lambda", "Invoke", call).await.get("FunctionError").is_none_or(Value::is_null)
}

/// Calls a function until it does not fail, a visibility timeout apart.
async fn call_until(flow: &Flow, function: &str, payload: &Value) -> bool {
    for _ in 0..5 {
        if call(flow, function, payload).await {
            return true;
        }
        flow.pass(3 * MINUTE).await;
    }
    false
}

fn news() -> Value {
    json!({
        "id": "g1", "thread": "g1", "target": "aydan", "event": "OrderShipped", "object": ORDER, "count": 2, "actors": 0,
        "sample": [], "first": "2026-01-01T00:00:00.000Z", "last": "2026-01-01T00:10:00.000Z", "open": false,
        "revision": 2, "order_id": ORDER, "tenant": "main",
    })
}

fn header<'m>(mail: &'m Value, name: &str) -> &'m str {
    let found = mail["Headers"].as_array().unwrap().iter().find(|header| header["Name"] == name);
    found.unwrap()["Value"].as_str().unwrap()
}

#[test]
fn a_workflow_mails_what_its_steps_have_made() {
    flow::run(SHOP, async |flow: Flow| {
        customer(&flow).await;
        send_back(&flow).await;
        flow.pass(5 * MINUTE).await;
        let mails = mails(&flow).await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        let mail = &mails[0];
        assert_eq!(mail["To"], json!(["aydan@mail.example"]));
        assert_eq!(mail["From"], "Shop <orders@shop.example>");
        assert_eq!(mail["ReplyTo"], json!(["help@shop.example"]));
        assert_eq!(mail["Subject"], "Your return Bcc: everybody@else.example", "one line, and one mail");
        assert!(mail["Text"].as_str().unwrap().contains("We take back"), "{mail}");
        let link = header(mail, "List-Unsubscribe").trim_matches(['<', '>']);
        assert!(mail["Html"].as_str().unwrap().contains(link) && mail["Text"].as_str().unwrap().contains(link));
        assert_eq!(header(mail, "List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
    });
}

#[test]
fn at_most_once_never_mails_twice_whichever_call_its_functions_crash_at() {
    let crashes = effects::crashing_everywhere(SHOP, async |flow: &Flow| {
        customer(flow).await;
        send_back(flow).await;
        flow.pass(120 * MINUTE).await;
        let mailed = mails(flow).await.len();
        mailed <= 1 && (mailed == 1 || flow.crash.struck())
    });
    assert!(crashes >= 14, "{crashes}");
}

#[test]
fn at_least_once_loses_nothing_and_mails_twice_only_where_it_ended_between_sending_and_recording() {
    let mailed = RefCell::new(Vec::new());
    let crashes = effects::crashing_everywhere(SHOP, async |flow: &Flow| {
        customer(flow).await;
        let done = call_until(flow, "OrderMailSinkFunction", &news()).await;
        // The same comes again, long after.
        let again = call_until(flow, "OrderMailSinkFunction", &news()).await;
        let count = mails(flow).await.len();
        mailed.borrow_mut().push(count);
        done && again && count >= 1
    });
    let twice = mailed.borrow().iter().filter(|count| **count == 2).count();
    assert!(mailed.borrow().iter().all(|count| *count <= 2), "{mailed:?}");
    assert!(crashes >= 14, "{crashes}");
    assert_eq!(twice, 2, "after SES has it, and before the record: {mailed:?}");
}

#[test]
fn a_mail_is_sent_once_though_it_is_asked_for_twice_at_the_same_time() {
    flow::run(SHOP, async |flow: Flow| {
        customer(&flow).await;
        let payload = &news();
        let both =
            tokio::join!(call(&flow, "OrderMailSinkFunction", payload), call(&flow, "OrderMailSinkFunction", payload));
        assert_eq!(both, (true, true), "who comes second waits, and finds it done");
        assert_eq!(mails(&flow).await.len(), 1);
    });
}

#[test]
fn mails_that_are_promised_at_least_once_come_through_throttles_failures_and_lost_answers() {
    for seed in 1..=effects::SEEDS {
        flow::run_seeded(SHOP, seed, async |flow: Flow| {
            customer(&flow).await;
            let rates = Rates { throttle: 0.2, internal_error: 0.1, lost_response: 0.1, ..Rates::default() };
            for service in ["ses", "dynamodb", "secretsmanager"] {
                flow.engine.faults().at(service, rates);
            }
            for _ in 0..10 {
                call(&flow, "OrderMailSinkFunction", &news()).await;
                flow.pass(MINUTE).await;
            }
            flow.engine.faults().none();
            assert!(call_until(&flow, "OrderMailSinkFunction", &news()).await);
            assert!(!mails(&flow).await.is_empty(), "seed {seed}");
        });
    }
}

#[test]
fn mails_that_are_promised_at_most_once_are_never_two_under_lost_answers() {
    for seed in 1..=effects::SEEDS {
        flow::run_seeded(everi::ROOT, seed, async |flow: Flow| {
            member(&flow, "agshin@mail.example").await;
            let rates = Rates { throttle: 0.2, internal_error: 0.1, lost_response: 0.3, ..Rates::default() };
            for service in ["ses", "dynamodb", "secretsmanager"] {
                flow.engine.faults().at(service, rates);
            }
            for _ in 0..10 {
                call(&flow, "UnreadEmailSinkFunction", &unread("g1")).await;
                flow.pass(MINUTE).await;
            }
            let faulty = mails(&flow).await.len();
            assert!(faulty <= 1, "seed {seed}");
        });
    }
}

async fn member(flow: &Flow, address: &str) {
    flow.put("MembersTable", json!({"user_id": {"S": "agshin"}, "name": {"S": "Agshin"}, "email": {"S": address}}))
        .await;
}

fn unread(group: &str) -> Value {
    json!({
        "id": group, "thread": group, "target": "agshin", "event": "MessageSent", "object": "rust", "count": 3,
        "actors": 2, "sample": [], "first": "2026-01-01T00:00:00.000Z", "last": "2026-01-01T00:10:00.000Z", "open": false,
        "revision": 2, "group": "rust & <b>friends</b>",
    })
}

fn notice(run: &str, state: Value) -> Value {
    let mut all = json!({
        "id": "g", "thread": "g", "target": "agshin", "event": "UpdateLiked", "object": "u", "count": 1, "actors": 1,
        "sample": [], "first": "2026-01-01T00:00:00.000Z", "last": "2026-01-01T00:00:00.000Z", "open": false,
        "revision": 2, "title": "A title", "body": "A body", "link": "https://everi.example/u",
    });
    all.as_object_mut().unwrap().extend(state.as_object().unwrap().clone());
    json!({ "run": run, "state": all })
}

#[test]
fn what_an_event_holds_is_escaped_in_html_and_as_it_is_in_text() {
    flow::run(everi::ROOT, async |flow: Flow| {
        member(&flow, "agshin@mail.example").await;
        assert!(call(&flow, "UnreadEmailSinkFunction", &unread("g1")).await);
        let state = json!({ "title": "<script>alert(1)</script>", "body": "\"><img src=x onerror=alert(1)>" });
        assert!(call(&flow, "EmailSinkFunction", &notice("a", state)).await);
        let mails = mails(&flow).await;
        let text = |mail: usize, part: &str| mails[mail][part].as_str().unwrap().to_owned();
        assert_eq!(text(0, "Subject"), "3 new messages");
        assert!(!text(0, "Html").contains("<b>") && text(0, "Text").contains("rust & <b>friends</b>"));
        assert!(!text(1, "Html").contains("<script>") && !text(1, "Html").contains("<img"), "{}", text(1, "Html"));
        assert_eq!(text(1, "Subject"), "<script>alert(1)</script>", "a subject is text");
    });
}

#[test]
fn a_group_is_mailed_at_its_close_and_a_step_that_is_tried_again_mails_once() {
    flow::run(everi::ROOT, async |flow: Flow| {
        member(&flow, "agshin@mail.example").await;
        assert!(call(&flow, "EmailSinkFunction", &notice("a", json!({ "open": true, "revision": 1 }))).await);
        assert!(mails(&flow).await.is_empty());
        for _ in 0..2 {
            assert!(call(&flow, "EmailSinkFunction", &notice("a", json!({}))).await);
            assert_eq!(mails(&flow).await.len(), 1);
        }
        assert!(call(&flow, "EmailSinkFunction", &notice("another step", json!({}))).await);
        assert_eq!(mails(&flow).await.len(), 2);
    });
}

#[test]
fn who_muted_the_channel_or_has_no_address_gets_nothing_and_a_wrong_address_is_refused() {
    flow::run(everi::ROOT, async |flow: Flow| {
        assert!(call(&flow, "UnreadEmailSinkFunction", &unread("g0")).await, "nobody to write to is no failure");
        member(&flow, "agshin@mail.example").await;
        for preferences in [
            json!({"user": {"S": "agshin"}, "channels": {"L": [{"S": "browser"}]}}),
            json!({"user": {"S": "agshin"}, "mutes": {"L": [{"S": "MessageSent"}]}}),
        ] {
            flow.put("PreferencesTable", preferences).await;
            assert!(call(&flow, "UnreadEmailSinkFunction", &unread("g1")).await);
        }
        flow.put("PreferencesTable", json!({"user": {"S": "agshin"}})).await;
        for wrong in ["agshin@mail.example\r\nBcc: everybody@else.example", "agshin", "a@b.example, c@d.example"] {
            member(&flow, wrong).await;
            assert!(!call(&flow, "UnreadEmailSinkFunction", &unread("g1")).await, "{wrong:?}");
        }
        assert!(mails(&flow).await.is_empty());
        member(&flow, "agshin@mail.example").await;
        assert!(call(&flow, "UnreadEmailSinkFunction", &unread("g1")).await);
        assert_eq!(mails(&flow).await.len(), 1);
    });
}

/// Asks the function behind a link, as anybody may: the status, and the page.
async fn visit(flow: &Flow, method: &str, link: &str) -> (u64, String) {
    let (url, query) = link.split_once("/?").unwrap();
    let id = url.rsplit('/').next().unwrap();
    let visit = json!({"UrlId": id, "Method": method, "Path": "/", "Query": query, "SourceIp": "192.0.2.1"});
    let bus = &flow.engine.world().bus;
    let answer = bus.request(Caller::Anonymous, "lambda", "eventloom:InvokeUrl", visit).await.unwrap();
    (answer["StatusCode"].as_u64().unwrap(), sdk::text(&answer["Body"]))
}

async fn link(flow: &Flow, group: &str) -> String {
    assert!(call(flow, "UnreadEmailSinkFunction", &unread(group)).await);
    let mails = mails(flow).await;
    header(mails.last().unwrap(), "List-Unsubscribe").trim_matches(['<', '>']).to_owned()
}

async fn channels(flow: &Flow) -> Value {
    flow.row("PreferencesTable", json!({"user": {"S": "agshin"}})).await["channels"].clone()
}

#[test]
fn one_click_unsubscribes_and_looking_at_the_link_does_not() {
    flow::run(everi::ROOT, async |flow: Flow| {
        member(&flow, "agshin@mail.example").await;
        let link = &link(&flow, "g1").await;
        let (status, page) = visit(&flow, "GET", link).await;
        assert!(status == 200 && page.contains("<button>") && !page.contains("agshin"), "{page}");
        assert_eq!(visit(&flow, "HEAD", link).await.0, 200);
        assert!(channels(&flow).await.is_null(), "a mail scanner follows links");
        for _ in 0..2 {
            assert_eq!(visit(&flow, "POST", link).await.0, 200);
            assert_eq!(channels(&flow).await, json!({"L": [{"S": "browser"}, {"S": "email"}]}));
        }
        assert!(call(&flow, "UnreadEmailSinkFunction", &unread("g2")).await);
        assert_eq!(mails(&flow).await.len(), 1, "no more of these mails");
        assert!(call(&flow, "EmailSinkFunction", &notice("a", json!({}))).await);
        assert_eq!(mails(&flow).await.len(), 2, "but of the others");
    });
}

#[test]
fn a_forged_link_changes_nothing_and_tells_nothing() {
    flow::run(everi::ROOT, async |flow: Flow| {
        member(&flow, "agshin@mail.example").await;
        let link = link(&flow, "g1").await;
        let (url, token) = link.split_once("?t=").unwrap();
        let mut parts: Vec<&str> = token.split('.').collect();
        let mut answers = BTreeSet::new();
        // `agshin`'s tag on another user, who is there, or is not.
        for user in ["cnVzdGFt", "bm9ib2R5"] {
            parts[1] = user;
            answers.insert(visit(&flow, "POST", &format!("{url}?t={}", parts.join("."))).await);
        }
        answers.insert(visit(&flow, "POST", &format!("{url}?t={}", token.get(..token.len() - 4).unwrap())).await);
        answers.insert(visit(&flow, "POST", &format!("{url}?t=")).await);
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert_eq!(answers.first().unwrap().0, 400);
        assert_eq!(visit(&flow, "DELETE", &link).await.0, 405);
        assert!(channels(&flow).await.is_null());
    });
}

#[test]
fn a_link_outlives_a_change_of_the_signing_secret() {
    flow::run(everi::ROOT, async |flow: Flow| {
        member(&flow, "agshin@mail.example").await;
        let link = link(&flow, "g1").await;
        let new = json!({"SecretId": flow.physical("MailSigningSecret"), "SecretString": "another", "ClientRequestToken": "0".repeat(32)});
        flow.ask("secretsmanager", "PutSecretValue", new).await;
        flow.pass(6 * MINUTE).await;
        assert_eq!(visit(&flow, "POST", &link).await.0, 200);
        assert!(!channels(&flow).await.is_null());
    });
}

#[test]
fn an_address_that_bounced_or_complained_is_not_written_to_again() {
    for address in ["bounce@simulator.amazonses.com", "complaint@simulator.amazonses.com"] {
        flow::run(everi::ROOT, async |flow: Flow| {
            member(&flow, address).await;
            assert!(call(&flow, "UnreadEmailSinkFunction", &unread("g1")).await);
            flow.pass(MINUTE).await;
            assert_eq!(flow.times("bounces").len(), 1);
            assert!(call(&flow, "UnreadEmailSinkFunction", &unread("g2")).await);
            // The same address, written otherwise.
            member(&flow, &address.to_uppercase()).await;
            assert!(call(&flow, "UnreadEmailSinkFunction", &unread("g3")).await);
            assert_eq!(mails(&flow).await.len(), 1);
            member(&flow, "agshin@mail.example").await;
            assert!(call(&flow, "UnreadEmailSinkFunction", &unread("g4")).await);
            assert_eq!(mails(&flow).await.len(), 2, "another address of the same user is");
        });
    }
}

#[test]
fn an_address_is_suppressed_whichever_call_the_function_of_bounces_crashes_at() {
    effects::crashing_everywhere(everi::ROOT, async |flow: &Flow| {
        let bounce = json!({
            "eventType": "Bounce",
            "bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "agshin@mail.example"}]},
        });
        flow.ask("sns", "Publish", json!({"TopicArn": flow.physical("MailBounces"), "Message": bounce.to_string()}))
            .await;
        flow.pass(30 * MINUTE).await;
        let table = json!({"TableName": flow.physical("RuntimeTable")});
        flow.ask("dynamodb", "Scan", table).await["Items"].as_array().unwrap().len() == 1
    });
}

#[test]
fn an_event_of_bounces_that_cannot_be_read_is_set_aside() {
    flow::run(everi::ROOT, async |flow: Flow| {
        flow.ask("sns", "Publish", json!({"TopicArn": flow.physical("MailBounces"), "Message": "no event"})).await;
        flow.pass(30 * MINUTE).await;
        assert_eq!(flow.waiting("MailBouncesDeadLetters").await.len(), 1);
    });
}

/// The log of one test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn neither_an_address_nor_what_a_mail_says_is_logged() {
    let log = Log::default();
    let to = log.clone();
    let ours = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("runtime", LevelFilter::TRACE)
        .with_target("generated", LevelFilter::TRACE);
    let lines = tracing_subscriber::fmt::layer().json().with_writer(move || to.clone());
    let told = tracing_subscriber::registry().with(lines).with(ours).set_default();
    let secrets = ["agshin-secret@mail.example", "bounce+secret@simulator.amazonses.com", "not-an-address-secret"];
    flow::run(everi::ROOT, async |flow: Flow| {
        for address in secrets {
            member(&flow, address).await;
            let state = json!({ "title": "title-secret", "body": "body-secret" });
            call(&flow, "EmailSinkFunction", &notice(address, state)).await;
            call(&flow, "EmailSinkFunction", &notice("wrong", json!({ "title": 1, "body": "body-secret" }))).await;
            flow.pass(MINUTE).await;
        }
        let link = link_of(&mails(&flow).await[0]);
        visit(&flow, "POST", &link).await;
        flow.ask("sns", "Publish", json!({"TopicArn": flow.physical("MailBounces"), "Message": "a-secret"})).await;
        flow.pass(10 * MINUTE).await;
    });
    drop(told);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("mailed") && log.contains("unsubscribed"), "the log is there: {log}");
    let found: Vec<&str> = log.lines().filter(|line| line.contains("secret@") || line.contains("-secret")).collect();
    assert!(found.is_empty(), "{found:#?}");
}

fn link_of(mail: &Value) -> String {
    header(mail, "List-Unsubscribe").trim_matches(['<', '>']).to_owned()
}

#[test]
fn a_mail_waits_its_turn_while_ses_has_too_much_at_once() {
    flow::run(SHOP, async |flow: Flow| {
        customer(&flow).await;
        flow.engine.faults().at("ses", Rates { throttle: 1.0, ..Rates::default() });
        assert!(!call(&flow, "OrderMailSinkFunction", &news()).await);
        flow.engine.faults().none();
        let start = flow.engine.world().clock.now();
        assert!(call(&flow, "OrderMailSinkFunction", &news()).await);
        let waited = flow.engine.world().clock.now().since(start);
        assert!(waited < Duration::from_secs(2), "who was refused holds nothing: {waited:?}");
        assert_eq!(mails(&flow).await.len(), 1);
    });
}
