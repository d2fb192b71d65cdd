//! Sources: publishers of tables, routes, schedules.

use super::functions::{named, runtime_table};
use super::{Lowering, clamp, names};
use crate::facts::Node;
use crate::model::{Destination, SourceId, SourceKind};
use crate::plan::{FunctionKind, GatewayRef, Invoker, Mapping, MappingSource, Place, Schedule, ScheduleTarget};

impl Lowering<'_> {
    pub(super) fn sources(&mut self) {
        for (id, source) in self.flow.sources.iter() {
            match &source.kind {
                SourceKind::Table(table) => self.publisher(id, table.value),
                SourceKind::Websocket { .. } => self.route(id, true),
                SourceKind::Http { .. } => self.route(id, false),
                SourceKind::Schedule(_) => self.schedule_source(id),
                SourceKind::Unresolved => {}
            }
        }
    }

    fn source_place(&self, id: SourceId, kind: &str) -> Place {
        let source = &self.flow.sources[id];
        names::place(
            names::logical(source.name.identity(), kind),
            format!("sources.{}", source.name.text),
            self.facts.components().node(Node::Source(id)),
        )
    }

    /// The function that publishes a table's new rows, and the queue of rows that are no events.
    fn publisher(&mut self, id: SourceId, table: crate::model::TableId) {
        let source = &self.flow.sources[id];
        let name = &source.name.text;
        let dead = self.lone_dead_letters(
            self.source_place(id, "SourceDeadLetters"),
            names::physical(&[source.name.identity(), "dlq"]),
            format!("Rows that the source {name} could not publish."),
            Vec::new(),
        );
        let about = format!("Publishes the new rows of the table {}.", self.flow.tables[table].name.text);
        let kind = FunctionKind::Publisher { source: name.clone() };
        let mut draft = self.draft(self.source_place(id, "SourceFunction"), named(&source.name, ""), about, kind);
        draft.tell(self.publisher_part(id));
        draft.timeout(crate::decide::STREAM_TIMEOUT);
        draft.mapping(Mapping {
            place: self.source_place(id, "SourceMapping"),
            source: MappingSource::Stream(self.table_ref(table)),
            batch: 100,
            window: 0,
            filters: vec![r#"{"eventName":["INSERT"]}"#.into()],
            concurrency: None,
            pollers: None,
            max_retries: Some(crate::decide::PUBLISHER_RETRIES),
            max_age: Some(clamp(crate::decide::PUBLISHER_RECORD_AGE)),
            parallelization: Some(1),
            failures: Some(dead.clone()),
        });
        // What is given up is sent whole by the function itself: a mapping's destination holds metadata only.
        draft.sends(&dead, "QUEUE_DEAD_LETTERS".into());
        for to in source.to.destinations() {
            self.feeds(&mut draft, to.value);
        }
        self.plan.functions.push(draft.done());
    }

    /// The function of a route: it checks, numbers and logs, and sends on.
    fn route(&mut self, id: SourceId, websocket: bool) {
        let source = &self.flow.sources[id];
        let name = source.name.text.clone();
        let (gateway, key) = match &source.kind {
            SourceKind::Websocket { gateway, route } => (gateway.value, route.value.clone()),
            SourceKind::Http { gateway, method, path } => (gateway.value, format!("{} {}", method.value, path.value)),
            SourceKind::Table(_) | SourceKind::Schedule(_) | SourceKind::Unresolved => return,
        };
        let gateway_name = &self.flow.gateways[gateway].name;
        let (kind, about) = if websocket {
            (
                FunctionKind::WebsocketSource { source: name.clone() },
                format!("Takes events from the route {key} of the gateway {}.", gateway_name.text),
            )
        } else {
            (
                FunctionKind::HttpSource { source: name.clone() },
                format!("Takes events from {key} of the gateway {}.", gateway_name.text),
            )
        };
        let gateway_ref = GatewayRef(names::logical(gateway_name.identity(), "Gateway"));
        let mut draft = self.draft(self.source_place(id, "SourceFunction"), named(&source.name, ""), about, kind);
        if let Some(told) = self.http_part(id) {
            draft.tell(told);
        }
        draft.timeout(crate::decide::route_timeout(self.flow, source.handler.map(|h| h.value)));
        draft.invoked_by(Invoker::Route(gateway_ref, key));
        draft.keeps_state();
        if websocket {
            let connections = self.connections_ref(gateway);
            draft.reads(&connections, "TABLE_CONNECTIONS".into(), &[]);
            let log = self.log_ref(gateway);
            draft.reads(&log, "TABLE_LOG".into(), &[]);
            draft.writes(&log, "TABLE_LOG".into());
            draft.tell_if(self.receive_part(id));
        }
        if let Some(lookup) = &source.allow {
            self.looks_up(&mut draft, lookup);
        }
        if let Some(handler) = source.handler {
            self.handler_needs(&mut draft, handler.value);
        }
        for to in source.to.destinations() {
            self.feeds(&mut draft, to.value);
        }
        self.plan.functions.push(draft.done());
    }

    fn schedule_source(&mut self, id: SourceId) {
        let source = &self.flow.sources[id];
        let SourceKind::Schedule(schedule) = &source.kind else { return };
        let name = source.name.text.clone();
        let dead = self.lone_dead_letters(
            self.source_place(id, "SourceDeadLetters"),
            names::physical(&[source.name.identity(), "dlq"]),
            format!("What the schedule {name} could not begin."),
            Vec::new(),
        );
        let kind = FunctionKind::ScheduleSource { source: name.clone() };
        let about = format!("Makes the event of the schedule {name}.");
        let mut draft = self.draft(self.source_place(id, "SourceFunction"), named(&source.name, ""), about, kind);
        if let Some(told) = self.schedule_part(id) {
            draft.tell(told);
        }
        draft.reads(&runtime_table(), "TABLE_RUNTIME".into(), &[]);
        draft.writes(&runtime_table(), "TABLE_RUNTIME".into());
        draft.async_failures(dead.clone());
        if let Some(handler) = source.handler {
            draft.timeout(crate::decide::handler_timeout(self.flow, handler.value));
            self.handler_needs(&mut draft, handler.value);
        }
        for to in source.to.destinations() {
            self.feeds(&mut draft, to.value);
        }
        let function = draft.reference();
        self.plan.functions.push(draft.done());
        self.plan.schedules.push(Schedule {
            place: self.source_place(id, "SourceSchedule"),
            name: names::physical(&[source.name.identity()]),
            about: format!("Begins the source {name}."),
            at: schedule.at.value.clone(),
            tz: schedule.tz.as_ref().map_or_else(|| "UTC".to_owned(), |t| t.value.clone()),
            target: ScheduleTarget::Function(function),
            input: r#"{"scheduled":"<aws.scheduler.scheduled-time>"}"#.into(),
            dead_letters: dead,
        });
    }

    /// The node of a destination, for its part of the flow.
    pub(super) fn component(&self, to: Destination) -> u32 {
        self.facts.components().node(Node::To(to))
    }
}
