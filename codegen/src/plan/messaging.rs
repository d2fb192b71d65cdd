//! Topics, queues, subscriptions.

use super::{FunctionRef, Place, QueueRef, TopicRef};

/// What a topic is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopicRole {
    /// One of the spec's.
    Own,
    /// Alarms, to a person.
    Alarms,
    /// Bounces and complaints from SES, to the flow's function.
    Bounces,
}

/// An SNS topic.
#[derive(Debug, Clone)]
pub struct Topic {
    /// Where it belongs.
    pub place: Place,
    /// The name after the prefix: `activity`, `orders.fifo`.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// Its kind of use.
    pub role: TopicRole,
    /// Whether it is a FIFO topic.
    pub fifo: bool,
    /// The events that it carries, by their types' names.
    pub carries: Vec<String>,
    /// The function that it calls, where its role is bounces.
    pub calls: Option<FunctionRef>,
}

impl Topic {
    /// A reference to it.
    #[must_use]
    pub fn reference(&self) -> TopicRef {
        TopicRef(self.place.logical.clone())
    }
}

/// What a queue is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueRole {
    /// One of the spec's.
    Own,
    /// Dead letters of other queues, subscriptions, streams, or schedules.
    DeadLetters,
    /// A grouper's timers.
    Timer,
    /// A grouper's closed groups, on their way out.
    Out,
    /// The second, slower pass of a fan-out.
    Rest,
}

/// Who sends to a queue without being one of the flow's functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sender {
    /// An SNS topic, through a subscription or its redrive.
    Topic(TopicRef),
    /// EventBridge Scheduler's dead letters: by the schedule's role, so no statement.
    Scheduler,
}

/// An SQS queue.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Where it belongs.
    pub place: Place,
    /// The name after the prefix: `notify`, `notify-dlq`, `orders.fifo`.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// Its kind of use.
    pub role: QueueRole,
    /// Whether it is a FIFO queue.
    pub fifo: bool,
    /// Seconds that a message is invisible once received.
    pub visibility: u32,
    /// Seconds that a message is kept.
    pub retention: u32,
    /// Seconds that every message waits first.
    pub delay: u32,
    /// The largest message, in bytes.
    pub max_message: u32,
    /// Its dead-letter queue, and after how many receives.
    pub redrive: Option<(QueueRef, u32)>,
    /// The queues whose dead letters it takes, by the names after the prefix.
    pub redrive_from: Vec<String>,
    /// Who else sends to it.
    pub senders: Vec<Sender>,
}

impl Queue {
    /// A reference to it.
    #[must_use]
    pub fn reference(&self) -> QueueRef {
        QueueRef(self.place.logical.clone())
    }
}

/// An SNS filter policy: matched against a message's attributes, or against its body where there is a pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct RawFilter {
    /// The event types that pass; empty for all.
    pub types: Vec<String>,
    /// The spec's own condition; its paths are the event's fields.
    pub pattern: Option<crate::model::Pattern>,
}

/// A queue's subscription to a topic; raw, with dead letters of its own.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// Where it belongs.
    pub place: Place,
    /// The topic.
    pub topic: TopicRef,
    /// The queue.
    pub queue: QueueRef,
    /// Where goes what the queue did not take.
    pub dead_letters: QueueRef,
    /// What passes; none where the queue takes all that the topic carries.
    pub filter: Option<RawFilter>,
}
