//! Consumers of queues.

use super::send::one;
use super::variable;
use crate::facts::Node;
use crate::lower::Lowering;
use crate::model::{Destination, FollowersMode, Lookup, Overflow, Queue, QueueId, Ref, Returns, Target, Targets};
use crate::plan::{Consumer, FindPart, Forward, LookupPart, Part, QueuePart, TargetsPart};

/// Targets of one unit of work. An estimate: a unit is done within seconds, far below a consumer's timeout.
const PAGE: u64 = 200;

impl Lowering<'_> {
    /// The consumer of a queue; none where the runtime cannot do all of its work yet.
    pub(in crate::lower) fn consumer_told(&self, id: QueueId) -> Option<Part> {
        let queue = &self.flow.queues[id];
        let fifo = crate::decide::is_fifo(self.flow, queue);
        if crate::decide::fan_out(self.flow, queue).is_some() {
            return None;
        }
        if let Some(handler) = queue.handler {
            let handler = &self.flow.handlers[handler.value];
            let once = queue.idempotent && handler.idempotent;
            let then = match (&queue.to, handler.returns.map(|returns| returns.value)) {
                (None, _) => None,
                (Some(to), Some(Returns::Event(event))) => {
                    Some((self.flow.events[event].name.text.clone(), self.destinations(to)?))
                }
                (Some(_), _) => return None,
            };
            let horizon = crate::decide::redelivery(self.flow, queue).saturating_add(2 * crate::decide::SKEW);
            return Some(Part::Consumer(Consumer { fifo, once: once.then_some(horizon), then }));
        }
        let targets = match &queue.targets {
            Some(targets) => Some(self.targets_part(queue, targets, fifo)?),
            None => None,
        };
        let to = self.destinations(queue.to.as_ref()?)?;
        let events = self.events_at(Node::To(Destination::Queue(id)));
        Some(Part::Forward(Forward { fifo, events, targets, to }))
    }

    fn targets_part(&self, queue: &Queue, targets: &Targets, fifo: bool) -> Option<TargetsPart> {
        let found = targets.by_event.iter().map(|(event, target)| {
            let event = &self.flow.events[event.value];
            // Whose followers they are: the actor's.
            let known = !matches!(target, Target::Followers { .. }) || event.actor.is_some();
            Some((event.name.text.clone(), known.then(|| self.find_part(target))??))
        });
        let by_event: Vec<(String, FindPart)> = found.collect::<Option<_>>()?;
        let most = queue.max_targets;
        let page = most.map_or(PAGE, |(most, _)| most.value.clamp(1, PAGE));
        let preferences = self.flow.recipients.as_ref().and_then(|recipients| recipients.preferences);
        Some(TargetsPart {
            by_event,
            except: queue.except.as_ref().map(|except| match except.value.as_str() {
                "actor" => Ref::Actor,
                field => Ref::Field(field.to_owned()),
            }),
            dedupe: queue.dedupe,
            most: most.filter(|(_, overflow)| *overflow == Overflow::Fail).map(|(most, _)| most.value),
            page,
            preferences: preferences.map(|table| variable("TABLE", &self.flow.tables[table.value].name)),
            rest: self.pages(queue).then(|| QueuePart { variable: "QUEUE_CONTINUE".into(), fifo }),
        })
    }

    fn find_part(&self, target: &Target) -> Option<FindPart> {
        Some(match target {
            Target::Field(field) => FindPart::Field(field.value.clone()),
            Target::Handler(handler) => FindPart::Handler(self.flow.handlers[handler.value].name.text.clone()),
            Target::Lookup(lookup) => {
                let select = self.flow.tables[lookup.table.value].field_name(lookup.select?).to_owned();
                FindPart::Rows(self.lookup_part(lookup), select)
            }
            Target::Followers { table, of, follower, mode, threshold } => {
                let flow_table = &self.flow.tables[table.value];
                let index = flow_table.index_of(&[of.value]).filter(|_| !flow_table.serves(&[of.value]));
                let of = LookupPart {
                    table: variable("TABLE", &flow_table.name),
                    index: index.and_then(|at| flow_table.indexes.get(at)).map(|index| index.name.value.clone()),
                    matching: self.matched(table.value, *of, &one(Ref::Actor, of.span)).into_iter().collect(),
                };
                let read_from = match mode {
                    FollowersMode::Write => None,
                    FollowersMode::Read => Some(0),
                    FollowersMode::Hybrid => Some(*threshold),
                };
                FindPart::Followers { of, follower: flow_table.field_name(*follower).to_owned(), read_from }
            }
        })
    }

    /// A lookup, its partition key first.
    pub(super) fn lookup_part(&self, lookup: &Lookup) -> LookupPart {
        let table = &self.flow.tables[lookup.table.value];
        let index = lookup.index.and_then(|at| table.indexes.get(at));
        let key = index.map_or(table.key, |index| index.key).value;
        let mut fields: Vec<_> = lookup.matching.iter().collect();
        fields.sort_by_key(|(field, _)| field.value != key);
        let matching = fields.into_iter().filter_map(|(field, value)| self.matched(lookup.table.value, *field, value));
        LookupPart {
            table: variable("TABLE", &table.name),
            index: index.map(|index| index.name.value.clone()),
            matching: matching.collect(),
        }
    }
}
