//! Each construct of the type grammar as generated Rust writes it, the JSON that it takes and
//! refuses, and its exact JSON Schema. The compiler's own schemas are made after these.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's helpers fail the test")]

use std::collections::BTreeMap;

use runtime::{DecodeError, Event, List, Message, Pii, Rules, Timestamp, Ulid};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

runtime::scalar! {
    /// The type `UserId` of the flow `shop`.
    pub struct UserId(String);
}

runtime::scalar! {
    /// The type `Sku` of the flow `shop`.
    pub struct Sku(String), Rules::ANY.max_length(12).pattern("^[A-Z]+$");
}

runtime::scalar! {
    /// The type `Quantity` of the flow `shop`.
    pub struct Quantity(i64), Rules::ANY.min_int(1).max_int(99);
}

runtime::scalar! {
    /// The type `Share` of the flow `shop`.
    pub struct Share(f64), Rules::ANY.min_number(0.0).max_number(1.0);
}

runtime::pii! {
    /// The type `Address` of the flow `shop`.
    pub struct Address(String), Rules::ANY.max_length(5);
}

runtime::choice! {
    /// The type `Status` of the flow `shop`.
    pub enum Status {
        Placed = "placed",
        InTransit = "in-transit",
    }
}

/// The type `Line` of the flow `shop`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
pub struct Line {
    /// A `Sku`.
    pub sku: Sku,
    /// A `Quantity`.
    #[serde(default = "defaults::line_quantity")]
    pub quantity: Quantity,
    /// A whole number.
    #[serde(default = "defaults::line_gifts")]
    pub gifts: i64,
}

mod defaults {
    use super::*;

    #[expect(clippy::expect_used, reason = "the compiler has held the default against its type's rules")]
    pub(super) fn line_quantity() -> Quantity {
        Quantity::new(1).expect("a default keeps its type's rules")
    }

    pub(super) fn line_gifts() -> i64 {
        0
    }
}

/// The event `OrderPlaced` of the flow `shop`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
pub struct OrderPlaced {
    /// The event's own id.
    pub id: Ulid,
    /// When it happened.
    pub time: Timestamp,
    /// Who did it.
    pub buyer: UserId,
    /// Each a `Line`.
    pub lines: Vec<Line>,
    /// An `Address`.
    pub address: Address,
    /// A `Status`.
    pub status: Status,
    /// A `Share`.
    pub discount: Share,
    /// By name, each a whole number.
    pub points: BTreeMap<String, i64>,
    /// A text. May be absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// A `Sku`. May be absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gift: Option<Sku>,
    /// Each a text.
    pub friends: Pii<Vec<String>>,
    /// Any JSON.
    pub extra: Value,
    /// A text.
    pub r#type: String,
    /// A text.
    #[serde(rename = "self")]
    pub self_: String,
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

fn order() -> Value {
    json!({
        "id": "01J9ZC1X8Q4T5W6Y7Z8A9B0C1D", "time": "2026-01-01T00:00:00.000Z", "buyer": "agshin",
        "lines": [{ "sku": "TEA", "quantity": 2, "gifts": 0 }], "address": "Baku", "status": "in-transit",
        "discount": 0.5, "points": { "gold": 3 }, "friends": ["rustam"], "extra": [1, null], "type": "web", "self": "x",
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut order = order();
    order[field] = value;
    order
}

fn refusal(order: Value) -> String {
    OrderPlaced::from_data("OrderPlaced", order).unwrap_err().to_string()
}

#[test]
fn every_construct_is_read_and_written_as_it_was() {
    let decoded = OrderPlaced::from_data("OrderPlaced", order()).unwrap();
    assert_eq!(serde_json::to_value(&decoded).unwrap(), order());
}

#[test]
fn an_unknown_field_is_accepted() {
    assert!(OrderPlaced::from_data("OrderPlaced", with("colour", json!("red"))).is_ok());
}

#[test]
fn an_optional_field_may_be_null() {
    assert_eq!(OrderPlaced::from_data("OrderPlaced", with("gift", Value::Null)).unwrap().gift, None);
}

#[test]
fn a_default_stands_for_an_absent_field() {
    let order = OrderPlaced::from_data("OrderPlaced", with("lines", json!([{ "sku": "TEA" }]))).unwrap();
    assert_eq!(order.lines[0].quantity.get(), &1);
}

#[test]
fn a_broken_rule_is_named_with_its_field_and_without_the_value() {
    let line = |line: Value| with("lines", json!([line]));
    let refused = [
        (with("id", json!("secret")), "`data.id` is no ULID"),
        (with("time", json!("secret")), "`data.time` is no RFC 3339 time"),
        (with("address", json!("secret")), "`data.address` is longer than 5 characters"),
        (with("status", json!("secret")), "`data.status` is none of `placed` `in-transit`"),
        (with("discount", json!(1.5)), "`data.discount` is more than 1"),
        (with("points", json!({ "gold": "secret" })), "`data.points.gold` is no whole number"),
        (with("points", json!({ "a secret": "secret" })), "`data.points.…` is no whole number"),
        (with("note", json!(7)), "`data.note` is not a string"),
        (line(json!({ "sku": "secret" })), "`data.lines[0].sku` does not match ^[A-Z]+$"),
        (line(json!({ "sku": "TEA", "quantity": 0 })), "`data.lines[0].quantity` is less than 1"),
        (line(json!({})), "`data.lines[0]` lacks the field `sku`"),
        (json!("secret, expected nothing"), "`data` is no object"),
    ];
    for (order, said) in refused {
        assert_eq!(refusal(order), said);
    }
}

#[test]
fn personal_data_has_no_debug_text() {
    let shown = format!("{:?}", OrderPlaced::from_data("OrderPlaced", order()).unwrap());
    assert!(shown.contains("agshin") && !shown.contains("Baku") && !shown.contains("rustam"), "{shown}");
}

#[test]
fn a_handler_of_several_events_gets_the_one_that_came() {
    let data = json!({ "id": "01J9ZC1X8Q4T5W6Y7Z8A9B0C1D", "time": "2026-01-01T00:00:00Z" });
    assert!(matches!(ShipEvent::from_data("OrderPaid", data.clone()), Ok(ShipEvent::OrderPaid(_))));
    assert_eq!(
        ShipEvent::from_data("OrderLost", data).unwrap_err().to_string(),
        "event type `OrderLost` is not handled here; handled: OrderPlaced, OrderPaid"
    );
}

#[test]
fn the_schema_of_every_construct_is_this() {
    let (name, schema) = runtime::schema::event::<OrderPlaced>();
    assert_eq!(name, "OrderPlaced");
    let said = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:eventloom:shop:OrderPlaced",
        "title": "OrderPlaced",
        "description": "The event `OrderPlaced` of the flow `shop`.",
        "type": "object",
        "properties": {
            "id": {
                "description": "The event's own id.", "type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$",
            },
            "time": { "description": "When it happened.", "type": "string", "format": "date-time" },
            "buyer": { "description": "Who did it.", "$ref": "#/$defs/UserId" },
            "lines": { "description": "Each a `Line`.", "type": "array", "items": { "$ref": "#/$defs/Line" } },
            "address": { "description": "An `Address`.", "$ref": "#/$defs/Address" },
            "status": { "description": "A `Status`.", "$ref": "#/$defs/Status" },
            "discount": { "description": "A `Share`.", "$ref": "#/$defs/Share" },
            "points": {
                "description": "By name, each a whole number.",
                "type": "object",
                "additionalProperties": { "type": "integer", "format": "int64" },
            },
            "note": { "description": "A text. May be absent.", "type": ["string", "null"] },
            "gift": {
                "description": "A `Sku`. May be absent.", "anyOf": [{ "$ref": "#/$defs/Sku" }, { "type": "null" }],
            },
            "friends": { "description": "Each a text.", "type": "array", "items": { "type": "string" } },
            "extra": { "description": "Any JSON." },
            "type": { "description": "A text.", "type": "string" },
            "self": { "description": "A text.", "type": "string" },
        },
        "required": [
            "id", "time", "buyer", "lines", "address", "status", "discount", "points", "friends", "extra", "type",
            "self",
        ],
        "$defs": {
            "UserId": { "description": "The type `UserId` of the flow `shop`.", "type": "string" },
            "Sku": {
                "description": "The type `Sku` of the flow `shop`.",
                "type": "string", "maxLength": 12, "pattern": "^[A-Z]+$",
            },
            "Quantity": {
                "description": "The type `Quantity` of the flow `shop`.",
                "type": "integer", "format": "int64", "minimum": 1, "maximum": 99,
            },
            "Line": {
                "description": "The type `Line` of the flow `shop`.",
                "type": "object",
                "properties": {
                    "sku": { "description": "A `Sku`.", "$ref": "#/$defs/Sku" },
                    "quantity": { "description": "A `Quantity`.", "$ref": "#/$defs/Quantity", "default": 1 },
                    "gifts": {
                        "description": "A whole number.", "type": "integer", "format": "int64", "default": 0,
                    },
                },
                "required": ["sku"],
            },
            "Address": {
                "description": "The type `Address` of the flow `shop`.", "type": "string", "maxLength": 5,
            },
            "Status": {
                "description": "The type `Status` of the flow `shop`.",
                "type": "string", "enum": ["placed", "in-transit"],
            },
            "Share": {
                "description": "The type `Share` of the flow `shop`.",
                "type": "number", "format": "double", "minimum": 0.0, "maximum": 1.0,
            },
        },
    });
    assert_eq!(*schema.as_value(), said, "{}", serde_json::to_string_pretty(&schema).unwrap());
}

runtime::scalar! {
    /// The type `Code` of the flow `shop`.
    pub struct Code(String), Rules::ANY.min_length(2);
}

/// The type `Basket` of the flow `shop`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, schemars::JsonSchema)]
pub struct Basket {
    /// Each a `Code`.
    pub codes: List<Code, 1, 2>,
    /// Each a text.
    pub notes: List<String, 0, { usize::MAX }>,
}

#[test]
fn a_bounded_list_holds_no_more_and_no_fewer() {
    let read = |codes: Value| serde_json::from_value::<Basket>(json!({ "codes": codes, "notes": [] }));
    assert_eq!(read(json!(["ab"])).unwrap().codes.len(), 1);
    let refused = [
        (json!([]), "invalid: has fewer than 1 entries"),
        (json!(["ab", "cd", "ef"]), "invalid: has more than 2 entries"),
        (json!(["a"]), "invalid: is shorter than 2 characters"),
    ];
    for (codes, said) in refused {
        assert_eq!(read(codes).unwrap_err().to_string(), said);
    }
}

#[test]
fn the_schema_of_a_bounded_list_stands_inline() {
    let (name, schema) = runtime::schema::named::<Basket>("shop", "Basket");
    let said = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:eventloom:shop:Basket",
        "title": "Basket",
        "description": "The type `Basket` of the flow `shop`.",
        "type": "object",
        "properties": {
            "codes": {
                "description": "Each a `Code`.",
                "type": "array", "items": { "$ref": "#/$defs/Code" }, "minItems": 1, "maxItems": 2,
            },
            "notes": { "description": "Each a text.", "type": "array", "items": { "type": "string" } },
        },
        "required": ["codes", "notes"],
        "$defs": {
            "Code": { "description": "The type `Code` of the flow `shop`.", "type": "string", "minLength": 2 },
        },
    });
    assert_eq!((name, schema.as_value()), ("Basket", &said));
}
