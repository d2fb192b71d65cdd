//! `AWS::SQS::…`

use serde_json::{Map, Value, json};

use super::shape::TAGS;
use super::{Before, Calls, Cx, Kind, Made, Make, Named, Property, Refused, Shape, document, member, tag_key, there};

pub(super) static KINDS: &[&Kind] = &[&QUEUE, &POLICY];

static QUEUE: Kind = Kind {
    name: "AWS::SQS::Queue",
    properties: &[
        Property::replace("QueueName", Shape::Text),
        Property::replace("FifoQueue", Shape::Flag),
        Property::update("ContentBasedDeduplication", Shape::Flag),
        Property::update("DeduplicationScope", Shape::Text),
        Property::update("DelaySeconds", Shape::Number),
        Property::update("FifoThroughputLimit", Shape::Text),
        Property::update("KmsDataKeyReusePeriodSeconds", Shape::Number),
        Property::update("KmsMasterKeyId", Shape::Text),
        Property::update("MaximumMessageSize", Shape::Number),
        Property::update("MessageRetentionPeriod", Shape::Number),
        Property::update("ReceiveMessageWaitTimeSeconds", Shape::Number),
        Property::update(
            "RedriveAllowPolicy",
            Shape::Members(&[
                Property::update("redrivePermission", Shape::Text),
                Property::update("sourceQueueArns", Shape::Texts),
            ]),
        ),
        Property::update(
            "RedrivePolicy",
            Shape::Members(&[
                Property::update("deadLetterTargetArn", Shape::Text),
                Property::update("maxReceiveCount", Shape::Number),
            ]),
        ),
        Property::update("SqsManagedSseEnabled", Shape::Flag),
        Property::update("Tags", TAGS),
        Property::update("VisibilityTimeout", Shape::Number),
    ],
    attributes: &["Arn", "QueueName", "QueueUrl"],
    named: Named::Property { property: "QueueName", longest: 80, fifo: Some("FifoQueue"), within: None },
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find(cx)),
        create: |cx| Box::pin(create(cx)),
        update: |cx, made, before| Box::pin(update(cx, made, before)),
        delete: |cx, made| Box::pin(delete(cx, made)),
    }),
};

/// Properties that are attributes of the same name, with what they are if they are not given.
const ATTRIBUTES: [(&str, &str); 10] = [
    ("DelaySeconds", "0"),
    ("KmsDataKeyReusePeriodSeconds", "300"),
    ("KmsMasterKeyId", ""),
    ("MaximumMessageSize", "1048576"),
    ("MessageRetentionPeriod", "345600"),
    ("ReceiveMessageWaitTimeSeconds", "0"),
    ("RedriveAllowPolicy", ""),
    ("RedrivePolicy", ""),
    ("SqsManagedSseEnabled", "true"),
    ("VisibilityTimeout", "30"),
];

/// As [`ATTRIBUTES`], of a FIFO queue.
const FIFO: [(&str, &str); 3] =
    [("ContentBasedDeduplication", "false"), ("DeduplicationScope", "queue"), ("FifoThroughputLimit", "perQueue")];

fn attributes() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    ATTRIBUTES.iter().chain(&FIFO)
}

/// An attribute's text.
fn text(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(text),
        other => json!(other.to_string()),
    }
}

fn made(cx: &Cx<'_>, url: &str) -> Made {
    let arn = cx.world.place.arn("sqs", cx.name);
    Made::new(url).with("Arn", arn.as_str()).with("QueueName", cx.name).with("QueueUrl", url)
}

async fn find(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let found = there(cx.call("sqs", "GetQueueUrl", json!({"QueueName": cx.name})).await)?;
    Ok(found.map(|found| made(cx, member(&found, "/QueueUrl"))))
}

async fn create(cx: &Cx<'_>) -> Result<Made, Refused> {
    let mut given: Map<String, Value> =
        attributes().filter_map(|(name, _)| Some(((*name).to_owned(), text(cx.get(name)?)))).collect();
    if cx.is("FifoQueue") {
        given.insert("FifoQueue".to_owned(), json!("true"));
    }
    let input = json!({"QueueName": cx.name, "Attributes": given, "tags": cx.tags()});
    let answer = cx.call("sqs", "CreateQueue", input).await?;
    Ok(made(cx, member(&answer, "/QueueUrl")))
}

async fn update(cx: &Cx<'_>, made: &Made, before: &Before) -> Result<Made, Refused> {
    let changed = |(name, default): &(&str, &str)| {
        let value = match cx.get(name) {
            Some(value) if before.changed(cx, name) => text(value),
            None if before.removed(cx, name) => json!(default),
            _ => return None,
        };
        Some(((*name).to_owned(), value))
    };
    let mut given: Map<String, Value> = attributes().filter_map(changed).collect();
    if before.removed(cx, "KmsMasterKeyId") && cx.get("SqsManagedSseEnabled").is_none() {
        // A queue that was made without a key is encrypted with SQS's own.
        given.insert("SqsManagedSseEnabled".to_owned(), json!("true"));
    }
    if !given.is_empty() {
        cx.call("sqs", "SetQueueAttributes", json!({"QueueUrl": made.id, "Attributes": given})).await?;
    }
    if before.changed(cx, "Tags") {
        let gone = before.gone(cx, "Tags", tag_key);
        if !gone.is_empty() {
            cx.call("sqs", "UntagQueue", json!({"QueueUrl": made.id, "TagKeys": gone})).await?;
        }
        cx.call("sqs", "TagQueue", json!({"QueueUrl": made.id, "Tags": cx.tags()})).await?;
    }
    Ok(made.clone())
}

async fn delete(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    there(cx.call("sqs", "DeleteQueue", json!({"QueueUrl": made.id})).await).map(|_| ())
}

static POLICY: Kind = Kind {
    name: "AWS::SQS::QueuePolicy",
    properties: &[
        Property::update("PolicyDocument", Shape::Json).required(),
        Property::update("Queues", Shape::Texts).required(),
    ],
    attributes: &["Id"],
    named: Named::Made,
    make: Make::Calls(Calls {
        // To set a policy again changes nothing.
        find: |cx| Box::pin(async { Ok(Some(policy(cx))) }),
        create: |cx| Box::pin(set_policies(cx, None)),
        update: |cx, _, before| Box::pin(set_policies(cx, Some(before))),
        delete: |cx, _| Box::pin(unset_policies(cx)),
    }),
};

fn policy(cx: &Cx<'_>) -> Made {
    Made::new(cx.name).with("Id", cx.name)
}

async fn set_policies(cx: &Cx<'_>, before: Option<&Before>) -> Result<Made, Refused> {
    let gone = before.map(|before| before.gone(cx, "Queues", Value::as_str)).unwrap_or_default();
    for queue in gone {
        unset_policy(cx, &queue).await?;
    }
    for queue in cx.get("Queues").and_then(Value::as_array).into_iter().flatten() {
        let attributes = json!({"Policy": document(cx.get("PolicyDocument"))});
        cx.call("sqs", "SetQueueAttributes", json!({"QueueUrl": queue, "Attributes": attributes})).await?;
    }
    Ok(policy(cx))
}

async fn unset_policies(cx: &Cx<'_>) -> Result<(), Refused> {
    for queue in cx.get("Queues").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        unset_policy(cx, queue).await?;
    }
    Ok(())
}

/// Takes the policy off a queue, unless another resource has put one of its own there meanwhile.
async fn unset_policy(cx: &Cx<'_>, queue: &str) -> Result<(), Refused> {
    let input = json!({"QueueUrl": queue, "AttributeNames": ["Policy"]});
    let Some(found) = there(cx.call("sqs", "GetQueueAttributes", input).await)? else { return Ok(()) };
    let is: Option<Value> = serde_json::from_str(member(&found, "/Attributes/Policy")).ok();
    if is.as_ref() == cx.get("PolicyDocument") {
        let input = json!({"QueueUrl": queue, "Attributes": {"Policy": ""}});
        there(cx.call("sqs", "SetQueueAttributes", input).await)?;
    }
    Ok(())
}
