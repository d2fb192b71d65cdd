//! `AWS::SNS::…`

use serde_json::{Map, Value, json};

use super::shape::TAGS;
use super::{Before, Calls, Cx, Kind, Made, Make, Named, Property, Refused, Shape, document, member, tag_key, there};

pub(super) static KINDS: &[&Kind] = &[&TOPIC, &POLICY, &SUBSCRIPTION];

static TOPIC: Kind = Kind {
    name: "AWS::SNS::Topic",
    properties: &[
        Property::replace("TopicName", Shape::Text),
        Property::replace("FifoTopic", Shape::Flag),
        Property::update("ContentBasedDeduplication", Shape::Flag),
        Property::update(
            "DeliveryStatusLogging",
            Shape::Items(&[
                Property::update("Protocol", Shape::Text).required(),
                Property::update("SuccessFeedbackRoleArn", Shape::Text),
                Property::update("SuccessFeedbackSampleRate", Shape::Text),
                Property::update("FailureFeedbackRoleArn", Shape::Text),
            ]),
        ),
        Property::update("DisplayName", Shape::Text),
        Property::update("FifoThroughputScope", Shape::Text),
        Property::update("KmsMasterKeyId", Shape::Text),
        Property::update("SignatureVersion", Shape::Text),
        Property::update("Tags", TAGS),
        Property::update("TracingConfig", Shape::Text),
    ],
    attributes: &["TopicArn", "TopicName"],
    named: Named::Property { property: "TopicName", longest: 256, fifo: Some("FifoTopic"), within: None },
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find(cx)),
        create: |cx| Box::pin(create(cx)),
        update: |cx, made, before| Box::pin(update(cx, made, before)),
        delete: |cx, made| Box::pin(delete(cx, made)),
    }),
};

/// Properties that are attributes of the same name.
const ATTRIBUTES: [&str; 6] = [
    "ContentBasedDeduplication",
    "DisplayName",
    "FifoThroughputScope",
    "KmsMasterKeyId",
    "SignatureVersion",
    "TracingConfig",
];

/// The attributes that properties ask for.
fn attributes(properties: &Map<String, Value>) -> Map<String, Value> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let plain = ATTRIBUTES.iter().filter_map(|name| Some(((*name).to_owned(), text(properties.get(*name)?).into())));
    let mut attributes: Map<String, Value> = plain.collect();
    for log in properties.get("DeliveryStatusLogging").and_then(Value::as_array).into_iter().flatten() {
        let protocol = match log.get("Protocol").and_then(Value::as_str).unwrap_or_default() {
            "sqs" => "SQS",
            "lambda" => "Lambda",
            "http/s" => "HTTP",
            "firehose" => "Firehose",
            "application" => "Application",
            other => other,
        };
        for (name, value) in log.as_object().into_iter().flatten().filter(|(name, _)| *name != "Protocol") {
            attributes.insert(format!("{protocol}{name}"), value.clone());
        }
    }
    attributes
}

fn made(cx: &Cx<'_>) -> Made {
    let arn = cx.world.place.arn("sns", cx.name);
    Made::new(arn.as_str()).with("TopicArn", arn.as_str()).with("TopicName", cx.name)
}

async fn find(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let made = made(cx);
    let found = there(cx.call("sns", "GetTopicAttributes", json!({"TopicArn": made.id})).await)?;
    Ok(found.map(|_| made))
}

async fn create(cx: &Cx<'_>) -> Result<Made, Refused> {
    let mut attributes = attributes(cx.properties);
    if cx.is("FifoTopic") {
        attributes.insert("FifoTopic".to_owned(), json!("true"));
    }
    let tags = cx.get("Tags").cloned().unwrap_or_else(|| json!([]));
    cx.call("sns", "CreateTopic", json!({"Name": cx.name, "Attributes": attributes, "Tags": tags})).await?;
    Ok(made(cx))
}

async fn update(cx: &Cx<'_>, made: &Made, before: &Before) -> Result<Made, Refused> {
    let wanted = attributes(cx.properties);
    let were: Vec<_> = before.maybe.iter().map(attributes).collect();
    let set = |name: &str, value: &Value| {
        let input = json!({"TopicArn": made.id, "AttributeName": name, "AttributeValue": value});
        cx.call("sns", "SetTopicAttributes", input)
    };
    for (name, value) in &wanted {
        if before.all || were.iter().any(|were| were.get(name) != Some(value)) {
            set(name, value).await?;
        }
    }
    for name in were.iter().flat_map(Map::keys).filter(|name| !wanted.contains_key(*name)) {
        set(name, &json!("")).await?;
    }
    if before.changed(cx, "Tags") {
        let gone = before.gone(cx, "Tags", tag_key);
        if !gone.is_empty() {
            cx.call("sns", "UntagResource", json!({"ResourceArn": made.id, "TagKeys": gone})).await?;
        }
        let tags = cx.get("Tags").cloned().unwrap_or_else(|| json!([]));
        cx.call("sns", "TagResource", json!({"ResourceArn": made.id, "Tags": tags})).await?;
    }
    Ok(made.clone())
}

async fn delete(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    there(cx.call("sns", "DeleteTopic", json!({"TopicArn": made.id})).await).map(|_| ())
}

static POLICY: Kind = Kind {
    name: "AWS::SNS::TopicPolicy",
    properties: &[
        Property::update("PolicyDocument", Shape::Json).required(),
        Property::update("Topics", Shape::Texts).required(),
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
    for topic in before.map(|before| before.gone(cx, "Topics", Value::as_str)).unwrap_or_default() {
        unset_policy(cx, &topic).await?;
    }
    for topic in cx.get("Topics").and_then(Value::as_array).into_iter().flatten() {
        let policy = document(cx.get("PolicyDocument"));
        let input = json!({"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": policy});
        cx.call("sns", "SetTopicAttributes", input).await?;
    }
    Ok(policy(cx))
}

async fn unset_policies(cx: &Cx<'_>) -> Result<(), Refused> {
    for topic in cx.get("Topics").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        unset_policy(cx, topic).await?;
    }
    Ok(())
}

/// Takes the policy off a topic, unless another resource has put one of its own there meanwhile.
async fn unset_policy(cx: &Cx<'_>, topic: &str) -> Result<(), Refused> {
    let found = there(cx.call("sns", "GetTopicAttributes", json!({"TopicArn": topic})).await)?;
    let Some(found) = found else { return Ok(()) };
    let is: Option<Value> = serde_json::from_str(member(&found, "/Attributes/Policy")).ok();
    if is.as_ref() == cx.get("PolicyDocument") {
        let input = json!({"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": ""});
        there(cx.call("sns", "SetTopicAttributes", input).await)?;
    }
    Ok(())
}

static SUBSCRIPTION: Kind = Kind {
    name: "AWS::SNS::Subscription",
    properties: &[
        Property::replace("TopicArn", Shape::Text).required(),
        Property::replace("Protocol", Shape::Text).required(),
        Property::replace("Endpoint", Shape::Text),
        Property::update("FilterPolicy", Shape::Json),
        Property::update("FilterPolicyScope", Shape::Text),
        Property::update("RawMessageDelivery", Shape::Flag),
        Property::update("RedrivePolicy", Shape::Members(&[Property::update("deadLetterTargetArn", Shape::Text)])),
    ],
    attributes: &["Arn"],
    named: Named::Service,
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find_subscription(cx)),
        create: |cx| Box::pin(subscribe(cx)),
        update: |cx, made, before| Box::pin(update_subscription(cx, made, before)),
        delete: |cx, made| Box::pin(unsubscribe(cx, made)),
    }),
};

/// What a subscription's attributes are: texts, and documents as texts.
fn attribute(name: &str, value: &Value) -> Value {
    match name {
        "FilterPolicy" | "RedrivePolicy" => document(Some(value)),
        _ => json!(value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
    }
}

const SUBSCRIBED: [&str; 4] = ["FilterPolicyScope", "FilterPolicy", "RawMessageDelivery", "RedrivePolicy"];

/// A subscription that waits to be confirmed is not found: to subscribe again gives the same one.
async fn find_subscription(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let mut token = Value::Null;
    loop {
        let input = json!({"TopicArn": cx.text("TopicArn"), "NextToken": token});
        let Some(page) = there(cx.call("sns", "ListSubscriptionsByTopic", input).await)? else { return Ok(None) };
        let same = |found: &&Value| {
            member(found, "/Protocol") == cx.text("Protocol")
                && member(found, "/Endpoint") == cx.text("Endpoint")
                && member(found, "/SubscriptionArn").starts_with("arn:")
        };
        let found = page.get("Subscriptions").and_then(Value::as_array).into_iter().flatten().find(same);
        if let Some(found) = found {
            return Ok(Some(subscription(member(found, "/SubscriptionArn"))));
        }
        match page.get("NextToken") {
            Some(next) if !next.is_null() => token = next.clone(),
            _ => return Ok(None),
        }
    }
}

fn subscription(arn: &str) -> Made {
    Made::new(arn).with("Arn", arn)
}

async fn subscribe(cx: &Cx<'_>) -> Result<Made, Refused> {
    let given = |name: &&str| Some(((*name).to_owned(), attribute(name, cx.get(name)?)));
    let attributes: Map<String, Value> = SUBSCRIBED.iter().filter_map(given).collect();
    let input = json!({
        "TopicArn": cx.get("TopicArn"), "Protocol": cx.get("Protocol"), "Endpoint": cx.text("Endpoint"),
        "Attributes": attributes, "ReturnSubscriptionArn": true,
    });
    let answer = cx.call("sns", "Subscribe", input).await?;
    Ok(subscription(member(&answer, "/SubscriptionArn")))
}

async fn update_subscription(cx: &Cx<'_>, made: &Made, before: &Before) -> Result<Made, Refused> {
    let mut names = SUBSCRIBED;
    // A policy for bodies may nest, and one for attributes may not: the scope is the wider one in between.
    if cx.get("FilterPolicyScope").and_then(Value::as_str) != Some("MessageBody") {
        names.swap(0, 1);
    }
    for name in names {
        let value = match cx.get(name) {
            Some(value) if before.changed(cx, name) => attribute(name, value),
            None if before.removed(cx, name) => match name {
                "FilterPolicyScope" => json!("MessageAttributes"),
                "RawMessageDelivery" => json!("false"),
                _ => json!(""),
            },
            _ => continue,
        };
        let input = json!({"SubscriptionArn": made.id, "AttributeName": name, "AttributeValue": value});
        cx.call("sns", "SetSubscriptionAttributes", input).await?;
    }
    Ok(made.clone())
}

async fn unsubscribe(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    there(cx.call("sns", "Unsubscribe", json!({"SubscriptionArn": made.id})).await).map(|_| ())
}
