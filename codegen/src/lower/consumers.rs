//! Consumers of queues: targets, handlers, and what they send on.

use super::functions::named;
use super::{Lowering, clamp, names};
use crate::facts::Node;
use crate::model::{Destination, Queue, QueueId, Target, To};
use crate::plan::{FunctionKind, HandlerInput, Mapping, MappingSource, Place, QueueRef, QueueRole};

/// Batches of a queue that are handled at the same time, where the spec does not say.
const CONCURRENCY: u32 = 50;

impl Lowering<'_> {
    pub(super) fn consumers(&mut self) {
        for id in self.flow.queues.ids() {
            self.consumer(id);
        }
    }

    pub(super) fn consumer_place(&self, id: QueueId, kind: &str) -> Place {
        let queue = &self.flow.queues[id];
        names::place(
            names::logical(queue.name.identity(), kind),
            format!("queues.{}", queue.name.text),
            self.component(Destination::Queue(id)),
        )
    }

    fn consumer(&mut self, id: QueueId) {
        let flow = self.flow;
        let queue = &flow.queues[id];
        let name = &queue.name.text;
        let fan_out = crate::decide::fan_out(flow, queue);
        let kind = FunctionKind::Consumer {
            queue: name.clone(),
            handler: queue
                .handler
                .filter(|_| queue.targets.is_none())
                .map(|h| flow.handlers[h.value].name.text.clone()),
        };
        let about = self.consumer_about(queue);
        let mut draft = self.draft(self.consumer_place(id, "QueueFunction"), named(&queue.name, ""), about, kind);
        draft.part(if fan_out.is_some() { Some("websocket fan-out") } else { self.consumer_part(queue) });
        if let Some(told) = self.consumer_told(id).filter(|_| !self.grown_of_several(queue)) {
            draft.tell(told);
        }
        draft.timeout(crate::decide::consumer_timeout(flow, queue));
        let fifo = crate::decide::is_fifo(flow, queue);
        draft.mapping(Mapping {
            place: self.consumer_place(id, "QueueMapping"),
            source: MappingSource::Queue(QueueRef(names::logical(queue.name.identity(), "Queue"))),
            batch: if fan_out.is_some() { 1 } else { crate::decide::batch(queue) },
            window: if fifo || fan_out.is_some() { 0 } else { clamp(crate::decide::batch_window(queue)) },
            filters: Vec::new(),
            concurrency: fan_out
                .as_ref()
                .is_none_or(|f| f.pollers.is_none())
                .then(|| queue.concurrency.map_or(CONCURRENCY, |c| c.value)),
            pollers: fan_out.as_ref().and_then(|f| f.pollers),
            max_retries: None,
            max_age: None,
            parallelization: None,
            failures: None,
        });
        draft.keeps_state();
        for (_, target) in queue.targets.iter().flat_map(|t| &t.by_event) {
            match target {
                Target::Lookup(lookup) => self.looks_up(&mut draft, lookup),
                Target::Followers { table, of, .. } => self.reads_by(&mut draft, table.value, &[of.value]),
                Target::Handler(handler) => self.handler_needs(&mut draft, handler.value),
                Target::Field(_) => {}
            }
        }
        if queue.targets.is_some()
            && let Some(recipients) = &flow.recipients
            && let Some(preferences) = recipients.preferences
        {
            self.reads_rows(&mut draft, preferences.value);
        }
        if let Some(handler) = queue.handler {
            self.handler_needs(&mut draft, handler.value);
        }
        if let Some(plan) = fan_out {
            self.fan_out(id, &plan, &mut draft);
        } else {
            for to in queue.to.iter().flat_map(To::destinations) {
                self.feeds(&mut draft, to.value);
            }
            if self.pages(queue) {
                // Further targets of one event are a message to its own queue.
                let own = QueueRef(names::logical(queue.name.identity(), "Queue"));
                draft.sends(&own, "QUEUE_CONTINUE".into());
                draft.recurs();
            }
        }
        self.plan.functions.push(draft.done());
    }

    /// Whether the targets of one event may need several pages.
    pub(super) fn pages(&self, queue: &Queue) -> bool {
        let overflow = queue.max_targets.is_none_or(|(_, o)| o == crate::model::Overflow::Page);
        overflow
            && queue
                .targets
                .iter()
                .flat_map(|t| &t.by_event)
                .any(|(_, t)| matches!(t, Target::Lookup(_) | Target::Followers { .. }))
    }

    /// What a consumer needs of the runtime for what it does beside its handler.
    fn consumer_part(&self, queue: &Queue) -> Option<&'static str> {
        match queue.to.iter().flat_map(To::destinations).next().map(|d| d.value) {
            Some(Destination::Grouper(_)) => Some("grouper"),
            Some(Destination::Sink(id)) => super::sinks::sink_part(&self.flow.sinks[id].kind),
            Some(Destination::Topic(_) | Destination::Queue(_) | Destination::Workflow(_)) => Some("sending on"),
            None if queue.targets.is_some() => Some("target lookup"),
            None => self.grown_of_several(queue).then_some("workflow of several events"),
        }
    }

    /// Whether the handler gets one of several events with what a workflow's steps have added.
    fn grown_of_several(&self, queue: &Queue) -> bool {
        let name = queue.handler.map(|h| &self.flow.handlers[h.value].name.text);
        let of = |input: &HandlerInput| matches!(input, HandlerInput::State { .. }) && input.is_one_of();
        self.plan.handlers.iter().any(|h| Some(&h.name) == name && of(&h.input))
    }

    fn consumer_about(&self, queue: &Queue) -> String {
        let mut does = Vec::new();
        if queue.targets.is_some() {
            does.push("finds whom each event is for".to_owned());
        }
        if let Some(handler) = queue.handler {
            does.push(format!("runs the handler {}", self.flow.handlers[handler.value].name.text));
        }
        let to: Vec<&str> =
            queue.to.iter().flat_map(To::destinations).map(|d| self.destination_name(d.value)).collect();
        if !to.is_empty() {
            does.push(format!("sends it to {}", to.join(", ")));
        }
        format!("Reads the queue {}: {}.", queue.name.text, does.join(", "))
    }

    pub(super) fn destination_name(&self, to: Destination) -> &str {
        match to {
            Destination::Topic(id) => &self.flow.topics[id].name.text,
            Destination::Queue(id) => &self.flow.queues[id].name.text,
            Destination::Grouper(id) => &self.flow.groupers[id].name.text,
            Destination::Workflow(id) => &self.flow.workflows[id].name.text,
            Destination::Sink(id) => &self.flow.sinks[id].name.text,
        }
    }

    /// A mapping of a queue that the flow keeps for itself.
    pub(super) fn own_mapping(place: Place, queue: QueueRef, batch: u32, concurrency: u32) -> Mapping {
        Mapping {
            place,
            source: MappingSource::Queue(queue),
            batch,
            window: 0,
            filters: Vec::new(),
            concurrency: Some(concurrency),
            pollers: None,
            max_retries: None,
            max_age: None,
            parallelization: None,
            failures: None,
        }
    }

    /// A queue that the flow keeps for itself, and its dead letters.
    pub(super) fn own_queue(
        &mut self,
        place: Place,
        parts: &[&str],
        about: String,
        role: QueueRole,
        timeout: u64,
        delay: u32,
    ) -> QueueRef {
        let spec = super::messaging::QueueSpec {
            place,
            name: names::physical(parts),
            about,
            role,
            fifo: false,
            timeout: clamp(timeout),
            window: 0,
            retention: clamp(crate::decide::KEEP),
            delay,
            attempts: crate::decide::ATTEMPTS,
            senders: Vec::new(),
        };
        self.queue(spec).0
    }

    /// What reaches a node.
    pub(super) fn reaches(&self, node: Node) -> &[crate::facts::Shape] {
        self.facts.arriving(node)
    }
}
