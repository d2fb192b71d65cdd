use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::files;
use crate::emit::describe::Described;
use crate::emit::fixtures::{everi, plan};
use crate::plan::Plan;

/// The flow whose Rust shape and schema the runtime's tests fix, construct by construct.
const SHOP: &str = r##"
eventloom: 1
flow: shop
about: An online shop
types:
  UserId: string
  Sku: { type: string, max_length: 12, pattern: "^[A-Z]+$" }
  Quantity: { type: int, min: 1, max: 99 }
  Share: { type: number, min: 0, max: 1 }
  Address: { type: string, max_length: 5, pii: true }
  Status: { enum: [placed, in-transit] }
  Line: { fields: { sku: Sku, quantity: { type: Quantity, default: 1 }, gifts: { type: int, default: 0 } } }
events:
  OrderPlaced:
    actor: buyer
    fields:
      buyer: UserId
      lines: [Line]
      address: Address
      status: Status
      discount: Share
      points: { map: int }
      note: { optional: string }
      gift: { optional: Sku }
      friends: { type: [string], pii: true }
      extra: json
topics: { orders: { carries: [OrderPlaced] } }
"##;

fn schemas(plan: &Plan) -> BTreeMap<String, Value> {
    let files = files(plan, &Described::of(plan));
    files.into_iter().map(|file| (file.path, serde_json::from_str(&file.text).unwrap())).collect()
}

fn schema(spec: &str, event: &str) -> Value {
    schemas(&plan(spec)).remove(&format!("generated/schemas/{event}.schema.json")).unwrap()
}

#[test]
fn the_schema_of_every_construct_is_this() {
    let expected: Value = serde_json::from_str(include_str!("shop.schema.json")).unwrap();
    assert_eq!(schema(SHOP, "OrderPlaced"), expected);
}

#[test]
fn each_event_and_each_type_of_the_reference_flow_has_a_file() {
    let made: Vec<_> = schemas(&everi()).into_keys().collect();
    assert_eq!(made.len(), 8 + 3);
    assert!(made.contains(&"generated/schemas/Notice.schema.json".to_owned()));
}

fn field(declared: &str) -> Value {
    let spec = format!(
        "eventloom: 1\nflow: f\nabout: x\ntypes: {{ Maybe: {{ optional: int }}, Tags: {{ type: [string], min_length: 1, max_length: 3 }}, Any: json }}\n\
         events: {{ E: {{ fields: {{ f: {declared} }} }} }}\ntopics: {{ t: {{ carries: [E] }} }}\n"
    );
    let mut whole = schema(&spec, "E");
    let mut field = whole["properties"]["f"].take();
    field.as_object_mut().unwrap().remove("description");
    field["required"] = json!(whole["required"].as_array().unwrap().contains(&json!("f")));
    field
}

#[test]
fn scalars_stand_inline() {
    let said = [
        ("decimal", json!({ "type": "string", "pattern": "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?$", "required": true })),
        ("date", json!({ "type": "string", "format": "date", "required": true })),
        ("uuid", json!({ "type": "string", "format": "uuid", "required": true })),
        ("email", json!({ "type": "string", "format": "email", "required": true })),
        ("url", json!({ "type": "string", "format": "uri", "required": true })),
        ("bool", json!({ "type": "boolean", "required": true })),
        ("{ optional: json }", json!({ "required": false })),
    ];
    for (declared, schema) in said {
        assert_eq!(field(declared), schema, "{declared}");
    }
}

#[test]
fn another_name_for_a_type_is_that_type() {
    let tags =
        json!({ "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": 3, "required": true });
    assert_eq!(field("Tags"), tags);
    assert_eq!(field("Any"), json!({ "required": true }));
    assert_eq!(field("Maybe"), json!({ "type": ["integer", "null"], "format": "int64", "required": false }));
    assert_eq!(
        field("[Maybe]"),
        json!({ "type": "array", "items": { "type": ["integer", "null"], "format": "int64" }, "required": true })
    );
    assert_eq!(field("{ map: Any }"), json!({ "type": "object", "additionalProperties": true, "required": true }));
}

#[test]
fn inline_types_stand_in_the_definitions() {
    let spec = "eventloom: 1\nflow: f\nabout: x\nevents: { E: { fields: { a: [{ fields: { b: { enum: [x, \"${y}\"] } } }] } } }\ntopics: { t: { carries: [E] } }\n";
    let whole = schema(spec, "E");
    assert_eq!(whole["properties"]["a"]["items"], json!({ "$ref": "#/$defs/EAItem" }));
    assert_eq!(whole["$defs"]["EAItem"]["properties"]["b"]["$ref"], "#/$defs/EAItemB");
    assert_eq!(whole["$defs"]["EAItemB"]["enum"], json!(["x", "${y}"]));
}

#[test]
fn words_and_patterns_of_the_spec_are_only_text() {
    let spec = r##"{ eventloom: 1, flow: f, about: x, events: { E: { about: "\"}, {{x}}\n# y", fields: {
        f: { type: string, pattern: "^[\"<]+$" } } } }, topics: { t: { carries: [E] } } }"##;
    let whole = schema(spec, "E");
    assert_eq!(whole["$defs"]["EF"]["pattern"], "^[\"<]+$");
    assert!(!whole["description"].as_str().unwrap().contains('\n'));
}

#[test]
fn a_pattern_holds_the_whole_text() {
    let spec = r##"{ eventloom: 1, flow: f, about: x, events: { E: { fields: { f: { type: string, pattern: "[A-Z]+|x" } } } },
        topics: { t: { carries: [E] } } }"##;
    assert_eq!(schema(spec, "E")["$defs"]["EF"]["pattern"], "^(?:[A-Z]+|x)$");
}
