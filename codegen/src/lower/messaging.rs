//! Topics, queues with their dead letters, subscriptions.

use super::{Lowering, clamp, names};
use crate::facts::Node;
use crate::model::{Destination, QueueId};
use crate::plan::{Place, Queue, QueueRef, QueueRole, RawFilter, Sender, Subscription, Topic, TopicRef, TopicRole};

/// 14 days: the longest, so that dead letters outlive what they came from.
/// Source: Amazon SQS Developer Guide, "Amazon SQS message quotas".
const DEAD_LETTER_SECONDS: u32 = 1_209_600;

/// 256 KiB: what SNS carries, and so what a queue behind it may get.
const MESSAGE_BYTES: u32 = 262_144;

/// What a queue is, before it has its dead letters.
pub(super) struct QueueSpec {
    pub(super) place: Place,
    /// The name after the prefix, without `.fifo`.
    pub(super) name: String,
    pub(super) about: String,
    pub(super) role: QueueRole,
    pub(super) fifo: bool,
    /// Seconds that its consumer may take for a batch.
    pub(super) timeout: u32,
    /// Seconds that its consumer waits for a batch to fill.
    pub(super) window: u32,
    pub(super) retention: u32,
    pub(super) delay: u32,
    /// Receives before the dead-letter queue.
    pub(super) attempts: u32,
    pub(super) senders: Vec<Sender>,
}

/// Seconds that a message is invisible, for its consumer's timeout and batch window.
fn visibility(timeout: u32, window: u32) -> u32 {
    timeout.saturating_mul(clamp(crate::decide::VISIBILITY_FACTOR)).saturating_add(window)
}

/// A queue's name after the prefix, as FIFO queues are named.
fn fifo_name(name: &str, fifo: bool) -> String {
    if fifo { format!("{name}.fifo") } else { name.to_owned() }
}

impl Lowering<'_> {
    pub(super) fn topics(&mut self) {
        for (id, topic) in self.flow.topics.iter() {
            let mut place = names::place(
                names::logical(topic.name.identity(), "Topic"),
                format!("topics.{}", topic.name.text),
                self.facts.components().node(Node::To(Destination::Topic(id))),
            );
            place.allow_replace = topic.allow_replace.as_ref().map(|a| a.value.clone());
            self.plan.topics.push(Topic {
                place,
                name: fifo_name(&names::physical(&[topic.name.identity()]), topic.fifo.value),
                about: topic.about.clone().unwrap_or_else(|| format!("The topic {} of the flow.", topic.name.text)),
                role: TopicRole::Own,
                fifo: topic.fifo.value,
                carries: topic.carries.iter().map(|e| self.ce_type(e.value)).collect(),
                calls: None,
            });
        }
    }

    pub(super) fn queues(&mut self) {
        for (id, queue) in self.flow.queues.iter() {
            let mut place = self.queue_place(id);
            place.allow_replace = queue.allow_replace.as_ref().map(|a| a.value.clone());
            let topic = queue.from.map(|t| &self.flow.topics[t.value]);
            let topic_ref = topic.map(|t| TopicRef(names::logical(t.name.identity(), "Topic")));
            let (queue_ref, dead) = self.queue(QueueSpec {
                place,
                name: names::physical(&[queue.name.identity()]),
                about: queue.about.clone().unwrap_or_else(|| format!("The queue {} of the flow.", queue.name.text)),
                role: QueueRole::Own,
                fifo: crate::decide::is_fifo(self.flow, queue),
                timeout: clamp(crate::decide::consumer_timeout(self.flow, queue)),
                window: clamp(crate::decide::batch_window(queue)),
                retention: clamp(crate::decide::keep(queue)),
                delay: queue.delay.map_or(0, |d| d.value as u32),
                attempts: crate::decide::attempts(queue),
                senders: topic_ref.iter().cloned().map(Sender::Topic).collect(),
            });
            if let (Some(topic), Some(topic_ref)) = (topic, topic_ref) {
                self.plan.subscriptions.push(Subscription {
                    place: names::place(
                        names::logical(queue.name.identity(), "QueueSubscription"),
                        format!("queues.{}", queue.name.text),
                        self.facts.components().node(Node::To(Destination::Queue(id))),
                    ),
                    filter: self.filter(id, topic),
                    topic: topic_ref,
                    queue: queue_ref,
                    dead_letters: dead,
                });
            }
        }
    }

    pub(super) fn queue_place(&self, id: QueueId) -> Place {
        let queue = &self.flow.queues[id];
        names::place(
            names::logical(queue.name.identity(), "Queue"),
            format!("queues.{}", queue.name.text),
            self.facts.components().node(Node::To(Destination::Queue(id))),
        )
    }

    /// What SNS lets pass: the types, where the queue takes fewer than the topic carries; and the spec's
    /// condition. The types are an attribute of the message, the fields of an event stand in its body only.
    fn filter(&self, id: QueueId, topic: &crate::model::Topic) -> Option<RawFilter> {
        let queue = &self.flow.queues[id];
        let taken = self.facts.arriving(Node::To(Destination::Queue(id)));
        let types = queue
            .events
            .as_ref()
            .filter(|e| e.len() < topic.carries.len())
            .map(|_| taken.iter().map(|s| self.ce_type(s.event)).collect::<Vec<_>>())
            .unwrap_or_default();
        if types.is_empty() && queue.filter.is_none() {
            return None;
        }
        Some(RawFilter { types, pattern: queue.filter.clone() })
    }

    /// Adds a queue and its dead-letter queue.
    pub(super) fn queue(&mut self, spec: QueueSpec) -> (QueueRef, QueueRef) {
        let name = fifo_name(&spec.name, spec.fifo);
        let dead_place = Place { logical: format!("{}DeadLetters", spec.place.logical), ..spec.place.clone() };
        let dead_name = fifo_name(&names::physical(&[&spec.name, "dlq"]), spec.fifo);
        let dead = QueueRef(dead_place.logical.clone());
        let about = format!("Dead letters of the queue {}.", spec.name);
        // A subscription's redrive goes to the same queue, so SNS sends there too.
        self.plan.queues.push(dead_letters(
            dead_place,
            dead_name,
            about,
            spec.fifo,
            vec![name.clone()],
            spec.senders.clone(),
        ));
        let queue = Queue {
            name,
            about: spec.about,
            role: spec.role,
            fifo: spec.fifo,
            visibility: visibility(spec.timeout, spec.window),
            retention: spec.retention,
            delay: spec.delay,
            max_message: MESSAGE_BYTES,
            redrive: Some((dead.clone(), spec.attempts)),
            redrive_from: Vec::new(),
            senders: spec.senders,
            place: spec.place,
        };
        let made = queue.reference();
        self.plan.queues.push(queue);
        self.dead_letters.insert(made.clone(), dead.clone());
        (made, dead)
    }

    /// Adds a dead-letter queue that belongs to no queue: of a source or a schedule.
    pub(super) fn lone_dead_letters(
        &mut self,
        place: Place,
        name: String,
        about: String,
        senders: Vec<Sender>,
    ) -> QueueRef {
        let made = QueueRef(place.logical.clone());
        self.plan.queues.push(dead_letters(place, name, about, false, Vec::new(), senders));
        made
    }
}

fn dead_letters(
    place: Place,
    name: String,
    about: String,
    fifo: bool,
    redrive_from: Vec<String>,
    senders: Vec<Sender>,
) -> Queue {
    Queue {
        place,
        name,
        about,
        role: QueueRole::DeadLetters,
        fifo,
        visibility: 30,
        retention: DEAD_LETTER_SECONDS,
        delay: 0,
        max_message: 1_048_576,
        redrive: None,
        redrive_from,
        senders,
    }
}
