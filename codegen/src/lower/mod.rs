//! The fourth pass: every decision.
//!
//! In: a flow without errors, and what follows from it. Out: the [`Plan`]. Guaranteed: names are unique and
//! within AWS's lengths; a visibility timeout is six times its function's; a function may do what its edges
//! and its handlers need, and nothing else; every queue, subscription, stream and schedule has its dead
//! letters.

mod alarms;
mod browsers;
mod consumers;
mod diagram;
mod fanout;
mod functions;
mod gateways;
mod groupers;
mod handlers;
mod mail;
mod messaging;
mod names;
mod parts;
mod policies;
mod sinks;
mod sources;
mod tables;
mod types;
mod workflows;

pub(crate) use names::{largest_owner, owner_of, pascal};

use crate::diagnostic::Diagnostics;
use crate::facts::Facts;
use crate::model::{Destination, Encryption, Flow, SinkId, SinkKind, TableId};
use crate::plan::{FunctionRef, Plan, QueueRef, StackSettings, TableRef};
use std::collections::BTreeMap;

/// What every part of this pass holds.
struct Lowering<'a> {
    flow: &'a Flow,
    facts: &'a Facts,
    plan: Plan,
    /// What a table is known by, and the table's indexes that grants may name.
    tables: BTreeMap<TableId, TableRef>,
    /// The functions of sinks that others call.
    sinks: BTreeMap<SinkId, FunctionRef>,
    /// The dead-letter queue of each queue.
    dead_letters: BTreeMap<QueueRef, QueueRef>,
}

/// Decides everything about a flow without errors; `spec` is the root file's path.
#[must_use]
pub fn lower(flow: &Flow, facts: &Facts, spec: &str, out: &mut Diagnostics) -> Plan {
    let mut lowering = Lowering {
        flow,
        facts,
        plan: empty(flow, spec),
        tables: BTreeMap::new(),
        sinks: BTreeMap::new(),
        dead_letters: BTreeMap::new(),
    };
    lowering.types();
    lowering.tables();
    lowering.handlers();
    lowering.stores();
    lowering.name_sinks();
    lowering.topics();
    lowering.queues();
    lowering.sources();
    lowering.consumers();
    lowering.groupers();
    lowering.workflows();
    lowering.sinks();
    lowering.gateways();
    lowering.mail();
    lowering.alarms();
    lowering.plan.diagram = diagram::picture(flow, facts);
    names::report_clashes(&lowering.plan, flow, out);
    policies::report_long(&lowering.plan, flow, out);
    lowering.plan
}

fn empty(flow: &Flow, spec: &str) -> Plan {
    let mut tags: Vec<(String, String)> =
        flow.settings.tags.iter().map(|(k, v)| (k.value.clone(), v.value.clone())).collect();
    tags.push(("eventloom:flow".into(), flow.name.text.clone()));
    tags.sort();
    Plan {
        name: flow.name.text.clone(),
        about: flow.about.as_ref().map(|a| a.value.clone()),
        spec: spec.to_owned(),
        settings: StackSettings {
            encryption: flow.settings.encryption,
            architecture: flow.settings.architecture,
            log_days: flow.settings.log_days,
            quotas: flow.settings.quotas,
            api_logs: flow.settings.api_logs,
            tags,
            alarm_email: flow.alarms.as_ref().map(|a| a.email.value.clone()),
        },
        types: Vec::new(),
        events: Vec::new(),
        handlers: Vec::new(),
        outboxes: Vec::new(),
        stores: Vec::new(),
        tables: Vec::new(),
        secrets: Vec::new(),
        topics: Vec::new(),
        queues: Vec::new(),
        subscriptions: Vec::new(),
        functions: Vec::new(),
        machines: Vec::new(),
        gateways: Vec::new(),
        schedules: Vec::new(),
        schedule_groups: Vec::new(),
        mail: None,
        alarms: Vec::new(),
        dashboard: Vec::new(),
        remarks: Vec::new(),
        diagram: crate::diagram::Graph::default(),
    }
}

/// Seconds as AWS's properties hold them.
fn clamp(seconds: u64) -> u32 {
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

impl Lowering<'_> {
    /// The table's reference.
    fn table_ref(&self, id: TableId) -> TableRef {
        TableRef(names::logical(self.flow.tables[id].name.identity(), "Table"))
    }

    fn encrypted(&self) -> bool {
        self.flow.settings.encryption == Encryption::Customer
    }

    /// Whether a destination is a sink whose work is done by whoever sends to it.
    fn inside(&self, to: Destination) -> bool {
        matches!(to, Destination::Sink(id)
            if matches!(self.flow.sinks[id].kind, SinkKind::Counter { .. } | SinkKind::Table { .. }))
    }
}
