//! Where events go.

use super::variable;
use crate::facts::{Node, plain};
use crate::lower::Lowering;
use crate::model::{
    Destination, Part as Piece, QueueId, Ref, SinkId, SinkKind, Spanned, TableId, Template, To, TopicId, Type,
};
use crate::plan::{ColumnPart, CounterPart, DestinationPart, MatchPart, QueuePart, RowPart, TopicPart};
use crate::yaml::Literal;

impl Lowering<'_> {
    /// All destinations; none where the runtime cannot send to one of them yet.
    pub(in crate::lower) fn destinations(&self, to: &To) -> Option<Vec<DestinationPart>> {
        match to {
            To::All(all) => all.iter().map(|to| self.destination(to.value)).collect(),
            To::First(_) => None,
        }
    }

    pub(in crate::lower) fn destination(&self, to: Destination) -> Option<DestinationPart> {
        Some(match to {
            Destination::Topic(id) => DestinationPart::Topic(self.topic_part(id)),
            Destination::Queue(id) => DestinationPart::Queue(self.queue_part(id)),
            Destination::Workflow(id) => DestinationPart::Workflow(variable("MACHINE", &self.flow.workflows[id].name)),
            Destination::Grouper(id) => {
                self.grouper_part(id)?;
                DestinationPart::Grouper(self.flush_name(id))
            }
            Destination::Sink(id) => self.sink_part(id)?,
        })
    }

    pub(super) fn topic_part(&self, id: TopicId) -> TopicPart {
        let topic = &self.flow.topics[id];
        TopicPart {
            variable: variable("TOPIC", &topic.name),
            fifo: topic.fifo.value,
            carries: topic.carries.iter().map(|event| self.ce_type(event.value)).collect(),
        }
    }

    fn queue_part(&self, id: QueueId) -> QueuePart {
        let queue = &self.flow.queues[id];
        QueuePart { variable: variable("QUEUE", &queue.name), fifo: crate::decide::is_fifo(self.flow, queue) }
    }

    fn sink_part(&self, id: SinkId) -> Option<DestinationPart> {
        let sink = &self.flow.sinks[id];
        Some(match &sink.kind {
            SinkKind::Websocket { .. } | SinkKind::Email { .. } | SinkKind::Webhook { .. } => {
                DestinationPart::Function(variable("FUNCTION", &sink.name))
            }
            SinkKind::Counter { table, key, sort, add } => {
                let flow_table = &self.flow.tables[table.value];
                let keys = [(Some(flow_table.key), Some(key)), (flow_table.sort, sort.as_ref())];
                let row = keys.into_iter().filter_map(|(field, value)| self.matched(table.value, field?, value?));
                let add = add.iter().map(|(field, by)| (flow_table.field_name(*field).to_owned(), *by));
                DestinationPart::Counter(CounterPart {
                    sink: sink.name.text.clone(),
                    table: variable("TABLE", &flow_table.name),
                    row: row.collect(),
                    add: add.collect(),
                    keep: self.horizon(Destination::Sink(id)),
                })
            }
            SinkKind::Table { table, set } => DestinationPart::Row(self.row_part(id, table.value, set)),
            SinkKind::Unresolved => return None,
        })
    }

    /// Seconds for which an event may come again to a sink that is done by whoever sends to it.
    fn horizon(&self, to: Destination) -> u64 {
        let queues = self.facts.feeders(to).iter().filter_map(|feeder| match feeder.from {
            Node::To(Destination::Queue(id)) => Some(crate::decide::redelivery(self.flow, &self.flow.queues[id])),
            _ => None,
        });
        let longest = queues.max().unwrap_or(crate::decide::KEEP + crate::decide::DEAD_LETTER_KEEP);
        longest.saturating_add(2 * crate::decide::SKEW)
    }

    pub(super) fn matched(&self, table: TableId, field: Spanned<usize>, value: &Template) -> Option<MatchPart> {
        let (field, number) = self.column(table, field)?;
        Some(MatchPart { field: field.name.clone(), number, value: value.clone() })
    }

    /// The row that an event becomes: what is `set`, and fields of the same name.
    fn row_part(&self, id: SinkId, table: TableId, set: &[(Spanned<usize>, Template)]) -> RowPart {
        let arriving = self.reaches(Node::To(Destination::Sink(id)));
        let flow_table = &self.flow.tables[table];
        let column = |(place, field): (usize, &crate::model::Field)| {
            let number = matches!(plain(self.flow, &field.ty), Type::Int(_) | Type::Number(_));
            let given = set.iter().find(|(set, _)| set.value == place).map(|(_, value)| value.clone());
            let own = || {
                let has = |shape: &crate::facts::Shape| {
                    let event = &self.flow.events[shape.event];
                    event.field(&field.name).is_some() || shape.added.get(&field.name).is_some()
                };
                let named = Ref::Field(field.name.clone());
                arriving.iter().any(has).then(|| one(named, field.span))
            };
            let value = given.or_else(own);
            let default = field.default.as_ref().map(|literal: &Literal| crate::lower::types::json(literal));
            let nothing =
                || Template { parts: vec![Piece::Ref(Ref::Field(field.name.clone()), field.span)], span: field.span };
            match (value, default) {
                (None, None) => None,
                (value, default) => Some(ColumnPart {
                    field: field.name.clone(),
                    number,
                    value: value.unwrap_or_else(nothing),
                    default,
                }),
            }
        };
        RowPart {
            table: variable("TABLE", &flow_table.name),
            columns: flow_table.fields.iter().enumerate().filter_map(column).collect(),
        }
    }
}

/// A template of one name.
pub(super) fn one(name: Ref, span: crate::source::Span) -> Template {
    Template { parts: vec![Piece::Ref(name, span)], span }
}
