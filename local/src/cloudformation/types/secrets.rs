//! `AWS::SecretsManager::…`

use serde_json::{Map, Value, json};

use super::shape::TAGS;
use super::{Before, Calls, Cx, Kind, Made, Make, Named, Property, Refused, Shape, member, merge, there};

pub(super) static KINDS: &[&Kind] = &[&SECRET];

static SECRET: Kind = Kind {
    name: "AWS::SecretsManager::Secret",
    properties: &[
        Property::update("Description", Shape::Text),
        Property::inert(
            "GenerateSecretString",
            Shape::Members(&[
                Property::update("ExcludeCharacters", Shape::Text),
                Property::update("ExcludeLowercase", Shape::Flag),
                Property::update("ExcludeNumbers", Shape::Flag),
                Property::update("ExcludePunctuation", Shape::Flag),
                Property::update("ExcludeUppercase", Shape::Flag),
                Property::update("GenerateStringKey", Shape::Text),
                Property::update("IncludeSpace", Shape::Flag),
                Property::update("PasswordLength", Shape::Number),
                Property::update("RequireEachIncludedType", Shape::Flag),
                Property::update("SecretStringTemplate", Shape::Text),
            ]),
            "a secret that was generated is not generated again",
        ),
        Property::update("KmsKeyId", Shape::Text),
        Property::replace("Name", Shape::Text),
        Property::update("SecretString", Shape::Text),
        Property::inert("Tags", TAGS, "nothing reads them; a secret shows those that it was made with"),
    ],
    attributes: &["Id"],
    named: Named::Property { property: "Name", longest: 512, fifo: None, within: None },
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find(cx)),
        create: |cx| Box::pin(create(cx)),
        update: |cx, made, before| Box::pin(update(cx, made, before)),
        delete: |cx, made| Box::pin(delete(cx, made)),
    }),
};

fn made(answer: &Value) -> Made {
    let arn = member(answer, "/ARN");
    Made::new(arn).with("Id", arn)
}

async fn find(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let found = there(cx.call("secretsmanager", "DescribeSecret", json!({"SecretId": cx.name})).await)?;
    Ok(found.map(|found| made(&found)))
}

async fn create(cx: &Cx<'_>) -> Result<Made, Refused> {
    let given = cx.pick(&["Description", "GenerateSecretString", "KmsKeyId", "SecretString", "Tags"]);
    Ok(made(&cx.call("secretsmanager", "CreateSecret", merge(given, json!({"Name": cx.name}))).await?))
}

async fn update(cx: &Cx<'_>, made: &Made, before: &Before) -> Result<Made, Refused> {
    let mut changed: Map<String, Value> = cx.pick(&["Description", "KmsKeyId", "SecretString"]);
    changed.retain(|name, _| before.changed(cx, name));
    for name in ["Description", "KmsKeyId"] {
        if before.removed(cx, name) {
            changed.insert(name.to_owned(), json!(""));
        }
    }
    if !changed.is_empty() {
        cx.call("secretsmanager", "UpdateSecret", merge(changed, json!({"SecretId": made.id}))).await?;
    }
    Ok(made.clone())
}

async fn delete(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    let input = json!({"SecretId": made.id, "ForceDeleteWithoutRecovery": true});
    there(cx.call("secretsmanager", "DeleteSecret", input).await).map(|_| ())
}
