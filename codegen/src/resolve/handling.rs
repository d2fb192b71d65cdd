//! Handlers, sources and queues.

use super::tables::reason;
use super::{Resolver, name, text};
use crate::model::{
    Destination, Expect, Handler, Overflow, Queue, Retry, Returns, Schedule, Source, SourceKind, Spanned, To,
};
use crate::rules::{e034_unknown_name, e035_wrong_kind, e056_empty_list, e059_setting_value};
use crate::source::Span;
use crate::syntax;
use crate::yaml::{At, Forms};
use std::collections::BTreeMap;

use super::names::Meaning;

impl Resolver<'_> {
    pub(super) fn handlers(&mut self) {
        for (key, handler) in &self.syntax.handlers {
            let Some(handler) = &handler.value else { continue };
            let made = self.handler_of(key, handler);
            self.flow.handlers.push(made);
        }
    }

    fn handler_of(&mut self, key: &At<String>, handler: &syntax::Handler) -> Handler {
        let (mut reads, mut secrets) = (Vec::new(), Vec::new());
        for at in &handler.reads {
            let found = self
                .find(at, "a table or a secret", |m| matches!(m, Meaning::Table(_) | Meaning::Secret(_)).then_some(m));
            match found.map(|f| f.value) {
                Some(Meaning::Table(id)) => reads.push(Spanned::new(id, at.span)),
                Some(Meaning::Secret(id)) => secrets.push(Spanned::new(id, at.span)),
                _ => {}
            }
        }
        let writes = handler.writes.iter().filter_map(|w| self.table(w)).collect();
        let publishes = handler
            .publishes
            .iter()
            .filter_map(|p| {
                self.find(p, "a topic or a queue", |m| match m {
                    Meaning::To(to @ (Destination::Topic(_) | Destination::Queue(_))) => Some(to),
                    _ => None,
                })
            })
            .collect();
        let returns = handler.returns.as_ref().and_then(|at| {
            self.find(at, "a type or an event", |m| match m {
                Meaning::Type(id) => Some(Returns::Type(id)),
                Meaning::Event(id) => Some(Returns::Event(id)),
                _ => None,
            })
        });
        let memory = handler.memory.as_ref().and_then(|at| {
            let size = self.size(at)?;
            Some(Spanned::new(u32::try_from(size.value >> 20).unwrap_or(u32::MAX), size.span))
        });
        Handler {
            name: name(key, None),
            about: text(handler.about.as_ref()),
            reads,
            secrets,
            writes,
            returns,
            publishes,
            timeout: self.optional_duration(handler.timeout.as_ref()),
            memory,
            env: handler
                .env
                .iter()
                .filter_map(|(k, v)| Some((Spanned::new(k.value.clone()?, k.span), v.value.clone()?)))
                .collect(),
            idempotent: handler.idempotent.as_ref().and_then(|i| i.value).unwrap_or(true),
        }
    }

    pub(super) fn sources(&mut self) {
        for (key, source) in &self.syntax.sources {
            let Some(source) = &source.value else { continue };
            let made = self.source_of(key, source);
            self.flow.sources.push(made);
        }
    }

    fn source_of(&mut self, key: &At<String>, source: &syntax::Source) -> Source {
        let kind = source.from.value.as_ref().and_then(|from| self.source_kind(from)).unwrap_or(SourceKind::Unresolved);
        let event = source.event.as_ref().and_then(|e| self.event(e));
        let mut set = Vec::new();
        for (field, value) in &source.set {
            let Some(wanted) = &field.value else { continue };
            let template = self.template(value);
            if let Some(event) = event {
                let event = &self.flow.events[event.value];
                if wanted != "time" && wanted != "id" && event.field(wanted).is_none() {
                    let known: Vec<&str> = event.fields.iter().map(|f| f.name.as_str()).chain(["time"]).collect();
                    let said = crate::rules::e044_no_such_field::in_event(field.span, wanted, &event.name.text, &known);
                    self.report(said);
                    continue;
                }
            }
            set.push((Spanned::new(wanted.clone(), field.span), template));
        }
        Source {
            name: name(key, source.renamed_from.as_ref()),
            about: text(source.about.as_ref()),
            kind,
            event,
            set,
            allow: source.allow.as_ref().and_then(|a| self.lookup(a)),
            handler: source.handler.as_ref().and_then(|h| self.handler(h)),
            to: self.to(&source.to),
        }
    }

    fn source_kind(&mut self, from: &syntax::SourceFrom) -> Option<SourceKind> {
        Some(match from {
            syntax::SourceFrom::Table(table) => SourceKind::Table(self.table(table)?),
            syntax::SourceFrom::Websocket(ws) => SourceKind::Websocket {
                gateway: self.gateway(&ws.gateway)?,
                route: Spanned::new(ws.route.value.clone()?, ws.route.span),
            },
            syntax::SourceFrom::Http(http) => SourceKind::Http {
                gateway: self.gateway(&http.gateway)?,
                method: http.method.as_ref().map_or(Spanned::new("POST".to_owned(), http.path.span), |m| {
                    Spanned::new(m.value.clone().unwrap_or_default(), m.span)
                }),
                path: Spanned::new(http.path.value.clone()?, http.path.span),
            },
            syntax::SourceFrom::Schedule(schedule) => SourceKind::Schedule(Schedule {
                at: self.schedule(&schedule.at),
                tz: schedule.tz.as_ref().and_then(|t| Some(Spanned::new(t.value.clone()?, t.span))),
            }),
        })
    }

    /// Where to; an empty list is reported.
    pub(super) fn to(&mut self, at: &At<syntax::To>) -> To {
        let Some(to) = &at.value else { return To::All(Vec::new()) };
        match &to.0 {
            Forms::Text(word) => To::All(self.one_destination(word, at.span).into_iter().collect()),
            Forms::List(list) => To::All(self.destinations(list, at.span)),
            Forms::Map(first) => {
                let list = first.first.value.as_deref().unwrap_or_default();
                To::First(self.destinations(list, first.first.span))
            }
        }
    }

    fn one_destination(&mut self, word: &str, span: Span) -> Option<Spanned<Destination>> {
        let known = word.split(',').map(str::trim).filter(|w| !w.is_empty()).collect::<Vec<_>>();
        if known.len() > 1 {
            self.report(e034_unknown_name::listed(span, &known));
            return None;
        }
        self.destination(&At { span, value: Some(word.to_owned()) })
    }

    fn destinations(&mut self, list: &[At<String>], span: Span) -> Vec<Spanned<Destination>> {
        if list.is_empty() {
            self.report(e056_empty_list::diagnostic(span, "to"));
        }
        let mut found: Vec<Spanned<Destination>> = Vec::new();
        let mut places: BTreeMap<Destination, Span> = BTreeMap::new();
        for at in list {
            let Some(to) = self.destination(at) else { continue };
            match places.get(&to.value) {
                Some(first) => self.report(e056_empty_list::twice(to.span, "to", *first)),
                None => {
                    places.insert(to.value, to.span);
                    found.push(to);
                }
            }
        }
        found
    }

    pub(super) fn queues(&mut self) {
        for (key, queue) in &self.syntax.queues {
            let Some(queue) = &queue.value else { continue };
            let made = self.queue_of(key, queue);
            self.flow.queues.push(made);
        }
    }

    fn queue_of(&mut self, key: &At<String>, queue: &syntax::Queue) -> Queue {
        let arriving = self.named_arrivals(queue);
        let from = queue.from.as_ref().and_then(|f| self.queue_from(f, key));
        let overflow = queue.on_overflow.as_ref().and_then(|o| o.value).unwrap_or(Overflow::Page);
        Queue {
            name: name(key, queue.renamed_from.as_ref()),
            about: text(queue.about.as_ref()),
            from,
            events: queue.events.as_ref().map(|e| self.events_of(e, "events")),
            filter: queue.filter.as_ref().map(|f| self.pattern(f)),
            handler: queue.handler.as_ref().and_then(|h| self.handler(h)),
            targets: queue.targets.as_ref().and_then(|t| self.targets(t, &arriving)),
            except: queue.except.as_ref().and_then(|e| Some(Spanned::new(e.value.clone()?, e.span))),
            dedupe: queue.dedupe.as_ref().and_then(|d| d.value).unwrap_or(true),
            max_targets: queue.max_targets.as_ref().and_then(|m| Some((Spanned::new(m.value?, m.span), overflow))),
            retry: queue.retry.as_ref().and_then(|r| self.retry(r)),
            keep: self.optional_duration(queue.keep.as_ref()),
            delay: self.optional_duration(queue.delay.as_ref()),
            batch: number(queue.batch.as_ref()),
            batch_window: self.optional_duration(queue.batch_window.as_ref()),
            concurrency: number(queue.concurrency.as_ref()),
            timeout: self.optional_duration(queue.timeout.as_ref()),
            expect: self.expect(queue.expect.as_ref()),
            within: self.optional_duration(queue.within.as_ref()),
            idempotent: queue.idempotent.as_ref().and_then(|i| i.value).unwrap_or(true),
            to: queue.to.as_ref().map(|t| self.to(t)),
            allow_replace: reason(queue.allow_replace.as_ref()),
        }
    }

    /// The topic that a queue reads; naming a queue is a newcomer's mistake with an answer of its own.
    fn queue_from(&mut self, at: &At<String>, queue: &At<String>) -> Option<Spanned<crate::model::TopicId>> {
        let wanted = at.value.as_deref()?;
        let is_queue = self.names.has(wanted, |m| matches!(m, Meaning::To(Destination::Queue(_))));
        if is_queue {
            let this = queue.value.as_deref().unwrap_or_default();
            self.report(e035_wrong_kind::queue_from_queue(at.span, wanted, this));
            return None;
        }
        self.topic(at)
    }

    pub(super) fn retry(&mut self, at: &At<syntax::Retry>) -> Option<Retry> {
        let retry = at.value.as_ref()?;
        let jitter = match retry.jitter.as_ref().and_then(|j| j.value.as_deref().map(|v| (v, j.span))) {
            None | Some(("full", _)) => true,
            Some(("none", _)) => false,
            Some((other, span)) => {
                self.report(e059_setting_value::diagnostic(span, "jitter", other, "`full` or `none`"));
                true
            }
        };
        Some(Retry {
            attempts: number(retry.attempts.as_ref()),
            backoff: self.optional_duration(retry.backoff.as_ref()),
            backoff_rate: number(retry.backoff_rate.as_ref()),
            max_backoff: self.optional_duration(retry.max_backoff.as_ref()),
            jitter,
            errors: spanned(retry.errors.as_ref()),
            span: at.span,
        })
    }

    pub(super) fn expect(&mut self, at: Option<&At<syntax::Expect>>) -> Expect {
        let Some(expect) = at.and_then(|a| a.value.as_ref()) else { return Expect::default() };
        Expect { targets: number(expect.targets.as_ref()), rate: expect.rate.as_ref().and_then(|r| self.rate(r)) }
    }
}

/// A number with its place.
pub(super) fn number<N: Copy>(at: Option<&At<N>>) -> Option<Spanned<N>> {
    at.and_then(|a| Some(Spanned::new(a.value?, a.span)))
}

/// The texts of a list, each with its place.
pub(super) fn spanned(at: Option<&At<Vec<At<String>>>>) -> Vec<Spanned<String>> {
    let list = at.and_then(|a| a.value.as_ref());
    list.into_iter().flatten().filter_map(|e| Some(Spanned::new(e.value.clone()?, e.span))).collect()
}
