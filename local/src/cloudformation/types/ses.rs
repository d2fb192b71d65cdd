//! `AWS::SES::…`

use serde_json::{Map, Value, json};

use super::shape::TAGS;
use super::{Before, Calls, Cx, Kind, Made, Make, Named, Properties, Property, Refused, Shape, member, merge, there};

pub(super) static KINDS: &[&Kind] = &[&IDENTITY, &CONFIGURATION_SET, &DESTINATION];

static IDENTITY: Kind = Kind {
    name: "AWS::SES::EmailIdentity",
    properties: &[
        Property::update(
            "ConfigurationSetAttributes",
            Shape::Members(&[Property::update("ConfigurationSetName", Shape::Text)]),
        ),
        Property::inert(
            "DkimAttributes",
            Shape::Members(&[Property::update("SigningEnabled", Shape::Flag)]),
            "no mail leaves the engine, so none is signed",
        ),
        Property::inert(
            "DkimSigningAttributes",
            Shape::Members(&[Property::update("NextSigningKeyLength", Shape::Text)]),
            "no mail leaves the engine, so none is signed",
        ),
        Property::replace("EmailIdentity", Shape::Text).required(),
        Property::inert(
            "FeedbackAttributes",
            Shape::Members(&[Property::update("EmailForwardingEnabled", Shape::Flag)]),
            "bounces are not mailed",
        ),
        Property::inert(
            "MailFromAttributes",
            Shape::Members(&[
                Property::update("BehaviorOnMxFailure", Shape::Text),
                Property::update("MailFromDomain", Shape::Text),
            ]),
            "no mail leaves the engine",
        ),
        Property::inert("Tags", TAGS, "nothing reads them; an identity shows those that it was made with"),
    ],
    attributes: &[
        "DkimDNSTokenName1",
        "DkimDNSTokenName2",
        "DkimDNSTokenName3",
        "DkimDNSTokenValue1",
        "DkimDNSTokenValue2",
        "DkimDNSTokenValue3",
    ],
    named: Named::Property { property: "EmailIdentity", longest: 320, fifo: None, within: None },
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find_identity(cx)),
        create: |cx| Box::pin(create_identity(cx)),
        update: |cx, made, before| Box::pin(update_identity(cx, made, before)),
        delete: |cx, made| Box::pin(delete_identity(cx, made)),
    }),
};

fn identity(cx: &Cx<'_>, answer: &Value) -> Made {
    let tokens = answer.pointer("/DkimAttributes/Tokens").and_then(Value::as_array).into_iter().flatten();
    let tokens = tokens.into_iter().filter_map(Value::as_str).zip(1..=3);
    tokens.fold(Made::new(cx.name), |made, (token, number)| {
        made.with(&format!("DkimDNSTokenName{number}"), format!("{token}._domainkey.{}", cx.name))
            .with(&format!("DkimDNSTokenValue{number}"), format!("{token}.dkim.amazonses.com"))
    })
}

fn set_name<'a>(cx: &Cx<'a>) -> Option<&'a Value> {
    cx.properties.get("ConfigurationSetAttributes")?.get("ConfigurationSetName")
}

async fn find_identity(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let found = there(cx.call("ses", "GetEmailIdentity", json!({"EmailIdentity": cx.name})).await)?;
    Ok(found.map(|found| identity(cx, &found)))
}

async fn create_identity(cx: &Cx<'_>) -> Result<Made, Refused> {
    let mut input = cx.pick(&["Tags"]);
    input.extend(set_name(cx).map(|name| ("ConfigurationSetName".to_owned(), name.clone())));
    let answer = cx.call("ses", "CreateEmailIdentity", merge(input, json!({"EmailIdentity": cx.name}))).await?;
    Ok(identity(cx, &answer))
}

async fn update_identity(cx: &Cx<'_>, made: &Made, before: &Before) -> Result<Made, Refused> {
    if before.changed(cx, "ConfigurationSetAttributes") {
        let mut input = Map::from_iter([("EmailIdentity".to_owned(), json!(cx.name))]);
        input.extend(set_name(cx).map(|name| ("ConfigurationSetName".to_owned(), name.clone())));
        cx.call("ses", "PutEmailIdentityConfigurationSetAttributes", Value::Object(input)).await?;
    }
    Ok(made.clone())
}

async fn delete_identity(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    there(cx.call("ses", "DeleteEmailIdentity", json!({"EmailIdentity": made.id})).await).map(|_| ())
}

static CONFIGURATION_SET: Kind = Kind {
    name: "AWS::SES::ConfigurationSet",
    properties: &[
        Property::inert(
            "DeliveryOptions",
            Shape::Members(&[
                Property::update("MaxDeliverySeconds", Shape::Number),
                Property::update("SendingPoolName", Shape::Text),
                Property::update("TlsPolicy", Shape::Text),
            ]),
            "no mail leaves the engine",
        ),
        Property::replace("Name", Shape::Text),
        Property::inert(
            "ReputationOptions",
            Shape::Members(&[Property::update("ReputationMetricsEnabled", Shape::Flag)]),
            "there is no reputation",
        ),
        Property::update("SendingOptions", Shape::Members(&[Property::update("SendingEnabled", Shape::Flag)])),
        Property::update("SuppressionOptions", Shape::Members(&[Property::update("SuppressedReasons", Shape::Texts)])),
        Property::inert("Tags", TAGS, "nothing reads them; a set shows those that it was made with"),
    ],
    attributes: &[],
    named: Named::Property { property: "Name", longest: 64, fifo: None, within: None },
    make: Make::Calls(Calls {
        find: |cx| Box::pin(find_set(cx)),
        create: |cx| Box::pin(create_set(cx)),
        update: |cx, made, before| Box::pin(update_set(cx, made, before)),
        delete: |cx, made| Box::pin(delete_set(cx, made)),
    }),
};

async fn find_set(cx: &Cx<'_>) -> Result<Option<Made>, Refused> {
    let found = there(cx.call("ses", "GetConfigurationSet", json!({"ConfigurationSetName": cx.name})).await)?;
    Ok(found.map(|_| Made::new(cx.name)))
}

async fn create_set(cx: &Cx<'_>) -> Result<Made, Refused> {
    let given = cx.pick(&["DeliveryOptions", "ReputationOptions", "SendingOptions", "SuppressionOptions", "Tags"]);
    cx.call("ses", "CreateConfigurationSet", merge(given, json!({"ConfigurationSetName": cx.name}))).await?;
    Ok(Made::new(cx.name))
}

async fn update_set(cx: &Cx<'_>, made: &Made, before: &Before) -> Result<Made, Refused> {
    if before.changed(cx, "SendingOptions") {
        let options = cx.get("SendingOptions").and_then(|options| options.get("SendingEnabled"));
        let enabled = options.cloned().unwrap_or_else(|| json!(true));
        let input = json!({"ConfigurationSetName": cx.name, "SendingEnabled": enabled});
        cx.call("ses", "PutConfigurationSetSendingOptions", input).await?;
    }
    if before.changed(cx, "SuppressionOptions") {
        let mut input = Map::from_iter([("ConfigurationSetName".to_owned(), json!(cx.name))]);
        let reasons = cx.get("SuppressionOptions").and_then(|options| options.get("SuppressedReasons"));
        input.extend(reasons.map(|reasons| ("SuppressedReasons".to_owned(), reasons.clone())));
        cx.call("ses", "PutConfigurationSetSuppressionOptions", Value::Object(input)).await?;
    }
    Ok(made.clone())
}

async fn delete_set(cx: &Cx<'_>, made: &Made) -> Result<(), Refused> {
    there(cx.call("ses", "DeleteConfigurationSet", json!({"ConfigurationSetName": made.id})).await).map(|_| ())
}

static DESTINATION: Kind = Kind {
    name: "AWS::SES::ConfigurationSetEventDestination",
    properties: &[
        Property::replace("ConfigurationSetName", Shape::Text).required(),
        Property::update(
            "EventDestination",
            Shape::Members(&[
                Property::update("Enabled", Shape::Flag),
                Property::update("MatchingEventTypes", Shape::Texts).required(),
                Property::update("Name", Shape::Text),
                Property::update("SnsDestination", Shape::Members(&[Property::update("TopicARN", Shape::Text)])),
            ]),
        )
        .required(),
    ],
    attributes: &["Id"],
    named: Named::Made,
    make: Make::Calls(Calls {
        // Whether it is there, and under which name, is looked up when it is changed.
        find: |cx| Box::pin(async { Ok(Some(destination(cx))) }),
        create: |cx| Box::pin(put_destination(cx, "CreateConfigurationSetEventDestination")),
        update: |cx, _, before| Box::pin(update_destination(cx, before)),
        delete: |cx, made| Box::pin(delete_destination(cx, made.text("Name"))),
    }),
};

/// Its name, which the template may give.
fn destination_name<'a>(cx: &Cx<'a>, properties: &'a Properties) -> &'a str {
    properties.get("EventDestination").and_then(|given| given.get("Name")?.as_str()).unwrap_or(cx.name)
}

fn destination(cx: &Cx<'_>) -> Made {
    let name = destination_name(cx, cx.properties);
    let id = format!("{}|{name}", cx.text("ConfigurationSetName"));
    Made::new(&*id).with("Id", &*id).with("Name", name)
}

/// As the API spells it: event types in capitals.
fn destination_input(cx: &Cx<'_>) -> Value {
    let mut given = cx.get("EventDestination").and_then(Value::as_object).cloned().unwrap_or_default();
    given.shift_remove("Name");
    if let Some(Value::Array(types)) = given.get_mut("MatchingEventTypes") {
        for kind in types {
            *kind = capitals(kind.as_str().unwrap_or_default()).into();
        }
    }
    if let Some(topic) = given.get("SnsDestination").and_then(|sns| sns.get("TopicARN")).cloned() {
        given.insert("SnsDestination".to_owned(), json!({"TopicArn": topic}));
    }
    Value::Object(given)
}

/// `renderingFailure` as `RENDERING_FAILURE`.
fn capitals(event: &str) -> String {
    let letters = event.chars().flat_map(|letter| {
        let between = letter.is_ascii_uppercase().then_some('_');
        between.into_iter().chain(std::iter::once(letter.to_ascii_uppercase()))
    });
    letters.collect()
}

async fn is_destination(cx: &Cx<'_>) -> Result<bool, Refused> {
    let input = json!({"ConfigurationSetName": cx.text("ConfigurationSetName")});
    let found = there(cx.call("ses", "GetConfigurationSetEventDestinations", input).await)?.unwrap_or_default();
    let destinations = found.get("EventDestinations").and_then(Value::as_array).into_iter().flatten();
    let mut names = destinations.into_iter().map(|destination| member(destination, "/Name"));
    Ok(names.any(|name| name == destination_name(cx, cx.properties)))
}

async fn put_destination(cx: &Cx<'_>, operation: &'static str) -> Result<Made, Refused> {
    let input = json!({
        "ConfigurationSetName": cx.text("ConfigurationSetName"), "EventDestinationName": destination_name(cx, cx.properties),
        "EventDestination": destination_input(cx),
    });
    cx.call("ses", operation, input).await?;
    Ok(destination(cx))
}

/// Another name is another destination.
async fn update_destination(cx: &Cx<'_>, before: &Before) -> Result<Made, Refused> {
    let made = match is_destination(cx).await? {
        true => put_destination(cx, "UpdateConfigurationSetEventDestination").await?,
        false => put_destination(cx, "CreateConfigurationSetEventDestination").await?,
    };
    for name in before.maybe.iter().map(|maybe| destination_name(cx, maybe)) {
        if name != made.text("Name") {
            delete_destination(cx, name).await?;
        }
    }
    Ok(made)
}

async fn delete_destination(cx: &Cx<'_>, name: &str) -> Result<(), Refused> {
    let input = json!({"ConfigurationSetName": cx.text("ConfigurationSetName"), "EventDestinationName": name});
    there(cx.call("ses", "DeleteConfigurationSetEventDestination", input).await).map(|_| ())
}
