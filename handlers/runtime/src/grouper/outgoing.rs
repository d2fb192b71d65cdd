//! What a group becomes, and where it goes.
//!
//! In: a revision of a group. Out: nothing, once each destination has it. Guaranteed: what is sent is of the event's type,
//! under the name of the revision; to send it again is to send the same. A group of which nothing is left goes to those
//! alone that have shown its preview, as a withdrawal.

use grouping::Outgoing;
use serde_json::Value;

use super::config::Closed;
use crate::cx::Invocation;
use crate::error::Error;
use crate::event_type::Arrival;
use crate::send;

/// Sends a revision of a group.
pub(super) async fn deliver(invocation: &Invocation, closed: &Closed, group: &Outgoing) -> Result<(), Error> {
    let content: Value = serde_json::from_str(&group.content).map_err(Error::reject)?;
    let (event, to) = match group.withdrawn {
        // Less than the event's type: it has no times and no members.
        true => (Arrival::untyped(&closed.event, content, invocation.now()), closed.withdrawn),
        false => (closed.event.event(content).map_err(Error::reject)?, closed.to),
    };
    tracing::info!(
        grouper = closed.grouper.name,
        group = %group.group,
        revision = group.revision.number(),
        withdrawn = group.withdrawn,
        "delivered"
    );
    send::send_all(invocation, to, &[event.called(group.dedupe())]).await
}
