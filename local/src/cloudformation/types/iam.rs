//! `AWS::IAM::…`

use serde_json::{Value, json};

use super::shape::TAGS;
use super::{
    Before, Calls, Cx, Kind, Made, Make, Named, Property, Refused, Shape, document, member, merge, tag_key, there,
};

pub(super) static KINDS: &[&Kind] = &[&ROLE];

static ROLE: Kind = Kind {
    name: "AWS::IAM::Role",
    properties: &[
        Property::update("AssumeRolePolicyDocument", Shape::Json).required(),
        Property::update("Description", Shape::Text),
        Property::update("ManagedPolicyArns", Shape::Texts),
        Property::update("MaxSessionDuration", Shape::Number),
        Property::replace("Path", Shape::Text),
        Property::update("PermissionsBoundary", Shape::Text),
        Property::update(
            "Policies",
            Shape::Items(&[
                Property::update("PolicyDocument", Shape::Json).required(),
                Property::update("PolicyName", Shape::Text).required(),
            ]),
        ),
        Property::replace("RoleName", Shape::Text),
        Property::update("Tags", TAGS),
    ],
    attributes: &["Arn", "RoleId"],
    named: Named::Property { property: "RoleName", longest: 64, fifo: None, within: None },
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find(cx)),
        create: |cx| Box::pin(create(cx)),
        update: |cx, made, before| Box::pin(update(cx, made, before)),
        delete: |cx, _| Box::pin(delete(cx)),
    }),
};

fn made(cx: &Cx<'_>, answer: &Value) -> Made {
    Made::new(cx.name).with("Arn", member(answer, "/Role/Arn")).with("RoleId", member(answer, "/Role/RoleId"))
}

async fn find(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let found = there(cx.call("iam", "GetRole", json!({"RoleName": cx.name})).await)?;
    Ok(found.map(|found| made(cx, &found)))
}

async fn create(cx: &Cx<'_>) -> Result<Made, Refused> {
    let given = cx.pick(&["Description", "MaxSessionDuration", "Path", "PermissionsBoundary", "Tags"]);
    let trust = document(cx.get("AssumeRolePolicyDocument"));
    let input = merge(given, json!({"RoleName": cx.name, "AssumeRolePolicyDocument": trust}));
    let answer = cx.call("iam", "CreateRole", input).await?;
    put_policies(cx, None).await?;
    attach_policies(cx, None).await?;
    Ok(made(cx, &answer))
}

fn items<'a>(cx: &Cx<'a>, property: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    cx.properties.get(property).and_then(Value::as_array).into_iter().flatten()
}

/// Puts the inline policies that may be others.
async fn put_policies(cx: &Cx<'_>, before: Option<&Before>) -> Result<(), Refused> {
    for policy in items(cx, "Policies") {
        let had = |properties: &super::Properties| {
            properties.get("Policies").and_then(Value::as_array).is_some_and(|policies| policies.contains(policy))
        };
        if before.is_some_and(|before| !before.all && before.maybe.iter().all(had)) {
            continue;
        }
        let text = document(policy.get("PolicyDocument"));
        let input = json!({"RoleName": cx.name, "PolicyName": policy.get("PolicyName"), "PolicyDocument": text});
        cx.call("iam", "PutRolePolicy", input).await?;
    }
    Ok(())
}

/// To attach a policy again changes nothing.
async fn attach_policies(cx: &Cx<'_>, before: Option<&Before>) -> Result<(), Refused> {
    if before.is_some_and(|before| !before.changed(cx, "ManagedPolicyArns")) {
        return Ok(());
    }
    for arn in items(cx, "ManagedPolicyArns") {
        cx.call("iam", "AttachRolePolicy", json!({"RoleName": cx.name, "PolicyArn": arn})).await?;
    }
    Ok(())
}

fn policy_name(policy: &Value) -> Option<&str> {
    policy.get("PolicyName")?.as_str()
}

async fn take_policies(cx: &Cx<'_>, names: &[String], arns: &[String]) -> Result<(), Refused> {
    for name in names {
        let input = json!({"RoleName": cx.name, "PolicyName": name});
        there(cx.call("iam", "DeleteRolePolicy", input).await)?;
    }
    for arn in arns {
        there(cx.call("iam", "DetachRolePolicy", json!({"RoleName": cx.name, "PolicyArn": arn})).await)?;
    }
    Ok(())
}

async fn update(cx: &Cx<'_>, made: &Made, before: &Before) -> Result<Made, Refused> {
    if before.changed(cx, "AssumeRolePolicyDocument") {
        let trust = document(cx.get("AssumeRolePolicyDocument"));
        cx.call("iam", "UpdateAssumeRolePolicy", json!({"RoleName": cx.name, "PolicyDocument": trust})).await?;
    }
    let mut changed = cx.pick(&["Description", "MaxSessionDuration"]);
    changed.retain(|name, _| before.changed(cx, name));
    for (name, default) in [("Description", json!("")), ("MaxSessionDuration", json!(3600))] {
        if before.removed(cx, name) {
            changed.insert(name.to_owned(), default);
        }
    }
    if !changed.is_empty() {
        cx.call("iam", "UpdateRole", merge(changed, json!({"RoleName": cx.name}))).await?;
    }
    put_policies(cx, Some(before)).await?;
    attach_policies(cx, Some(before)).await?;
    let names = before.gone(cx, "Policies", policy_name);
    let arns = before.gone(cx, "ManagedPolicyArns", Value::as_str);
    take_policies(cx, &names, &arns).await?;
    match cx.get("PermissionsBoundary") {
        Some(boundary) if before.changed(cx, "PermissionsBoundary") => {
            let input = json!({"RoleName": cx.name, "PermissionsBoundary": boundary});
            cx.call("iam", "PutRolePermissionsBoundary", input).await?;
        }
        None if before.removed(cx, "PermissionsBoundary") => {
            cx.call("iam", "DeleteRolePermissionsBoundary", json!({"RoleName": cx.name})).await?;
        }
        _ => {}
    }
    if before.changed(cx, "Tags") {
        let gone = before.gone(cx, "Tags", tag_key);
        if !gone.is_empty() {
            cx.call("iam", "UntagRole", json!({"RoleName": cx.name, "TagKeys": gone})).await?;
        }
        if let Some(tags) = cx.get("Tags") {
            cx.call("iam", "TagRole", json!({"RoleName": cx.name, "Tags": tags})).await?;
        }
    }
    Ok(made.clone())
}

/// A role goes only without its policies.
async fn delete(cx: &Cx<'_>) -> Result<(), Refused> {
    let names: Vec<String> = items(cx, "Policies").filter_map(policy_name).map(str::to_owned).collect();
    let arns: Vec<String> = items(cx, "ManagedPolicyArns").filter_map(Value::as_str).map(str::to_owned).collect();
    take_policies(cx, &names, &arns).await?;
    there(cx.call("iam", "DeleteRole", json!({"RoleName": cx.name})).await).map(|_| ())
}
