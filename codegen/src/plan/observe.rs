//! Alarms and the dashboard.

use super::{FunctionRef, GatewayRef, MachineRef, Place, QueueRef, TopicRef};

/// What a metric is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dimension {
    /// A queue.
    Queue(QueueRef),
    /// A function.
    Function(FunctionRef),
    /// A topic.
    Topic(TopicRef),
    /// A state machine.
    Machine(MachineRef),
    /// An API's stage.
    Gateway(GatewayRef),
    /// A name of the flow's own metrics: the dimension's name and value, beside the prefix of the stack's names.
    Flow(String, String),
    /// The account's SES.
    Account,
}

/// How values of a period become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statistic {
    /// The sum.
    Sum,
    /// The largest.
    Maximum,
    /// The mean.
    Average,
    /// A percentile: `p99`.
    Percentile(&'static str),
}

/// A metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// `AWS/SQS`; `Eventloom` for the flow's own.
    pub namespace: &'static str,
    /// `ApproximateAgeOfOldestMessage`.
    pub name: &'static str,
    /// Of what.
    pub dimension: Dimension,
    /// How values become one.
    pub statistic: Statistic,
}

/// How a value compares with the threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Above it.
    Above,
    /// At it or above.
    AtLeast,
}

/// An alarm, with the alarm topic as its action.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Where it belongs.
    pub place: Place,
    /// What is wrong when it rings, and what to do, in a sentence or two.
    pub about: String,
    /// The metrics, of which the sum counts.
    pub metrics: Vec<Metric>,
    /// Seconds of a period.
    pub period: u32,
    /// How many periods in a row.
    pub periods: u32,
    /// The threshold.
    pub threshold: f64,
    /// How the value compares with it.
    pub comparison: Comparison,
}

/// A graph on the dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Widget {
    /// Its title.
    pub title: String,
    /// Its metrics.
    pub metrics: Vec<Metric>,
}
