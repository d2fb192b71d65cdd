//! The definitions that the compiler generates for the two flows, on each of their ways.

use super::*;

macro_rules! generated {
    ($path:literal) => {
        deployed(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../", $path)))
    };
}

/// A definition whose integrations are those of this partition, as the template fills them in; functions and
/// queues keep the names of their substitutions.
fn deployed(definition: &str) -> Value {
    let integrations = [
        ("${LambdaInvoke}", "arn:aws:states:::lambda:invoke"),
        ("${SqsSendMessage}", "arn:aws:states:::sqs:sendMessage"),
    ];
    let text = integrations.iter().fold(definition.to_owned(), |text, (name, arn)| text.replace(name, arn));
    serde_json::from_str(&text).unwrap()
}

fn notice() -> Value {
    generated!("generated/state-machines/deliver-notice.asl.json")
}

fn order() -> Value {
    generated!("tests/flows/orders/generated/state-machines/fulfil-order.asl.json")
}

fn restock() -> Value {
    generated!("tests/flows/orders/generated/state-machines/restock.asl.json")
}

fn settle() -> Value {
    generated!("tests/flows/orders/generated/state-machines/settle-return.asl.json")
}

/// Goes a way: `answers` says what each function answers, and all others answer nothing of note.
struct Way {
    output: Result<Value, String>,
    entered: Vec<String>,
    calls: Vec<Value>,
    seconds: f64,
}

fn go(definition: &Value, input: Value, answers: impl Fn(&str, &Value, usize) -> Option<Answer>) -> Way {
    let mut play = play(definition, input);
    let mut calls: Vec<Value> = Vec::new();
    let ending = play.end(|call| {
        let mut arguments = (*call.arguments).clone();
        // A handler's payload is the state, beside the name of this run of the step.
        if let Some(state) = arguments["Payload"].get("state").cloned() {
            arguments["Payload"] = state;
        }
        let name = arguments["FunctionName"].as_str().unwrap_or("queue").trim_matches(['$', '{', '}']).to_owned();
        let before = calls.iter().filter(|call| call["FunctionName"] == arguments["FunctionName"]).count();
        let payload = arguments["Payload"].clone();
        calls.push(arguments);
        answers(&name, &payload, before).unwrap_or_else(|| good(json!({})))
    });
    let output = match ending {
        Ending::Succeeded(output) => Ok(output.into_value()),
        Ending::Failed(failure) => Err(failure.name().to_owned()),
        other => Err(format!("{other:?}")),
    };
    Way { output, entered: play.entered(), calls, seconds: play.seconds() }
}

fn good(payload: Value) -> Answer {
    Some(Ok(json!({ "StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": payload })))
}

fn bad(error: &str) -> Option<Answer> {
    Some(failed(error))
}

#[test]
fn a_notice_to_an_open_browser_is_not_mailed() {
    let way = go(&notice(), json!({ "notice": 1 }), |name, _, _| match name {
        "RenderNoticeHandlerFunction" => Some(good(json!({ "title": "t" }))),
        "BrowserSinkFunction" => Some(good(json!({ "open": true }))),
        _ => None,
    });
    assert_eq!(way.entered, ["render", "show", "early", "end"]);
    assert_eq!(way.output, Ok(json!({ "notice": 1, "title": "t", "open": true })));
}

#[test]
fn a_notice_that_nobody_sees_in_a_minute_is_mailed() {
    for (seen, last) in [(json!({ "seen": true }), "end"), (json!({ "seen": false }), "mail"), (json!({}), "mail")] {
        let way = go(&notice(), json!({ "notice": 1 }), |name, _, _| match name {
            "BrowserSinkFunction" => Some(good(json!({ "open": [false] }))),
            "DeliverNoticeWorkflowSeenFunction" => Some(good(seen.clone())),
            _ => None,
        });
        assert_eq!(way.entered, ["render", "show", "early", "pause", "read_seen", "read", last], "{seen}");
        assert_eq!(way.seconds, 60.0);
        assert!(way.output.is_ok());
    }
}

#[test]
fn a_notice_is_tried_again_and_then_fails() {
    let way = go(&notice(), json!({}), |name, _, before| match name {
        "RenderNoticeHandlerFunction" if before < 2 => bad("Lambda.TooManyRequestsException"),
        "BrowserSinkFunction" => Some(good(json!({ "open": true }))),
        _ => None,
    });
    assert_eq!((way.calls.len(), way.output.is_ok()), (4, true));
    let way = go(&notice(), json!({}), |_, _, _| bad("Broken"));
    assert_eq!((way.calls.len(), way.output), (3, Err("Broken".to_owned())));
    let way = go(&notice(), json!({}), |_, _, _| Some(None));
    assert_eq!((way.calls.len(), way.output), (3, Err("States.Timeout".to_owned())));
}

fn placed() -> Value {
    json!({ "order_id": "o-1", "shop": 7, "time": "2026-01-01T00:00:00Z", "risk": 10, "lines": [{ "sku": "a" }, { "sku": "b" }] })
}

#[test]
fn an_order_is_paid_reserved_picked_and_labelled() {
    let way = go(&order(), placed(), |name, payload, _| match name {
        "TakePaymentHandlerFunction" => Some(good(json!({ "paid": true }))),
        "ReserveStockHandlerFunction" => Some(good(json!({ "reserved": true }))),
        "PickLineHandlerFunction" => {
            assert_eq!(payload["paid"], true);
            Some(good(json!({ "picked": payload["line"] })))
        }
        _ => None,
    });
    assert_eq!(
        way.entered,
        ["begin", "prepare", "pay", "reserve", "check", "pick", "begin_4", "begin_4", "fetch", "fetch", "label"]
    );
    let mut output = placed();
    output.as_object_mut().unwrap().extend(json!({ "paid": true, "reserved": true }).as_object().unwrap().clone());
    assert_eq!(way.output, Ok(output.clone()));
    let lines: Vec<&Value> = way.calls.iter().filter_map(|call| call["Payload"].get("line")).collect();
    assert_eq!(lines, [&json!({ "sku": "a" }), &json!({ "sku": "b" })]);
    let label = way.calls.last().unwrap();
    assert_eq!(label["MessageGroupId"], "7");
    assert_eq!(label["MessageAttributes"]["type"], json!({ "DataType": "String", "StringValue": "OrderPlaced" }));
    let body: Value = serde_json::from_str(label["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!((&body["type"], &body["tenant"], &body["data"]), (&json!("OrderPlaced"), &json!("7"), &output));
    let digest = ring::digest::digest(&ring::digest::SHA256, b"orders\0OrderPlaced\0o-1\0label\x000");
    let id: String = digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(body["id"], id);
}

#[test]
fn a_single_line_is_still_a_list() {
    let mut input = placed();
    input["lines"] = json!([{ "sku": "only" }]);
    let way = go(&order(), input.clone(), |_, _, _| None);
    assert_eq!(way.entered.iter().filter(|name| *name == "fetch").count(), 1);
    input["lines"] = json!([]);
    assert_eq!(go(&order(), input.clone(), |_, _, _| None).entered.last().unwrap(), "label");
    input.as_object_mut().unwrap().remove("lines");
    assert_eq!(go(&order(), input, |_, _, _| None).entered.last().unwrap(), "label");
}

#[test]
fn an_order_at_risk_is_reviewed_or_cools_off() {
    let with = |risk: Value| {
        let mut input = placed();
        input["risk"] = risk;
        go(&order(), input, |_, _, _| None)
    };
    assert_eq!(with(json!(80)).entered[4..], ["check", "review"]);
    let cooled = with(json!(50));
    assert_eq!(cooled.entered[4..6], ["check", "cool_off"]);
    assert_eq!((cooled.entered.last().unwrap().as_str(), cooled.seconds), ("label", 3600.0));
    for none in [json!(49.9), json!("90"), json!(null)] {
        assert_eq!(with(none).entered[5], "pick");
    }
}

#[test]
fn an_order_that_cannot_be_paid_or_reserved_is_given_up() {
    for (name, error) in [("TakePaymentHandlerFunction", "CardDeclined"), ("ReserveStockHandlerFunction", "OutOfStock")]
    {
        let way = go(&order(), placed(), |called, _, _| if called == name { bad(error) } else { None });
        assert_eq!(way.entered.last().unwrap(), "give_up");
        assert_eq!(way.output, Ok(placed()));
        let times = way.calls.iter().filter(|call| call["FunctionName"].as_str().unwrap().contains(name)).count();
        assert_eq!(times, 1, "{error} is not tried again");
    }
}

#[test]
fn an_order_fails_by_what_nobody_catches() {
    let way =
        go(&order(), placed(), |called, _, _| if called == "TakePaymentHandlerFunction" { bad("Other") } else { None });
    assert_eq!(way.output, Err("Other".to_owned()));
    let way =
        go(&order(), placed(), |called, _, _| if called == "queue" { bad("SQS.AmazonSQSException") } else { None });
    assert_eq!((way.output, way.entered.last().unwrap().as_str()), (Err("SQS.AmazonSQSException".to_owned()), "label"));
    let silent = go(&order(), placed(), |called, _, _| (called == "TakePaymentHandlerFunction").then_some(None));
    assert_eq!(silent.output, Err("States.Timeout".to_owned()));
}

#[test]
fn a_restock_orders_what_is_low_and_phones_for_what_is_urgent() {
    let low =
        json!([{ "sku": "a", "urgent": true }, { "sku": "b" }, { "sku": "c", "urgent": [false] }, { "sku": "d" }]);
    let way = go(&restock(), json!({}), |name, payload, _| match name {
        "FindLowStockHandlerFunction" => Some(good(json!({ "low": low }))),
        "ReorderHandlerFunction" if payload["item"]["sku"] == "d" => bad("Refused"),
        _ => None,
    });
    assert_eq!(way.output, Ok(json!({ "low": low })));
    let phoned: Vec<&Value> = way
        .calls
        .iter()
        .filter(|call| call["FunctionName"] == "${CallSupplierHandlerFunction}")
        .map(|call| &call["Payload"]["item"]["sku"])
        .collect();
    assert_eq!(phoned, ["a"]);
    // "d" was tried three times and then let be.
    assert_eq!(way.calls.iter().filter(|call| call["Payload"]["item"]["sku"] == "d").count(), 3);
    assert_eq!(way.entered.iter().filter(|name| *name == "end_2").count(), 3);
}

#[test]
fn a_return_is_settled_on_each_of_its_ways() {
    let judged = |accepted: bool| {
        move |name: &str, _: &Value, _: usize| match name {
            "JudgeReturnHandlerFunction" => Some(good(json!({ "accepted": accepted }))),
            _ => None,
        }
    };
    assert_eq!(go(&settle(), json!({ "id": 1 }), judged(true)).entered, ["judge", "fair", "refund", "tell"]);
    let refused = go(&settle(), json!({ "id": 1 }), judged(false));
    assert_eq!(refused.entered, ["judge", "fair", "tell"]);
    assert_eq!(refused.output, Ok(json!({ "id": 1, "accepted": false })));
    let unpaid = go(&settle(), json!({ "id": 1 }), |name, payload, before| match name {
        "PayBackHandlerFunction" => bad("BankClosed"),
        other => judged(true)(other, payload, before),
    });
    assert_eq!(unpaid.entered, ["judge", "fair", "refund", "tell"]);
    assert_eq!(unpaid.calls.iter().filter(|call| call["FunctionName"] == "${PayBackHandlerFunction}").count(), 3);
    assert!(unpaid.output.is_ok());
}

#[test]
fn a_kill_on_any_of_these_ways_changes_nothing() {
    let answers = |call: &Call| {
        let name = call.arguments["FunctionName"].as_str().unwrap_or("queue");
        // One in four calls fails, and is tried again.
        if call.task.is_multiple_of(4) {
            return failed("Lambda.ServiceException");
        }
        match name {
            "${FindLowStockHandlerFunction}" => good(json!({ "low": [{ "urgent": true }, {}] })),
            "${JudgeReturnHandlerFunction}" => good(json!({ "accepted": true })),
            _ => good(json!({})),
        }
    };
    // Chance goes on where it was, so that the same waits are drawn.
    for definition in [notice(), order(), restock(), settle()] {
        let mut undisturbed = play(&definition, placed());
        let ending = undisturbed.end(answers);
        for killed in 0..=undisturbed.steps {
            let mut again = play(&definition, placed());
            assert_eq!(again.go(|step| step == killed, answers), ending);
            assert_eq!(again.rendered(), undisturbed.rendered());
        }
    }
}
