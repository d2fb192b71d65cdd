//! The shop: an order over HTTP becomes a row and a number, once, whatever happens on the way; what a schedule begins
//! begins once.

use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use orders_generated::handlers::Handlers;
use orders_generated::{FUNCTIONS, dispatch};
use serde_json::{Value, json};

use super::effects;
use super::flow::{self, Flow, MINUTE, Root};
use super::sdk;

/// The handlers of the flow.
struct Orders;

impl Handlers for Orders {
    type AskReviewer = orders_handlers::ask_reviewer::Handler;
    type CallSupplier = orders_handlers::call_supplier::Handler;
    type FindLowStock = orders_handlers::find_low_stock::Handler;
    type JudgeReturn = orders_handlers::judge_return::Handler;
    type PayBack = orders_handlers::pay_back::Handler;
    type PickLine = orders_handlers::pick_line::Handler;
    type PrintLabel = orders_handlers::print_label::Handler;
    type ReleaseOrder = orders_handlers::release_order::Handler;
    type Reorder = orders_handlers::reorder::Handler;
    type ReserveStock = orders_handlers::reserve_stock::Handler;
    type TakePayment = orders_handlers::take_payment::Handler;
}

const ROOT: Root = Root {
    folder: "tests/flows/orders",
    functions: FUNCTIONS,
    dispatch: |cx, event| Box::pin(async move { dispatch::<Orders>(&cx, event).await }),
    parameters: &[],
    sweeps: false,
    mortal: &[],
};

/// All that an order passes may crash, but for the news of it: Everi's groups crash everywhere.
const MORTAL: Root = Root {
    mortal: &[
        "checkout",
        "count_orders",
        "fulfil",
        "pick_line",
        "release_order",
        "reserve_stock",
        "take_payment",
        "track_orders",
    ],
    ..ROOT
};

const ORDER: &str = "01K00000000000000000000000";

/// What API Gateway makes of a request.
fn request(user: &str, order: &str, body: &Value) -> Value {
    json!({
        "version": "2.0", "headers": { "content-type": "application/json" },
        "pathParameters": { "order_id": order },
        "requestContext": { "requestId": format!("{user}-{order}"), "authorizer": { "jwt": { "claims": { "sub": user, "shop": "books" } } } },
        "body": body.to_string(), "isBase64Encoded": false,
    })
}

fn basket(total: u64) -> Value {
    json!({
        "lines": [{ "sku": "book", "quantity": 1, "price": total }], "total": total, "customer": "somebody else",
        "address": { "name": "R", "street": "S", "town": "Baku", "country": "AZ" },
    })
}

/// Invokes a function as the account; nothing where it failed.
async fn invoke(flow: &Flow, function: &str, payload: &Value) -> Option<Value> {
    let invoke = Client::new(&sdk::account(&flow.engine)).invoke().function_name(flow.physical(function));
    let answer = invoke.payload(Blob::new(payload.to_string())).send().await.unwrap();
    let payload = serde_json::from_slice(answer.payload.unwrap().as_ref()).unwrap();
    answer.function_error.is_none().then_some(payload)
}

/// Sends a request, and again until there is an answer, as a client does.
async fn ask(flow: &Flow, function: &str, request: &Value) -> (u64, Value) {
    loop {
        if let Some(answer) = invoke(flow, function, request).await
            && answer["statusCode"] != 503
        {
            let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
            return (answer["statusCode"].as_u64().unwrap(), body);
        }
        flow.pass(MINUTE).await;
    }
}

async fn check_out(flow: &Flow, user: &str, body: &Value) -> (u64, Value) {
    ask(flow, "CheckoutSourceFunction", &request(user, ORDER, body)).await
}

async fn orders_of(flow: &Flow, customer: &str) -> Value {
    flow.row("CustomersTable", json!({"customer_id": {"S": customer}})).await["orders"]["N"].clone()
}

#[test]
fn an_order_is_taken_once_and_belongs_to_the_caller() {
    flow::run(ROOT, async |flow: Flow| {
        let taken = (202, json!({ "id": ORDER }));
        assert_eq!(check_out(&flow, "rustam", &basket(500)).await, taken);
        flow.pass(MINUTE).await;
        assert_eq!(check_out(&flow, "rustam", &basket(500)).await, taken, "the same again");
        flow.pass(10 * MINUTE).await;
        assert_eq!(orders_of(&flow, "rustam").await, "1");
        assert_eq!(orders_of(&flow, "somebody else").await, Value::Null);
        let row = flow.row("OrdersTable", json!({"order_id": {"S": ORDER}})).await;
        assert_eq!((&row["status"]["S"], &row["customer"]["S"]), (&json!("OrderPlaced"), &json!("rustam")));
        assert_eq!(row["shop"]["S"], "books");
    });
}

#[test]
fn what_is_no_order_is_refused_with_the_reason() {
    flow::run(ROOT, async |flow: Flow| {
        assert_eq!(check_out(&flow, "rustam", &basket(500)).await.0, 202);
        let other = json!({ "error": "another event has this id" });
        assert_eq!(check_out(&flow, "rustam", &basket(501)).await, (409, other.clone()));
        assert_eq!(check_out(&flow, "agshin", &basket(500)).await, (409, other));
        let mut nothing = basket(500);
        nothing["lines"] = json!([]);
        let (status, said) = check_out(&flow, "rustam", &nothing).await;
        assert_eq!((status, said["error"].as_str().unwrap().starts_with("`data.lines`")), (400, true), "{said}");
        let no_id = request("rustam", "x", &basket(500));
        assert_eq!(ask(&flow, "CheckoutSourceFunction", &no_id).await.0, 400);
    });
}

#[test]
fn only_who_bought_something_sends_it_back() {
    flow::run(ROOT, async |flow: Flow| {
        let body = json!({ "lines": [{ "sku": "book", "quantity": 1, "price": 5 }], "why": "broken" });
        let back = |user: &str| request(user, ORDER, &body);
        let forbidden = (403, json!({ "error": "not allowed" }));
        assert_eq!(ask(&flow, "ReturnsDeskSourceFunction", &back("rustam")).await, forbidden);
        check_out(&flow, "rustam", &basket(500)).await;
        flow.pass(MINUTE).await;
        assert_eq!(ask(&flow, "ReturnsDeskSourceFunction", &back("agshin")).await, forbidden);
        let (status, taken) = ask(&flow, "ReturnsDeskSourceFunction", &back("rustam")).await;
        assert_eq!((status, taken["id"].as_str().unwrap().len()), (202, 26));
    });
}

#[test]
fn an_order_is_counted_once_whichever_call_its_functions_crash_at() {
    let crashes = effects::crashing_everywhere(MORTAL, async |flow: &Flow| {
        let (status, _) = check_out(flow, "rustam", &basket(500)).await;
        flow.pass(240 * MINUTE).await;
        let row = flow.row("OrdersTable", json!({"order_id": {"S": ORDER}})).await;
        let started = flow.executions("FulfilOrderWorkflow").await.len();
        (status, started) == (202, 1) && orders_of(flow, "rustam").await == "1" && row["status"]["S"] == "OrderPlaced"
    });
    assert!(crashes >= 10, "{crashes}");
}

#[test]
fn a_schedules_time_begins_its_workflow_once_though_it_comes_twice() {
    flow::run(ROOT, async |flow: Flow| {
        for (scheduled, executions) in
            [("2026-01-01T06:00:00Z", 1), ("2026-01-01T06:00:00Z", 1), ("2026-01-02T06:00:00Z", 2)]
        {
            invoke(&flow, "MorningSourceFunction", &json!({ "scheduled": scheduled })).await.unwrap();
            flow.pass(MINUTE).await;
            assert_eq!(flow.executions("RestockWorkflow").await.len(), executions, "{scheduled}");
        }
    });
}
