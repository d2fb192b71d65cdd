//! What an endpoint gets: the message in SNS's envelope, or bare.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::attributes::Attribute;
use super::model::{Endpoint, Message, Subscription};
use crate::kernel::Place;

/// The envelope that queues and mail addresses get as JSON.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Notification<'a> {
    r#type: &'static str,
    message_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_number: Option<String>,
    topic_arn: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    message: &'a str,
    timestamp: String,
    signature_version: &'a str,
    /// Nothing is signed here: a client that verifies has to be told so.
    signature: &'static str,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: &'static str,
    #[serde(rename = "UnsubscribeURL")]
    unsubscribe_url: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    message_attributes: BTreeMap<&'a str, Received<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Received<'a> {
    r#type: &'a str,
    value: &'a str,
}

fn received(attributes: &BTreeMap<String, Attribute>) -> BTreeMap<&str, Received<'_>> {
    attributes
        .iter()
        .map(|(name, attribute)| (name.as_str(), Received { r#type: &attribute.data_type, value: attribute.text() }))
        .collect()
}

fn unsubscribe_url(place: &Place, subscription: &Subscription) -> String {
    format!("{}/?Action=Unsubscribe&SubscriptionArn={}", place.endpoint, subscription.arn())
}

/// The message in its envelope, as JSON's text.
#[expect(clippy::expect_used, reason = "texts and maps of texts are JSON")]
pub(super) fn notification(
    place: &Place,
    signature_version: &str,
    message: &Message,
    subscription: &Subscription,
) -> String {
    serde_json::to_string(&Notification {
        r#type: "Notification",
        message_id: &message.id,
        sequence_number: message.sequence_number(),
        topic_arn: message.topic.as_str(),
        subject: message.subject.as_deref(),
        message: message.body_for(subscription.record.protocol),
        timestamp: message.at.rfc3339(),
        signature_version,
        signature: "",
        signing_cert_url: "",
        unsubscribe_url: unsubscribe_url(place, subscription),
        message_attributes: received(&message.attributes),
    })
    .expect("the envelope is plain data")
}

/// A function's event.
pub(super) fn lambda_event(
    place: &Place,
    signature_version: &str,
    message: &Message,
    subscription: &Subscription,
) -> Value {
    json!({"Records": [{
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn(),
        "Sns": {
            "Type": "Notification",
            "MessageId": message.id,
            "TopicArn": message.topic,
            "Subject": message.subject,
            "Message": message.body_for(Endpoint::Lambda),
            "Timestamp": message.at.rfc3339(),
            "SignatureVersion": signature_version,
            "Signature": "",
            "SigningCertUrl": "",
            "UnsubscribeUrl": unsubscribe_url(place, subscription),
            "MessageAttributes": received(&message.attributes),
        },
    }]})
}
