//! `AWS::Lambda::…`, but for mappings.

use serde_json::{Map, Value, json};

use super::shape::TAGS;
use super::{Before, Calls, Cx, Kind, Made, Make, Named, Property, Refused, Shape, member, merge, tag_key, there};

pub(super) static KINDS: &[&Kind] = &[&FUNCTION, &PERMISSION, &EVENT_INVOKE_CONFIG, &URL];

static FUNCTION: Kind = Kind {
    name: "AWS::Lambda::Function",
    properties: &[
        Property::replace("FunctionName", Shape::Text),
        Property::update("Architectures", Shape::Texts),
        Property::update(
            "Code",
            Shape::Members(&[
                Property::update("S3Bucket", Shape::Text).required(),
                Property::update("S3Key", Shape::Text).required(),
            ]),
        )
        .required(),
        Property::update("Description", Shape::Text),
        Property::update("Environment", Shape::Members(&[Property::update("Variables", Shape::Entries)])),
        Property::update("EphemeralStorage", Shape::Members(&[Property::update("Size", Shape::Number).required()])),
        Property::update("Handler", Shape::Text),
        Property::update("KmsKeyArn", Shape::Text),
        Property::update(
            "LoggingConfig",
            Shape::Members(&[
                Property::update("ApplicationLogLevel", Shape::Text),
                Property::update("LogFormat", Shape::Text),
                Property::update("LogGroup", Shape::Text),
                Property::update("SystemLogLevel", Shape::Text),
            ]),
        ),
        Property::update("MemorySize", Shape::Number),
        Property::update("RecursiveLoop", Shape::Text),
        Property::update("ReservedConcurrentExecutions", Shape::Number),
        Property::update("Role", Shape::Text).required(),
        Property::update("Runtime", Shape::Text),
        Property::update("Tags", TAGS),
        Property::update("Timeout", Shape::Number),
        Property::update("TracingConfig", Shape::Members(&[Property::update("Mode", Shape::Text).required()])),
    ],
    attributes: &["Arn"],
    named: Named::Property { property: "FunctionName", longest: 64, fifo: None, within: None },
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find(cx)),
        create: |cx| Box::pin(create(cx)),
        update: |cx, made, before| Box::pin(update(cx, made, before)),
        delete: |cx, made| Box::pin(delete(cx, made)),
    }),
};

/// What the configuration of a function consists of.
const CONFIGURATION: [&str; 11] = [
    "Description",
    "Environment",
    "EphemeralStorage",
    "Handler",
    "KmsKeyArn",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
];

fn configuration(cx: &Cx<'_>) -> Map<String, Value> {
    let mut given = cx.pick(&CONFIGURATION);
    if let Some(key) = given.shift_remove("KmsKeyArn") {
        given.insert("KMSKeyArn".to_owned(), key);
    }
    if let Some(Value::Object(logging)) = given.get_mut("LoggingConfig") {
        logging.entry("LogFormat").or_insert_with(|| json!("Text"));
        logging.entry("LogGroup").or_insert_with(|| json!(format!("/aws/lambda/{}", cx.name)));
    }
    given
}

fn made(cx: &Cx<'_>) -> Made {
    Made::new(cx.name).with("Arn", cx.world.place.arn("lambda", &format!("function:{}", cx.name)).as_str())
}

async fn find(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let found = there(cx.call("lambda", "GetFunctionConfiguration", json!({"FunctionName": cx.name})).await)?;
    Ok(found.map(|_| made(cx)))
}

async fn create(cx: &Cx<'_>) -> Result<Made, Refused> {
    let mut input = configuration(cx);
    input.extend(cx.pick(&["Code", "Architectures"]));
    cx.call("lambda", "CreateFunction", merge(input, json!({"FunctionName": cx.name, "Tags": cx.tags()}))).await?;
    if cx.get("RecursiveLoop").is_some_and(|value| value != "Terminate") {
        set_recursion(cx).await?;
    }
    if cx.get("ReservedConcurrentExecutions").is_some() {
        set_concurrency(cx).await?;
    }
    Ok(made(cx))
}

async fn set_recursion(cx: &Cx<'_>) -> Result<(), Refused> {
    let kind = cx.get("RecursiveLoop").cloned().unwrap_or_else(|| json!("Terminate"));
    let input = json!({"FunctionName": cx.name, "RecursiveLoop": kind});
    cx.call("lambda", "PutFunctionRecursionConfig", input).await.map(|_| ())
}

async fn set_concurrency(cx: &Cx<'_>) -> Result<(), Refused> {
    let name = json!({"FunctionName": cx.name});
    match cx.get("ReservedConcurrentExecutions") {
        Some(reserved) => {
            let input = json!({"FunctionName": cx.name, "ReservedConcurrentExecutions": reserved});
            cx.call("lambda", "PutFunctionConcurrency", input).await
        }
        None => cx.call("lambda", "DeleteFunctionConcurrency", name).await,
    }
    .map(|_| ())
}

async fn update(cx: &Cx<'_>, made: &Made, before: &Before) -> Result<Made, Refused> {
    if before.any(cx, &["Code", "Architectures"]) {
        let code = cx.get("Code").and_then(Value::as_object).cloned().unwrap_or_default();
        let architectures = cx.get("Architectures").cloned().unwrap_or_else(|| json!(["x86_64"]));
        let input = merge(code, json!({"FunctionName": cx.name, "Architectures": architectures}));
        cx.call("lambda", "UpdateFunctionCode", input).await?;
    }
    if before.any(cx, &CONFIGURATION) {
        // What is not given is what it would be if it had never been given.
        let mut input = json!({
            "Description": "", "Environment": {"Variables": {}}, "EphemeralStorage": {"Size": 512}, "KMSKeyArn": "",
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": format!("/aws/lambda/{}", cx.name)},
            "MemorySize": 128, "Timeout": 3, "TracingConfig": {"Mode": "PassThrough"}, "FunctionName": cx.name,
        });
        if let Some(input) = input.as_object_mut() {
            input.extend(configuration(cx));
        }
        cx.call("lambda", "UpdateFunctionConfiguration", input).await?;
    }
    if before.changed(cx, "RecursiveLoop") {
        set_recursion(cx).await?;
    }
    if before.changed(cx, "ReservedConcurrentExecutions") {
        set_concurrency(cx).await?;
    }
    if before.changed(cx, "Tags") {
        let arn = made.text("Arn");
        let gone = before.gone(cx, "Tags", tag_key);
        if !gone.is_empty() {
            cx.call("lambda", "UntagResource", json!({"Resource": arn, "TagKeys": gone})).await?;
        }
        cx.call("lambda", "TagResource", json!({"Resource": arn, "Tags": cx.tags()})).await?;
    }
    Ok(made.clone())
}

async fn delete(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    there(cx.call("lambda", "DeleteFunction", json!({"FunctionName": made.id})).await).map(|_| ())
}

static PERMISSION: Kind = Kind {
    name: "AWS::Lambda::Permission",
    properties: &[
        Property::replace("Action", Shape::Text).required(),
        Property::replace("FunctionName", Shape::Text).required(),
        Property::replace("FunctionUrlAuthType", Shape::Text),
        Property::replace("InvokedViaFunctionUrl", Shape::Flag),
        Property::replace("Principal", Shape::Text).required(),
        Property::replace("SourceAccount", Shape::Text),
        Property::replace("SourceArn", Shape::Text),
    ],
    attributes: &["Id"],
    named: Named::Made,
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find_permission(cx)),
        create: |cx| Box::pin(add_permission(cx)),
        // Every property of it replaces it, and a permission that was found is as it was made.
        update: |_, made, _| Box::pin(async { Ok(made.clone()) }),
        delete: |cx, made| Box::pin(remove_permission(cx, made)),
    }),
};

fn permission(cx: &Cx<'_>) -> Made {
    Made::new(cx.name).with("Id", cx.name)
}

async fn find_permission(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let found = there(cx.call("lambda", "GetPolicy", json!({"FunctionName": cx.get("FunctionName")})).await)?;
    let policy: Option<Value> = found.and_then(|found| serde_json::from_str(member(&found, "/Policy")).ok());
    let statements = policy.as_ref().and_then(|policy| policy.get("Statement")?.as_array()).into_iter().flatten();
    Ok(statements.into_iter().any(|statement| member(statement, "/Sid") == cx.name).then(|| permission(cx)))
}

async fn add_permission(cx: &Cx<'_>) -> Result<Made, Refused> {
    let input = merge(cx.properties.clone(), json!({"StatementId": cx.name}));
    cx.call("lambda", "AddPermission", input).await?;
    Ok(permission(cx))
}

async fn remove_permission(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    let input = json!({"FunctionName": cx.get("FunctionName"), "StatementId": made.id});
    there(cx.call("lambda", "RemovePermission", input).await).map(|_| ())
}

const DESTINATION: Shape = Shape::Members(&[Property::update("Destination", Shape::Text)]);

static EVENT_INVOKE_CONFIG: Kind = Kind {
    name: "AWS::Lambda::EventInvokeConfig",
    properties: &[
        Property::update(
            "DestinationConfig",
            Shape::Members(&[Property::update("OnFailure", DESTINATION), Property::update("OnSuccess", DESTINATION)]),
        ),
        Property::replace("FunctionName", Shape::Text).required(),
        Property::update("MaximumEventAgeInSeconds", Shape::Number),
        Property::update("MaximumRetryAttempts", Shape::Number),
        Property::replace("Qualifier", Shape::Text).required(),
    ],
    attributes: &[],
    named: Named::Made,
    make: Make::Calls(Calls {
        // To put it again changes nothing.
        find: |cx| Box::pin(async { Ok(Some(event_invoke(cx))) }),
        create: |cx| Box::pin(put_event_invoke(cx)),
        update: |cx, _, _| Box::pin(put_event_invoke(cx)),
        delete: |cx, _| Box::pin(delete_event_invoke(cx)),
    }),
};

fn event_invoke(cx: &Cx<'_>) -> Made {
    Made::new(format!("{}|{}", cx.text("FunctionName"), cx.text("Qualifier")))
}

async fn put_event_invoke(cx: &Cx<'_>) -> Result<Made, Refused> {
    cx.call("lambda", "PutFunctionEventInvokeConfig", Value::Object(cx.properties.clone())).await?;
    Ok(event_invoke(cx))
}

async fn delete_event_invoke(cx: &Cx<'_>) -> Result<(), Refused> {
    let input = Value::Object(cx.pick(&["FunctionName", "Qualifier"]));
    there(cx.call("lambda", "DeleteFunctionEventInvokeConfig", input).await).map(|_| ())
}

static URL: Kind = Kind {
    name: "AWS::Lambda::Url",
    properties: &[
        Property::update("AuthType", Shape::Text).required(),
        Property::update(
            "Cors",
            Shape::Members(&[
                Property::update("AllowCredentials", Shape::Flag),
                Property::update("AllowHeaders", Shape::Texts),
                Property::update("AllowMethods", Shape::Texts),
                Property::update("AllowOrigins", Shape::Texts),
                Property::update("ExposeHeaders", Shape::Texts),
                Property::update("MaxAge", Shape::Number),
            ]),
        ),
        Property::update("InvokeMode", Shape::Text),
        Property::replace("Qualifier", Shape::Text),
        Property::replace("TargetFunctionArn", Shape::Text).required(),
    ],
    attributes: &["FunctionArn", "FunctionUrl"],
    named: Named::Made,
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find_url(cx)),
        create: |cx| Box::pin(put_url(cx, "CreateFunctionUrlConfig", None)),
        update: |cx, _, before| Box::pin(put_url(cx, "UpdateFunctionUrlConfig", Some(before))),
        delete: |cx, _| Box::pin(delete_url(cx)),
    }),
};

fn url(answer: &Value) -> Made {
    let arn = member(answer, "/FunctionArn");
    Made::new(arn).with("FunctionArn", arn).with("FunctionUrl", member(answer, "/FunctionUrl"))
}

/// Which function's URL it is.
fn target(cx: &Cx<'_>) -> Map<String, Value> {
    let mut target = cx.pick(&["Qualifier"]);
    target.insert("FunctionName".to_owned(), json!(cx.text("TargetFunctionArn")));
    target
}

async fn find_url(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let found = there(cx.call("lambda", "GetFunctionUrlConfig", Value::Object(target(cx))).await)?;
    Ok(found.map(|found| url(&found)))
}

async fn put_url(cx: &Cx<'_>, operation: &'static str, before: Option<&Before>) -> Result<Made, Refused> {
    let mut input = target(cx);
    input.extend(cx.pick(&["AuthType", "Cors", "InvokeMode"]));
    if before.is_some_and(|before| before.removed(cx, "Cors")) {
        input.insert("Cors".to_owned(), json!({}));
    }
    Ok(url(&cx.call("lambda", operation, Value::Object(input)).await?))
}

async fn delete_url(cx: &Cx<'_>) -> Result<(), Refused> {
    there(cx.call("lambda", "DeleteFunctionUrlConfig", Value::Object(target(cx))).await).map(|_| ())
}
