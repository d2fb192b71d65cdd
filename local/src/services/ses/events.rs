//! What becomes of a mail, told to the topics of its configuration set.
//!
//! Sources: "Contents of event data that Amazon SES publishes to Amazon SNS" and "Using the mailbox
//! simulator" in the SES Developer Guide.

use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::control::ConfigurationSet;
use super::send::Tag;
use super::{Ses, mail};
use crate::kernel::{Arn, Caller, Outcome, Time};

/// How often an event is published again when SNS fails, each time twice as late.
const RETRIES: u32 = 10;

/// What becomes of a mail to one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Delivered,
    Bounced,
    Complained,
    /// On the suppression list: it bounces without being sent.
    Suppressed,
}

impl Fate {
    /// What the mailbox simulator does with an address in lower case; another address is delivered to.
    pub(super) fn of(address: &str) -> Self {
        let Some(name) = address.strip_suffix("@simulator.amazonses.com") else { return Self::Delivered };
        match name.split('+').next() {
            Some("bounce") => Self::Bounced,
            Some("complaint") => Self::Complained,
            Some("suppressionlist") => Self::Suppressed,
            _ => Self::Delivered,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
            Self::Suppressed => "suppressed",
        }
    }
}

/// A mail, as its events tell it.
pub(super) struct Mail<'a> {
    pub(super) id: &'a str,
    pub(super) at: Time,
    pub(super) source: &'a str,
    pub(super) identity: &'a Arn,
    /// All that it goes to.
    pub(super) recipients: &'a [&'a str],
    /// Those that its header names.
    pub(super) to: &'a [String],
    pub(super) subject: &'a str,
    pub(super) tags: &'a [Tag],
    pub(super) set: &'a str,
}

/// An event that is to be published.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Due {
    topic: String,
    /// The configuration set.
    source: Arn,
    message: String,
}

impl Ses {
    pub(super) fn make_events(self: &Rc<Self>, set: &ConfigurationSet, mail: &Mail<'_>, fates: &[(&str, Fate)]) {
        let of = |wanted: &[Fate]| -> Vec<&str> {
            fates.iter().filter(|(_, fate)| wanted.contains(fate)).map(|(address, _)| *address).collect()
        };
        let at = mail.at.rfc3339();
        let feedback = || self.world.random.uuid();
        let mut events = vec![("SEND", json!({"eventType": "Send", "send": {}}))];
        let delivered = of(&[Fate::Delivered, Fate::Complained]);
        if !delivered.is_empty() {
            let delivery = json!({
                "timestamp": at, "processingTimeMillis": 0, "recipients": delivered,
                "smtpResponse": "250 2.6.0 Message received", "reportingMTA": "local",
            });
            events.push(("DELIVERY", json!({"eventType": "Delivery", "delivery": delivery})));
        }
        for (fate, sub_type, diagnostic) in [
            (Fate::Bounced, "General", "smtp; 550 5.1.1 user unknown"),
            (
                Fate::Suppressed,
                "OnAccountSuppressionList",
                "Amazon SES did not send the message to this address because it is on the suppression list for your account.",
            ),
        ] {
            let bounced: Vec<Value> = of(&[fate])
                .into_iter()
                .map(|address| {
                    json!({
                        "emailAddress": address, "action": "failed", "status": "5.1.1", "diagnosticCode": diagnostic,
                    })
                })
                .collect();
            if !bounced.is_empty() {
                let bounce = json!({
                    "feedbackId": feedback(), "bounceType": "Permanent", "bounceSubType": sub_type,
                    "bouncedRecipients": bounced, "timestamp": at, "reportingMTA": "dsn; local",
                });
                events.push(("BOUNCE", json!({"eventType": "Bounce", "bounce": bounce})));
            }
        }
        let complained = of(&[Fate::Complained]);
        if !complained.is_empty() {
            let complained: Vec<Value> =
                complained.into_iter().map(|address| json!({"emailAddress": address})).collect();
            let complaint = json!({
                "feedbackId": feedback(), "complaintSubType": null, "complainedRecipients": complained,
                "timestamp": at, "userAgent": "Amazon SES Mailbox Simulator", "complaintFeedbackType": "abuse",
                "arrivalDate": at,
            });
            events.push(("COMPLAINT", json!({"eventType": "Complaint", "complaint": complaint})));
        }
        let source = self.world.place.arn("ses", &format!("configuration-set/{}", mail.set));
        let told = told(mail, &self.world.place.account);
        for (event, mut message) in events {
            if let Some(message) = message.as_object_mut() {
                message.insert("mail".to_owned(), told.clone());
            }
            for destination in set.destinations.iter().filter(|destination| destination.wants(event)) {
                let due =
                    Due { topic: destination.topic.clone(), source: source.clone(), message: message.to_string() };
                let key = self.world.random.uuid();
                self.tables.events.put(&key, &due);
                self.publish(key, due);
            }
        }
    }

    /// Publishes an event, and forgets it once SNS has it or does not want it.
    pub(super) fn publish(self: &Rc<Self>, key: String, due: Due) {
        let ses = Rc::clone(self);
        let mut busy = self.world.activity.begin();
        tokio::task::spawn_local(async move {
            let world = &ses.world;
            let mut wait = Duration::from_secs(1);
            for attempt in 0..=RETRIES {
                let input = json!({
                    "TopicArn": due.topic, "Subject": "Amazon SES Email Event Notification", "Message": due.message,
                });
                let caller = Caller::Service { principal: "ses.amazonaws.com", source: due.source.clone() };
                let Err(error) = world.bus.request(caller, "sns", "Publish", input).await else { break };
                let again = attempt < RETRIES && error.is_server_fault() && error.status != 501;
                let outcome = if again { Outcome::Retried } else { Outcome::Failed };
                world.log.tell(
                    "ses",
                    due.source.name(),
                    "event refused",
                    outcome,
                    || json!({"topic": due.topic, "reason": error.to_string()}),
                );
                if !again {
                    break;
                }
                drop(busy);
                world.clock.sleep(wait).await;
                busy = world.activity.begin();
                wait = wait.saturating_mul(2);
            }
            ses.tables.events.delete(&key);
        });
    }
}

fn told(mail: &Mail<'_>, account: &str) -> Value {
    let mut tags = serde_json::Map::new();
    tags.insert("ses:configuration-set".to_owned(), json!([mail.set]));
    tags.insert("ses:from-domain".to_owned(), json!([mail::address(mail.source).map_or("", mail::domain)]));
    tags.extend(mail.tags.iter().map(|tag| (tag.name.clone(), json!([tag.value]))));
    json!({
        "timestamp": mail.at.rfc3339(),
        "source": mail.source,
        "sourceArn": mail.identity,
        "sendingAccountId": account,
        "messageId": mail.id,
        "destination": mail.recipients,
        "headersTruncated": false,
        "headers": [
            {"name": "From", "value": mail.source},
            {"name": "To", "value": mail.to.join(", ")},
            {"name": "Subject", "value": mail.subject},
        ],
        "commonHeaders": {
            "from": [mail.source], "to": mail.to, "messageId": mail.id, "subject": mail.subject,
        },
        "tags": tags,
    })
}
