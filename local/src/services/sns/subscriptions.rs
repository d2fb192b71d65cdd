//! Subscriptions: who gets a topic's messages, and which.

use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::errors::{absent, in_attribute, in_attributes, invalid, no_subscription};
use super::input::{ConfirmSubscription, List, OfSubscription, OfTopic, SetSubscriptionAttributes, Subscribe};
use super::model::{Endpoint, Subscription, SubscriptionRecord, Topic};
use super::{Sns, page};
use crate::kernel::{Arn, AwsError, Caller, Outcome};

/// Attributes that are honoured.
const KNOWN: [&str; 4] = ["FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy"];
/// Attributes that AWS has and that would be ignored here.
const ABSENT: [&str; 3] = ["DeliveryPolicy", "SubscriptionRoleArn", "ReplayPolicy"];
/// Filter policies of one topic: "Filter policy constraints" in the Developer Guide.
const FILTERS: usize = 200;

impl Sns {
    pub(super) fn subscribe(&self, caller: &Caller, input: Subscribe) -> Result<Value, AwsError> {
        let topic = self.topic(&input.topic_arn)?;
        let context = [("sns:Protocol", input.protocol.as_str()), ("sns:Endpoint", input.endpoint.as_str())];
        self.check(caller, "sns:Subscribe", topic.arn(), topic.policy.as_ref(), &context)?;
        let protocol = protocol(&input.protocol)?;
        check_endpoint(&topic, protocol, &input.endpoint)?;
        let mut attributes = input.attributes;
        for name in attributes.keys() {
            check_attribute(name, in_attributes)?;
        }
        attributes.retain(|_, value| !value.is_empty());

        let existing = self.subscriptions_of(&topic.record.arn).into_iter().find(|subscription| {
            subscription.record.protocol == protocol && subscription.record.endpoint == input.endpoint
        });
        if let Some(existing) = existing {
            let differs = |(name, value): (&String, &String)| existing.record.attributes.get(name) != Some(value);
            if attributes.iter().any(differs) {
                return Err(in_attributes("Subscription already exists with different attributes"));
            }
            return Ok(json!({"SubscriptionArn": answered(&existing, input.return_subscription_arn)}));
        }
        let random = &self.world.random;
        let token = (!matches!(protocol, Endpoint::Sqs | Endpoint::Lambda)).then(|| random.hex(192));
        let subscription = Subscription::new(
            SubscriptionRecord {
                arn: format!("{}:{}", topic.arn(), random.uuid()),
                topic: topic.record.arn.clone(),
                protocol,
                endpoint: input.endpoint,
                principal: caller.identity(&self.world.place.account),
                authenticated: token.is_none(),
                token,
                attributes,
            },
            in_attributes,
        )?;
        self.check_filters(&subscription)?;
        let record = &subscription.record;
        self.world.log.tell("sns", topic.record.arn.name(), "subscribed", Outcome::Done, || {
            json!({
                "subscription": record.arn, "protocol": protocol.name(), "endpoint": record.endpoint,
                "token": record.token,
            })
        });
        let answer = json!({"SubscriptionArn": answered(&subscription, input.return_subscription_arn)});
        self.put_subscription(subscription);
        Ok(answer)
    }

    /// A mail or HTTP address never gets the token here: it is in the log.
    pub(super) fn confirm(&self, caller: &Caller, input: &ConfirmSubscription) -> Result<Value, AwsError> {
        let topic = self.topic(&input.topic_arn)?;
        self.allow(caller, "sns:ConfirmSubscription", &topic)?;
        let pending = self.subscriptions_of(&topic.record.arn);
        let pending = pending.iter().find(|subscription| subscription.record.token.as_deref() == Some(&*input.token));
        let Some(pending) = pending else { return Err(invalid("Token")) };
        if matches!(pending.record.protocol, Endpoint::Http | Endpoint::Https) {
            return Err(absent("delivery over HTTP"));
        }
        let mut confirmed = Subscription::clone(pending);
        confirmed.record.token = None;
        confirmed.record.authenticated = input.authenticate_on_unsubscribe;
        let arn = confirmed.record.arn.clone();
        self.put_subscription(confirmed);
        self.world.log.tell(
            "sns",
            topic.record.arn.name(),
            "confirmed",
            Outcome::Done,
            || json!({"subscription": arn}),
        );
        Ok(json!({"SubscriptionArn": arn}))
    }

    pub(super) fn unsubscribe(&self, caller: &Caller, input: &OfSubscription) -> Result<Value, AwsError> {
        check_arn(&input.subscription_arn)?;
        // That there is none is no error.
        if let Some(subscription) = self.subscription(&input.subscription_arn) {
            let topic = self.topic(subscription.record.topic.as_str())?;
            self.allow(caller, "sns:Unsubscribe", &topic)?;
            self.remove_subscription(subscription.arn());
            self.world.log.tell(
                "sns",
                topic.record.arn.name(),
                "unsubscribed",
                Outcome::Done,
                || json!({"subscription": subscription.arn()}),
            );
        }
        Ok(json!({}))
    }

    pub(super) fn list_subscriptions(&self, caller: &Caller, input: List) -> Result<Value, AwsError> {
        self.check(caller, "sns:ListSubscriptions", "*", None, &[])?;
        let subscriptions = self.subscriptions.borrow();
        let subscriptions = subscriptions.iter().map(|(arn, subscription)| (arn.clone(), subscription));
        page(subscriptions, input.next_token, |subscription| listed(subscription), "Subscriptions")
    }

    pub(super) fn list_subscriptions_by_topic(&self, caller: &Caller, input: &OfTopic) -> Result<Value, AwsError> {
        let topic = self.topic(&input.topic_arn)?;
        self.allow(caller, "sns:ListSubscriptionsByTopic", &topic)?;
        let subscriptions = self.subscriptions_of(&topic.record.arn);
        let subscriptions = subscriptions.iter().map(|subscription| (subscription.arn().to_owned(), subscription));
        page(subscriptions, input.next_token.clone(), |subscription| listed(subscription), "Subscriptions")
    }

    pub(super) fn get_subscription_attributes(
        &self,
        caller: &Caller,
        input: &OfSubscription,
    ) -> Result<Value, AwsError> {
        let subscription = self.found(caller, "sns:GetSubscriptionAttributes", &input.subscription_arn)?;
        let record = &subscription.record;
        let mut attributes = Map::new();
        let mut put = |name: &str, value: &str| attributes.insert(name.to_owned(), value.into());
        put("SubscriptionArn", &record.arn);
        put("TopicArn", record.topic.as_str());
        put("Protocol", record.protocol.name());
        put("Endpoint", &record.endpoint);
        put("Owner", record.topic.account());
        put("SubscriptionPrincipal", &record.principal);
        put("ConfirmationWasAuthenticated", if record.authenticated { "true" } else { "false" });
        put("PendingConfirmation", if record.token.is_some() { "true" } else { "false" });
        put("RawMessageDelivery", "false");
        for (name, value) in &record.attributes {
            // The scope of no policy is not told.
            if name != "FilterPolicyScope" || record.attributes.contains_key("FilterPolicy") {
                put(name, value);
            }
        }
        if record.attributes.contains_key("FilterPolicy") && !record.attributes.contains_key("FilterPolicyScope") {
            put("FilterPolicyScope", "MessageAttributes");
        }
        Ok(json!({"Attributes": attributes}))
    }

    /// A change of the filter policy takes effect at once.
    pub(super) fn set_subscription_attributes(
        &self,
        caller: &Caller,
        input: SetSubscriptionAttributes,
    ) -> Result<Value, AwsError> {
        let subscription = self.found(caller, "sns:SetSubscriptionAttributes", &input.subscription_arn)?;
        check_attribute(&input.attribute_name, in_attribute)?;
        let mut record = subscription.record.clone();
        if input.attribute_value.is_empty() {
            record.attributes.remove(&input.attribute_name);
        } else {
            record.attributes.insert(input.attribute_name, input.attribute_value);
        }
        let changed = Subscription::new(record, in_attribute)?;
        self.check_filters(&changed)?;
        self.put_subscription(changed);
        Ok(json!({}))
    }

    fn found(&self, caller: &Caller, action: &str, arn: &str) -> Result<Rc<Subscription>, AwsError> {
        check_arn(arn)?;
        let subscription = self.subscription(arn).ok_or_else(no_subscription)?;
        let topic = self.topic(subscription.record.topic.as_str())?;
        self.allow(caller, action, &topic)?;
        Ok(subscription)
    }

    fn check_filters(&self, subscription: &Subscription) -> Result<(), AwsError> {
        let others = self.subscriptions_of(&subscription.record.topic);
        let others = others.iter().filter(|other| other.filter.is_some() && other.arn() != subscription.arn());
        if subscription.filter.is_some() && others.count() >= FILTERS {
            let message = "the topic has 200 filter policies, which is all that it may have";
            return Err(AwsError::new("FilterPolicyLimitExceeded", message).status(403));
        }
        Ok(())
    }

    fn put_subscription(&self, subscription: Subscription) {
        self.tables.subscriptions.put(subscription.arn(), &subscription.record);
        self.subscriptions.borrow_mut().insert(subscription.arn().to_owned(), Rc::new(subscription));
    }

    pub(super) fn remove_subscription(&self, arn: &str) {
        self.tables.subscriptions.delete(arn);
        self.subscriptions.borrow_mut().remove(arn);
    }
}

fn protocol(name: &str) -> Result<Endpoint, AwsError> {
    match Endpoint::parse(name) {
        Some(protocol) => Ok(protocol),
        None if ["sms", "application", "firehose"].contains(&name) => {
            Err(absent(&format!("a subscription of protocol {name}")))
        }
        None => Err(invalid(format_args!("Amazon SNS does not support this protocol string: {name}"))),
    }
}

fn check_endpoint(topic: &Topic, protocol: Endpoint, endpoint: &str) -> Result<(), AwsError> {
    let arn = Arn::parse(endpoint).ok();
    let is_fifo_queue = arn.as_ref().is_some_and(|arn| arn.service() == "sqs" && arn.name().ends_with(".fifo"));
    let valid = match protocol {
        Endpoint::Sqs => arn.is_some_and(|arn| arn.service() == "sqs" && !arn.name().is_empty()),
        Endpoint::Lambda => arn.is_some_and(|arn| arn.service() == "lambda" && arn.resource().starts_with("function:")),
        Endpoint::Email | Endpoint::EmailJson => is_address(endpoint),
        Endpoint::Http => endpoint.starts_with("http://"),
        Endpoint::Https => endpoint.starts_with("https://"),
    };
    if !valid {
        return Err(invalid(match protocol {
            Endpoint::Sqs => "SQS endpoint ARN",
            Endpoint::Lambda => "Lambda endpoint ARN",
            Endpoint::Email | Endpoint::EmailJson => "Email address",
            Endpoint::Http | Endpoint::Https => "Endpoint must match the specified protocol",
        }));
    }
    if topic.is_fifo() && protocol != Endpoint::Sqs {
        let message = "Invalid protocol type: only SQS queues can be subscribed to FIFO SNS topics";
        return Err(invalid(format_args!("Invalid parameter: Endpoint Reason: {message}")));
    }
    if !topic.is_fifo() && is_fifo_queue {
        let message = "FIFO SQS Queues can not be subscribed to standard SNS topics";
        return Err(invalid(format_args!("Invalid parameter: Endpoint Reason: {message}")));
    }
    Ok(())
}

fn is_address(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control() || c == '@');
    text.split_once('@').is_some_and(|(name, domain)| plain(name) && plain(domain))
}

fn check_attribute(name: &str, worded: fn(&str) -> AwsError) -> Result<(), AwsError> {
    if KNOWN.contains(&name) {
        Ok(())
    } else if ABSENT.contains(&name) {
        Err(absent(&format!("the subscription attribute {name}")))
    } else {
        Err(worded("AttributeName"))
    }
}

fn check_arn(arn: &str) -> Result<(), AwsError> {
    let parts = arn.split(':').count();
    if parts >= 7 && arn.starts_with("arn:") {
        Ok(())
    } else {
        Err(invalid(format_args!("SubscriptionArn Reason: An ARN must have at least 6 elements, not {parts}")))
    }
}

fn answered(subscription: &Subscription, always: bool) -> &str {
    if subscription.record.token.is_some() && !always { "pending confirmation" } else { subscription.arn() }
}

fn listed(subscription: &Subscription) -> Value {
    let record = &subscription.record;
    json!({
        "SubscriptionArn": if record.token.is_some() { "PendingConfirmation" } else { &record.arn },
        "Owner": record.topic.account(),
        "Protocol": record.protocol.name(),
        "Endpoint": record.endpoint,
        "TopicArn": record.topic,
    })
}
