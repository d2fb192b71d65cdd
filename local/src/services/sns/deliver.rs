//! Deliveries: from an accepted message to its endpoints.
//!
//! In: a message and the subscriptions that want it. Out: calls of SQS and Lambda, under SNS's own
//! principal. Guaranteed: each delivery is tried until it succeeds, goes to the subscription's dead-letter
//! queue, or is told as lost; a restart goes on where it was. A FIFO topic's messages of one group reach a
//! subscription in their order.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use serde_json::{Value, json};

use super::model::{Endpoint, Message, Pending, Subscription};
use super::{Sns, envelope, retry};
use crate::kernel::{Arn, AwsError, Busy, Caller, Outcome};

/// SQS's limit on attributes; raw delivery of more fails on the client's side.
const RAW_ATTRIBUTES: usize = 10;

/// A message on its way.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) message: Message,
    pending: RefCell<Pending>,
    /// Deliveries whose first try is not over. As long as there are some, the record is left as it is:
    /// mostly it is deleted a moment later.
    untried: Cell<usize>,
}

impl Sent {
    pub(super) fn new(message: Message, pending: Pending) -> Self {
        let untried = Cell::new(pending.len());
        Self { message, pending: RefCell::new(pending), untried }
    }
}

/// A delivery that waits for those before it in its group.
pub(super) type Lane = VecDeque<Rc<Sent>>;

impl Sns {
    /// Begins all deliveries of a message.
    pub(super) fn send(self: &Rc<Self>, sent: Sent) {
        let sent = Rc::new(sent);
        let subscriptions: Vec<String> = sent.pending.borrow().iter().cloned().collect();
        for subscription in subscriptions {
            match &sent.message.group {
                Some(group) if sent.message.sequence.is_some() => {
                    let key = (subscription, group.clone());
                    self.send_in_order(key, Rc::clone(&sent));
                }
                _ => {
                    let (sns, sent, busy) = (Rc::clone(self), Rc::clone(&sent), self.world.activity.begin());
                    tokio::task::spawn_local(async move {
                        let _ended = sns.deliver(&sent, &subscription, busy).await;
                    });
                }
            }
        }
    }

    fn send_in_order(self: &Rc<Self>, key: (String, String), sent: Rc<Sent>) {
        let mut lanes = self.lanes.borrow_mut();
        if let Some(lane) = lanes.get_mut(&key) {
            lane.push_back(sent);
            return;
        }
        lanes.insert(key.clone(), Lane::from([sent]));
        drop(lanes);
        let (sns, mut busy) = (Rc::clone(self), self.world.activity.begin());
        tokio::task::spawn_local(async move {
            while let Some(sent) = sns.next_in(&key) {
                busy = sns.deliver(&sent, &key.0, busy).await;
            }
        });
    }

    /// The next delivery of a lane, which ends with its last.
    fn next_in(&self, key: &(String, String)) -> Option<Rc<Sent>> {
        let mut lanes = self.lanes.borrow_mut();
        let next = lanes.get_mut(key).and_then(VecDeque::pop_front);
        if next.is_none() {
            lanes.remove(key);
        }
        next
    }

    /// Delivers to one subscription, however long it takes.
    async fn deliver(&self, sent: &Sent, arn: &str, mut busy: Busy) -> Busy {
        let mut retries = self.retries(sent, arn);
        let mut dead: Option<(Arn, AwsError)> = None;
        let mut first = true;
        loop {
            let Some(subscription) = self.subscription(arn) else {
                self.tell(sent, arn, "dropped", Outcome::Failed, || json!({"reason": "the subscription is gone"}));
                break;
            };
            let tried = match &dead {
                None => self.attempt(&sent.message, &subscription).await,
                // The dead-letter queue gets what the endpoint would have got.
                Some((queue, _)) => self.send_to(queue, &sent.message, &subscription).await,
            };
            let Err(error) = tried else {
                match &dead {
                    None => self.tell(sent, arn, "delivered", Outcome::Done, || endpoint(&subscription)),
                    Some((queue, error)) => self.tell(
                        sent,
                        arn,
                        "dead-lettered",
                        Outcome::Failed,
                        || json!({"queue": queue, "reason": error.to_string()}),
                    ),
                }
                break;
            };
            if first {
                first = false;
                self.tried(sent);
            }
            retries = retries.saturating_add(1);
            let wait = retry::may_help(&error).then(|| retry::delay(retries, &self.world.random)).flatten();
            match (wait, &dead) {
                (Some(wait), _) => {
                    if dead.is_none() {
                        self.tables.retries.put(&key(sent, arn), &retries);
                    }
                    self.tell(
                        sent,
                        arn,
                        "failed",
                        Outcome::Retried,
                        || json!({"reason": error.to_string(), "retry": retries, "in_ms": wait.as_millis()}),
                    );
                    drop(busy);
                    self.world.clock.sleep(wait).await;
                    busy = self.world.activity.begin();
                }
                (None, None) => match subscription.dead_letters.clone() {
                    Some(queue) => {
                        retries = 0;
                        dead = Some((queue, error));
                    }
                    None => {
                        self.tell(sent, arn, "lost", Outcome::Failed, || json!({"reason": error.to_string()}));
                        break;
                    }
                },
                (None, Some((queue, _))) => {
                    self.tell(
                        sent,
                        arn,
                        "lost",
                        Outcome::Failed,
                        || json!({"queue": queue, "reason": error.to_string()}),
                    );
                    break;
                }
            }
        }
        self.settle(sent, arn);
        if first {
            self.tried(sent);
        }
        busy
    }

    /// How often this delivery was tried again before the engine was restarted.
    fn retries(&self, sent: &Sent, arn: &str) -> u32 {
        self.retried.borrow_mut().remove(&key(sent, arn)).unwrap_or(0)
    }

    /// A first try is over: once all are, what is left is recorded.
    fn tried(&self, sent: &Sent) {
        sent.untried.set(sent.untried.get().saturating_sub(1));
        if sent.untried.get() == 0 && !sent.pending.borrow().is_empty() {
            self.keep(sent);
        }
    }

    /// The delivery is over, well or badly.
    fn settle(&self, sent: &Sent, arn: &str) {
        sent.pending.borrow_mut().remove(arn);
        self.tables.retries.delete(&key(sent, arn));
        if sent.pending.borrow().is_empty() {
            self.tables.messages.delete(&sent.message.id);
        } else if sent.untried.get() == 0 {
            self.keep(sent);
        }
    }

    /// Records a message with the deliveries that are still to be made.
    pub(super) fn keep(&self, sent: &Sent) {
        self.tables.messages.put(&sent.message.id, &(&sent.message, &*sent.pending.borrow()));
    }

    async fn attempt(&self, message: &Message, subscription: &Subscription) -> Result<(), AwsError> {
        let record = &subscription.record;
        match record.protocol {
            Endpoint::Sqs => {
                if subscription.raw && message.attributes.len() > RAW_ATTRIBUTES {
                    let text = "raw message delivery takes at most 10 message attributes";
                    return Err(AwsError::new("InvalidAttributes", text));
                }
                let queue = Arn::parse(&record.endpoint)
                    .map_err(|error| AwsError::new("InvalidEndpoint", error.to_string()))?;
                self.send_to(&queue, message, subscription).await
            }
            Endpoint::Lambda => {
                let payload =
                    envelope::lambda_event(&self.world.place, self.signature_version(message), message, subscription);
                let input = json!({"FunctionName": record.endpoint, "InvocationType": "Event", "Payload": payload});
                self.request(message, "lambda", "Invoke", input).await
            }
            Endpoint::Email | Endpoint::EmailJson => {
                self.mail(message, subscription);
                Ok(())
            }
            // Such a subscription is never confirmed.
            Endpoint::Http | Endpoint::Https => Err(super::errors::absent("delivery over HTTP")),
        }
    }

    async fn send_to(&self, queue: &Arn, message: &Message, subscription: &Subscription) -> Result<(), AwsError> {
        let place = &self.world.place;
        let mut input = serde_json::Map::new();
        let url = format!("{}/{}/{}", place.endpoint, queue.account(), queue.name());
        input.insert("QueueUrl".to_owned(), url.into());
        let body = if subscription.raw {
            if !message.attributes.is_empty() && message.attributes.len() <= RAW_ATTRIBUTES {
                input.insert("MessageAttributes".to_owned(), json!(message.attributes));
            }
            message.body_for(Endpoint::Sqs).to_owned()
        } else {
            envelope::notification(place, self.signature_version(message), message, subscription)
        };
        input.insert("MessageBody".to_owned(), body.into());
        if let Some(group) = &message.group {
            input.insert("MessageGroupId".to_owned(), group.as_str().into());
        }
        if let Some(deduplication) = &message.deduplication
            && queue.name().ends_with(".fifo")
        {
            input.insert("MessageDeduplicationId".to_owned(), deduplication.as_str().into());
        }
        self.request(message, "sqs", "SendMessage", Value::Object(input)).await
    }

    async fn request(&self, message: &Message, service: &str, operation: &str, input: Value) -> Result<(), AwsError> {
        let caller = Caller::Service { principal: "sns.amazonaws.com", source: message.topic.clone() };
        self.world.bus.request(caller, service, operation, input).await.map(|_| ())
    }

    fn mail(&self, message: &Message, subscription: &Subscription) {
        let record = &subscription.record;
        let text = match record.protocol {
            Endpoint::EmailJson => {
                envelope::notification(&self.world.place, self.signature_version(message), message, subscription)
            }
            _ => message.body_for(Endpoint::Email).to_owned(),
        };
        let subject = message.subject.as_deref().unwrap_or("AWS Notification Message");
        let mail = json!({
            "At": message.at.rfc3339(), "To": record.endpoint, "Subject": subject, "Text": text,
            "TopicArn": message.topic, "MessageId": message.id,
        });
        self.keep_mail(&message.id, subscription.arn(), mail);
    }

    fn tell(
        &self,
        sent: &Sent,
        subscription: &str,
        what: &'static str,
        outcome: Outcome,
        detail: impl FnOnce() -> Value,
    ) {
        self.world.log.tell(
            "sns",
            sent.message.topic.name(),
            what,
            outcome,
            || json!({"message": sent.message.id, "subscription": subscription, "detail": detail()}),
        );
    }
}

fn endpoint(subscription: &Subscription) -> Value {
    json!({"protocol": subscription.record.protocol.name(), "endpoint": subscription.record.endpoint})
}

fn key(sent: &Sent, arn: &str) -> String {
    format!("{} {arn}", sent.message.id)
}
