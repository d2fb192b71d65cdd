//! `AWS::KMS::…`

use serde_json::{Value, json};

use super::shape::TAGS;
use super::{
    Before, Calls, Cx, Kind, Made, Make, Named, Property, Refused, Shape, document, member, merge, tag_key, there,
};

pub(super) static KINDS: &[&Kind] = &[&KEY, &ALIAS];

static KEY: Kind = Kind {
    name: "AWS::KMS::Key",
    properties: &[
        Property::update("Description", Shape::Text),
        Property::update("EnableKeyRotation", Shape::Flag),
        Property::update("Enabled", Shape::Flag),
        Property::update("KeyPolicy", Shape::Json),
        Property::replace("KeySpec", Shape::Text),
        Property::replace("KeyUsage", Shape::Text),
        Property::update("PendingWindowInDays", Shape::Number),
        Property::update("RotationPeriodInDays", Shape::Number),
        Property::update("Tags", TAGS),
    ],
    attributes: &["Arn", "KeyId"],
    named: Named::Made,
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find(cx)),
        create: |cx| Box::pin(create(cx)),
        update: |cx, made, before| Box::pin(update(cx, made, before)),
        delete: |cx, made| Box::pin(delete(cx, made)),
    }),
};

/// Its value is one of a kind, so that a key is found again that was made and not written down.
const OWN_TAG: &str = "eventloom:resource";

fn tags(cx: &Cx<'_>) -> Vec<Value> {
    let own = json!({"TagKey": OWN_TAG, "TagValue": cx.name});
    let given = cx.get("Tags").and_then(Value::as_array).into_iter().flatten();
    let tag = |tag: &Value| json!({"TagKey": tag.get("Key"), "TagValue": tag.get("Value")});
    std::iter::once(own).chain(given.map(tag)).collect()
}

fn made(cx: &Cx<'_>, id: &str) -> Made {
    let arn = cx.world.place.arn("kms", &format!("key/{id}"));
    Made::new(id).with("Arn", arn.as_str()).with("KeyId", id)
}

async fn find(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let mut marker = Value::Null;
    loop {
        let input = if marker.is_null() { json!({}) } else { json!({"Marker": marker}) };
        let page = cx.call("kms", "ListKeys", input).await?;
        for key in page.get("Keys").and_then(Value::as_array).into_iter().flatten() {
            let id = member(key, "/KeyId");
            let found = there(cx.call("kms", "ListResourceTags", json!({"KeyId": id})).await)?.unwrap_or_default();
            let mut tags = found.get("Tags").and_then(Value::as_array).into_iter().flatten();
            let ours = |tag: &Value| member(tag, "/TagKey") == OWN_TAG && member(tag, "/TagValue") == cx.name;
            if tags.any(ours) && !is_going(cx, id).await? {
                return Ok(Some(made(cx, id)));
            }
        }
        match page.get("NextMarker") {
            Some(next) if !next.is_null() => marker = next.clone(),
            _ => return Ok(None),
        }
    }
}

/// Whether a key waits for its deletion.
async fn is_going(cx: &Cx<'_>, id: &str) -> Result<bool, Refused> {
    let found = there(cx.call("kms", "DescribeKey", json!({"KeyId": id})).await)?.unwrap_or_default();
    Ok(member(&found, "/KeyMetadata/KeyState") == "PendingDeletion")
}

async fn create(cx: &Cx<'_>) -> Result<Made, Refused> {
    let mut input = cx.pick(&["Description", "KeySpec", "KeyUsage"]);
    if cx.get("KeyPolicy").is_some() {
        input.insert("Policy".to_owned(), document(cx.get("KeyPolicy")));
    }
    let answer = cx.call("kms", "CreateKey", merge(input, json!({"Tags": tags(cx)}))).await?;
    let made = made(cx, member(&answer, "/KeyMetadata/KeyId"));
    if cx.is("EnableKeyRotation") {
        set_rotation(cx, &made).await?;
    }
    if cx.get("Enabled") == Some(&json!(false)) {
        cx.call("kms", "DisableKey", json!({"KeyId": made.id})).await?;
    }
    Ok(made)
}

async fn set_rotation(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    let operation = if cx.is("EnableKeyRotation") { "EnableKeyRotation" } else { "DisableKeyRotation" };
    let mut input = json!({"KeyId": made.id});
    if let (true, Some(days), Some(input)) =
        (cx.is("EnableKeyRotation"), cx.get("RotationPeriodInDays"), input.as_object_mut())
    {
        input.insert("RotationPeriodInDays".to_owned(), days.clone());
    }
    cx.call("kms", operation, input).await.map(|_| ())
}

async fn update(cx: &Cx<'_>, made: &Made, before: &Before) -> Result<Made, Refused> {
    if before.changed(cx, "KeyPolicy") && cx.get("KeyPolicy").is_some() {
        let policy = document(cx.get("KeyPolicy"));
        let input = json!({"KeyId": made.id, "PolicyName": "default", "Policy": policy});
        cx.call("kms", "PutKeyPolicy", input).await?;
    }
    if before.changed(cx, "Description") {
        let input = json!({"KeyId": made.id, "Description": cx.text("Description")});
        cx.call("kms", "UpdateKeyDescription", input).await?;
    }
    if before.changed(cx, "Enabled") {
        let operation = if cx.get("Enabled") == Some(&json!(false)) { "DisableKey" } else { "EnableKey" };
        cx.call("kms", operation, json!({"KeyId": made.id})).await?;
    }
    if before.any(cx, &["EnableKeyRotation", "RotationPeriodInDays"]) {
        set_rotation(cx, made).await?;
    }
    if before.changed(cx, "Tags") {
        let gone = before.gone(cx, "Tags", tag_key);
        if !gone.is_empty() {
            cx.call("kms", "UntagResource", json!({"KeyId": made.id, "TagKeys": gone})).await?;
        }
        cx.call("kms", "TagResource", json!({"KeyId": made.id, "Tags": tags(cx)})).await?;
    }
    Ok(made.clone())
}

async fn delete(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    if is_going(cx, &made.id).await? {
        return Ok(());
    }
    let days = cx.get("PendingWindowInDays").cloned().unwrap_or_else(|| json!(30));
    let input = json!({"KeyId": made.id, "PendingWindowInDays": days});
    there(cx.call("kms", "ScheduleKeyDeletion", input).await).map(|_| ())
}

static ALIAS: Kind = Kind {
    name: "AWS::KMS::Alias",
    properties: &[
        Property::replace("AliasName", Shape::Text).required(),
        Property::update("TargetKeyId", Shape::Text).required(),
    ],
    attributes: &[],
    named: Named::Property { property: "AliasName", longest: 256, fifo: None, within: None },
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find_alias(cx)),
        create: |cx| Box::pin(put_alias(cx, "CreateAlias")),
        update: |cx, _, _| Box::pin(put_alias(cx, "UpdateAlias")),
        delete: |cx, made| Box::pin(delete_alias(cx, made)),
    }),
};

async fn find_alias(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let mut marker = Value::Null;
    loop {
        let input = if marker.is_null() { json!({}) } else { json!({"Marker": marker}) };
        let page = cx.call("kms", "ListAliases", input).await?;
        let aliases = page.get("Aliases").and_then(Value::as_array).into_iter().flatten();
        if aliases.into_iter().any(|alias| member(alias, "/AliasName") == cx.name) {
            return Ok(Some(Made::new(cx.name)));
        }
        match page.get("NextMarker") {
            Some(next) if !next.is_null() => marker = next.clone(),
            _ => return Ok(None),
        }
    }
}

async fn put_alias(cx: &Cx<'_>, operation: &'static str) -> Result<Made, Refused> {
    cx.call("kms", operation, json!({"AliasName": cx.name, "TargetKeyId": cx.get("TargetKeyId")})).await?;
    Ok(Made::new(cx.name))
}

async fn delete_alias(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    there(cx.call("kms", "DeleteAlias", json!({"AliasName": made.id})).await).map(|_| ())
}
