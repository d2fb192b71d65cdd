//! Amazon SNS: topics, subscriptions with filter policies, and deliveries to queues, functions and mail.
//!
//! In: SNS's operations. Out: their answers, and for each message that is accepted a delivery to every
//! subscription that wants it. Guaranteed: a message that was acknowledged is delivered, dead-lettered or
//! told as lost, whatever happens to the engine meanwhile.
//!
//! | file | is |
//! | --- | --- |
//! | `filter/` | filter policies |
//! | `topics.rs`, `subscriptions.rs` | their operations |
//! | `publish.rs`, `fifo.rs`, `attributes.rs` | from a request to an accepted message |
//! | `encryption.rs` | who may use the key of an encrypted topic |
//! | `deliver.rs`, `retry.rs`, `envelope.rs` | from an accepted message to its endpoints |

mod attributes;
mod deliver;
mod encryption;
mod envelope;
mod errors;
mod fifo;
mod filter;
mod input;
mod model;
mod publish;
mod retry;
mod subscriptions;
mod topics;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use futures_util::future::{FutureExt, LocalBoxFuture};
use serde_json::{Value, json};

use self::deliver::{Lane, Sent};
use self::fifo::{Memory, Seen};
use self::input::read;
use self::model::{Message, Pending, Subscription, SubscriptionRecord, Topic, TopicRecord};
use crate::kernel::{Access, Arn, AwsError, Call, Caller, Outcome, Service, StoreError, Table, World};
use crate::wire::{Protocol, Query};

/// As ARNs and signatures name it.
pub const NAME: &str = "sns";

/// How clients call it.
pub const PROTOCOL: Protocol =
    Protocol::Query(Query { namespace: "http://sns.amazonaws.com/doc/2010-03-31/", maps: &["Attributes"] });

/// How many mails are kept.
const MAILS: usize = 1000;

/// The service.
#[derive(Debug)]
pub struct Sns {
    world: World,
    tables: Tables,
    topics: RefCell<BTreeMap<String, Rc<Topic>>>,
    /// By ARN, which begins with the topic's.
    subscriptions: RefCell<BTreeMap<String, Rc<Subscription>>>,
    fifo: RefCell<Memory>,
    /// What waits behind a FIFO delivery that goes on, by subscription and group.
    lanes: RefCell<BTreeMap<(String, String), Lane>>,
    /// Retries before the restart, of deliveries that have not begun again.
    retried: RefCell<BTreeMap<String, u32>>,
    mails: RefCell<VecDeque<(String, Value)>>,
    /// Who has a data key.
    data_keys: RefCell<encryption::DataKeys>,
}

#[derive(Debug)]
struct Tables {
    topics: Table,
    subscriptions: Table,
    messages: Table,
    retries: Table,
    sequences: Table,
    seen: Table,
    mails: Table,
}

impl Sns {
    /// Loads the records and goes on with the deliveries that are left.
    pub fn start(world: &World) -> Result<Rc<Self>, StoreError> {
        let tables = Tables {
            topics: world.store.table("sns.topics"),
            subscriptions: world.store.table("sns.subscriptions"),
            messages: world.store.table("sns.messages"),
            retries: world.store.table("sns.retries"),
            sequences: world.store.table("sns.sequences"),
            seen: world.store.table("sns.deduplication"),
            mails: world.store.table("sns.mails"),
        };
        let topics = tables.topics.load::<TopicRecord>()?;
        let subscriptions = tables.subscriptions.load::<SubscriptionRecord>()?;
        let messages = tables.messages.load::<(Message, Pending)>()?;
        let sns = Rc::new(Self {
            // A record was checked before it was written.
            topics: RefCell::new(
                topics.into_iter().filter_map(|(arn, record)| Some((arn, Rc::new(Topic::new(record).ok()?)))).collect(),
            ),
            subscriptions: RefCell::new(
                subscriptions
                    .into_iter()
                    .filter_map(|(arn, record)| {
                        Some((arn, Rc::new(Subscription::new(record, errors::in_attributes).ok()?)))
                    })
                    .collect(),
            ),
            fifo: RefCell::new(Memory::of(tables.sequences.load()?, tables.seen.load::<Seen>()?)),
            lanes: RefCell::default(),
            retried: RefCell::new(tables.retries.load()?.into_iter().collect()),
            mails: RefCell::new(tables.mails.load()?.into()),
            data_keys: RefCell::default(),
            world: world.clone(),
            tables,
        });
        let mut messages: Vec<_> = messages.into_iter().map(|(_, message)| message).collect();
        messages.sort_by_key(|(message, _)| (message.at, message.sequence));
        let later = Rc::clone(&sns);
        let busy = world.activity.begin();
        // The services that it delivers to start with it: it begins once they are there.
        tokio::task::spawn_local(async move {
            let _busy = busy;
            for (message, pending) in messages {
                later.send(Sent::new(message, pending));
            }
        });
        Ok(sns)
    }

    fn answer(self: &Rc<Self>, call: Call) -> Result<Value, AwsError> {
        let Call { caller, operation, input } = call;
        let caller = &caller;
        match operation.as_str() {
            "CreateTopic" => self.create_topic(caller, read(input)?),
            "DeleteTopic" => self.delete_topic(caller, &read(input)?),
            "ListTopics" => self.list_topics(caller, read(input)?),
            "GetTopicAttributes" => self.get_topic_attributes(caller, &read(input)?),
            "SetTopicAttributes" => self.set_topic_attributes(caller, read(input)?),
            "TagResource" => self.tag(caller, read(input)?),
            "UntagResource" => self.untag(caller, &read(input)?),
            "ListTagsForResource" => self.list_tags(caller, &read(input)?),
            "Subscribe" => self.subscribe(caller, read(input)?),
            "ConfirmSubscription" => self.confirm(caller, &read(input)?),
            "Unsubscribe" => self.unsubscribe(caller, &read(input)?),
            "ListSubscriptions" => self.list_subscriptions(caller, read(input)?),
            "ListSubscriptionsByTopic" => self.list_subscriptions_by_topic(caller, &read(input)?),
            "GetSubscriptionAttributes" => self.get_subscription_attributes(caller, &read(input)?),
            "SetSubscriptionAttributes" => self.set_subscription_attributes(caller, read(input)?),
            "Publish" => self.publish(caller, read(input)?),
            "PublishBatch" => self.publish_batch(caller, read(input)?),
            "eventloom:ListMails" => Ok(self.list_mails()),
            other => Err(errors::absent(other)),
        }
    }

    fn topic(&self, arn: &str) -> Result<Rc<Topic>, AwsError> {
        if Arn::parse(arn).is_ok_and(|arn| arn.service() == NAME) {
            self.topics.borrow().get(arn).cloned().ok_or_else(errors::no_topic)
        } else {
            Err(errors::invalid(format_args!(
                "TopicArn Reason: An ARN must have at least 6 elements, not {}",
                arn.split(':').count()
            )))
        }
    }

    fn subscription(&self, arn: &str) -> Option<Rc<Subscription>> {
        self.subscriptions.borrow().get(arn).cloned()
    }

    fn subscriptions_of(&self, topic: &Arn) -> Vec<Rc<Subscription>> {
        // `;` is the next character after `:`.
        let (from, to) = (format!("{topic}:"), format!("{topic};"));
        self.subscriptions.borrow().range(from..to).map(|(_, subscription)| Rc::clone(subscription)).collect()
    }

    /// Whether `caller` may do `action` on the topic, by its own policy too.
    fn allow(&self, caller: &Caller, action: &str, topic: &Topic) -> Result<(), AwsError> {
        self.check(caller, action, topic.arn(), topic.policy.as_ref(), &[])
    }

    fn check(
        &self,
        caller: &Caller,
        action: &str,
        resource: &str,
        policy: Option<&Value>,
        context: &[(&str, &str)],
    ) -> Result<(), AwsError> {
        self.world.guard.check(&Access { caller, action, resource, policy, context }).map_err(errors::denied)
    }

    fn signature_version(&self, message: &Message) -> &'static str {
        let topic = self.topics.borrow().get(message.topic.as_str()).cloned();
        match topic.as_ref().and_then(|topic| topic.record.attributes.get("SignatureVersion")) {
            Some(version) if version == "2" => "2",
            _ => "1",
        }
    }

    /// Keeps a mail, and forgets the oldest of too many.
    fn keep_mail(&self, message: &str, subscription: &str, mail: Value) {
        let key = format!("{:015} {message} {subscription}", self.world.clock.now().millis());
        self.tables.mails.put(&key, &mail);
        self.world.log.tell(NAME, subscription, "mailed", Outcome::Done, || mail.clone());
        let mut mails = self.mails.borrow_mut();
        mails.push_back((key, mail));
        while mails.len() > MAILS
            && let Some((key, _)) = mails.pop_front()
        {
            self.tables.mails.delete(&key);
        }
    }

    fn list_mails(&self) -> Value {
        json!({"Mails": self.mails.borrow().iter().map(|(_, mail)| mail.clone()).collect::<Vec<_>>()})
    }
}

impl Service for Sns {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        async move {
            self.use_key(&call).await?;
            self.answer(call)
        }
        .boxed_local()
    }
}

/// A page of a list, and the token of the next one: the key that it begins with.
fn page<T>(
    items: impl Iterator<Item = (String, T)>,
    token: Option<String>,
    item: impl Fn(T) -> Value,
    member: &str,
) -> Result<Value, AwsError> {
    const SIZE: usize = 100;
    if token.as_deref().is_some_and(|token| Arn::parse(token).is_err()) {
        return Err(errors::invalid("NextToken"));
    }
    let from = token.unwrap_or_default();
    let mut found = Vec::new();
    for (key, value) in items.filter(|(key, _)| *key >= from) {
        if found.len() == SIZE {
            return Ok(json!({member: found, "NextToken": key}));
        }
        found.push(item(value));
    }
    Ok(json!({member: found}))
}
