//! Text that would be code elsewhere and is only text here: it is carried to the outputs, and does nothing there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use codegen::{Input, Output, compile};
use jsonata_core::evaluator::{Context, Evaluator};
use jsonata_core::{parser, value::JValue};
use serde_json::Value;

/// A flow that says `text` wherever a person may say what they like, and compares a field with it.
fn flow(text: &str) -> Output {
    let text = serde_json::to_string(text).unwrap();
    let spec = format!(
        r#"
eventloom: 1
flow: shop
about: {text}
types:
  Note: {{ type: string, max_length: 20, about: {text} }}
events:
  OrderPlaced:
    about: {text}
    actor: buyer
    object: id
    fields: {{ buyer: string, note: {{ type: Note, about: {text} }}, state: {{ enum: [{text}, open] }} }}
tables:
  orders: {{ rows: event, about: {text} }}
gateways:
  live:
    websocket:
      auth: {{ jwt: {{ issuer: "https://auth.shop.example/", audience: shop, user: sub }} }}
      origins: ["https://shop.example"]
sources:
  placed: {{ from: {{ table: orders }}, to: sales, about: {text} }}
topics:
  sales: {{ carries: [OrderPlaced], about: {text} }}
queues:
  index: {{ from: sales, filter: {{ buyer: [{text}] }}, handler: index_order, about: {text} }}
  notify: {{ from: sales, targets: buyer, to: tell, about: {text} }}
workflows:
  tell:
    about: {text}
    steps:
      - pick: {{ choice: [{{ when: {{ buyer: [{text}] }}, next: end }}] }}
      - show: {{ send: browser }}
handlers:
  index_order: {{ reads: [orders], about: {text}, env: {{ SAID: {text} }} }}
sinks:
  browser: {{ websocket: {{ gateway: live }} }}
"#
    );
    let compiled = compile(&Input { path: "spec/flow.yaml".into(), bytes: spec.into_bytes(), ..Input::default() });
    let said = codegen::render::human(&compiled.checked.sources, &compiled.checked.diagnostics, false);
    assert!(compiled.output.is_some(), "{said}");
    compiled.output.unwrap()
}

fn file<'o>(output: &'o Output, path: &str) -> &'o str {
    &output.files.iter().find(|f| f.path == format!("generated/{path}")).unwrap().text
}

fn json(output: &Output, path: &str) -> Value {
    serde_json::from_str(file(output, path)).unwrap()
}

/// Every text under this key, however deep.
fn under<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get(key));
            map.values().for_each(|v| under(v, key, found));
        }
        Value::Array(list) => list.iter().for_each(|v| under(v, key, found)),
        _ => {}
    }
}

#[test]
fn a_pseudo_parameter_in_a_text_is_replaced_by_nothing() {
    let output = flow("${AWS::AccountId} and ${OrdersTable}");
    let template = json(&output, "template.json");
    let mut subs = Vec::new();
    under(&template, "Fn::Sub", &mut subs);
    // `Fn::Sub` takes `${!` as a dollar and a brace; what the user wrote stands in none of them bare.
    for sub in subs {
        assert!(!sub.to_string().contains("${AWS::AccountId} and"), "{sub}");
    }
    let said = "${AWS::AccountId} and ${OrdersTable}";
    let mut values = Vec::new();
    under(&template, "SAID", &mut values);
    assert_eq!(values, [&Value::from(said)]);
    assert_eq!(template.get("Description").and_then(Value::as_str), Some(said));
}

#[test]
fn an_expression_in_a_text_of_a_workflow_is_compared_and_not_evaluated() {
    for hostile in ["{% $states.input %}", "\" or true or \"", "' & $eval('1') & '", "`x`", "$.buyer", "\\\" or true"] {
        let output = flow(hostile);
        let machine = json(&output, "state-machines/tell.asl.json");
        let mut conditions = Vec::new();
        under(&machine, "Condition", &mut conditions);
        let expression = conditions.first().and_then(|c| c.as_str()).unwrap();
        let inner = expression.strip_prefix("{% ").and_then(|e| e.strip_suffix(" %}")).unwrap();
        assert!(!inner.contains("%}") && !inner.contains("{%"), "{inner}");
        let result = |buyer: &str| evaluate(inner, buyer);
        assert_eq!((result(hostile), result("somebody")), (true, false), "{inner}");
    }
}

/// What a condition says of an event with this buyer, by an implementation of JSONata that is not ours.
fn evaluate(expression: &str, buyer: &str) -> bool {
    let states = serde_json::json!({ "input": { "buyer": buyer } }).to_string();
    let mut context = Context::new();
    context.bind("states".to_owned(), JValue::from_json_str(&states).unwrap());
    let parsed = parser::parse(expression).unwrap();
    let value = Evaluator::with_context(context).evaluate(&parsed, &JValue::Null).unwrap();
    value.to_json_string().unwrap() == "true"
}

#[test]
fn the_end_of_a_comment_in_a_text_ends_none() {
    for hostile in
        ["*/ alert(1) /*", "a\n#![no_std]\nfn x() {}", "a\r\n//! b", "\"#] \"## {{ x }} {% if y %}", "]]> --> </style>"]
    {
        let output = flow(hostile);
        let types = file(&output, "types.ts");
        for comment in types.lines().filter(|l| l.trim_start().starts_with("/**")) {
            assert!(comment.ends_with("*/") && comment.matches("*/").count() == 1, "{comment}");
        }
        for (name, text) in output.files.iter().map(|f| (f.path.as_str(), f.text.as_str())) {
            if name.ends_with(".rs") {
                let code = |line: &&str| ["#![no_std]", "fn x()"].iter().any(|c| line.trim_start().starts_with(c));
                let bare = text.lines().find(code);
                assert_eq!(bare, None, "{name}");
            }
        }
        let picture = file(&output, "diagram.svg");
        assert_eq!(picture.matches("</style>").count(), 1, "{picture}");
    }
}

#[test]
fn a_function_of_cloudformation_as_data_is_data() {
    let spec = r#"
eventloom: 1
flow: shop
allow: { W141: "small" }
events:
  OrderPlaced: { actor: buyer, object: id, fields: { buyer: string, more: { type: json, default: { "Fn::ImportValue": x } } } }
tables: { orders: { rows: event } }
sources: { placed: { from: { table: orders }, to: sales } }
topics: { sales: { carries: [OrderPlaced] } }
queues: { index: { from: sales, handler: index_order } }
handlers: { index_order: { reads: [orders] } }
"#;
    let compiled = compile(&Input { path: "spec/flow.yaml".into(), bytes: spec.into(), ..Input::default() });
    let output = compiled.output.unwrap();
    let template = json(&output, "template.json");
    let mut found = Vec::new();
    under(&template, "Fn::ImportValue", &mut found);
    assert!(found.is_empty(), "{found:?}");
    assert!(file(&output, "schemas/OrderPlaced.schema.json").contains("Fn::ImportValue"));
}
