//! The fan-out to browsers: workers, the second pass, and the shards of connections.

use super::functions::{Draft, named};
use super::{Lowering, clamp, names};
use crate::decide::FanOut;
use crate::model::{Destination, QueueId, To};
use crate::plan::{BrowserPart, FunctionKind, FunctionRef, GatewayRef, Part, QueueRole, Remark};

impl Lowering<'_> {
    /// What a queue that delivers to browsers needs beside its consumer.
    pub(super) fn fan_out(&mut self, id: QueueId, plan: &FanOut, draft: &mut Draft) {
        let flow = self.flow;
        let queue = &flow.queues[id];
        let Some(gateway) = self.browser_gateway(queue) else { return };
        let gateway_name = &flow.gateways[gateway].name;
        let gateway_ref = GatewayRef(names::logical(gateway_name.identity(), "Gateway"));
        let worker = FunctionRef(names::logical(queue.name.identity(), "QueueWorkerFunction"));
        draft.invokes(&worker, "FUNCTION_WORKER".into());
        draft.reads(&self.connections_ref(gateway), "TABLE_CONNECTIONS".into(), &[]);
        draft.memory(512);
        let rest = self.own_queue(
            self.consumer_place(id, "QueueRest"),
            &[queue.name.identity(), "rest"],
            format!("The second pass of the fan-out of {}: those without a live connection.", queue.name.text),
            QueueRole::Rest,
            crate::decide::rest_timeout(flow, queue),
            REST_DELAY,
        );
        draft.sends(&rest, "QUEUE_REST".into());
        draft.tell_if(self.fan_out_part(id).map(|told| Part::browser(BrowserPart::Resolve(told))));
        self.worker(id, &gateway_ref, plan);
        self.rest(id, &rest);
        self.plan.remarks.push(Remark { about: format!("queues.{}", queue.name.text), text: remark(plan) });
    }

    fn worker(&mut self, id: QueueId, gateway: &GatewayRef, plan: &FanOut) {
        let flow = self.flow;
        let queue = &flow.queues[id];
        let Some(gateway_id) = self.browser_gateway(queue) else { return };
        let name = named(&queue.name, "_worker");
        let about = format!("Posts what the queue {} fans out to the connections of some shards.", queue.name.text);
        let kind = FunctionKind::Workers { queue: queue.name.text.clone() };
        let mut worker = self.draft(self.consumer_place(id, "QueueWorkerFunction"), name, about, kind);
        worker.memory(1_024);
        worker.timeout(crate::decide::WORKER_TIMEOUT);
        worker.keeps_state();
        let connections = self.connections_ref(gateway_id);
        worker.reads(&connections, "TABLE_CONNECTIONS".into(), &["by_user".into()]);
        worker.writes(&connections, "TABLE_CONNECTIONS".into());
        for (_, target) in queue.targets.iter().flat_map(|t| &t.by_event) {
            if let crate::model::Target::Lookup(lookup) = target {
                self.looks_up(&mut worker, lookup);
            }
        }
        worker.posts(gateway, &flow.gateways[gateway_id].name.text);
        for (name, value) in [
            ("POSTS_PER_SECOND", plan.worker_rate),
            ("POSTS_BURST", plan.worker_burst),
            ("SOCKETS", u64::from(plan.sockets)),
        ] {
            worker.set(name, crate::plan::EnvValue::Text(value.to_string()));
        }
        worker.tell_if(self.fan_out_part(id).map(|told| Part::browser(BrowserPart::Work(told))));
        self.plan.functions.push(worker.done());
    }

    /// The second pass: those without a live connection go to whoever comes after the browser.
    fn rest(&mut self, id: QueueId, rest: &crate::plan::QueueRef) {
        let flow = self.flow;
        let queue = &flow.queues[id];
        let name = named(&queue.name, "_rest");
        let about = format!("Finds those whom the fan-out of {} did not reach.", queue.name.text);
        let kind = FunctionKind::Rest { queue: queue.name.text.clone() };
        let mut draft = self.draft(self.consumer_place(id, "QueueRestFunction"), name, about, kind);
        draft.timeout(crate::decide::rest_timeout(flow, queue));
        draft.mapping(Self::own_mapping(self.consumer_place(id, "QueueRestMapping"), rest.clone(), 10, 10));
        draft.keeps_state();
        draft.sends(rest, "QUEUE_CONTINUE".into());
        draft.recurs();
        for (_, target) in queue.targets.iter().flat_map(|t| &t.by_event) {
            if let crate::model::Target::Lookup(lookup) = target {
                self.looks_up(&mut draft, lookup);
            }
        }
        if let Some(preferences) = flow.recipients.as_ref().and_then(|r| r.preferences) {
            self.reads_rows(&mut draft, preferences.value);
        }
        for to in queue.to.iter().flat_map(To::destinations) {
            if !crate::facts::is_browser(flow, to.value) {
                self.feeds(&mut draft, to.value);
            }
        }
        draft.tell_if(self.rest_part(id));
        self.plan.functions.push(draft.done());
    }

    /// Keeps the connection shards of a membership table, by its stream.
    pub(super) fn shard_keepers(&mut self) {
        for (table, gateway) in self.memberships() {
            let flow = self.flow;
            let table_name = &flow.tables[table].name;
            let component = self.facts.components().table(table);
            let place = |kind: &str| {
                names::place(
                    names::logical(table_name.identity(), kind),
                    format!("tables.{}", table_name.text),
                    component,
                )
            };
            let dead = self.lone_dead_letters(
                place("TableShardsDeadLetters"),
                names::physical(&[table_name.identity(), "shards", "dlq"]),
                format!("Changes of the table {} that the connection shards could not follow.", table_name.text),
                Vec::new(),
            );
            let about = format!("Keeps the connection shards of the table {}.", table_name.text);
            let kind = FunctionKind::Shards { table: table_name.text.clone() };
            let mut draft = self.draft(place("TableShardsFunction"), named(table_name, "_shards"), about, kind);
            draft.timeout(crate::decide::STREAM_TIMEOUT);
            draft.mapping(crate::plan::Mapping {
                place: place("TableShardsMapping"),
                source: crate::plan::MappingSource::Stream(self.table_ref(table)),
                batch: 100,
                window: 0,
                filters: Vec::new(),
                concurrency: None,
                pollers: None,
                max_retries: Some(crate::decide::PUBLISHER_RETRIES),
                max_age: Some(clamp(crate::decide::PUBLISHER_RECORD_AGE)),
                parallelization: Some(1),
                failures: Some(dead.clone()),
            });
            draft.sends(&dead, "QUEUE_DEAD_LETTERS".into());
            let connections = self.connections_ref(gateway);
            draft.reads(&connections, "TABLE_CONNECTIONS".into(), &["by_user".into()]);
            draft.writes(&connections, "TABLE_CONNECTIONS".into());
            self.reads_members(&mut draft, table);
            draft.tell_if(self.follow_part(table, gateway));
            self.plan.functions.push(draft.done());
        }
    }

    /// What it takes to send to a sink: to do its work, or to call its function.
    pub(super) fn delivers_to(&self, draft: &mut Draft, id: crate::model::SinkId) {
        if self.inside(Destination::Sink(id)) {
            self.sink_needs(draft, id);
        } else if let Some(function) = self.sinks.get(&id) {
            draft.invokes(function, names::variable("FUNCTION", &self.flow.sinks[id].name.text));
        }
    }
}

/// Seconds before the second pass: the first is done long before.
const REST_DELAY: u32 = 10;

/// The plan in a sentence.
fn remark(plan: &FanOut) -> String {
    let ready = plan.pollers.map(|(least, _)| format!("; {least} pollers are kept ready, and billed while idle"));
    format!(
        "an event reaches {} targets in {:.1} s: {} shards of connections, {} workers at once, {} posts a second of the account's quota{}",
        plan.targets,
        plan.seconds,
        plan.shards,
        plan.workers,
        plan.quota.rate,
        ready.unwrap_or_default()
    )
}
