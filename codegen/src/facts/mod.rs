//! What follows from a resolved flow: which events reach what, in which shape, and what belongs together.
//!
//! In: the [`Flow`]. Out: [`Facts`], read by every check and by `lower`. Guaranteed: it ends, whatever
//! loops the flow has; nothing is reported here.

mod added;
mod arrivals;
mod components;
mod fields;
mod states;

pub use added::Added;
pub use arrivals::{Feeder, Shape};
pub use components::Components;
pub use states::StepState;

use crate::model::{Destination, Flow, HandlerId, Lookup, SinkKind, SourceId, Target, Type};
use crate::source::Span;
use std::collections::BTreeMap;

/// Whatever an event passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// A source.
    Source(SourceId),
    /// A topic, queue, grouper, workflow or sink.
    To(Destination),
}

/// Where a handler is used.
#[derive(Debug, Clone, PartialEq)]
pub enum Use {
    /// As a source's handler.
    Source(SourceId),
    /// As a queue's handler.
    Queue(crate::model::QueueId),
    /// To find the targets of one event on a queue.
    Targets(crate::model::QueueId, crate::model::EventId),
    /// As a step of a workflow, by the step's name.
    Step(crate::model::WorkflowId, String),
}

/// One use of a handler: where, the place of its name there, and the shapes that reach it.
#[derive(Debug, Clone, PartialEq)]
pub struct HandlerUse {
    /// Where.
    pub at: Use,
    /// The place of the handler's name.
    pub span: Span,
    /// What reaches it.
    pub input: Vec<Shape>,
}

/// What follows from a flow.
#[derive(Debug, Clone)]
pub struct Facts {
    arriving: BTreeMap<Node, Vec<Shape>>,
    feeders: BTreeMap<Destination, Vec<Feeder>>,
    uses: BTreeMap<HandlerId, Vec<HandlerUse>>,
    states: BTreeMap<(crate::model::WorkflowId, String), StepState>,
    components: Components,
}

impl Facts {
    /// The shapes that reach a node, each once; of a source, what it makes.
    #[must_use]
    pub fn arriving(&self, node: Node) -> &[Shape] {
        self.arriving.get(&node).map_or(&[], Vec::as_slice)
    }

    /// Who feeds a destination, in the order of the spec.
    #[must_use]
    pub fn feeders(&self, to: Destination) -> &[Feeder] {
        self.feeders.get(&to).map_or(&[], Vec::as_slice)
    }

    /// Where a handler is used.
    #[must_use]
    pub fn uses(&self, handler: HandlerId) -> &[HandlerUse] {
        self.uses.get(&handler).map_or(&[], Vec::as_slice)
    }

    /// What is known before a step of a workflow; none where the step is never reached.
    #[must_use]
    pub fn before(&self, workflow: crate::model::WorkflowId, step: &str) -> Option<&StepState> {
        self.states.get(&(workflow, step.to_owned()))
    }

    /// What belongs together.
    #[must_use]
    pub fn components(&self) -> &Components {
        &self.components
    }
}

/// Finds out what follows from a flow.
#[must_use]
pub fn facts(flow: &Flow) -> Facts {
    let arrivals::Arrivals { arriving, feeders, states } = arrivals::arrivals(flow);
    let uses = uses(flow, &arriving, &states);
    Facts { arriving, feeders, uses, states, components: components::components(flow) }
}

/// The events that arrive at a node of a flow of which not everything is resolved yet.
pub(crate) fn arriving(flow: &Flow) -> impl Fn(Node) -> Vec<crate::model::EventId> + use<> {
    let arriving = arrivals::arrivals(flow).arriving;
    move |node| arriving.get(&node).into_iter().flatten().map(|shape| shape.event).collect()
}

fn uses(
    flow: &Flow,
    arriving: &BTreeMap<Node, Vec<Shape>>,
    states: &BTreeMap<(crate::model::WorkflowId, String), StepState>,
) -> BTreeMap<HandlerId, Vec<HandlerUse>> {
    let mut uses: BTreeMap<HandlerId, Vec<HandlerUse>> = BTreeMap::new();
    let mut add = |handler: HandlerId, at: Use, span: Span, input: Vec<Shape>| {
        uses.entry(handler).or_default().push(HandlerUse { at, span, input });
    };
    for (id, source) in flow.sources.iter() {
        if let Some(handler) = source.handler {
            add(handler.value, Use::Source(id), handler.span, Vec::new());
        }
    }
    for (id, queue) in flow.queues.iter() {
        let shapes = arriving.get(&Node::To(Destination::Queue(id))).cloned().unwrap_or_default();
        if let Some(handler) = queue.handler {
            add(handler.value, Use::Queue(id), handler.span, shapes.clone());
        }
        for (event, target) in queue.targets.iter().flat_map(|t| &t.by_event) {
            if let Target::Handler(handler) = target {
                let input = shapes.iter().filter(|s| s.event == event.value).cloned().collect();
                add(handler.value, Use::Targets(id, event.value), handler.span, input);
            }
        }
    }
    for (id, workflow) in flow.workflows.iter() {
        states::each_step(&workflow.steps, &mut |step| {
            if let crate::model::StepKind::Handler(handler) = &step.kind {
                let state = states.get(&(id, step.name.value.clone()));
                add(
                    handler.value,
                    Use::Step(id, step.name.value.clone()),
                    handler.span,
                    state.map(|s| s.shapes.clone()).unwrap_or_default(),
                );
            }
        });
    }
    uses
}

/// Every lookup of a flow, with the node that makes it.
pub fn lookups(flow: &Flow) -> Vec<(Node, &Lookup)> {
    let sources = flow.sources.iter().filter_map(|(id, s)| Some((Node::Source(id), s.allow.as_ref()?)));
    let queues = flow.queues.iter().flat_map(|(id, q)| {
        q.targets.iter().flat_map(|t| &t.by_event).filter_map(move |(_, t)| match t {
            Target::Lookup(l) => Some((Node::To(Destination::Queue(id)), l)),
            _ => None,
        })
    });
    sources.chain(queues).collect()
}

/// A type with its names looked through.
#[must_use]
pub fn plain<'a>(flow: &'a Flow, ty: &'a Type) -> &'a Type {
    match ty {
        Type::Named(id) => plain(flow, &flow.types[*id].ty),
        other => other,
    }
}

/// Whether a sink is a browser's.
#[must_use]
pub fn is_browser(flow: &Flow, to: Destination) -> bool {
    matches!(to, Destination::Sink(id) if matches!(flow.sinks[id].kind, SinkKind::Websocket { .. }))
}

/// Every step of a workflow, inner ones included, in the order of the spec.
pub fn each_step<'a>(steps: &'a [crate::model::Step], visit: &mut impl FnMut(&'a crate::model::Step)) {
    states::each_step(steps, visit);
}
