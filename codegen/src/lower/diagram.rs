//! The picture of a flow: what a person would draw on a board.

use crate::diagram::{Edge, Graph, Kind, Node, Stroke};
use crate::facts::Facts;
use crate::model::{
    Catch, Destination, Flow, GatewayKind, Pattern, Queue, SinkKind, SourceKind, Spanned, Step, StepKind, Target, To,
    Window,
};

/// The picture of a flow.
#[must_use]
pub(super) fn picture(flow: &Flow, facts: &Facts) -> Graph {
    let mut board = Board { flow, graph: Graph::default() };
    board.graph.title = flow.name.text.clone();
    board.graph.about = flow.about.as_ref().map(|a| a.value.clone());
    board.sources();
    board.topics();
    board.queues();
    board.groupers();
    board.workflows();
    board.sinks(facts);
    board.graph
}

struct Board<'a> {
    flow: &'a Flow,
    graph: Graph,
}

impl Board<'_> {
    fn node(&mut self, id: String, kind: Kind, name: &str, detail: Vec<String>, parent: Option<String>) {
        self.graph.nodes.push(Node { id, kind, name: name.to_owned(), detail, parent });
    }

    fn edge(&mut self, from: &str, to: &str, label: Option<&str>, style: Stroke) {
        let label = label.map(str::to_owned);
        self.graph.edges.push(Edge { from: from.to_owned(), to: to.to_owned(), label, style });
    }

    fn id(&self, to: Destination) -> String {
        match to {
            Destination::Topic(id) => format!("topic.{}", self.flow.topics[id].name.text),
            Destination::Queue(id) => format!("queue.{}", self.flow.queues[id].name.text),
            Destination::Grouper(id) => format!("grouper.{}", self.flow.groupers[id].name.text),
            Destination::Workflow(id) => format!("workflow.{}", self.flow.workflows[id].name.text),
            Destination::Sink(id) => format!("sink.{}", self.flow.sinks[id].name.text),
        }
    }

    fn flows(&mut self, from: &str, to: &To) {
        let first = matches!(to, To::First(_));
        for (index, to) in to.destinations().iter().enumerate() {
            let id = self.id(to.value);
            match (first, index) {
                (false, _) => self.edge(from, &id, None, Stroke::Solid),
                (true, 0) => self.edge(from, &id, Some("first"), Stroke::Solid),
                (true, _) => self.edge(from, &id, Some("else"), Stroke::Dashed),
            }
        }
    }

    fn sources(&mut self) {
        let flow = self.flow;
        for source in flow.sources.values() {
            let id = format!("source.{}", source.name.text);
            let detail = match &source.kind {
                SourceKind::Table(table) => {
                    let name = &flow.tables[table.value].name.text;
                    let outbox = format!("table.{name}");
                    self.once(&outbox, Kind::Table, name, "the outbox");
                    self.once("outside.product", Kind::Outside, "Your product", "its API writes events");
                    self.edge_once("outside.product", &outbox);
                    self.edge(&outbox, &id, None, Stroke::Solid);
                    "each new row".to_owned()
                }
                SourceKind::Websocket { gateway, route } => {
                    self.gateway(gateway.value, &id);
                    format!("route {}", route.value)
                }
                SourceKind::Http { gateway, method, path } => {
                    self.gateway(gateway.value, &id);
                    format!("{} {}", method.value, path.value)
                }
                SourceKind::Schedule(schedule) => schedule.at.value.clone(),
                SourceKind::Unresolved => continue,
            };
            self.node(id.clone(), Kind::Source, &source.name.text, vec![detail], None);
            self.flows(&id, &source.to);
        }
    }

    fn gateway(&mut self, gateway: crate::model::GatewayId, source: &str) {
        let gateway = &self.flow.gateways[gateway];
        let id = format!("gateway.{}", gateway.name.text);
        let (kind, who, name) = match gateway.kind {
            GatewayKind::Websocket => ("websocket", "outside.browsers", "Browsers"),
            GatewayKind::Http => ("http", "outside.callers", "Callers"),
        };
        let gateway_name = gateway.name.text.clone();
        self.once(who, Kind::Outside, name, "with a token");
        self.once(&id, Kind::Gateway, &gateway_name, kind);
        self.edge_once(who, &id);
        self.edge(&id, source, None, Stroke::Solid);
    }

    fn once(&mut self, id: &str, kind: Kind, name: &str, detail: &str) {
        if self.graph.nodes.iter().all(|n| n.id != id) {
            self.node(id.to_owned(), kind, name, vec![detail.to_owned()], None);
        }
    }

    fn edge_once(&mut self, from: &str, to: &str) {
        if self.graph.edges.iter().all(|e| e.from != from || e.to != to) {
            self.edge(from, to, None, Stroke::Solid);
        }
    }

    fn topics(&mut self) {
        let flow = self.flow;
        for (id, topic) in flow.topics.iter() {
            let mut detail = match topic.carries.as_slice() {
                [one] => vec![flow.events[one.value].name.text.clone()],
                many => vec![format!("{} events", many.len())],
            };
            if topic.fifo.value {
                detail.push("FIFO".into());
            }
            self.node(self.id(Destination::Topic(id)), Kind::Topic, &topic.name.text, detail, None);
        }
    }

    fn queues(&mut self) {
        let flow = self.flow;
        for (id, queue) in flow.queues.iter() {
            let this = self.id(Destination::Queue(id));
            self.node(this.clone(), Kind::Queue, &queue.name.text, self.queue_detail(queue), None);
            if let Some(topic) = queue.from {
                let taken = queue.events.as_deref().unwrap_or_default();
                let label = match taken {
                    [one] if flow.topics[topic.value].carries.len() > 1 => {
                        Some(flow.events[one.value].name.text.as_str())
                    }
                    _ => None,
                };
                self.edge(&self.id(Destination::Topic(topic.value)), &this, label, Stroke::Solid);
            }
            if let Some(to) = &queue.to {
                self.flows(&this, to);
            }
        }
    }

    fn queue_detail(&self, queue: &Queue) -> Vec<String> {
        let mut detail = Vec::new();
        if let Some(handler) = queue.handler {
            detail.push(format!("handler {}", self.flow.handlers[handler.value].name.text));
        }
        if let Some(targets) = &queue.targets {
            detail.push(match &targets.for_all {
                Some(Target::Lookup(lookup)) => {
                    format!("each of {}", self.flow.tables[lookup.table.value].name.text)
                }
                Some(Target::Field(field)) => format!("for {}", field.value),
                Some(Target::Followers { .. }) => "for followers".into(),
                Some(Target::Handler(handler)) => format!("for {}", self.flow.handlers[handler.value].name.text),
                None => "targets by event".into(),
            });
        }
        let attempts = crate::decide::attempts(queue);
        detail.push(match queue.within {
            Some(within) => format!("within {}", duration(within.value)),
            None => format!("{attempts} attempts · {}", duration(crate::decide::keep(queue))),
        });
        detail.truncate(2);
        if let Some(last) = detail.last_mut().filter(|_| queue.filter.is_some()) {
            last.push_str(" · filtered");
        }
        detail
    }

    fn groupers(&mut self) {
        let flow = self.flow;
        for (id, grouper) in flow.groupers.iter() {
            let this = self.id(Destination::Grouper(id));
            let window = match &grouper.window {
                Window::Session { gap, at_most } => {
                    format!("{} quiet, at most {}", duration(gap.value), duration(at_most.value))
                }
                Window::Tumbling { every, .. } => format!("every {}", duration(every.value)),
                Window::Cron { at, .. } => at.value.clone(),
                Window::Count { n, at_most } => format!("{} events, at most {}", n.value, duration(at_most.value)),
            };
            let mut detail = vec![window];
            if grouper.first == crate::model::First::Now {
                detail.insert(0, "first now, then at close".into());
            }
            self.node(this.clone(), Kind::Grouper, &grouper.name.text, detail, None);
            self.flows(&this, &grouper.to);
        }
    }

    fn workflows(&mut self) {
        let flow = self.flow;
        for (id, workflow) in flow.workflows.iter() {
            let this = self.id(Destination::Workflow(id));
            let detail = if workflow.express.value { vec!["express".to_owned()] } else { Vec::new() };
            self.node(this.clone(), Kind::Workflow, &workflow.name.text, detail, None);
            self.steps(&this, &this, &workflow.steps);
        }
    }

    fn steps(&mut self, root: &str, parent: &str, steps: &[Step]) {
        for (index, step) in steps.iter().enumerate() {
            let id = format!("{root}.{}", step.name.value);
            let (kind, detail) = self.step(step);
            let detail = vec![self.row(step, detail, index + 1 == steps.len())];
            self.node(id.clone(), kind, &step.name.value, detail, Some(parent.to_owned()));
            if let StepKind::Send(to) = &step.kind {
                let to = self.id(to.value);
                self.edge(&id, &to, None, Stroke::Solid);
            }
            let next = match &step.next {
                Some(next) => Some(next.value.clone()),
                None => steps.get(index + 1).map(|s| s.name.value.clone()),
            };
            if let Some(next) = next.filter(|n| n != "end") {
                self.edge(&id, &format!("{root}.{next}"), None, Stroke::Solid);
            }
            for catch in step.catch.iter().filter(|c| c.next.value != "end") {
                self.edge(&id, &format!("{root}.{}", catch.next.value), Some(&on(catch)), Stroke::Caught);
            }
            match &step.kind {
                StepKind::Choice(cases) => {
                    for (_, next) in cases.iter().filter(|(_, n)| n.value != "end") {
                        self.edge(&id, &format!("{root}.{}", next.value), None, Stroke::Dashed);
                    }
                }
                StepKind::Parallel(branches) => branches.iter().for_each(|b| self.steps(root, &id, b)),
                StepKind::Map(map) => self.steps(root, &id, &map.steps),
                _ => {}
            }
        }
    }

    /// What stands beside a step's name: between steps of one box there is no room for a label.
    fn row(&self, step: &Step, detail: Vec<String>, last: bool) -> String {
        // The branches are rows themselves: that there are some need not be said where there is more to say.
        let spare = matches!(step.kind, StepKind::Parallel(_)) && !step.catch.is_empty();
        let mut said: Vec<String> = detail.into_iter().filter(|d| !d.is_empty() && !spare).collect();
        if step.next.as_ref().is_some_and(|next| next.value == "end") && !last {
            let after = said.pop().unwrap_or_default();
            said.push(format!("{after} → end").trim_start().to_owned());
        }
        for catch in &step.catch {
            // Where it goes is drawn, but for the end, which has no row.
            let end = if catch.next.value == "end" { " → end" } else { "" };
            said.push(format!("{}{end}", on(catch)));
        }
        said.join(" · ")
    }

    fn step(&self, step: &Step) -> (Kind, Vec<String>) {
        match &step.kind {
            StepKind::Handler(handler) => {
                let name = self.flow.handlers[handler.value].name.text.clone();
                (Kind::Handler, vec![name])
            }
            StepKind::Send(to) => {
                let id = self.id(to.value);
                (Kind::Send, vec![id.rsplit('.').next().unwrap_or_default().to_owned()])
            }
            StepKind::Wait(seconds) => (Kind::Wait, vec![duration(seconds.value)]),
            StepKind::WaitUntil(field) => (Kind::Wait, vec![format!("until {}", field.value)]),
            StepKind::Choice(cases) => {
                let field = |when: &Pattern| when.fields.first().and_then(|(path, ..)| path.first()).cloned();
                let case =
                    |(when, next): &(Pattern, Spanned<String>)| Some(format!("{} → {}", field(when)?, next.value));
                let mut said: Vec<String> = cases.iter().filter_map(case).take(CASES).collect();
                if cases.len() > CASES {
                    said.push("…".to_owned());
                }
                (Kind::Choice, vec![said.join(", ")])
            }
            StepKind::Parallel(branches) => (Kind::Parallel, vec![format!("{} branches", branches.len())]),
            StepKind::Map(map) => (Kind::Map, vec![format!("each of {}", map.over.value)]),
            StepKind::Unresolved => (Kind::Handler, Vec::new()),
        }
    }

    fn sinks(&mut self, facts: &Facts) {
        let flow = self.flow;
        for (id, sink) in flow.sinks.iter() {
            let this = self.id(Destination::Sink(id));
            let name = &sink.name.text;
            let detail = match &sink.kind {
                SinkKind::Websocket { replay, .. } => {
                    let replay = replay.map_or(crate::decide::REPLAY, |r| r.value);
                    vec!["websocket".to_owned(), format!("{} replay", duration(replay))]
                }
                SinkKind::Email { delivery, .. } => {
                    let promise = match delivery {
                        crate::model::Delivery::AtMostOnce => "at most once",
                        crate::model::Delivery::AtLeastOnce => "at least once",
                    };
                    vec!["email".to_owned(), promise.to_owned()]
                }
                SinkKind::Counter { .. } => vec!["counter".to_owned()],
                SinkKind::Table { .. } => vec!["table".to_owned()],
                SinkKind::Webhook { .. } => vec!["webhook".to_owned(), "signed".to_owned()],
                SinkKind::Unresolved => continue,
            };
            self.node(this.clone(), Kind::Sink, name, detail, None);
            match &sink.kind {
                SinkKind::Websocket { .. } | SinkKind::Email { .. } => {
                    if !facts.feeders(Destination::Sink(id)).is_empty() {
                        self.once("outside.people", Kind::Outside, "People", "browser or inbox");
                        self.edge(&this, "outside.people", None, Stroke::Solid);
                    }
                }
                SinkKind::Counter { table, .. } | SinkKind::Table { table, .. } => {
                    let written = match &sink.kind {
                        SinkKind::Counter { add, .. } => {
                            let fields =
                                add.iter().map(|(f, n)| format!("{} {n:+}", flow.tables[table.value].field_name(*f)));
                            fields.collect::<Vec<_>>().join(", ")
                        }
                        _ => "a row an event".to_owned(),
                    };
                    let table = &flow.tables[table.value].name.text;
                    let id = format!("table.{table}");
                    self.once(&id, Kind::Table, table, &written);
                    self.edge(&this, &id, None, Stroke::Solid);
                }
                SinkKind::Webhook { .. } => {
                    self.once("outside.servers", Kind::Outside, "Other servers", "by https");
                    self.edge(&this, "outside.servers", None, Stroke::Solid);
                }
                SinkKind::Unresolved => {}
            }
        }
    }
}

/// The cases of a choice that are said beside it.
const CASES: usize = 2;

/// The errors that a catch is for: `on OutOfStock`.
fn on(catch: &Catch) -> String {
    let errors: Vec<&str> = catch.errors.iter().map(|e| e.value.as_str()).collect();
    match errors.as_slice() {
        [] | ["all"] => "on any error".to_owned(),
        [one] => format!("on {one}"),
        [one, two] => format!("on {one}, {two}"),
        [one, rest @ ..] => format!("on {one} and {} more", rest.len()),
    }
}

/// Seconds as a person writes them: `4 d`, `90 s`.
fn duration(seconds: u64) -> String {
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("min", 60)] {
        if seconds >= length && seconds.is_multiple_of(length) {
            return format!("{} {unit}", seconds / length);
        }
    }
    format!("{seconds} s")
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_read_as_they_are_spoken() {
        assert_eq!(duration(345_600), "4 d");
        assert_eq!(duration(90), "90 s");
        assert_eq!(duration(300), "5 min");
    }
}
