//! `AWS::StepFunctions::…`

use serde_json::{Map, Value, json};

use super::shape::TAGS;
use super::{Before, Calls, Cx, Kind, Made, Make, Named, Property, Refused, Shape, member, merge, tag_key, there};

pub(super) static KINDS: &[&Kind] = &[&MACHINE];

static MACHINE: Kind = Kind {
    name: "AWS::StepFunctions::StateMachine",
    properties: &[
        Property::update("Definition", Shape::Json),
        Property::update("DefinitionString", Shape::Text),
        Property::update("DefinitionSubstitutions", Shape::Entries),
        Property::update(
            "EncryptionConfiguration",
            Shape::Members(&[
                Property::update("KmsDataKeyReusePeriodSeconds", Shape::Number),
                Property::update("KmsKeyId", Shape::Text),
                Property::update("Type", Shape::Text),
            ]),
        ),
        Property::update(
            "LoggingConfiguration",
            Shape::Members(&[
                Property::update(
                    "Destinations",
                    Shape::Items(&[Property::update(
                        "CloudWatchLogsLogGroup",
                        Shape::Members(&[Property::update("LogGroupArn", Shape::Text)]),
                    )]),
                ),
                Property::update("IncludeExecutionData", Shape::Flag),
                Property::update("Level", Shape::Text),
            ]),
        ),
        Property::update("RoleArn", Shape::Text).required(),
        Property::replace("StateMachineName", Shape::Text),
        Property::replace("StateMachineType", Shape::Text),
        Property::update("Tags", TAGS),
        Property::update("TracingConfiguration", Shape::Members(&[Property::update("Enabled", Shape::Flag)])),
    ],
    attributes: &["Arn", "Name", "StateMachineRevisionId"],
    named: Named::Property { property: "StateMachineName", longest: 80, fifo: None, within: None },
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find(cx)),
        create: |cx| Box::pin(create(cx)),
        update: |cx, made, before| Box::pin(update(cx, made, before)),
        delete: |cx, made| Box::pin(delete(cx, made)),
    }),
};

/// What a machine consists of.
const PARTS: [&str; 7] = [
    "Definition",
    "DefinitionString",
    "DefinitionSubstitutions",
    "EncryptionConfiguration",
    "LoggingConfiguration",
    "RoleArn",
    "TracingConfiguration",
];

/// The API's spelling of the same: members begin in lower case.
fn camel(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (lower(name), camel(value))).collect())
        }
        Value::Array(items) => items.iter().map(camel).collect(),
        other => other.clone(),
    }
}

fn lower(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// The definition with `${Name}` replaced by what stands for it.
fn definition(cx: &Cx<'_>) -> Result<String, Refused> {
    let text = match (cx.get("DefinitionString"), cx.get("Definition")) {
        (Some(text), None) => text.as_str().unwrap_or_default().to_owned(),
        (None, Some(definition)) => definition.to_string(),
        _ => {
            let what = "a state machine has one of DefinitionString and Definition";
            return Err(Refused::unmeant("states", "CreateStateMachine", what));
        }
    };
    let Some(Value::Object(substitutions)) = cx.get("DefinitionSubstitutions") else { return Ok(text) };
    let mut made = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("${") {
        made.push_str(before);
        let found = after.split_once('}').and_then(|(name, after)| Some((substitutions.get(name)?.as_str()?, after)));
        match found {
            Some((value, after)) => {
                // It stands within a text of JSON.
                let quoted = json!(value).to_string();
                made.push_str(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
                rest = after;
            }
            None => {
                made.push_str("${");
                rest = after;
            }
        }
    }
    made.push_str(rest);
    Ok(made)
}

fn input(cx: &Cx<'_>) -> Result<Map<String, Value>, Refused> {
    let given = cx.pick(&["EncryptionConfiguration", "LoggingConfiguration", "RoleArn", "TracingConfiguration"]);
    let mut input: Map<String, Value> = given.iter().map(|(name, value)| (lower(name), camel(value))).collect();
    input.insert("definition".to_owned(), definition(cx)?.into());
    Ok(input)
}

fn made(cx: &Cx<'_>, revision: &str) -> Made {
    let arn = cx.world.place.arn("states", &format!("stateMachine:{}", cx.name));
    let made = Made::new(arn.as_str()).with("Arn", arn.as_str()).with("Name", cx.name);
    made.with("StateMachineRevisionId", if revision.is_empty() { "INITIAL" } else { revision })
}

async fn find(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let made = made(cx, "");
    let found = there(cx.call("states", "DescribeStateMachine", json!({"stateMachineArn": made.id})).await)?;
    Ok(found.map(|_| made))
}

async fn create(cx: &Cx<'_>) -> Result<Made, Refused> {
    let kind = cx.get("StateMachineType").cloned().unwrap_or_else(|| json!("STANDARD"));
    let tags = cx.get("Tags").map_or_else(|| json!([]), camel);
    let input = merge(input(cx)?, json!({"name": cx.name, "type": kind, "tags": tags}));
    cx.call("states", "CreateStateMachine", input).await?;
    Ok(made(cx, ""))
}

async fn update(cx: &Cx<'_>, is: &Made, before: &Before) -> Result<Made, Refused> {
    let mut now = is.clone();
    if before.any(cx, &PARTS) {
        let mut input = json!({
            "stateMachineArn": is.id, "loggingConfiguration": {"level": "OFF", "includeExecutionData": false},
            "tracingConfiguration": {"enabled": false}, "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
        });
        if let Some(input) = input.as_object_mut() {
            input.extend(self::input(cx)?);
        }
        let answer = cx.call("states", "UpdateStateMachine", input).await?;
        now = made(cx, member(&answer, "/revisionId"));
    }
    if before.changed(cx, "Tags") {
        let gone = before.gone(cx, "Tags", tag_key);
        if !gone.is_empty() {
            cx.call("states", "UntagResource", json!({"resourceArn": is.id, "tagKeys": gone})).await?;
        }
        let tags = cx.get("Tags").map_or_else(|| json!([]), camel);
        cx.call("states", "TagResource", json!({"resourceArn": is.id, "tags": tags})).await?;
    }
    Ok(now)
}

async fn delete(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    there(cx.call("states", "DeleteStateMachine", json!({"stateMachineArn": made.id})).await).map(|_| ())
}
