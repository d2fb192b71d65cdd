//! Amazon SQS: standard and FIFO queues.
//!
//! In: SQS's operations over the bus. Out: SQS's answers and refusals. Guaranteed: what was accepted is
//! kept until it is deleted, moved, or too old; a receive that waits wakes as soon as a message is there.
//!
//! | module | is |
//! | --- | --- |
//! | `queue` | one queue's messages: the pure state machine |
//! | `settings`, `message` | what can be set and sent |
//! | `control` | operations on queues |
//! | `messages`, `batch` | operations on messages |
//! | `encryption` | who may use the key of an encrypted queue |
//! | `moves` | message move tasks |
//! | `records` | what is written |
//! | `chaos` | a hook for duplicates and disorder |
//!
//! Nothing is encrypted; the policy of a queue's key is asked as if it were. Inert, though accepted and read
//! back: `SqsManagedSseEnabled` and `FifoThroughputLimit` (nothing is throttled).

mod batch;
mod chaos;
mod control;
mod encryption;
mod error;
mod input;
mod message;
mod messages;
mod moves;
mod queue;
mod records;
mod settings;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::LocalBoxFuture;
use ring::hmac;
use serde_json::{Value, json};
use tokio::sync::Notify;

pub use self::chaos::{Chaos, Mischief};
use self::error::{missing, no_queue, no_receipt};
use self::queue::Queue;
use self::records::{QueueRecord, Records};
use crate::kernel::{Access, Arn, AwsError, Call, Caller, Outcome, Service, StoreError, Time, World};
use crate::wire::{AwsJson, Protocol};

/// As ARNs and signatures name it.
pub const NAME: &str = "sqs";

/// AWS JSON 1.0, with the codes of the query protocol.
pub const PROTOCOL: Protocol =
    Protocol::Json(AwsJson { version: "1.0", target: "AmazonSQS", query_errors: Some(error::query_code) });

/// A queue of the account.
#[derive(Debug)]
struct Held {
    name: String,
    arn: Arn,
    record: RefCell<QueueRecord>,
    queue: RefCell<Queue>,
    /// Wakes one receive that waits.
    arrived: Notify,
    /// When the receives that wait believe the next message becomes visible.
    expected: Cell<Option<Time>>,
    deleted: Cell<bool>,
    /// Who has a data key.
    data_keys: RefCell<encryption::DataKeys>,
}

/// Amazon SQS.
#[derive(Debug)]
pub struct Sqs {
    world: World,
    queues: RefCell<BTreeMap<String, Rc<Held>>>,
    moves: RefCell<BTreeMap<String, moves::Task>>,
    records: Records,
    receipts: hmac::Key,
    chaos: RefCell<Option<Rc<dyn Chaos>>>,
    /// When the next message is dropped for its age, and what wakes the task that does it.
    sweep: Cell<Option<Time>>,
    sooner: Notify,
}

/// Loads all queues and begins the tasks.
pub fn start(world: &World) -> Result<Rc<Sqs>, StoreError> {
    let records = Records::new(&world.store);
    let secret = records.secret(|| world.random.hex(64))?;
    let moves = moves::load(&records)?;
    let mut queues = BTreeMap::new();
    for (name, record, queue) in records.load()? {
        let held = Rc::new(Held::new(world.place.arn(NAME, &name), record, queue));
        queues.insert(name, held);
    }
    let sqs = Rc::new(Sqs {
        world: world.clone(),
        queues: RefCell::new(queues),
        moves: RefCell::new(moves),
        records,
        receipts: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        chaos: RefCell::default(),
        sweep: Cell::new(None),
        sooner: Notify::new(),
    });
    tokio::task::spawn_local(Rc::clone(&sqs).expire());
    moves::resume(&sqs);
    Ok(sqs)
}

impl Service for Sqs {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        Box::pin(async move {
            let Call { caller, operation, input } = call;
            self.use_key(&caller, &operation, &input).await?;
            match operation.as_str() {
                "ReceiveMessage" => self.receive_message(&caller, input).await,
                "SendMessage" => self.send_message(&caller, input),
                "SendMessageBatch" => self.send_message_batch(&caller, input),
                "DeleteMessage" => self.delete_message(&caller, input),
                "DeleteMessageBatch" => self.delete_message_batch(&caller, input),
                "ChangeMessageVisibility" => self.change_message_visibility(&caller, input),
                "ChangeMessageVisibilityBatch" => self.change_message_visibility_batch(&caller, input),
                "CreateQueue" => self.create_queue(&caller, input),
                "DeleteQueue" => self.delete_queue(&caller, input),
                "GetQueueUrl" => self.get_queue_url(&caller, input),
                "ListQueues" => self.list_queues(&caller, input),
                "GetQueueAttributes" => self.get_queue_attributes(&caller, input),
                "SetQueueAttributes" => self.set_queue_attributes(&caller, input),
                "PurgeQueue" => self.purge_queue(&caller, input),
                "ListDeadLetterSourceQueues" => self.list_dead_letter_source_queues(&caller, input),
                "TagQueue" => self.tag_queue(&caller, input),
                "UntagQueue" => self.untag_queue(&caller, input),
                "ListQueueTags" => self.list_queue_tags(&caller, input),
                "AddPermission" => self.add_permission(&caller, input),
                "RemovePermission" => self.remove_permission(&caller, input),
                "StartMessageMoveTask" => moves::start(&self, &caller, input),
                "CancelMessageMoveTask" => moves::cancel(&self, &caller, input),
                "ListMessageMoveTasks" => moves::list(&self, &caller, input),
                other => Err(AwsError::unsupported(NAME, other)),
            }
        })
    }
}

impl Sqs {
    /// From now on standard queues take the freedom that `chaos` says.
    pub fn set_chaos(&self, chaos: Option<Rc<dyn Chaos>>) {
        *self.chaos.borrow_mut() = chaos;
    }

    /// The queue that a URL names: of any host, or the name alone.
    fn named(&self, url: &str) -> Result<Rc<Held>, AwsError> {
        if url.is_empty() {
            return Err(missing("QueueUrl"));
        }
        let mut parts = url.rsplit('/');
        let (name, account) = (parts.next().unwrap_or_default(), parts.next());
        if account.is_some_and(|account| account != &*self.world.place.account) {
            return Err(no_queue());
        }
        self.queues.borrow().get(name).cloned().ok_or_else(no_queue)
    }

    fn with_arn(&self, arn: &str) -> Option<Rc<Held>> {
        let name = Arn::parse(arn).ok()?.resource().to_owned();
        self.queues.borrow().get(&name).filter(|held| held.arn.as_str() == arn).cloned()
    }

    /// The queue that a URL names, if the caller may do this with it.
    fn granted(&self, caller: &Caller, action: &str, url: &str) -> Result<Rc<Held>, AwsError> {
        let held = self.named(url)?;
        self.check(caller, action, &held)?;
        Ok(held)
    }

    fn check(&self, caller: &Caller, action: &str, held: &Held) -> Result<(), AwsError> {
        let queue = held.queue.borrow();
        let policy = queue.settings.policy.as_ref();
        self.world.guard.check(&Access { caller, action, resource: held.arn.as_str(), policy, context: &[] })
    }

    fn url(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.world.place.endpoint, self.world.place.account)
    }

    /// Lets time have its effect on a queue.
    fn settle(&self, held: &Held) -> Time {
        let now = self.world.clock.now();
        let expired = held.queue.borrow_mut().settle(now);
        if expired > 0 {
            self.world.log.tell(NAME, &held.name, "expired", Outcome::Failed, || json!({"messages": expired}));
        }
        now
    }

    /// Writes what changed in a queue, and wakes who waits for it.
    fn commit(&self, held: &Held) {
        let mut queue = held.queue.borrow_mut();
        for change in queue.changes() {
            self.records.write(&held.name, &queue, &change);
        }
        let next = queue.next_visible();
        // Later counts too: who waits for a message that was deleted meanwhile waits for no work.
        let moved = next != held.expected.replace(next);
        if moved || queue.has_visible() {
            held.arrived.notify_one();
        }
        let sweep = self.sweep.get();
        if queue.next_expiry().is_some_and(|next| sweep.is_none_or(|sweep| next < sweep)) {
            self.sooner.notify_one();
        }
    }

    /// Drops messages as their retention ends, for ever.
    async fn expire(self: Rc<Self>) {
        loop {
            let queues: Vec<Rc<Held>> = self.queues.borrow().values().cloned().collect();
            for held in &queues {
                self.settle(held);
                self.commit(held);
            }
            let next = queues.iter().filter_map(|held| held.queue.borrow().next_expiry()).min();
            self.sweep.set(next);
            match next {
                Some(next) => tokio::select! {
                    biased;
                    () = self.sooner.notified() => {}
                    () = self.world.clock.idle_until(next) => {}
                },
                None => self.sooner.notified().await,
            }
        }
    }

    /// What a receiver shows to delete a message: numbers that only this engine can sign.
    fn handle(&self, held: &Held, number: u64, receipt: u32) -> String {
        let mut bytes = number.to_be_bytes().to_vec();
        bytes.extend(receipt.to_be_bytes());
        let tag = hmac::sign(&self.receipts, &signed(held, &bytes));
        bytes.extend(tag.as_ref());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn receipt(&self, held: &Held, handle: &str) -> Result<(u64, u32), AwsError> {
        if handle.is_empty() {
            return Err(missing("ReceiptHandle"));
        }
        let bytes = URL_SAFE_NO_PAD.decode(handle).unwrap_or_default();
        let numbers = bytes.split_at_checked(12).and_then(|(numbers, tag)| {
            hmac::verify(&self.receipts, &signed(held, numbers), tag).ok()?;
            let (number, receipt) = numbers.split_at_checked(8)?;
            Some((u64::from_be_bytes(number.try_into().ok()?), u32::from_be_bytes(receipt.try_into().ok()?)))
        });
        numbers.ok_or_else(|| no_receipt(handle))
    }
}

/// What is signed: the queue belongs to it.
fn signed(held: &Held, numbers: &[u8]) -> Vec<u8> {
    [held.name.as_bytes(), b"/", numbers].concat()
}

impl Held {
    fn new(arn: Arn, record: QueueRecord, queue: Queue) -> Self {
        Self {
            name: arn.resource().to_owned(),
            arn,
            record: RefCell::new(record),
            queue: RefCell::new(queue),
            arrived: Notify::new(),
            expected: Cell::new(None),
            deleted: Cell::new(false),
            data_keys: RefCell::default(),
        }
    }
}
