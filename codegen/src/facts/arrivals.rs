//! Which events reach what, followed from the sources until nothing new arrives.

use super::states::{self, StepState};
use super::{Added, Node};
use crate::model::{Destination, EventId, Flow, QueueId, Returns, SourceKind, To, WorkflowId};
use crate::source::Span;
use std::collections::{BTreeMap, BTreeSet};

/// An event as it reaches a node.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The event.
    pub event: EventId,
    /// Whether it is for one user, so that `target` is set.
    pub targeted: bool,
    /// Whether a browser delivery came before, so that `seen` can be asked.
    pub delivered: bool,
    /// Fields that steps have added, by name.
    pub added: Added,
}

impl Shape {
    /// An event as its source makes it.
    #[must_use]
    pub fn new(event: EventId) -> Self {
        Self { event, targeted: false, delivered: false, added: Added::default() }
    }

    /// Whether two shapes are the same but for places in the spec.
    fn same(&self, other: &Self) -> bool {
        (self.event, self.targeted, self.delivered) == (other.event, other.targeted, other.delivered)
            && self.added.same(&other.added)
    }
}

/// Who feeds a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feeder {
    /// Who.
    pub from: Node,
    /// Where that is written.
    pub span: Span,
    /// Whether it stands in a `first:` list.
    pub first: bool,
}

pub(super) struct Arrivals {
    pub(super) arriving: BTreeMap<Node, Vec<Shape>>,
    pub(super) feeders: BTreeMap<Destination, Vec<Feeder>>,
    pub(super) states: BTreeMap<(WorkflowId, String), StepState>,
}

pub(super) fn arrivals(flow: &Flow) -> Arrivals {
    let edges = edges(flow);
    let mut made = Arrivals { arriving: BTreeMap::new(), feeders: feeders(&edges), states: BTreeMap::new() };
    let mut work: BTreeSet<Node> = flow.sources.ids().map(Node::Source).collect();
    work.extend(flow.topics.ids().map(|id| Node::To(Destination::Topic(id))));
    work.extend(flow.queues.iter().filter(|(_, q)| q.from.is_some()).map(|(id, _)| Node::To(Destination::Queue(id))));
    for id in flow.sources.ids() {
        made.arriving.insert(Node::Source(id), made_by(flow, id));
    }
    for (id, queue) in flow.queues.iter() {
        if queue.from.is_some() {
            made.arriving.insert(Node::To(Destination::Queue(id)), subscribed(flow, id));
        }
    }
    while let Some(node) = work.pop_first() {
        let arriving = made.arriving.get(&node).cloned().unwrap_or_default();
        for (to, shapes) in leaving(flow, node, &arriving, &edges, &mut made.states) {
            let there = made.arriving.entry(Node::To(to)).or_default();
            let before = there.len();
            for shape in shapes {
                if !there.iter().any(|s| s.same(&shape)) {
                    there.push(shape);
                }
            }
            if there.len() > before {
                work.insert(Node::To(to));
            }
        }
    }
    for shapes in made.arriving.values_mut() {
        shapes.sort_by_key(|s| (s.event, s.targeted, s.delivered, s.added.len()));
    }
    made
}

type Edges = BTreeMap<Node, Vec<(Destination, Span, bool)>>;

/// Every edge that a `to` or a `from` writes; workflows' sends are found as their states are.
fn edges(flow: &Flow) -> Edges {
    let mut edges: Edges = BTreeMap::new();
    let mut add = |from: Node, to: &To| {
        let first = matches!(to, To::First(_));
        let list = to.destinations().iter().map(|d| (d.value, d.span, first));
        edges.entry(from).or_default().extend(list);
    };
    for (id, source) in flow.sources.iter() {
        add(Node::Source(id), &source.to);
    }
    for (id, queue) in flow.queues.iter() {
        if let Some(to) = &queue.to {
            add(Node::To(Destination::Queue(id)), to);
        }
    }
    for (id, grouper) in flow.groupers.iter() {
        add(Node::To(Destination::Grouper(id)), &grouper.to);
    }
    for (id, queue) in flow.queues.iter() {
        if let Some(topic) = queue.from {
            let from = Node::To(Destination::Topic(topic.value));
            edges.entry(from).or_default().push((Destination::Queue(id), topic.span, false));
        }
    }
    for (id, workflow) in flow.workflows.iter() {
        let from = Node::To(Destination::Workflow(id));
        states::each_step(&workflow.steps, &mut |step| {
            if let crate::model::StepKind::Send(to) = &step.kind {
                edges.entry(from).or_default().push((to.value, to.span, false));
            }
        });
    }
    edges
}

fn feeders(edges: &Edges) -> BTreeMap<Destination, Vec<Feeder>> {
    let mut feeders: BTreeMap<Destination, Vec<Feeder>> = BTreeMap::new();
    for (from, list) in edges {
        for (to, span, first) in list {
            feeders.entry(*to).or_default().push(Feeder { from: *from, span: *span, first: *first });
        }
    }
    feeders
}

/// What a source makes: its event, or whatever its topics carry, for a table's rows are any of those.
fn made_by(flow: &Flow, id: crate::model::SourceId) -> Vec<Shape> {
    let source = &flow.sources[id];
    if let Some(event) = source.event {
        return vec![Shape::new(event.value)];
    }
    if !matches!(source.kind, SourceKind::Table(_)) {
        return Vec::new();
    }
    let mut events: Vec<EventId> = Vec::new();
    for to in source.to.destinations() {
        if let Destination::Topic(topic) = to.value {
            events.extend(flow.topics[topic].carries.iter().map(|e| e.value));
        }
    }
    events.sort_unstable();
    events.dedup();
    events.into_iter().map(Shape::new).collect()
}

/// What a queue takes from its topic.
fn subscribed(flow: &Flow, id: QueueId) -> Vec<Shape> {
    let queue = &flow.queues[id];
    let carried = queue.from.map(|t| flow.topics[t.value].carries.as_slice()).unwrap_or_default();
    let taken = |event: EventId| queue.events.as_ref().is_none_or(|list| list.iter().any(|e| e.value == event));
    carried.iter().map(|e| e.value).filter(|e| taken(*e)).map(Shape::new).collect()
}

/// What leaves a node, by destination.
fn leaving(
    flow: &Flow,
    node: Node,
    arriving: &[Shape],
    edges: &Edges,
    states: &mut BTreeMap<(WorkflowId, String), StepState>,
) -> Vec<(Destination, Vec<Shape>)> {
    let all = |shapes: Vec<Shape>| {
        edges.get(&node).into_iter().flatten().map(|(to, ..)| (*to, shapes.clone())).collect::<Vec<_>>()
    };
    match node {
        Node::Source(_) => all(arriving.to_vec()),
        // A subscriber takes what it says, whatever arrives: that was said when the queue began.
        Node::To(Destination::Topic(_)) => Vec::new(),
        Node::To(Destination::Queue(id)) => {
            let mut leaving = through_queue(flow, id, arriving);
            let first = edges.get(&node).into_iter().flatten().any(|(.., first)| *first);
            if !first {
                return all(leaving);
            }
            // Whoever comes after a browser in `first:` gets those whose delivery can be asked for.
            let mut made = Vec::new();
            for (to, ..) in edges.get(&node).into_iter().flatten() {
                made.push((*to, leaving.clone()));
                if super::is_browser(flow, *to) {
                    leaving.iter_mut().for_each(|s| s.delivered = true);
                }
            }
            made
        }
        Node::To(Destination::Grouper(id)) => {
            let targeted = arriving.iter().any(|s| s.targeted);
            all(vec![Shape { targeted, ..Shape::new(flow.groupers[id].emits.value) }])
        }
        Node::To(Destination::Workflow(id)) => states::walk(flow, id, arriving, states),
        Node::To(Destination::Sink(_)) => Vec::new(),
    }
}

fn through_queue(flow: &Flow, id: QueueId, arriving: &[Shape]) -> Vec<Shape> {
    let queue = &flow.queues[id];
    let mut shapes = match queue.handler.map(|h| &flow.handlers[h.value].returns) {
        Some(Some(returns)) => match returns.value {
            Returns::Event(event) => vec![Shape::new(event)],
            Returns::Type(_) => Vec::new(),
        },
        Some(None) => Vec::new(),
        None => arriving.to_vec(),
    };
    if queue.targets.is_some() {
        shapes.iter_mut().for_each(|s| s.targeted = true);
    }
    shapes
}
