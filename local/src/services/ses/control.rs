//! Identities, configuration sets and the suppression list.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Ses, absent, bad_request, mail, not_found, read};
use crate::kernel::{AwsError, Caller, Outcome, Time};

/// A verified address or domain: here each is verified as soon as it is made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) configuration_set: Option<String>,
    tags: Value,
}

/// A configuration set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ConfigurationSet {
    /// As it was made: what is inert is given back.
    options: Map<String, Value>,
    pub(super) destinations: Vec<Destination>,
}

impl ConfigurationSet {
    pub(super) fn sends(&self) -> bool {
        self.options.get("SendingOptions").and_then(|options| options.get("SendingEnabled")) != Some(&false.into())
    }

    /// Whether an address that is on the list for this reason gets nothing.
    pub(super) fn suppresses(&self, reason: &str) -> bool {
        let reasons = self.options.get("SuppressionOptions").and_then(|options| options.get("SuppressedReasons"));
        reasons.and_then(Value::as_array).is_none_or(|reasons| reasons.iter().any(|listed| listed == reason))
    }
}

/// Where events of these types are published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Destination {
    name: String,
    enabled: bool,
    /// `BOUNCE`, `COMPLAINT`.
    types: Vec<String>,
    pub(super) topic: String,
}

impl Destination {
    pub(super) fn wants(&self, event: &str) -> bool {
        self.enabled && self.types.iter().any(|wanted| wanted == event)
    }
}

/// An address that gets nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Suppressed {
    /// `BOUNCE` or `COMPLAINT`.
    pub(super) reason: String,
    at: Time,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfIdentity {
    email_identity: String,
    configuration_set_name: Option<String>,
    /// CloudFormation's spelling of the same.
    configuration_set_attributes: Option<Attributes>,
    tags: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes {
    configuration_set_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfSet {
    configuration_set_name: String,
    #[serde(flatten)]
    options: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutDestination {
    configuration_set_name: String,
    event_destination_name: String,
    event_destination: DestinationInput,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfDestination {
    configuration_set_name: String,
    event_destination_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DestinationInput {
    #[serde(default)]
    enabled: bool,
    #[serde(default)]
    matching_event_types: Vec<String>,
    sns_destination: Option<SnsDestination>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SnsDestination {
    #[serde(alias = "TopicARN")]
    topic_arn: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OfAddress {
    email_address: String,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ListSuppressed {
    #[serde(default)]
    reasons: Vec<String>,
    /// Numbers of a query are texts.
    page_size: Option<String>,
    next_token: Option<String>,
}

/// Options of a configuration set; those that are not honoured are inert: there is no TLS, no reputation.
const OPTIONS: [&str; 5] = ["DeliveryOptions", "ReputationOptions", "SendingOptions", "SuppressionOptions", "Tags"];
/// Event types. What needs a reader or another server never happens here.
const EVENTS: [&str; 10] = [
    "SEND",
    "REJECT",
    "BOUNCE",
    "COMPLAINT",
    "DELIVERY",
    "OPEN",
    "CLICK",
    "RENDERING_FAILURE",
    "DELIVERY_DELAY",
    "SUBSCRIPTION",
];

impl Ses {
    pub(super) fn control(&self, caller: &Caller, operation: &str, input: Value) -> Result<Value, AwsError> {
        let action = format!("ses:{operation}");
        let allow = |kind: &str, name: &str| {
            let arn = self.world.place.arn("ses", &format!("{kind}/{name}"));
            self.check(caller, &action, arn.as_str(), &[])
        };
        match operation {
            "CreateEmailIdentity"
            | "GetEmailIdentity"
            | "DeleteEmailIdentity"
            | "PutEmailIdentityConfigurationSetAttributes" => {
                let input: OfIdentity = read(input)?;
                allow("identity", &input.email_identity)?;
                self.identity(operation, input)
            }
            "CreateConfigurationSet" | "GetConfigurationSet" | "DeleteConfigurationSet" => {
                let input: OfSet = read(input)?;
                allow("configuration-set", &input.configuration_set_name)?;
                self.configuration_set(operation, input)
            }
            "PutConfigurationSetSendingOptions" | "PutConfigurationSetSuppressionOptions" => {
                let input: OfSet = read(input)?;
                allow("configuration-set", &input.configuration_set_name)?;
                self.put_options(operation, input)
            }
            "CreateConfigurationSetEventDestination" | "UpdateConfigurationSetEventDestination" => {
                let input: PutDestination = read(input)?;
                allow("configuration-set", &input.configuration_set_name)?;
                self.put_destination(operation, input)
            }
            "DeleteConfigurationSetEventDestination" => {
                let input: OfDestination = read(input)?;
                allow("configuration-set", &input.configuration_set_name)?;
                self.delete_destination(&input)
            }
            "GetConfigurationSetEventDestinations" => {
                let input: OfSet = read(input)?;
                allow("configuration-set", &input.configuration_set_name)?;
                let sets = self.sets.borrow();
                let set =
                    sets.get(&input.configuration_set_name).ok_or_else(|| no_set(&input.configuration_set_name))?;
                let shown = set.destinations.iter().map(|destination| {
                    json!({
                        "Name": destination.name, "Enabled": destination.enabled,
                        "MatchingEventTypes": destination.types, "SnsDestination": {"TopicArn": destination.topic},
                    })
                });
                Ok(json!({"EventDestinations": shown.collect::<Vec<_>>()}))
            }
            "ListSuppressedDestinations" => {
                self.check(caller, &action, "*", &[])?;
                self.list_suppressed(&read(input)?)
            }
            "PutSuppressedDestination" | "GetSuppressedDestination" | "DeleteSuppressedDestination" => {
                let input: OfAddress = read(input)?;
                self.check(caller, &action, "*", &[])?;
                self.suppression(operation, input)
            }
            other => Err(absent(other)),
        }
    }

    fn identity(&self, operation: &str, input: OfIdentity) -> Result<Value, AwsError> {
        let name = input.email_identity;
        let mut identities = self.identities.borrow_mut();
        let kind = if name.contains('@') { "EMAIL_ADDRESS" } else { "DOMAIN" };
        match operation {
            "CreateEmailIdentity" => {
                if kind == "EMAIL_ADDRESS" {
                    mail::address(&name)?;
                }
                if identities.contains_key(&name) {
                    let message = format!("Email identity {name} already exist.");
                    return Err(AwsError::new("AlreadyExistsException", message));
                }
                let attributes = input.configuration_set_attributes;
                let configuration_set = input
                    .configuration_set_name
                    .or_else(|| attributes.and_then(|attributes| attributes.configuration_set_name));
                let identity = Identity { configuration_set, tags: input.tags.unwrap_or_else(|| json!([])) };
                self.tables.identities.put(&name, &identity);
                self.world.log.tell("ses", &name, "verified", Outcome::Done, || json!({}));
                identities.insert(name, identity);
                Ok(json!({"IdentityType": kind, "VerifiedForSendingStatus": true, "DkimAttributes": dkim()}))
            }
            "GetEmailIdentity" => {
                let identity = identities.get(&name).ok_or_else(|| not_found(&format!("Email identity {name}")))?;
                Ok(json!({
                    "IdentityType": kind, "VerifiedForSendingStatus": true, "VerificationStatus": "SUCCESS",
                    "FeedbackForwardingStatus": false, "ConfigurationSetName": identity.configuration_set,
                    "Tags": identity.tags, "DkimAttributes": dkim(),
                }))
            }
            "PutEmailIdentityConfigurationSetAttributes" => {
                let missing = || not_found(&format!("Email identity {name}"));
                let identity = identities.get_mut(&name).ok_or_else(missing)?;
                identity.configuration_set = input.configuration_set_name;
                self.tables.identities.put(&name, identity);
                Ok(json!({}))
            }
            _ => {
                identities.remove(&name).ok_or_else(|| not_found(&format!("Email identity {name}")))?;
                self.tables.identities.delete(&name);
                Ok(json!({}))
            }
        }
    }

    fn configuration_set(&self, operation: &str, input: OfSet) -> Result<Value, AwsError> {
        let OfSet { configuration_set_name: name, options } = input;
        let mut sets = self.sets.borrow_mut();
        match operation {
            "CreateConfigurationSet" => {
                if let Some(unknown) = options.keys().find(|option| !OPTIONS.contains(&option.as_str())) {
                    return Err(absent(&format!("a configuration set with {unknown}")));
                }
                let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
                if name.is_empty() || name.len() > 64 || !plain {
                    return Err(bad_request(format!(
                        "Invalid configuration set name <{name}>: only alphanumeric ASCII characters, '_', and '-' are allowed."
                    )));
                }
                if sets.contains_key(&name) {
                    let message = format!("Configuration set <{name}> already exists.");
                    return Err(AwsError::new("AlreadyExistsException", message));
                }
                let set = ConfigurationSet { options, destinations: Vec::new() };
                self.tables.sets.put(&name, &set);
                sets.insert(name, set);
                Ok(json!({}))
            }
            "GetConfigurationSet" => {
                let mut shown = sets.get(&name).ok_or_else(|| no_set(&name))?.options.clone();
                shown.insert("ConfigurationSetName".to_owned(), name.into());
                Ok(Value::Object(shown))
            }
            _ => {
                sets.remove(&name).ok_or_else(|| no_set(&name))?;
                self.tables.sets.delete(&name);
                Ok(json!({}))
            }
        }
    }

    /// Sets one of the options of a configuration set.
    fn put_options(&self, operation: &str, input: OfSet) -> Result<Value, AwsError> {
        let OfSet { configuration_set_name: name, options: given } = input;
        let option = if operation.ends_with("SendingOptions") { "SendingOptions" } else { "SuppressionOptions" };
        let mut sets = self.sets.borrow_mut();
        let set = sets.get_mut(&name).ok_or_else(|| no_set(&name))?;
        // Without a list of reasons the account's own applies, which suppresses for both.
        if given.is_empty() {
            set.options.shift_remove(option);
        } else {
            set.options.insert(option.to_owned(), given.into());
        }
        self.tables.sets.put(&name, set);
        Ok(json!({}))
    }

    fn put_destination(&self, operation: &str, input: PutDestination) -> Result<Value, AwsError> {
        let PutDestination { configuration_set_name: name, event_destination_name, event_destination } = input;
        let Some(sns) = event_destination.sns_destination else {
            return Err(absent("an event destination that is no SNS topic"));
        };
        // The API spells types in capitals, CloudFormation as one word.
        let types: Vec<String> = event_destination.matching_event_types.iter().map(|event| capitals(event)).collect();
        if let Some(unknown) = types.iter().find(|event| !EVENTS.contains(&event.as_str())) {
            return Err(bad_request(format!("`{unknown}` is no event type")));
        }
        let mut sets = self.sets.borrow_mut();
        let set = sets.get_mut(&name).ok_or_else(|| no_set(&name))?;
        let enabled = event_destination.enabled;
        let put = Destination { name: event_destination_name.clone(), enabled, types, topic: sns.topic_arn };
        let found = set.destinations.iter_mut().find(|destination| destination.name == event_destination_name);
        match (operation, found) {
            ("CreateConfigurationSetEventDestination", None) => set.destinations.push(put),
            ("CreateConfigurationSetEventDestination", Some(_)) => {
                let message = format!("An event destination already exists with name <{event_destination_name}>.");
                return Err(AwsError::new("AlreadyExistsException", message));
            }
            (_, Some(found)) => *found = put,
            (_, None) => return Err(no_destination(&event_destination_name)),
        }
        self.tables.sets.put(&name, set);
        Ok(json!({}))
    }

    fn delete_destination(&self, input: &OfDestination) -> Result<Value, AwsError> {
        let name = &input.configuration_set_name;
        let mut sets = self.sets.borrow_mut();
        let set = sets.get_mut(name).ok_or_else(|| no_set(name))?;
        let before = set.destinations.len();
        set.destinations.retain(|destination| destination.name != input.event_destination_name);
        if set.destinations.len() == before {
            return Err(no_destination(&input.event_destination_name));
        }
        self.tables.sets.put(name, set);
        Ok(json!({}))
    }

    /// A page of the suppression list; the token of the next is the address that the page ends with.
    fn list_suppressed(&self, list: &ListSuppressed) -> Result<Value, AwsError> {
        let after = list.next_token.as_deref().unwrap_or_default();
        if !after.is_empty() && mail::address(after).is_err() {
            return Err(AwsError::new("InvalidNextTokenException", "The next token is no token of an earlier page."));
        }
        let most = list.page_size.as_deref().map_or(Ok(1000), str::parse);
        let most: usize = most.map_err(|_: std::num::ParseIntError| bad_request("PageSize is a number".to_owned()))?;
        let suppressed = self.suppressed.borrow();
        let asked = |entry: &Suppressed| list.reasons.is_empty() || list.reasons.contains(&entry.reason);
        let mut rest = suppressed.iter().filter(|(address, entry)| address.as_str() > after && asked(entry));
        let page: Vec<_> = rest.by_ref().take(most).collect();
        let last = page.last().map(|(address, _)| *address);
        let token = last.filter(|_| rest.next().is_some());
        let shown: Vec<Value> = page.iter().map(|(address, entry)| summary(address, entry)).collect();
        Ok(json!({"SuppressedDestinationSummaries": shown, "NextToken": token}))
    }

    fn suppression(&self, operation: &str, input: OfAddress) -> Result<Value, AwsError> {
        let address = input.email_address.to_lowercase();
        let mut suppressed = self.suppressed.borrow_mut();
        let missing = || not_found(&format!("Email address {address}"));
        match operation {
            "PutSuppressedDestination" => {
                mail::address(&address)?;
                let reason = input.reason.unwrap_or_default();
                if reason != "BOUNCE" && reason != "COMPLAINT" {
                    return Err(bad_request(format!("`{reason}` is no reason: BOUNCE or COMPLAINT")));
                }
                let entry = Suppressed { reason, at: self.world.clock.now() };
                self.tables.suppressed.put(&address, &entry);
                suppressed.insert(address, entry);
                Ok(json!({}))
            }
            "GetSuppressedDestination" => {
                let entry = suppressed.get(&address).ok_or_else(missing)?;
                Ok(json!({"SuppressedDestination": summary(&address, entry)}))
            }
            _ => {
                suppressed.remove(&address).ok_or_else(missing)?;
                self.tables.suppressed.delete(&address);
                Ok(json!({}))
            }
        }
    }
}

fn summary(address: &str, entry: &Suppressed) -> Value {
    json!({"EmailAddress": address, "Reason": entry.reason, "LastUpdateTime": entry.at.fractional_seconds()})
}

/// Signing is not imitated; the tokens are there for those who write DNS records.
fn dkim() -> Value {
    json!({"SigningEnabled": true, "Status": "SUCCESS", "Tokens": ["a", "b", "c"]})
}

fn no_destination(name: &str) -> AwsError {
    not_found(&format!("Event destination <{name}>"))
}

fn no_set(name: &str) -> AwsError {
    not_found(&format!("Configuration set <{name}>"))
}

/// `renderingFailure` as `RENDERING_FAILURE`.
fn capitals(event: &str) -> String {
    let mut text = String::new();
    let mut after_small = false;
    for character in event.chars() {
        if character.is_ascii_uppercase() && after_small {
            text.push('_');
        }
        after_small = character.is_ascii_lowercase();
        text.push(character.to_ascii_uppercase());
    }
    text
}
