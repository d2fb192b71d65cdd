//! What each part of the runtime is told.

use super::{Lowering, names};
use crate::facts::Node;
use crate::model::{Destination, EventId, SourceId, TopicId};
use crate::plan::{Part, Publisher, TopicPart};

impl Lowering<'_> {
    /// The publisher of a table's source.
    pub(super) fn publisher_part(&self, id: SourceId) -> Part {
        let to = self.flow.sources[id].to.destinations().iter().filter_map(|to| match to.value {
            Destination::Topic(topic) => Some(self.topic_part(topic)),
            _ => None,
        });
        Part::Publisher(Publisher { events: self.events_at(Node::Source(id)), to: to.collect() })
    }

    pub(super) fn topic_part(&self, id: TopicId) -> TopicPart {
        let topic = &self.flow.topics[id];
        TopicPart {
            variable: names::variable("TOPIC", &topic.name.text),
            fifo: topic.fifo.value,
            carries: topic.carries.iter().map(|event| self.ce_type(event.value)).collect(),
        }
    }

    /// The events that arrive somewhere, each once, by their names.
    pub(super) fn events_at(&self, node: Node) -> Vec<String> {
        let mut events: Vec<EventId> = self.reaches(node).iter().map(|shape| shape.event).collect();
        events.sort_unstable();
        events.dedup();
        events.into_iter().map(|event| self.flow.events[event].name.text.clone()).collect()
    }
}
