//! Sending on: from one part of a flow to the next.
//!
//! In: an event, and where it goes. Out: nothing, once it is there. Guaranteed: to send the same event again does no harm
//! but where the receiver alone decides: a standard topic or queue delivers twice, and what reads it is built for that.
//!
//! A destination that is a part of the runtime of its own is a variant of [`Destination`] and an arm of `send`.

mod function;
mod queue;
mod topic;
mod workflow;

use futures_util::{StreamExt, TryStreamExt, stream};

use crate::cx::Invocation;
use crate::error::Error;
use crate::event_type::Arrival;
use crate::grouper::{self, Grouper};
use crate::sink;

pub use function::Function;
pub use queue::Queue;
pub(crate) use queue::send_text;
pub use topic::Topic;
pub(crate) use topic::{BYTES, Message, Refused, publish};
pub use workflow::Workflow;

/// Sends at the same time, of one record.
const AT_ONCE: usize = 10;

/// Where an event goes.
#[derive(Clone, Copy, Debug)]
pub enum Destination {
    /// An SNS topic.
    Topic(Topic),
    /// An SQS queue.
    Queue(Queue),
    /// A Step Functions state machine.
    Workflow(Workflow),
    /// The function of a sink.
    Function(Function),
    /// A grouper: the event is taken into a group here.
    Grouper(&'static Grouper),
    /// A number in a row: done here.
    Counter(sink::Counter),
    /// A row: done here.
    Row(sink::Row),
}

/// Sends one event to one destination.
pub(crate) async fn send(invocation: &Invocation, to: &Destination, event: &Arrival) -> Result<(), Error> {
    // Boxed, for each is large and only one of them is awaited.
    match to {
        Destination::Topic(topic) => Box::pin(topic::send(invocation, topic, event)).await,
        Destination::Queue(queue) => Box::pin(queue::send(invocation, queue, event)).await,
        Destination::Workflow(workflow) => Box::pin(workflow::start(invocation, workflow, event)).await,
        Destination::Function(function) => Box::pin(function::invoke(invocation, function, event)).await,
        Destination::Grouper(grouper) => Box::pin(grouper::take(invocation, grouper, event)).await,
        Destination::Counter(counter) => Box::pin(sink::count(invocation, counter, event)).await,
        Destination::Row(row) => Box::pin(sink::put(invocation, row, event)).await,
    }
}

/// Sends each event to each destination, some at the same time. Ends with the first failure: all of it is repeated.
pub(crate) async fn send_all(invocation: &Invocation, to: &[Destination], events: &[Arrival]) -> Result<(), Error> {
    let each = events.iter().flat_map(|event| to.iter().map(move |to| (event, to)));
    let sends = stream::iter(each).map(|(event, to)| send(invocation, to, event)).buffer_unordered(AT_ONCE);
    sends.try_collect::<()>().await
}
