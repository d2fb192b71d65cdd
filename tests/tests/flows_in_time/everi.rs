//! Everi: from a row in the outbox to a number in a member's row, exactly once, whatever happens on the way.

use std::time::Duration;

use generated::handlers::{FindCommenters, FindCommentersCx, Handlers};
use generated::{Envelope, FUNCTIONS, UpdateCommented, UpdateShared, dispatch, outbox};
use local::faults::Rates;
use runtime::aws_sdk_dynamodb::Client;
use runtime::{Context, Cx, Invocation, TIMEOUT};
use serde_json::{Value, json};

use super::effects;
use super::flow::{self, Flow, MINUTE, Root};
use super::sdk;

/// The handlers of the flow.
pub(crate) struct Everi;

impl Handlers for Everi {
    type FindCommenters = handlers::find_commenters::Handler;
    type RenderNotice = handlers::render_notice::Handler;
}

pub(crate) const ROOT: Root = Root {
    folder: "",
    functions: FUNCTIONS,
    dispatch: |cx, event| Box::pin(async move { dispatch::<Everi>(&cx, event).await }),
    parameters: &[],
    sweeps: false,
    mortal: &[],
};

fn shared(id: u32, mentions: &[&str]) -> Envelope<UpdateShared> {
    let event = json!({
        "id": format!("01K0000000000000000000000{id}"), "time": "2026-01-01T00:00:00.000Z",
        "author": "rustam", "text": "Hello", "mentions": mentions,
    });
    Envelope::of(serde_json::from_value(event).unwrap())
}

async fn share(flow: &Flow, id: u32) {
    let client = Client::new(&sdk::account(&flow.engine));
    let actions = outbox::Actions::new(client, flow.physical("ActionsTable"));
    actions.put(&shared(id, &[])).await.unwrap();
}

async fn updates(flow: &Flow) -> Value {
    flow.row("MembersTable", json!({"user_id": {"S": "rustam"}})).await["updates"]["N"].clone()
}

#[test]
fn an_action_is_counted_once_though_its_message_comes_twice_and_again_after_a_day() {
    flow::run(ROOT, async |flow: Flow| {
        share(&flow, 1).await;
        flow.pass(MINUTE).await;
        assert_eq!(updates(&flow).await, "1");
        let again = serde_json::to_string(&shared(1, &[])).unwrap();
        for _ in 0..2 {
            let send = json!({"QueueUrl": flow.physical("CountUpdatesQueue"), "MessageBody": again});
            flow.ask("sqs", "SendMessage", send.clone()).await;
            flow.ask("sqs", "SendMessage", send).await;
            flow.pass(Duration::from_secs(86_400)).await;
            assert_eq!(updates(&flow).await, "1");
        }
        share(&flow, 2).await;
        flow.pass(MINUTE).await;
        assert_eq!(updates(&flow).await, "2");
    });
}

#[test]
fn an_action_is_counted_once_whichever_call_its_functions_crash_at() {
    let crashes = effects::crashing_everywhere(ROOT, async |flow: &Flow| {
        share(flow, 1).await;
        flow.pass(120 * MINUTE).await;
        updates(flow).await == "1"
    });
    assert!(crashes >= 4, "a publish and a transaction, before and after: {crashes}");
}

#[test]
fn actions_are_counted_once_under_throttles_failures_and_lost_answers() {
    for seed in 1..=effects::SEEDS {
        flow::run_seeded(ROOT, seed, async |flow: Flow| {
            let rates = Rates { throttle: 0.15, internal_error: 0.1, lost_response: 0.2, ..Rates::default() };
            flow.engine.faults().everywhere(rates);
            for id in 1..=4 {
                share(&flow, id).await;
            }
            flow.pass(30 * MINUTE).await;
            flow.engine.faults().none();
            flow.pass(240 * MINUTE).await;
            // A receive whose answer is lost counts as a try, so a message may be set aside: a person sends it again.
            for dead in flow.waiting("CountUpdatesQueueDeadLetters").await {
                let send = json!({"QueueUrl": flow.physical("CountUpdatesQueue"), "MessageBody": dead["Body"]});
                flow.ask("sqs", "SendMessage", send).await;
            }
            flow.pass(MINUTE).await;
            assert_eq!(updates(&flow).await, "4", "seed {seed}");
        });
    }
}

#[test]
fn a_row_that_is_no_event_goes_to_the_dead_letters_with_the_reason_and_holds_nobody_up() {
    flow::run(ROOT, async |flow: Flow| {
        flow.put("ActionsTable", json!({"id": {"S": "x"}, "event": {"S": "?"}})).await;
        flow.put("ActionsTable", json!({"id": {"S": "y"}, "cloudevent": {"S": "{\"type\":1}"}})).await;
        share(&flow, 1).await;
        flow.pass(MINUTE).await;
        assert_eq!(updates(&flow).await, "1");
        let receive = json!({
            "QueueUrl": flow.physical("UserActionsSourceDeadLetters"), "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"],
        });
        let received = flow.ask("sqs", "ReceiveMessage", receive).await;
        let reason =
            |message: &Value| message["MessageAttributes"]["reason"]["StringValue"].as_str().unwrap().to_owned();
        let mut reasons: Vec<String> = received["Messages"].as_array().unwrap().iter().map(reason).collect();
        reasons.sort();
        assert_eq!(reasons, ["`type` is not a string", "the row has no `cloudevent`"]);
    });
}

/// An invocation of a function as the account, for a handler that is called by itself.
fn invocation(flow: &Flow, variables: &[(&str, &str)]) -> Invocation {
    let timeout = (TIMEOUT.to_owned(), "30000".to_owned());
    let tables = variables.iter().map(|(name, table)| ((*name).to_owned(), flow.physical(table)));
    let cx = Cx::new("test", tables.chain([timeout]).collect(), sdk::account(&flow.engine)).unwrap();
    Invocation::new(&cx, &Context::default())
}

#[test]
fn a_comment_is_for_the_author_and_for_who_has_commented_before() {
    flow::run(ROOT, async |flow: Flow| {
        let actions = outbox::Actions::new(Client::new(&sdk::account(&flow.engine)), flow.physical("ActionsTable"));
        let update = "01K00000000000000000000009";
        let comment = |id: u32, commenter: &str, update: &str| {
            serde_json::from_value::<UpdateCommented>(json!({
                "id": format!("01K0000000000000000000010{id}"), "time": "2026-01-01T00:00:00.000Z", "author": "rustam",
                "update_id": update, "commenter": commenter, "text": "Well said",
            }))
            .unwrap()
        };
        let there =
            [("agshin", update), ("leyla", update), ("agshin", update), ("murad", "01K00000000000000000000008")];
        for (id, (commenter, update)) in (0..).zip(there) {
            actions.put(&Envelope::of(comment(id, commenter, update))).await.unwrap();
        }
        let cx = invocation(&flow, &[("TABLE_ACTIONS", "ActionsTable")]);
        let cx = FindCommentersCx::new(&cx);
        let found = handlers::find_commenters::Handler::find_commenters(&cx, comment(9, "leyla", update));
        let found: Vec<String> = found.await.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found, ["agshin", "leyla", "rustam"], "the flow itself leaves the commenter out");
    });
}

#[test]
fn a_notice_is_rendered_once_for_a_run_with_the_names_of_those_who_did_it() {
    flow::run(ROOT, async |flow: Flow| {
        let member = |name: &str| json!({"user_id": {"S": name.to_lowercase()}, "name": {"S": name}, "email": {"S": "a@everi.example"}});
        flow.put("MembersTable", member("Agshin")).await;
        let did = |actor: &str| json!({"id": actor, "event": "UpdateLiked", "actor": actor, "time": "2026-01-01T00:00:00.000Z"});
        let notice = json!({
            "id": "g", "thread": "t", "target": "rustam", "event": "UpdateLiked", "object": "01K0", "count": 4,
            "actors": 4, "sample": [did("agshin"), did("gone")], "first": "2026-01-01T00:00:00.000Z",
            "last": "2026-01-01T00:00:05.000Z", "open": false, "revision": 2,
        });
        let render = async |run: &str| {
            let invoke = aws_sdk_lambda::Client::new(&sdk::account(&flow.engine)).invoke();
            let payload = json!({ "run": run, "state": notice }).to_string();
            let name = flow.physical("RenderNoticeHandlerFunction");
            let payload = aws_sdk_lambda::primitives::Blob::new(payload);
            let answer = invoke.function_name(name).payload(payload).send().await.unwrap();
            serde_json::from_slice::<Value>(answer.payload.unwrap().as_ref()).unwrap()
        };
        let shown = render("r1").await;
        assert_eq!(shown["title"], "Agshin and 3 others liked your update");
        assert_eq!(shown["link"], "https://everi.example/updates/01K0");
        flow.put("MembersTable", member("Gone")).await;
        assert_eq!(render("r1").await, shown, "the same run is not rendered again");
        assert_eq!(render("r2").await["title"], "Agshin, Gone and 2 others liked your update");
    });
}
