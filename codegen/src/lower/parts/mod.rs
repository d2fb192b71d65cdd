//! What each part of the runtime is told.
//!
//! In: the flow. Out: for each function whose work is the runtime's, all that it must know; none where a part of the runtime
//! that it needs is still to come.

mod grouper;
mod mail;
mod queue;
mod send;
mod source;

use super::{Lowering, names};
use crate::facts::Node;
use crate::model::{Destination, EventId, Field, Handler, SourceId, Spanned, TableId, Type};
use crate::plan::{Part, Publisher};

impl Lowering<'_> {
    /// The publisher of a table's source.
    pub(super) fn publisher_part(&self, id: SourceId) -> Part {
        let to = self.flow.sources[id].to.destinations().iter().filter_map(|to| match to.value {
            Destination::Topic(topic) => Some(self.topic_part(topic)),
            _ => None,
        });
        Part::Publisher(Publisher { events: self.events_at(Node::Source(id)), to: to.collect() })
    }

    /// The step of a handler. A run is remembered as long as its execution can be begun again.
    /// Source: AWS Step Functions Developer Guide, "Redriving executions": 14 days.
    pub(super) fn step_part(&self, handler: &Handler) -> Part {
        Part::Step { once: handler.idempotent.then_some(crate::decide::DEAD_LETTER_KEEP) }
    }

    /// The events that arrive somewhere, each once, by their names.
    pub(super) fn events_at(&self, node: Node) -> Vec<String> {
        let mut events: Vec<EventId> = self.reaches(node).iter().map(|shape| shape.event).collect();
        events.sort_unstable();
        events.dedup();
        events.into_iter().map(|event| self.flow.events[event].name.text.clone()).collect()
    }

    /// A field of a table, and whether it is a number.
    fn column(&self, table: TableId, field: Spanned<usize>) -> Option<(&Field, bool)> {
        let field = self.flow.tables[table].fields.get(field.value)?;
        let number = matches!(crate::facts::plain(self.flow, &field.ty), Type::Int(_) | Type::Number(_));
        Some((field, number))
    }
}

/// The variable of a thing.
fn variable(kind: &str, name: &crate::model::Name) -> String {
    names::variable(kind, &name.text)
}
