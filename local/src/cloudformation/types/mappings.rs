//! `AWS::Lambda::EventSourceMapping`

use serde_json::{Map, Value, json};

use super::shape::TAGS;
use super::{Before, Calls, Cx, Kind, Made, Make, Named, Property, Refused, Shape, member, merge, tag_key, there};

pub(super) static KINDS: &[&Kind] = &[&MAPPING];

static MAPPING: Kind = Kind {
    name: "AWS::Lambda::EventSourceMapping",
    properties: &[
        Property::update("BatchSize", Shape::Number),
        Property::update("BisectBatchOnFunctionError", Shape::Flag),
        Property::update(
            "DestinationConfig",
            Shape::Members(&[Property::update(
                "OnFailure",
                Shape::Members(&[Property::update("Destination", Shape::Text)]),
            )]),
        ),
        Property::update("Enabled", Shape::Flag),
        Property::replace("EventSourceArn", Shape::Text).required(),
        Property::update(
            "FilterCriteria",
            Shape::Members(&[Property::update(
                "Filters",
                Shape::Items(&[Property::update("Pattern", Shape::Text).required()]),
            )]),
        ),
        Property::update("FunctionName", Shape::Text).required(),
        Property::update("FunctionResponseTypes", Shape::Texts),
        Property::inert("KmsKeyArn", Shape::Text, "filters are not encrypted"),
        Property::update("MaximumBatchingWindowInSeconds", Shape::Number),
        Property::update("MaximumRecordAgeInSeconds", Shape::Number),
        Property::update("MaximumRetryAttempts", Shape::Number),
        Property::inert(
            "MetricsConfig",
            Shape::Members(&[Property::update("Metrics", Shape::Texts)]),
            "mappings write no metrics",
        ),
        Property::update("ParallelizationFactor", Shape::Number),
        Property::update(
            "ProvisionedPollerConfig",
            Shape::Members(&[
                Property::update("MaximumPollers", Shape::Number),
                Property::update("MinimumPollers", Shape::Number),
            ]),
        ),
        Property::update("ScalingConfig", Shape::Members(&[Property::update("MaximumConcurrency", Shape::Number)])),
        Property::replace("StartingPosition", Shape::Text),
        Property::update("Tags", TAGS),
    ],
    attributes: &["EventSourceMappingArn", "Id"],
    named: Named::Service,
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find(cx)),
        create: |cx| Box::pin(create(cx)),
        update: |cx, made, before| Box::pin(update(cx, made, before)),
        delete: |cx, made| Box::pin(delete(cx, made)),
    }),
};

/// What both operations take, by the same name.
const SETTINGS: [&str; 13] = [
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "Enabled",
    "FilterCriteria",
    "FunctionName",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "ProvisionedPollerConfig",
    "ScalingConfig",
];

fn made(cx: &Cx<'_>, answer: &Value) -> Made {
    let uuid = member(answer, "/UUID");
    let arn = cx.world.place.arn("lambda", &format!("event-source-mapping:{uuid}"));
    Made::new(uuid).with("Id", uuid).with("EventSourceMappingArn", arn.as_str())
}

async fn find(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let input = Value::Object(cx.pick(&["FunctionName", "EventSourceArn"]));
    let found = there(cx.call("lambda", "ListEventSourceMappings", input).await)?.unwrap_or_default();
    Ok(found.pointer("/EventSourceMappings/0").map(|mapping| made(cx, mapping)))
}

async fn create(cx: &Cx<'_>) -> Result<Made, Refused> {
    let mut input = cx.pick(&SETTINGS);
    input.extend(cx.pick(&["EventSourceArn", "StartingPosition"]));
    let answer = cx.call("lambda", "CreateEventSourceMapping", merge(input, json!({"Tags": cx.tags()}))).await?;
    Ok(made(cx, &answer))
}

/// What a setting is that is not given any more.
fn default(cx: &Cx<'_>, setting: &str) -> Value {
    match setting {
        "BatchSize" if cx.text("EventSourceArn").contains(":sqs:") => json!(10),
        "BatchSize" => json!(100),
        "BisectBatchOnFunctionError" => json!(false),
        "DestinationConfig" => json!({"OnFailure": {}}),
        "Enabled" => json!(true),
        "FilterCriteria" => json!({"Filters": []}),
        "FunctionResponseTypes" => json!([]),
        "MaximumBatchingWindowInSeconds" => json!(0),
        "MaximumRecordAgeInSeconds" | "MaximumRetryAttempts" => json!(-1),
        "ParallelizationFactor" => json!(1),
        _ => json!({}),
    }
}

async fn update(cx: &Cx<'_>, made: &Made, before: &Before) -> Result<Made, Refused> {
    let changed = |name: &&str| match cx.get(name) {
        Some(value) if before.changed(cx, name) => Some(((*name).to_owned(), value.clone())),
        None if before.removed(cx, name) => Some(((*name).to_owned(), default(cx, name))),
        _ => None,
    };
    let changed: Map<String, Value> = SETTINGS.iter().filter_map(changed).collect();
    if !changed.is_empty() {
        cx.call("lambda", "UpdateEventSourceMapping", merge(changed, json!({"UUID": made.id}))).await?;
    }
    if before.changed(cx, "Tags") {
        let arn = made.text("EventSourceMappingArn");
        let gone = before.gone(cx, "Tags", tag_key);
        if !gone.is_empty() {
            cx.call("lambda", "UntagResource", json!({"Resource": arn, "TagKeys": gone})).await?;
        }
        cx.call("lambda", "TagResource", json!({"Resource": arn, "Tags": cx.tags()})).await?;
    }
    Ok(made.clone())
}

async fn delete(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    there(cx.call("lambda", "DeleteEventSourceMapping", json!({"UUID": made.id})).await).map(|_| ())
}
