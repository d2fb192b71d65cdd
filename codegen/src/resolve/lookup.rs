//! Lookups in tables, and the targets of events.

use super::Resolver;
use crate::facts::Node;
use crate::model::{Destination, EventId, FollowersMode, Lookup, Queue, Spanned, Target, Targets, Template};
use crate::rules::{e047_targets_form, e056_empty_list};
use crate::source::Span;
use crate::syntax;
use crate::yaml::{At, ByCase, Forms};
use indexmap::IndexMap;

impl Resolver<'_> {
    pub(super) fn lookup(&mut self, at: &At<syntax::Lookup>) -> Option<Lookup> {
        let lookup = at.value.as_ref()?;
        self.lookup_of(&lookup.table, &lookup.matching, lookup.select.as_ref(), at.span)
    }

    fn lookup_of(
        &mut self,
        table: &At<String>,
        matching: &At<IndexMap<At<String>, At<String>>>,
        select: Option<&At<String>>,
        span: Span,
    ) -> Option<Lookup> {
        let table = self.table(table)?;
        let mut made: Vec<(Spanned<usize>, Template)> = Vec::new();
        if matching.value.as_ref().is_some_and(IndexMap::is_empty) {
            self.report(e056_empty_list::diagnostic(matching.span, "where"));
        }
        for (field, value) in matching.value.iter().flatten() {
            let template = self.template(value);
            if let Some(field) = self.table_field(table.value, field) {
                made.push((field, template));
            }
        }
        let select = select.and_then(|s| self.table_field(table.value, s));
        Some(Lookup { table, matching: made, select, index: None, span })
    }

    /// The targets of the events that arrive; one way for all stands for each of `arriving`, which are known here for
    /// a queue that reads a topic.
    pub(super) fn targets(&mut self, at: &At<syntax::Targets>, arriving: &[Spanned<EventId>]) -> Option<Targets> {
        let same = |target: Option<Target>| {
            let target = target?;
            let by_event = arriving.iter().map(|e| (*e, target.clone())).collect();
            Some(Targets { by_event, for_all: Some(target), span: at.span })
        };
        match &at.value.as_ref()?.0 {
            Forms::Text(field) => same(Some(Target::Field(Spanned::new(field.clone(), at.span)))),
            Forms::Map(ByCase::Lower(map)) => {
                let target = self.target_of(map, at.span);
                same(target)
            }
            Forms::Map(ByCase::Upper(by_event)) => {
                let mut made = Vec::new();
                for (event, target) in by_event {
                    let found = target.value.as_ref().and_then(|t| match &t.0 {
                        Forms::Text(field) => Some(Target::Field(Spanned::new(field.clone(), target.span))),
                        Forms::Map(map) => self.target_of(map, target.span),
                        Forms::List(never) => match *never {},
                    });
                    if let (Some(event), Some(found)) = (self.event(event), found) {
                        made.push((event, found));
                    }
                }
                Some(Targets { by_event: made, for_all: None, span: at.span })
            }
            Forms::List(never) => match *never {},
        }
    }

    /// What is sent to a queue is known once every edge is: one way for all then stands for each such event.
    pub(super) fn targets_of_what_is_sent(&mut self) {
        let waits = |q: &Queue| q.targets.as_ref().is_some_and(|t| t.by_event.is_empty() && t.for_all.is_some());
        if !self.flow.queues.values().any(waits) {
            return;
        }
        let arriving = crate::facts::arriving(&self.flow);
        for id in self.flow.queues.ids() {
            if !waits(&self.flow.queues[id]) {
                continue;
            }
            let mut events: Vec<EventId> = arriving(Node::To(Destination::Queue(id)));
            events.dedup();
            if let Some(targets) = &mut self.flow.queues[id].targets
                && let Some(target) = targets.for_all.clone()
            {
                let span = targets.span;
                targets.by_event = events.into_iter().map(|e| (Spanned::new(e, span), target.clone())).collect();
            }
        }
    }

    fn target_of(&mut self, map: &syntax::TargetsMap, span: Span) -> Option<Target> {
        let kinds = [map.handler.is_some(), map.followers.is_some(), map.table.is_some()];
        let strays = map.table.is_none() && (map.matching.is_some() || map.select.is_some());
        if kinds.iter().filter(|k| **k).count() != 1 || strays {
            self.report(e047_targets_form::diagnostic(span));
            return None;
        }
        if let Some(handler) = &map.handler {
            return self.handler(handler).map(Target::Handler);
        }
        if let Some(followers) = &map.followers {
            let followers = followers.value.as_ref()?;
            let table = self.table(&followers.table)?;
            let (of, follower) =
                (self.table_field(table.value, &followers.of), self.table_field(table.value, &followers.follower));
            return Some(Target::Followers {
                table,
                of: of?,
                follower: follower?,
                mode: followers.mode.as_ref().and_then(|m| m.value).unwrap_or(FollowersMode::Write),
                threshold: followers.threshold.as_ref().and_then(|t| t.value).unwrap_or(10_000),
            });
        }
        let (table, matching) = (map.table.as_ref()?, map.matching.as_ref());
        let Some(matching) = matching else {
            self.report(e047_targets_form::incomplete(span, "where"));
            return None;
        };
        if map.select.is_none() {
            self.report(e047_targets_form::incomplete(span, "select"));
        }
        self.lookup_of(table, matching, map.select.as_ref(), span).map(Target::Lookup)
    }

    /// The events that reach a queue, as far as the spec says so by name: what it lists, or else what its
    /// topic carries.
    pub(super) fn named_arrivals(&mut self, queue: &syntax::Queue) -> Vec<Spanned<EventId>> {
        let listed = queue.events.as_ref().and_then(|e| e.value.as_ref());
        if let Some(list) = listed {
            return list.iter().filter_map(|e| self.quiet_event(e)).collect();
        }
        let topic = queue.from.as_ref().and_then(|f| f.value.as_deref()).and_then(|f| self.names.topic(f));
        topic.map(|t| self.flow.topics[t].carries.clone()).unwrap_or_default()
    }

    /// An event by its name, without a report: the report is made where the name is listed.
    fn quiet_event(&self, at: &At<String>) -> Option<Spanned<EventId>> {
        self.names.event(at.value.as_deref()?).map(|id| Spanned::new(id, at.span))
    }
}
