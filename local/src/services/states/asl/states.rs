//! Reading what is particular to each type of state, but for Choice.

use serde_json::Value;

use super::super::query::{Language, Template};
use super::finding::{Fields, Findings};
use super::flow::{either, query, template};
use super::machine::{Reader, SECONDS};
use super::{Kind, Map, Resource, Scope, Task, Until};

pub(super) fn task(reader: &mut Reader, fields: &mut Fields<'_>, language: Language) -> Option<Kind> {
    let resource = fields.required_text("Resource", &mut reader.findings);
    let resource = resource.and_then(|text| {
        Resource::parse(text, reader.express)
            .map_err(|problem| reader.findings.add("INVALID_RESOURCE", &fields.place("Resource"), problem))
            .ok()
    });
    let timeout = either(reader, fields, ("TimeoutSeconds", "TimeoutSecondsPath"), language, seconds);
    let heartbeat = either(reader, fields, ("HeartbeatSeconds", "HeartbeatSecondsPath"), language, seconds);
    if let (Some(Template::Value(timeout)), Some(Template::Value(heartbeat))) = (&timeout, &heartbeat)
        && heartbeat.as_u64() >= timeout.as_u64()
    {
        reader.findings.schema(&fields.place("HeartbeatSeconds"), "it must be smaller than 'TimeoutSeconds'");
    }
    if fields.take("Credentials").is_some() {
        let message = "the local engine does not have 'Credentials': a task acts as the machine's role";
        reader.findings.schema(&fields.place("Credentials"), message);
    }
    Some(Kind::Task(Task { resource: resource?, timeout, heartbeat }))
}

fn seconds(value: &Value) -> bool {
    value.as_u64().is_some_and(|seconds| (1..=SECONDS).contains(&seconds))
}

pub(super) fn wait(reader: &mut Reader, fields: &mut Fields<'_>, language: Language) -> Option<Kind> {
    let seconds = either(reader, fields, ("Seconds", "SecondsPath"), language, |value| {
        value.as_u64().is_some_and(|seconds| seconds <= SECONDS)
    });
    let timestamp = either(reader, fields, ("Timestamp", "TimestampPath"), language, |value| {
        value.as_str().is_some_and(|text| super::super::query::timestamp(text).is_some())
    });
    match (seconds, timestamp) {
        (Some(seconds), None) => Some(Kind::Wait(Until::Seconds(seconds))),
        (None, Some(timestamp)) => Some(Kind::Wait(Until::Timestamp(timestamp))),
        _ => {
            let message = match language {
                Language::JsonPath => {
                    "just one of 'Seconds', 'SecondsPath', 'Timestamp' and 'TimestampPath' is required"
                }
                Language::Jsonata => "just one of 'Seconds' and 'Timestamp' is required",
            };
            reader.findings.schema(&fields.at, message);
            None
        }
    }
}

pub(super) fn parallel(reader: &mut Reader, fields: &mut Fields<'_>) -> Option<Kind> {
    fields.required("Branches", &mut reader.findings);
    let list = fields.array("Branches", &mut reader.findings);
    if list.is_empty() {
        reader.findings.schema(&fields.place("Branches"), "at least one branch is expected here");
    }
    let mut branches = Vec::new();
    for (index, value) in list.iter().enumerate() {
        let at = format!("{}/Branches[{index}]", fields.at);
        branches.extend(scope(reader, value, &at, "a branch"));
    }
    (branches.len() == list.len()).then_some(Kind::Parallel(branches))
}

fn scope(reader: &mut Reader, value: &Value, at: &str, what: &str) -> Option<Scope> {
    let mut fields = Fields::new(value, at, &mut reader.findings);
    fields.text("Comment", &mut reader.findings);
    if let Some(config) = fields.take("ProcessorConfig") {
        processor_config(config, &fields.place("ProcessorConfig"), &mut reader.findings);
    }
    let scope = reader.scope(&mut fields);
    fields.finish(what, &mut reader.findings);
    scope
}

fn processor_config(value: &Value, at: &str, findings: &mut Findings) {
    let mut fields = Fields::new(value, at, findings);
    fields.take("ExecutionType");
    match fields.text("Mode", findings) {
        None | Some("INLINE") => {}
        Some("DISTRIBUTED") => {
            let message = "the local engine does not have Distributed Map: 'Mode' is 'INLINE'";
            findings.schema(&fields.place("Mode"), message);
        }
        Some(other) => findings.schema(&fields.place("Mode"), format!("'{other}' is no mode: 'INLINE'")),
    }
    fields.finish("a ProcessorConfig", findings);
}

pub(super) fn map(reader: &mut Reader, fields: &mut Fields<'_>, language: Language) -> Option<Kind> {
    let items = match language {
        Language::JsonPath => query(reader, fields, "ItemsPath"),
        Language::Jsonata => template(reader, fields, "Items", language),
    };
    if let Some(Template::Value(value)) = &items
        && !value.is_array()
    {
        reader.findings.schema(&fields.place("Items"), "an array or a JSONata expression is expected here");
    }
    let mut selector = template(reader, fields, "ItemSelector", language);
    if language == Language::JsonPath
        && let Some(old) = template(reader, fields, "Parameters", language)
        && selector.replace(old).is_some()
    {
        reader.findings.schema(&fields.at, "only one of 'ItemSelector' and 'Parameters' may be there");
    }
    let count: fn(&Value) -> bool = |value| value.as_u64().is_some();
    let percentage: fn(&Value) -> bool = |value| value.as_f64().is_some_and(|share| (0.0..=100.0).contains(&share));
    let concurrency = either(reader, fields, ("MaxConcurrency", "MaxConcurrencyPath"), language, count);
    let names = ("ToleratedFailureCount", "ToleratedFailureCountPath");
    let tolerated_count = either(reader, fields, names, language, count);
    let names = ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath");
    let tolerated_percentage = either(reader, fields, names, language, percentage);
    for name in ["ItemReader", "ItemBatcher", "ResultWriter", "Label"] {
        if fields.take(name).is_some() {
            let message = format!("the local engine does not have Distributed Map, which '{name}' is of");
            reader.findings.schema(&fields.place(name), message);
        }
    }
    let (processor, iterator) = (fields.take("ItemProcessor"), fields.take("Iterator"));
    let (name, value) = match (processor, iterator) {
        (Some(value), None) => ("ItemProcessor", value),
        (None, Some(value)) if language == Language::JsonPath => ("Iterator", value),
        _ => {
            reader.findings.schema(&fields.at, "the field 'ItemProcessor' is required, once");
            return None;
        }
    };
    let scope = scope(reader, value, &fields.place(name), "what is done with an item")?;
    Some(Kind::Map(Box::new(Map { items, selector, scope, concurrency, tolerated_count, tolerated_percentage })))
}

pub(super) fn pass(fields: &mut Fields<'_>, language: Language) -> Kind {
    Kind::Pass { result: (language == Language::JsonPath).then(|| fields.take("Result").cloned()).flatten() }
}

pub(super) fn fail(reader: &mut Reader, fields: &mut Fields<'_>, language: Language) -> Kind {
    let error = either(reader, fields, ("Error", "ErrorPath"), language, Value::is_string);
    let cause = either(reader, fields, ("Cause", "CausePath"), language, Value::is_string);
    Kind::Fail { error, cause }
}
