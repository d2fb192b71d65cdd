//! Groupers: the group table, timers, and the functions that close and deliver.

use super::functions::{Draft, named};
use super::{Lowering, names};
use crate::facts::Node;
use crate::model::{Destination, First, GatewayId, GrouperId, To, Window};
use crate::plan::{FunctionKind, GroupRef, Part, Place, QueueRef, QueueRole, Schedule, ScheduleTarget, TableRef};

/// Groups closed, or delivered, at the same time.
const CONCURRENCY: u32 = 50;
/// The ending of the name of the function that closes groups.
const FLUSH: &str = "_flush";

impl Lowering<'_> {
    pub(super) fn grouper_place(&self, id: GrouperId, kind: &str) -> Place {
        let grouper = &self.flow.groupers[id];
        names::place(
            names::logical(grouper.name.identity(), kind),
            format!("groupers.{}", grouper.name.text),
            self.component(Destination::Grouper(id)),
        )
    }

    fn grouper_table(&self, id: GrouperId) -> TableRef {
        TableRef(names::logical(self.flow.groupers[id].name.identity(), "GrouperGroups"))
    }

    fn timers(&self, id: GrouperId) -> QueueRef {
        QueueRef(names::logical(self.flow.groupers[id].name.identity(), "GrouperTimers"))
    }

    fn out_queue(&self, id: GrouperId) -> QueueRef {
        QueueRef(names::logical(self.flow.groupers[id].name.identity(), "GrouperOut"))
    }

    /// The name of the function that closes a grouper's groups.
    pub(super) fn flush_name(&self, id: GrouperId) -> String {
        named(&self.flow.groupers[id].name, FLUSH).0
    }

    /// Whether timers of a grouper wait for longer than an SQS delay.
    pub(super) fn waits_long(&self, id: GrouperId) -> bool {
        self.schedule_group(id).is_some()
    }

    /// The schedule group of a grouper whose windows are longer than an SQS delay.
    fn schedule_group(&self, id: GrouperId) -> Option<GroupRef> {
        let grouper = &self.flow.groupers[id];
        let longest = match &grouper.window {
            Window::Session { at_most, .. } | Window::Count { at_most, .. } => at_most.value,
            Window::Tumbling { every, .. } => every.value,
            Window::Cron { .. } => u64::MAX,
        };
        (longest > crate::aws::limits::SQS_DELAY_SECONDS || grouper.quiet_hours.is_some())
            .then(|| GroupRef(names::logical(grouper.name.identity(), "GrouperSchedules")))
    }

    pub(super) fn groupers(&mut self) {
        for id in self.flow.groupers.ids() {
            let flow = self.flow;
            let grouper = &flow.groupers[id];
            let (name, identity) = (&grouper.name.text, grouper.name.identity());
            let mut place = self.grouper_place(id, "GrouperGroups");
            place.allow_replace = grouper.allow_replace.as_ref().map(|a| a.value.clone());
            self.groups_table(place, name);
            let about = format!("Timers of the grouper {name}.");
            let place = self.grouper_place(id, "GrouperTimers");
            let timers =
                self.own_queue(place, &[identity, "timers"], about, QueueRole::Timer, crate::decide::FLUSH_TIMEOUT, 0);
            let about = format!("Closed groups of the grouper {name}, on their way out.");
            let place = self.grouper_place(id, "GrouperOut");
            let timeout = self.deliver_seconds(id);
            let out = self.own_queue(place, &[identity, "out"], about, QueueRole::Out, timeout, 0);
            if let Some(group) = self.schedule_group(id) {
                self.plan.schedule_groups.push((group, self.grouper_place(id, "GrouperSchedules")));
            }
            self.flush(id, &timers);
            self.deliver(id, &out);
        }
    }

    /// What it takes to accept an event into a group.
    pub(super) fn accepts(&self, draft: &mut Draft, id: GrouperId) {
        self.group_state(draft, id);
        let name = &self.flow.groupers[id].name.text;
        draft.sends(&self.timers(id), names::variable("TIMERS", name));
        if self.flow.groupers[id].suppress_if.is_some() {
            // Whoever closes a group leaves out what was seen.
            self.asks_what_was_seen(draft, Node::To(Destination::Grouper(id)));
        }
        if self.flow.groupers[id].first == First::Now || self.flow.groupers[id].max.is_none_or(|m| m.value > 0) {
            // A full group is closed, and a preview shown, by whoever accepts.
            draft.sends(&self.out_queue(id), names::variable("OUT", name));
        }
    }

    fn group_state(&self, draft: &mut Draft, id: GrouperId) {
        let name = &self.flow.groupers[id].name.text;
        let (table, variable) = (self.grouper_table(id), names::variable("GROUPS", name));
        draft.reads(&table, variable.clone(), &[]);
        draft.writes(&table, variable);
        if let Some(group) = self.schedule_group(id) {
            draft.schedules(&group, name, &self.timers(id));
        }
    }

    fn flush(&mut self, id: GrouperId, timers: &QueueRef) {
        let grouper = &self.flow.groupers[id];
        let name = &grouper.name.text;
        let about = format!("Closes the groups of the grouper {name} when their time has come.");
        let kind = FunctionKind::Flush { grouper: name.clone() };
        let mut draft =
            self.draft(self.grouper_place(id, "GrouperFlushFunction"), named(&grouper.name, FLUSH), about, kind);
        draft.timeout(crate::decide::FLUSH_TIMEOUT);
        let place = self.grouper_place(id, "GrouperFlushMapping");
        draft.mapping(Self::own_mapping(place, timers.clone(), 10, CONCURRENCY));
        self.accepts(&mut draft, id);
        draft.recurs();
        let table = self.grouper_table(id);
        draft.reads(&table, names::variable("GROUPS", name), &["sweep".into()]);
        if let Some(told) = self.grouper_part(id) {
            draft.tell(Part::Flush(Box::new(told)));
        }
        let dead = self.lone_dead_letters(
            self.grouper_place(id, "GrouperSweepDeadLetters"),
            names::physical(&[grouper.name.identity(), "sweep", "dlq"]),
            format!("Sweeps of the grouper {name} that could not begin."),
            Vec::new(),
        );
        draft.async_failures(dead.clone());
        let function = draft.reference();
        self.plan.functions.push(draft.done());
        self.plan.schedules.push(Schedule {
            place: self.grouper_place(id, "GrouperSweep"),
            name: names::physical(&[grouper.name.identity(), "sweep"]),
            about: format!("Finds windows of the grouper {name} whose timer was lost."),
            at: "rate(1 minute)".into(),
            tz: "UTC".into(),
            target: ScheduleTarget::Function(function),
            input: r#"{"sweep":true}"#.into(),
            dead_letters: dead,
        });
    }

    fn deliver(&mut self, id: GrouperId, out: &QueueRef) {
        let flow = self.flow;
        let grouper = &flow.groupers[id];
        let name = &grouper.name.text;
        let to: Vec<&str> = grouper.to.destinations().iter().map(|d| self.destination_name(d.value)).collect();
        let about = format!("Sends the closed groups of the grouper {name} to {}.", to.join(", "));
        let kind = FunctionKind::Deliver { grouper: name.clone() };
        let place = self.grouper_place(id, "GrouperDeliverFunction");
        let mut draft = self.draft(place, named(&grouper.name, "_deliver"), about, kind);
        draft.timeout(self.deliver_seconds(id));
        let place = self.grouper_place(id, "GrouperDeliverMapping");
        draft.mapping(Self::own_mapping(place, out.clone(), 10, CONCURRENCY));
        let (table, variable) = (self.grouper_table(id), names::variable("GROUPS", name));
        draft.reads(&table, variable.clone(), &[]);
        draft.writes(&table, variable);
        for to in To::destinations(&grouper.to) {
            self.feeds(&mut draft, to.value);
        }
        for sink in self.withdrawn(id) {
            self.delivers_to(&mut draft, sink);
        }
        if grouper.quiet_hours.is_some() {
            // What comes in quiet hours is sent to the same queue again, as often as their end needs.
            draft.sends(out, names::variable("OUT", name));
            draft.recurs();
        }
        draft.tell_if(self.closed_part(id));
        self.plan.functions.push(draft.done());
    }

    /// What it takes to ask whether a target has seen a delivery: the cursors of the gateways' logs.
    pub(super) fn asks_what_was_seen(&self, draft: &mut Draft, node: Node) {
        if self.reaches(node).iter().any(|s| s.delivered) {
            self.reads_logs(draft, self.facts.components().node(node));
        }
    }

    /// Reads the logs of the gateways in this part of the flow: no other could have delivered to it.
    /// The variables of the logs are given back.
    pub(super) fn reads_logs(&self, draft: &mut Draft, component: u32) -> Vec<String> {
        let logs = self.logs(component);
        for (id, variable) in &logs {
            draft.reads(&self.log_ref(*id), variable.clone(), &[]);
        }
        logs.into_iter().map(|(_, variable)| variable).collect()
    }

    /// The gateways in a part of the flow that keep logs, and the variables of these.
    pub(super) fn logs(&self, component: u32) -> Vec<(GatewayId, String)> {
        let mut logs = Vec::new();
        for (id, gateway) in self.flow.gateways.iter() {
            let same = self.facts.components().gateway(id) == component;
            if same && gateway.kind == crate::model::GatewayKind::Websocket {
                logs.push((id, names::variable("LOG", &gateway.name.text)));
            }
        }
        logs
    }
}
