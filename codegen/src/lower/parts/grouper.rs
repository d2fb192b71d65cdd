//! Groupers.

use super::variable;
use crate::facts::Node;
use crate::lower::Lowering;
use crate::model::{
    AfterDelivery, Cancel, Destination, First, Grouper, GrouperId, Matcher, OnFull, Part as Piece, Pattern, Ref,
    Scalar, SinkId, SinkKind, Spanned, Step, StepKind, Template, To, Window,
};
use crate::plan::{CancelPart, ClosedPart, GrouperPart, Part, WindowPart};

/// The most events of a group where the spec does not say.
const MOST: u64 = 100;

impl Lowering<'_> {
    /// A grouper; none where it has an option that the runtime does not have yet.
    pub(in crate::lower) fn grouper_part(&self, id: GrouperId) -> Option<GrouperPart> {
        let grouper = &self.flow.groupers[id];
        let later = grouper.shards.is_some()
            || grouper.on_full == OnFull::Page
            || grouper.after_delivery == AfterDelivery::Update
            || grouper.suppress_if.as_ref().is_some_and(|pattern| !asks_seen(pattern));
        if later {
            return None;
        }
        let of = |kind: &str| variable(kind, &grouper.name);
        let event = |event| self.flow.events[event].name.text.clone();
        let zone = |tz: Option<&Spanned<String>>| tz.map_or_else(|| "UTC".to_owned(), |tz| tz.value.clone());
        let cancel = grouper.cancel.iter().map(|cancel| match cancel {
            Cancel::All { by } => CancelPart::All(event(by.value)),
            Cancel::One { by, of, id } => CancelPart::One(event(by.value), event(of.value), id.value.clone()),
        });
        let quiet = grouper.quiet_hours.as_ref();
        Some(GrouperPart {
            name: grouper.name.text.clone(),
            table: of("GROUPS"),
            timers: of("TIMERS"),
            out: of("OUT"),
            schedules: self.waits_long(id).then(|| (of("SCHEDULES"), of("SCHEDULER_ROLE"), of("TIMERS_ARN"))),
            key: grouper.key.clone(),
            fields: fields(&grouper.key),
            window: window(grouper),
            preview: grouper.first == First::Now,
            max: grouper.max.map_or(MOST, |max| max.value.into()),
            distinct: grouper.distinct.as_ref().map(|name| reference(&name.value)),
            sample: grouper.sample.map(|sample| (sample.n.value.into(), sample.order)),
            cancel: cancel.collect(),
            seen: if grouper.suppress_if.is_some() { self.logs_of(id) } else { Vec::new() },
            quiet_hours: quiet
                .map(|quiet| (zone(quiet.tz.as_ref()), quiet.from.value.into(), quiet.to.value.into(), quiet.action)),
            throttle: grouper.throttle.map(|throttle| (throttle.n.value.into(), throttle.per.value)),
            lease: self.deliver_seconds(id).saturating_add(crate::decide::SKEW),
        })
    }

    /// What becomes of a grouper's closed groups; none where the runtime cannot do all of it yet.
    pub(in crate::lower) fn closed_part(&self, id: GrouperId) -> Option<Part> {
        let grouper = &self.flow.groupers[id];
        self.grouper_part(id)?;
        let withdrawn = self.withdrawn(id).into_iter().map(|sink| self.destination(Destination::Sink(sink)));
        Some(Part::Deliver(ClosedPart {
            grouper: self.flush_name(id),
            event: self.flow.events[grouper.emits.value].name.text.clone(),
            to: self.destinations(&grouper.to)?,
            withdrawn: withdrawn.collect::<Option<_>>()?,
        }))
    }

    /// Seconds that the delivery of closed groups may take, withdrawals too.
    pub(in crate::lower) fn deliver_seconds(&self, id: GrouperId) -> u64 {
        let span = self.flow.groupers[id].emits.span;
        let sinks = self.withdrawn(id).into_iter().map(|sink| Spanned::new(Destination::Sink(sink), span));
        let withdrawn = crate::decide::deliver_timeout(self.flow, &To::All(sinks.collect()));
        crate::decide::deliver_timeout(self.flow, &self.flow.groupers[id].to).max(withdrawn)
    }

    /// The sinks of browsers that have shown the first event of a group: they are told if the group is gone.
    pub(in crate::lower) fn withdrawn(&self, id: GrouperId) -> Vec<SinkId> {
        let grouper = &self.flow.groupers[id];
        let mut sinks = Vec::new();
        if grouper.first == First::Now {
            for to in grouper.to.destinations() {
                match to.value {
                    Destination::Workflow(id) => self.shown_by(&self.flow.workflows[id].steps, &mut sinks),
                    Destination::Sink(id) => self.shows(id, &mut sinks),
                    _ => {}
                }
            }
        }
        sinks.sort_unstable();
        sinks.dedup();
        sinks
    }

    fn shown_by(&self, steps: &[Step], sinks: &mut Vec<SinkId>) {
        for step in steps {
            match &step.kind {
                StepKind::Send(Spanned { value: Destination::Sink(id), .. }) => self.shows(*id, sinks),
                StepKind::Parallel(branches) => branches.iter().for_each(|steps| self.shown_by(steps, sinks)),
                StepKind::Map(map) => self.shown_by(&map.steps, sinks),
                _ => {}
            }
        }
    }

    fn shows(&self, id: SinkId, sinks: &mut Vec<SinkId>) {
        if matches!(self.flow.sinks[id].kind, SinkKind::Websocket { .. }) {
            sinks.push(id);
        }
    }

    /// The variables of the logs that know what a grouper's targets have seen.
    fn logs_of(&self, id: GrouperId) -> Vec<String> {
        let component = self.facts.components().node(Node::To(Destination::Grouper(id)));
        self.logs(component).into_iter().map(|(_, variable)| variable).collect()
    }
}

/// Whether a condition is `{ seen: [true] }`: the one that the runtime can ask.
fn asks_seen(pattern: &Pattern) -> bool {
    let [(path, _, matchers)] = pattern.fields.as_slice() else { return false };
    let [(Matcher::Exact(Scalar::Bool(true)), _)] = matchers.as_slice() else { return false };
    pattern.any_of.is_empty() && path.len() == 1 && path.iter().all(|name| name == "seen")
}

fn window(grouper: &Grouper) -> WindowPart {
    let zone = |tz: &Option<Spanned<String>>| tz.as_ref().map_or_else(|| "UTC".to_owned(), |tz| tz.value.clone());
    match &grouper.window {
        Window::Session { gap, at_most } => WindowPart::Session(gap.value, at_most.value),
        Window::Count { n, at_most } => WindowPart::Count(n.value.into(), at_most.value),
        Window::Tumbling { every, by_day, tz } => WindowPart::Tumbling(every.value, by_day.then(|| zone(tz))),
        Window::Cron { at, tz } => WindowPart::Cron(at.value.clone(), zone(tz)),
    }
}

/// The plain fields of a key, each once.
fn fields(key: &Template) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for piece in &key.parts {
        if let Piece::Ref(Ref::Field(name), _) = piece
            && !fields.contains(name)
        {
            fields.push(name.clone());
        }
    }
    fields
}

/// A field or a role by its name.
fn reference(name: &str) -> Ref {
    let roles = [Ref::Event, Ref::Id, Ref::Time, Ref::Actor, Ref::Object, Ref::Tenant, Ref::Target];
    roles.into_iter().find(|role| role.name() == name).unwrap_or_else(|| Ref::Field(name.to_owned()))
}
