//! What belongs together: the connected parts of a flow, which stacks are cut along.

use super::Node;
use crate::model::{Destination, Flow, GatewayId, SecretId, SinkKind, SourceKind, StepKind, TableId, Target, To};
use std::collections::BTreeMap;

/// A thing that has resources of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Thing {
    Node(Node),
    Table(TableId),
    Gateway(GatewayId),
    Secret(SecretId),
}

/// The connected parts of a flow, numbered from 1 in the order of the spec. What every user shares, the
/// recipients' tables, joins nothing: it is part 0.
#[derive(Debug, Clone, Default)]
pub struct Components {
    of: BTreeMap<Thing, u32>,
}

impl Components {
    /// The part of a node.
    #[must_use]
    pub fn node(&self, node: Node) -> u32 {
        self.of.get(&Thing::Node(node)).copied().unwrap_or(0)
    }

    /// The part of a table.
    #[must_use]
    pub fn table(&self, id: TableId) -> u32 {
        self.of.get(&Thing::Table(id)).copied().unwrap_or(0)
    }

    /// The part of a gateway.
    #[must_use]
    pub fn gateway(&self, id: GatewayId) -> u32 {
        self.of.get(&Thing::Gateway(id)).copied().unwrap_or(0)
    }

    /// The part of a secret.
    #[must_use]
    pub fn secret(&self, id: SecretId) -> u32 {
        self.of.get(&Thing::Secret(id)).copied().unwrap_or(0)
    }
}

/// Joined sets of things, each known by its smallest place.
struct Sets {
    things: BTreeMap<Thing, usize>,
    parent: Vec<usize>,
}

impl Sets {
    fn root(&mut self, mut at: usize) -> usize {
        while let Some(up) = self.parent.get(at).copied().filter(|up| *up != at) {
            let above = self.parent.get(up).copied().unwrap_or(up);
            if let Some(slot) = self.parent.get_mut(at) {
                *slot = above;
            }
            at = up;
        }
        at
    }

    fn join(&mut self, a: Thing, b: Thing) {
        let (Some(a), Some(b)) = (self.things.get(&a).copied(), self.things.get(&b).copied()) else { return };
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.parent.get_mut(a.max(b)) {
            *slot = a.min(b);
        }
    }
}

pub(super) fn components(flow: &Flow) -> Components {
    let shared: Vec<TableId> =
        flow.recipients.iter().flat_map(|r| [Some(r.table.value), r.preferences.map(|p| p.value)]).flatten().collect();
    let mut order: Vec<Thing> = Vec::new();
    order.extend(flow.tables.ids().filter(|t| !shared.contains(t)).map(Thing::Table));
    order.extend(flow.gateways.ids().map(Thing::Gateway));
    order.extend(flow.secrets.ids().map(Thing::Secret));
    order.extend(flow.sources.ids().map(|i| Thing::Node(Node::Source(i))));
    let to = |d: Destination| Thing::Node(Node::To(d));
    order.extend(flow.topics.ids().map(|i| to(Destination::Topic(i))));
    order.extend(flow.queues.ids().map(|i| to(Destination::Queue(i))));
    order.extend(flow.groupers.ids().map(|i| to(Destination::Grouper(i))));
    order.extend(flow.workflows.ids().map(|i| to(Destination::Workflow(i))));
    order.extend(flow.sinks.ids().map(|i| to(Destination::Sink(i))));
    let mut sets =
        Sets { things: order.iter().enumerate().map(|(i, t)| (*t, i)).collect(), parent: (0..order.len()).collect() };
    for (a, b) in links(flow) {
        sets.join(a, b);
    }
    let mut numbers: BTreeMap<usize, u32> = BTreeMap::new();
    let mut of = BTreeMap::new();
    for (place, thing) in order.iter().enumerate() {
        let root = sets.root(place);
        let next = numbers.len() as u32 + 1;
        of.insert(*thing, *numbers.entry(root).or_insert(next));
    }
    Components { of }
}

/// Every pair of things of which one names the other.
fn links(flow: &Flow) -> Vec<(Thing, Thing)> {
    let mut links = Vec::new();
    let mut fed = |from: Node, to: &To| {
        links.extend(to.destinations().iter().map(|d| (Thing::Node(from), Thing::Node(Node::To(d.value)))));
    };
    for (id, source) in flow.sources.iter() {
        fed(Node::Source(id), &source.to);
    }
    for (id, queue) in flow.queues.iter() {
        queue.to.iter().for_each(|to| fed(Node::To(Destination::Queue(id)), to));
    }
    for (id, grouper) in flow.groupers.iter() {
        fed(Node::To(Destination::Grouper(id)), &grouper.to);
    }
    for (id, source) in flow.sources.iter() {
        let this = Thing::Node(Node::Source(id));
        match &source.kind {
            SourceKind::Table(t) => links.push((this, Thing::Table(t.value))),
            SourceKind::Websocket { gateway, .. } | SourceKind::Http { gateway, .. } => {
                links.push((this, Thing::Gateway(gateway.value)));
            }
            SourceKind::Schedule(_) | SourceKind::Unresolved => {}
        }
        links.extend(source.allow.iter().map(|l| (this, Thing::Table(l.table.value))));
        links.extend(source.handler.iter().flat_map(|h| handler_links(flow, this, h.value)));
    }
    for (id, queue) in flow.queues.iter() {
        let this = Thing::Node(Node::To(Destination::Queue(id)));
        links.extend(queue.from.iter().map(|t| (this, Thing::Node(Node::To(Destination::Topic(t.value))))));
        links.extend(queue.handler.iter().flat_map(|h| handler_links(flow, this, h.value)));
        for (_, target) in queue.targets.iter().flat_map(|t| &t.by_event) {
            match target {
                Target::Lookup(l) => links.push((this, Thing::Table(l.table.value))),
                Target::Followers { table, .. } => links.push((this, Thing::Table(table.value))),
                Target::Handler(h) => links.extend(handler_links(flow, this, h.value)),
                Target::Field(_) => {}
            }
        }
    }
    for (id, workflow) in flow.workflows.iter() {
        let this = Thing::Node(Node::To(Destination::Workflow(id)));
        super::each_step(&workflow.steps, &mut |step| match &step.kind {
            StepKind::Handler(h) => links.extend(handler_links(flow, this, h.value)),
            StepKind::Send(to) => links.push((this, Thing::Node(Node::To(to.value)))),
            _ => {}
        });
    }
    for (id, sink) in flow.sinks.iter() {
        let this = Thing::Node(Node::To(Destination::Sink(id)));
        match &sink.kind {
            SinkKind::Websocket { gateway, .. } => links.push((this, Thing::Gateway(gateway.value))),
            SinkKind::Counter { table, .. } | SinkKind::Table { table, .. } => {
                links.push((this, Thing::Table(table.value)))
            }
            SinkKind::Webhook { secret, .. } => links.push((this, Thing::Secret(secret.value))),
            SinkKind::Email { .. } | SinkKind::Unresolved => {}
        }
    }
    links
}

fn handler_links(flow: &Flow, this: Thing, id: crate::model::HandlerId) -> Vec<(Thing, Thing)> {
    let handler = &flow.handlers[id];
    let tables = handler.reads.iter().chain(&handler.writes).map(|t| Thing::Table(t.value));
    let secrets = handler.secrets.iter().map(|s| Thing::Secret(s.value));
    let published = handler.publishes.iter().map(|d| Thing::Node(Node::To(d.value)));
    tables.chain(secrets).chain(published).map(|t| (this, t)).collect()
}
