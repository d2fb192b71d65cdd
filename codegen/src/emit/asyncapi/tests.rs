use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::file;
use crate::emit::describe::Described;
use crate::emit::fixtures::{everi, plan};
use crate::plan::Plan;

fn document(plan: &Plan) -> Value {
    serde_json::from_str(&file(plan, &Described::of(plan)).text).unwrap()
}

fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(entries) => {
            found.extend(entries.get("$ref").and_then(Value::as_str));
            entries.values().for_each(|value| references(value, found));
        }
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document(&everi());
    let mut found = Vec::new();
    references(&document, &mut found);
    let broken: Vec<_> = found.iter().filter(|at| document.pointer(at.trim_start_matches('#')).is_none()).collect();
    assert!(found.len() > 50 && broken.is_empty(), "{broken:?}");
}

#[test]
fn topics_queues_and_browsers_are_channels() {
    let document = document(&everi());
    let channels: BTreeSet<&str> = document["channels"].as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "gateways.live",
        "queues.count_updates",
        "queues.deliver_messages",
        "queues.notify",
        "topics.activity",
        "topics.messages",
    ];
    assert_eq!(channels, BTreeSet::from(expected));
}

#[test]
fn a_queue_receives_only_what_its_filter_lets_pass() {
    let document = document(&everi());
    let messages = document["channels"]["queues.count_updates"]["messages"].as_object().unwrap();
    assert_eq!(messages.keys().collect::<Vec<_>>(), ["UpdateShared"]);
}

#[test]
fn a_browser_gets_what_steps_have_added_and_sends_no_field_that_is_set() {
    let document = document(&everi());
    let shown = &document["components"]["schemas"]["Notice.Shown"]["properties"];
    assert_eq!(shown.as_object().unwrap().keys().collect::<Vec<_>>(), ["body", "link", "title"]);
    let sent = &document["components"]["messages"]["MessageSent.live.send"]["payload"]["allOf"];
    assert_eq!(sent[0]["properties"]["action"]["const"], "send");
    let fields: BTreeSet<&String> = sent[1]["properties"].as_object().unwrap().keys().collect();
    assert!(fields.contains(&"text".to_owned()) && !fields.contains(&"sender".to_owned()));
}

#[test]
fn words_of_the_spec_are_only_text() {
    let plan = plan(
        "{ eventloom: 1, flow: f, about: \"}{$ref: x}\\n\\\"*/\", events: { E: { about: \"{{x}} ${y}\" } }, topics: { t: { carries: [E] } } }",
    );
    let document = document(&plan);
    assert_eq!(document["info"]["description"], "}{$ref: x} \"*/");
    assert_eq!(document["components"]["messages"]["E"]["summary"], json!("{{x}} ${y}"));
}
