//! `AWS::DynamoDB::…`

use serde_json::{Map, Value, json};

use super::shape::TAGS;
use super::{Before, Calls, Cx, Kind, Made, Make, Named, Property, Refused, Shape, member, merge, tag_key, there};

pub(super) static KINDS: &[&Kind] = &[&TABLE];

const KEY_SCHEMA: Shape = Shape::Items(&[
    Property::update("AttributeName", Shape::Text).required(),
    Property::update("KeyType", Shape::Text).required(),
]);
const PROJECTION: Shape = Shape::Members(&[
    Property::update("NonKeyAttributes", Shape::Texts),
    Property::update("ProjectionType", Shape::Text),
]);
const PROVISIONED: Shape = Shape::Members(&[
    Property::update("ReadCapacityUnits", Shape::Number).required(),
    Property::update("WriteCapacityUnits", Shape::Number).required(),
]);
const ON_DEMAND: Shape = Shape::Members(&[
    Property::update("MaxReadRequestUnits", Shape::Number),
    Property::update("MaxWriteRequestUnits", Shape::Number),
]);

static TABLE: Kind = Kind {
    name: "AWS::DynamoDB::Table",
    properties: &[
        Property::update(
            "AttributeDefinitions",
            Shape::Items(&[
                Property::update("AttributeName", Shape::Text).required(),
                Property::update("AttributeType", Shape::Text).required(),
            ]),
        ),
        Property::update("BillingMode", Shape::Text),
        Property::update("DeletionProtectionEnabled", Shape::Flag),
        Property::update(
            "GlobalSecondaryIndexes",
            Shape::Items(&[
                Property::update("IndexName", Shape::Text).required(),
                Property::update("KeySchema", KEY_SCHEMA).required(),
                Property::update("OnDemandThroughput", ON_DEMAND),
                Property::update("Projection", PROJECTION).required(),
                Property::update("ProvisionedThroughput", PROVISIONED),
            ]),
        ),
        Property::replace("KeySchema", KEY_SCHEMA).required(),
        Property::replace(
            "LocalSecondaryIndexes",
            Shape::Items(&[
                Property::update("IndexName", Shape::Text).required(),
                Property::update("KeySchema", KEY_SCHEMA).required(),
                Property::update("Projection", PROJECTION).required(),
            ]),
        ),
        Property::update("OnDemandThroughput", ON_DEMAND),
        Property::update(
            "PointInTimeRecoverySpecification",
            Shape::Members(&[
                Property::update("PointInTimeRecoveryEnabled", Shape::Flag),
                Property::update("RecoveryPeriodInDays", Shape::Number),
            ]),
        ),
        Property::update("ProvisionedThroughput", PROVISIONED),
        Property::inert(
            "SSESpecification",
            Shape::Members(&[
                Property::update("KMSMasterKeyId", Shape::Text),
                Property::update("SSEEnabled", Shape::Flag).required(),
                Property::update("SSEType", Shape::Text),
            ]),
            "nothing is encrypted; what a table was made with is shown",
        ),
        Property::update(
            "StreamSpecification",
            Shape::Members(&[Property::update("StreamViewType", Shape::Text).required()]),
        ),
        Property::update("TableClass", Shape::Text),
        Property::replace("TableName", Shape::Text),
        Property::update("Tags", TAGS),
        Property::update(
            "TimeToLiveSpecification",
            Shape::Members(&[
                Property::update("AttributeName", Shape::Text),
                Property::update("Enabled", Shape::Flag).required(),
            ]),
        ),
    ],
    attributes: &["Arn", "StreamArn"],
    named: Named::Property { property: "TableName", longest: 255, fifo: None, within: None },
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find(cx)),
        create: |cx| Box::pin(create(cx)),
        update: |cx, _, before| Box::pin(update(cx, before)),
        delete: |cx, made| Box::pin(delete(cx, made)),
    }),
};

/// What `CreateTable` takes as it stands.
const PLAIN: [&str; 10] = [
    "AttributeDefinitions",
    "BillingMode",
    "DeletionProtectionEnabled",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "LocalSecondaryIndexes",
    "OnDemandThroughput",
    "ProvisionedThroughput",
    "TableClass",
    "Tags",
];

fn stream(view: &Value) -> Value {
    json!({"StreamEnabled": true, "StreamViewType": view})
}

fn view<'a>(cx: &Cx<'a>) -> Option<&'a Value> {
    cx.properties.get("StreamSpecification")?.get("StreamViewType")
}

fn made(table: &Value) -> Made {
    let made = Made::new(member(table, "/TableName")).with("Arn", member(table, "/TableArn"));
    let enabled = table.pointer("/StreamSpecification/StreamEnabled") == Some(&Value::Bool(true));
    match table.get("LatestStreamArn") {
        Some(arn) if enabled => made.with("StreamArn", arn.clone()),
        _ => made,
    }
}

async fn describe(cx: &Cx<'_>) -> Result<Option<Value>, Refused> {
    let found = there(cx.call("dynamodb", "DescribeTable", json!({"TableName": cx.name})).await)?;
    Ok(found.and_then(|found| found.get("Table").cloned()))
}

async fn find(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    Ok(describe(cx).await?.map(|table| made(&table)))
}

async fn create(cx: &Cx<'_>) -> Result<Made, Refused> {
    let mut input = cx.pick(&PLAIN);
    if let Some(view) = view(cx) {
        input.insert("StreamSpecification".to_owned(), stream(view));
    }
    if let Some(encryption) = cx.get("SSESpecification").and_then(Value::as_object) {
        let renamed = encryption.iter().map(|(name, value)| match name.as_str() {
            "SSEEnabled" => ("Enabled".to_owned(), value.clone()),
            _ => (name.clone(), value.clone()),
        });
        input.insert("SSESpecification".to_owned(), Value::Object(renamed.collect()));
    }
    let answer = cx.call("dynamodb", "CreateTable", merge(input, json!({"TableName": cx.name}))).await?;
    if let Some(specification) = cx.get("TimeToLiveSpecification").filter(|ttl| is_enabled(ttl)) {
        set_ttl(cx, specification).await?;
    }
    if cx.get("PointInTimeRecoverySpecification").is_some() {
        set_backups(cx).await?;
    }
    Ok(made(answer.get("TableDescription").unwrap_or(&Value::Null)))
}

fn is_enabled(ttl: &Value) -> bool {
    ttl.get("Enabled") == Some(&Value::Bool(true))
}

async fn set_ttl(cx: &Cx<'_>, specification: &Value) -> Result<(), Refused> {
    let input = json!({"TableName": cx.name, "TimeToLiveSpecification": specification});
    cx.call("dynamodb", "UpdateTimeToLive", input).await.map(|_| ())
}

async fn set_backups(cx: &Cx<'_>) -> Result<(), Refused> {
    let off = || json!({"PointInTimeRecoveryEnabled": false});
    let backups = cx.get("PointInTimeRecoverySpecification").cloned().unwrap_or_else(off);
    let input = json!({"TableName": cx.name, "PointInTimeRecoverySpecification": backups});
    cx.call("dynamodb", "UpdateContinuousBackups", input).await.map(|_| ())
}

/// Looks what the table is like, and changes what differs: half of an earlier update may be done.
async fn update(cx: &Cx<'_>, before: &Before) -> Result<Made, Refused> {
    let table = describe(cx).await?.unwrap_or_default();
    let change = async |change: Value| {
        let input = merge(Map::from_iter([("TableName".to_owned(), json!(cx.name))]), change);
        cx.call("dynamodb", "UpdateTable", input).await
    };
    let mut plain = cx.pick(&["BillingMode", "OnDemandThroughput", "ProvisionedThroughput", "TableClass"]);
    plain.retain(|name, _| before.changed(cx, name));
    if !plain.is_empty() {
        change(Value::Object(plain)).await?;
    }
    if before.changed(cx, "DeletionProtectionEnabled") {
        change(json!({"DeletionProtectionEnabled": cx.is("DeletionProtectionEnabled")})).await?;
    }
    for indexes in index_changes(cx, &table)? {
        let definitions = cx.get("AttributeDefinitions");
        change(json!({"AttributeDefinitions": definitions, "GlobalSecondaryIndexUpdates": [indexes]})).await?;
    }
    let is = table.pointer("/StreamSpecification/StreamViewType");
    if is != view(cx) {
        // Another view is another stream.
        if is.is_some() {
            change(json!({"StreamSpecification": {"StreamEnabled": false}})).await?;
        }
        if let Some(view) = view(cx) {
            change(json!({"StreamSpecification": stream(view)})).await?;
        }
    }
    if before.changed(cx, "TimeToLiveSpecification") {
        update_ttl(cx).await?;
    }
    if before.changed(cx, "PointInTimeRecoverySpecification") {
        set_backups(cx).await?;
    }
    if before.changed(cx, "Tags") {
        let arn = member(&table, "/TableArn");
        let gone = before.gone(cx, "Tags", tag_key);
        if !gone.is_empty() {
            cx.call("dynamodb", "UntagResource", json!({"ResourceArn": arn, "TagKeys": gone})).await?;
        }
        if let Some(tags) = cx.get("Tags") {
            cx.call("dynamodb", "TagResource", json!({"ResourceArn": arn, "Tags": tags})).await?;
        }
    }
    Ok(made(&describe(cx).await?.unwrap_or_default()))
}

/// The one index that is to be made, and the one that is to go. CloudFormation's update changes one alone.
fn index_changes(cx: &Cx<'_>, table: &Value) -> Result<Vec<Value>, Refused> {
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let is = list(table.get("GlobalSecondaryIndexes"));
    let wanted = list(cx.get("GlobalSecondaryIndexes"));
    let named =
        |indexes: &[Value], name: &str| indexes.iter().find(|index| member(index, "/IndexName") == name).cloned();
    let mut changes = Vec::new();
    for index in &is {
        let name = member(index, "/IndexName");
        match named(&wanted, name) {
            None => changes.push(json!({"Delete": {"IndexName": name}})),
            Some(wanted) if wanted.get("KeySchema") != index.get("KeySchema") => {
                let what = format!("the keys of the index {name} cannot be changed: give the index another name");
                return Err(Refused::unmeant("dynamodb", "UpdateTable", what));
            }
            Some(_) => {}
        }
    }
    for index in wanted {
        if named(&is, member(&index, "/IndexName")).is_none() {
            changes.push(json!({"Create": index}));
        }
    }
    if changes.len() > 1 {
        let what = "Cannot perform more than one GSI creation or deletion in a single update";
        return Err(Refused::unmeant("dynamodb", "UpdateTable", what));
    }
    Ok(changes)
}

async fn update_ttl(cx: &Cx<'_>) -> Result<(), Refused> {
    let found = cx.call("dynamodb", "DescribeTimeToLive", json!({"TableName": cx.name})).await?;
    let is = Some(member(&found, "/TimeToLiveDescription/AttributeName"))
        .filter(|_| member(&found, "/TimeToLiveDescription/TimeToLiveStatus").starts_with("ENABL"));
    let wanted = cx.get("TimeToLiveSpecification").filter(|wanted| is_enabled(wanted));
    let name = wanted.map(|wanted| member(wanted, "/AttributeName"));
    if is == name {
        return Ok(());
    }
    if let Some(is) = is {
        set_ttl(cx, &json!({"AttributeName": is, "Enabled": false})).await?;
    }
    match wanted {
        Some(wanted) => set_ttl(cx, wanted).await,
        None => Ok(()),
    }
}

async fn delete(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    there(cx.call("dynamodb", "DeleteTable", json!({"TableName": made.id})).await).map(|_| ())
}
