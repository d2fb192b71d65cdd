//! `SendEmail`: a mail is checked, kept, and its events are made.

use std::rc::Rc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::control::ConfigurationSet;
use super::events::{self, Fate};
use super::{MAILS, Ses, absent, bad_request, mail, not_found};
use crate::kernel::{AwsError, Caller, Outcome};

/// Recipients of one mail: "Service quotas in Amazon SES".
const RECIPIENTS: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendEmail {
    #[serde(default)]
    from_email_address: String,
    #[serde(default)]
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    content: Content,
    #[serde(default)]
    email_tags: Vec<Tag>,
    configuration_set_name: Option<String>,
    /// What AWS has and this engine has not.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Destination {
    to_addresses: Vec<String>,
    cc_addresses: Vec<String>,
    bcc_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Option<Simple>,
    raw: Option<Value>,
    template: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Text,
    body: Body,
    #[serde(default)]
    headers: Vec<Tag>,
    attachments: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Text>,
    html: Option<Text>,
}

/// A tag of a mail, or a header of it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) value: String,
}

impl Ses {
    pub(super) fn send(self: &Rc<Self>, caller: &Caller, input: SendEmail) -> Result<Value, AwsError> {
        if let Some(unknown) = input.rest.keys().next() {
            return Err(absent(&format!("SendEmail with {unknown}")));
        }
        let content = simple(&input.content)?;
        let from = mail::address(&input.from_email_address)?;
        let to = &input.destination;
        let recipients = to.to_addresses.iter().chain(&to.cc_addresses).chain(&to.bcc_addresses);
        let recipients = recipients.map(|text| mail::address(text)).collect::<Result<Vec<_>, _>>()?;
        input.reply_to_addresses.iter().try_for_each(|text| mail::address(text).map(|_| ()))?;
        if recipients.is_empty() || recipients.len() > RECIPIENTS {
            return Err(bad_request("Recipient count must be from 1 to 50."));
        }
        mail::header("Subject", &content.subject.data)?;
        for header in &content.headers {
            mail::header(&header.name, &header.name)?;
            mail::header(&header.name, &header.value)?;
        }
        let (identity, its_set) = self.verified(from)?;
        let arn = self.world.place.arn("ses", &format!("identity/{identity}"));
        self.check(caller, "ses:SendEmail", arn.as_str(), &[("ses:FromAddress", from)])?;
        let set_name = input.configuration_set_name.as_ref().or(its_set.as_ref());
        let set = set_name.map(|name| self.set(caller, name)).transpose()?;
        if set.as_ref().is_some_and(|set| !set.sends()) {
            let message = "Email sending is disabled for the configuration set.";
            return Err(AwsError::new("SendingPausedException", message));
        }

        let id = format!("{:016x}-{}-000000", self.world.clock.now().millis(), self.world.random.uuid());
        let now = self.world.clock.now();
        let fates: Vec<(&str, Fate)> =
            recipients.iter().map(|address| (*address, self.fate(address, set.as_ref()))).collect();
        let kept = json!({
            "MessageId": id,
            "At": now.rfc3339(),
            "From": input.from_email_address,
            "To": to.to_addresses, "Cc": to.cc_addresses, "Bcc": to.bcc_addresses,
            "ReplyTo": input.reply_to_addresses,
            "Subject": content.subject.data,
            "Text": content.body.text.as_ref().map(|text| &text.data),
            "Html": content.body.html.as_ref().map(|text| &text.data),
            "Headers": content.headers.iter().map(|header| json!({"Name": header.name, "Value": header.value}))
                .collect::<Vec<_>>(),
            "ConfigurationSetName": set_name,
            "Recipients": fates.iter().map(|(address, fate)| json!({"Address": address, "Fate": fate.name()}))
                .collect::<Vec<_>>(),
        });
        if let (Some(set), Some(name)) = (&set, set_name) {
            let mail = events::Mail {
                id: &id,
                at: now,
                source: &input.from_email_address,
                identity: &arn,
                recipients: &recipients,
                to: &to.to_addresses,
                subject: &content.subject.data,
                tags: &input.email_tags,
                set: name,
            };
            self.make_events(set, &mail, &fates);
        }
        self.keep(&id, kept);
        Ok(json!({"MessageId": id}))
    }

    /// The verified identity that a sender's address belongs to, and its configuration set.
    fn verified(&self, from: &str) -> Result<(String, Option<String>), AwsError> {
        let identities = self.identities.borrow();
        let found = [from, mail::domain(from)].into_iter().find_map(|name| identities.get_key_value(name));
        let (name, identity) = found.ok_or_else(|| {
            let region = self.world.place.region.to_uppercase();
            AwsError::new("MessageRejected", format!("Email address is not verified. The following identities failed the check in region {region}: {from}"))
        })?;
        Ok((name.clone(), identity.configuration_set.clone()))
    }

    fn set(&self, caller: &Caller, name: &str) -> Result<ConfigurationSet, AwsError> {
        let arn = self.world.place.arn("ses", &format!("configuration-set/{name}"));
        self.check(caller, "ses:SendEmail", arn.as_str(), &[])?;
        let missing = || not_found(&format!("Configuration set <{name}>"));
        self.sets.borrow().get(name).cloned().ok_or_else(missing)
    }

    /// What becomes of a mail to this address.
    fn fate(&self, address: &str, set: Option<&ConfigurationSet>) -> Fate {
        let lower = address.to_lowercase();
        let suppressed = self.suppressed.borrow();
        let listed = suppressed.get(&lower);
        if listed.is_some_and(|entry| set.is_none_or(|set| set.suppresses(&entry.reason))) {
            return Fate::Suppressed;
        }
        Fate::of(&lower)
    }

    fn keep(&self, id: &str, mail: Value) {
        self.tables.mails.put(id, &mail);
        self.world.log.tell("ses", id, "mailed", Outcome::Done, || mail.clone());
        let mut mails = self.mails.borrow_mut();
        mails.push_back((id.to_owned(), mail));
        while mails.len() > MAILS
            && let Some((id, _)) = mails.pop_front()
        {
            self.tables.mails.delete(&id);
        }
    }
}

fn simple(content: &Content) -> Result<&Simple, AwsError> {
    match (&content.simple, &content.raw, &content.template) {
        (Some(simple), None, None) if simple.attachments.is_some() => Err(absent("SendEmail with Attachments")),
        (Some(simple), None, None) => Ok(simple),
        (None, Some(_), None) => Err(absent("SendEmail with Raw content")),
        (None, None, Some(_)) => Err(absent("SendEmail with Template content")),
        _ => Err(bad_request("Exactly one of Simple, Raw and Template must be there.")),
    }
}
