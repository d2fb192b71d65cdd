//! Each kind of function that can run, as generated Rust writes it: a queue's handler of several
//! events, a workflow's first step, and a later step, whose input has grown by what was returned.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::collections::BTreeMap;

use runtime::{
    Consumer, Context, Cx, DecodeError, Envelope, Error, Event, Invocation, LambdaEvent, Message, Order, SdkConfig,
    Step, TIMEOUT,
};
use runtime::{Timestamp, Ulid};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A step that may run again.
static STEP: Step = Step { once: None };

/// The event `OrderPlaced` of the flow `shop`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct OrderPlaced {
    /// The event's own id.
    pub id: Ulid,
    /// When it happened.
    pub time: Timestamp,
}

impl Event for OrderPlaced {
    const FLOW: &'static str = "shop";
    const TYPE: &'static str = "OrderPlaced";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn time(&self) -> Timestamp {
        self.time
    }
}

/// The event `OrderPaid` of the flow `shop`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct OrderPaid {
    /// The event's own id.
    pub id: Ulid,
    /// When it happened.
    pub time: Timestamp,
}

impl Event for OrderPaid {
    const FLOW: &'static str = "shop";
    const TYPE: &'static str = "OrderPaid";

    fn id(&self) -> String {
        self.id.to_string()
    }

    fn time(&self) -> Timestamp {
        self.time
    }
}

/// The type `Price` of the flow `shop`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Price {
    /// A whole number.
    pub cents: i64,
}

/// The flow's handlers, each bound to the type that has it.
pub trait Handlers {
    /// The handler `ship`.
    type Ship: Ship;
    /// The handler `price_order`.
    type PriceOrder: PriceOrder;
    /// The handler `invoice`.
    type Invoice: Invoice;
}

/// What reaches the handler `ship`.
#[derive(Clone, Debug, PartialEq)]
pub enum ShipEvent {
    /// An `OrderPlaced`.
    OrderPlaced(Box<OrderPlaced>),
    /// An `OrderPaid`.
    OrderPaid(Box<OrderPaid>),
}

impl Message for ShipEvent {
    const TYPES: &'static [&'static str] = &[OrderPlaced::TYPE, OrderPaid::TYPE];

    fn from_data(kind: &str, data: Value) -> Result<Self, DecodeError> {
        match kind {
            OrderPlaced::TYPE => OrderPlaced::from_data(kind, data).map(Box::new).map(Self::OrderPlaced),
            OrderPaid::TYPE => OrderPaid::from_data(kind, data).map(Box::new).map(Self::OrderPaid),
            other => Err(DecodeError::unknown_type(other, Self::TYPES)),
        }
    }
}

/// The handler `ship`: takes what comes to the queue `shipping`.
pub trait Ship {
    /// Handles one event. It may be called again for the same one.
    fn ship(cx: &Invocation, event: ShipEvent) -> impl Future<Output = Result<(), Error>> + Send;
}

/// The handler `price_order`: the step `price` of the workflow `billing`.
pub trait PriceOrder {
    /// Handles one event. It may be called again for the same one.
    fn price_order(cx: &Invocation, event: OrderPaid) -> impl Future<Output = Result<Price, Error>> + Send;
}

/// What reaches the handler `invoice`: the event, and what the steps before it returned.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct InvoiceInput {
    /// The event's own id.
    pub id: Ulid,
    /// When it happened.
    pub time: Timestamp,
    /// A whole number.
    pub cents: i64,
}

/// The handler `invoice`: the step `bill` of the workflow `billing`.
pub trait Invoice {
    /// Handles one event. It may be called again for the same one.
    fn invoice(cx: &Invocation, event: InvoiceInput) -> impl Future<Output = Result<(), Error>> + Send;
}

/// Runs one invocation of the function that `cx` names.
///
/// # Errors
///
/// What the function failed with; [`Error::UnknownFunction`] where it is not ready.
pub async fn dispatch<H: Handlers>(cx: &Cx, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let invocation = &Invocation::new(cx, &event.context);
    match cx.function() {
        "shipping" => {
            let order = Order::Standard { concurrency: 10 };
            runtime::consume(invocation, event.payload, &Consumer { order, once: None }, H::Ship::ship).await
        }
        "price_order" => runtime::step(invocation, event.payload, &STEP, H::PriceOrder::price_order).await,
        "invoice" => runtime::step(invocation, event.payload, &STEP, H::Invoice::invoice).await,
        other => Err(Error::UnknownFunction(other.to_owned())),
    }
}

/// The user's side.
struct Shop;
struct Handler;

impl Handlers for Shop {
    type Ship = Handler;
    type PriceOrder = Handler;
    type Invoice = Handler;
}

impl Ship for Handler {
    async fn ship(_cx: &Invocation, event: ShipEvent) -> Result<(), Error> {
        match event {
            ShipEvent::OrderPlaced(_) => Err(Error::retry("not paid yet")),
            ShipEvent::OrderPaid(_) => Ok(()),
        }
    }
}

impl PriceOrder for Handler {
    async fn price_order(cx: &Invocation, event: OrderPaid) -> Result<Price, Error> {
        let late = cx.now().as_millis() - event.time.as_millis();
        Ok(Price { cents: 100 + late })
    }
}

impl Invoice for Handler {
    async fn invoice(_cx: &Invocation, event: InvoiceInput) -> Result<(), Error> {
        if event.cents < 0 { Err(Error::named("Negative", "a price below nothing")) } else { Ok(()) }
    }
}

const ORDER: &str = "01J9ZC1X8Q4T5W6Y7Z8A9B0C1D";

async fn run(function: &str, payload: Value) -> Result<Value, Error> {
    let env = BTreeMap::from([(TIMEOUT.to_owned(), "30000".to_owned())]);
    let mut context = Context::default();
    context.deadline = 37_000;
    dispatch::<Shop>(&Cx::new(function, env, SdkConfig::builder().build()).unwrap(), LambdaEvent::new(payload, context))
        .await
}

#[tokio::test(start_paused = true)]
async fn a_queues_handler_gets_each_event_of_the_batch_in_its_own_type() {
    let (id, time) = (Ulid::new(ORDER).unwrap(), Timestamp::from_millis(0));
    let placed = serde_json::to_string(&Envelope::of(OrderPlaced { id: id.clone(), time })).unwrap();
    let paid = serde_json::to_string(&Envelope::of(OrderPaid { id, time })).unwrap();
    let batch = json!({ "Records": [{ "messageId": "a", "body": placed }, { "messageId": "b", "body": paid }] });
    let answer = run("shipping", batch).await.unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [{ "itemIdentifier": "a" }] }));
}

#[tokio::test(start_paused = true)]
async fn a_first_step_gets_the_event_and_answers_with_its_own_fields_alone() {
    let state = json!({ "id": ORDER, "time": "1970-01-01T00:00:05Z", "target": "agshin" });
    assert_eq!(run("price_order", state).await.unwrap(), json!({ "cents": 2100 }));
}

#[tokio::test(start_paused = true)]
async fn a_later_step_gets_what_the_earlier_ones_returned() {
    let state = |cents: i64| json!({ "id": ORDER, "time": "1970-01-01T00:00:05Z", "cents": cents });
    assert_eq!(run("invoice", state(2100)).await.unwrap(), Value::Null);
    assert_eq!(run("invoice", state(-1)).await.unwrap_err().name(), "Negative");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_not_ready_is_refused_by_name() {
    let error = run("notices_flush", Value::Null).await.unwrap_err();
    assert_eq!(error.to_string(), "no function `notices_flush` in this binary");
}
