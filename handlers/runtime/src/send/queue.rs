//! Sending to an SQS queue.

use aws_sdk_sqs::types::MessageAttributeValue;

use super::topic::group;
use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::event_type::Arrival;

/// A queue, as a function is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    /// The variable that holds its URL.
    pub url: &'static str,
    /// Whether it keeps order.
    pub fifo: bool,
}

/// Sends the CloudEvent; its type is repeated in the attribute `type`, as on a message that came through a topic.
pub(crate) async fn send(invocation: &Invocation, queue: &Queue, event: &Arrival) -> Result<(), Error> {
    let body = event.body().map_err(Error::reject)?;
    send_text(invocation, queue, event, body, event.id().to_owned()).await
}

/// Sends a text that belongs to an event, under an id of its own.
pub(crate) async fn send_text(
    invocation: &Invocation,
    queue: &Queue,
    event: &Arrival,
    body: String,
    id: String,
) -> Result<(), Error> {
    let cx = invocation.cx();
    let kind = MessageAttributeValue::builder().data_type("String").string_value(event.kind()).build();
    let send = cx.aws().sqs().send_message().queue_url(cx.var(queue.url)?).message_body(body);
    let send = send.message_attributes("type", kind.map_err(Error::retry)?);
    let send = match queue.fifo {
        true => send.message_group_id(group(event.order())).message_deduplication_id(id),
        // A standard queue serves its groups fairly, so that no tenant waits for another.
        false => send.set_message_group_id(event.roles.tenant.as_deref().map(group)),
    };
    send.send().await.map(drop).map_err(|error| Error::retry(sdk(&error)))
}
