//! Gateways, groupers, sinks.

use super::handling::number;
use super::tables::reason;
use super::{Resolver, name, text};
use crate::model::{
    AfterDelivery, Cancel, First, Gateway, GatewayKind, Grouper, Jwt, OnFull, QuietAction, QuietHours, Sample,
    SampleOrder, Sink, SinkKind, Spanned, Throttle, Window,
};
use crate::rules::e059_setting_value;
use crate::syntax;
use crate::yaml::{At, Forms, Literal};
use indexmap::IndexMap;

impl Resolver<'_> {
    pub(super) fn gateways(&mut self) {
        for (key, gateway) in &self.syntax.gateways {
            let Some(gateway) = &gateway.value else { continue };
            let (kind, body) = match gateway {
                syntax::Gateway::Websocket(body) => (GatewayKind::Websocket, body),
                syntax::Gateway::Http(body) => (GatewayKind::Http, body),
            };
            let jwt = match &body.auth.value {
                Some(syntax::Auth::Jwt(jwt)) => Jwt {
                    issuer: required(&jwt.issuer),
                    audience: required(&jwt.audience),
                    user: text(jwt.user.as_ref()).unwrap_or_else(|| "sub".into()),
                    tenant: optional(jwt.tenant.as_ref()),
                },
                None => {
                    let none = || Spanned::new(String::new(), body.auth.span);
                    Jwt { issuer: none(), audience: none(), user: "sub".into(), tenant: None }
                }
            };
            self.flow.gateways.push(Gateway {
                name: name(key, body.renamed_from.as_ref()),
                about: text(body.about.as_ref()),
                kind,
                jwt,
                origins: body.origins.iter().filter_map(|o| optional(Some(o))).collect(),
                allow_replace: reason(body.allow_replace.as_ref()),
            });
        }
    }

    pub(super) fn groupers(&mut self) {
        for (key, grouper) in &self.syntax.groupers {
            let Some(grouper) = &grouper.value else { continue };
            if let Some(made) = self.grouper_of(key, grouper) {
                self.flow.groupers.push(made);
            }
        }
    }

    fn grouper_of(&mut self, key: &At<String>, grouper: &syntax::Grouper) -> Option<Grouper> {
        // The emitted events follow the declared ones in the groupers' order, so this one is there.
        let place = self.flow.groupers.len();
        let emits = self.flow.events.iter().filter(|(_, e)| e.origin != crate::model::Origin::Declared).nth(place)?.0;
        let cancel = grouper.cancel.iter().filter_map(|(by, what)| self.cancel(by, what)).collect();
        Some(Grouper {
            name: name(key, grouper.renamed_from.as_ref()),
            about: text(grouper.about.as_ref()),
            key: self.template(&grouper.key),
            window: self.window(&grouper.window),
            first: grouper.first.as_ref().and_then(|f| f.value).unwrap_or(First::Wait),
            max: number(grouper.max.as_ref()),
            on_full: grouper.on_full.as_ref().and_then(|f| f.value).unwrap_or(OnFull::Flush),
            distinct: optional(grouper.distinct.as_ref()),
            sample: grouper.sample.as_ref().and_then(|s| s.value.as_ref()).and_then(|s| {
                let order = s.order.as_ref().and_then(|o| o.value).unwrap_or(SampleOrder::Newest);
                Some(Sample { n: number(Some(&s.n))?, order })
            }),
            cancel,
            suppress_if: grouper.suppress_if.as_ref().map(|s| self.pattern(s)),
            after_delivery: grouper.after_delivery.as_ref().and_then(|a| a.value).unwrap_or(AfterDelivery::New),
            quiet_hours: grouper.quiet_hours.as_ref().and_then(|q| q.value.as_ref()).map(|q| QuietHours {
                tz: optional(q.tz.as_ref()),
                from: self.time_of_day(&q.from),
                to: self.time_of_day(&q.to),
                action: q.action.as_ref().and_then(|a| a.value).unwrap_or(QuietAction::Hold),
            }),
            throttle: grouper
                .throttle
                .as_ref()
                .and_then(|t| t.value.as_ref())
                .and_then(|t| Some(Throttle { n: number(Some(&t.n))?, per: self.duration(&t.per)? })),
            shards: number(grouper.shards.as_ref()),
            emits: Spanned::new(emits, grouper.emits.span),
            to: self.to(&grouper.to),
            allow_replace: reason(grouper.allow_replace.as_ref()),
        })
    }

    fn cancel(&mut self, by: &At<String>, what: &At<syntax::Cancel>) -> Option<Cancel> {
        let by = self.event(by)?;
        match &what.value.as_ref()?.0 {
            Forms::Text(word) if word == "all" => Some(Cancel::All { by }),
            Forms::Text(word) => {
                self.report(e059_setting_value::diagnostic(
                    what.span,
                    "cancel",
                    word,
                    "`all` or `{ of: Event, id: field }`",
                ));
                None
            }
            Forms::Map(one) => Some(Cancel::One { by, of: self.event(&one.of)?, id: optional(Some(&one.id))? }),
            Forms::List(never) => match *never {},
        }
    }

    fn window(&mut self, at: &At<syntax::Window>) -> Window {
        match &at.value {
            Some(syntax::Window::Session(w)) => {
                Window::Session { gap: self.duration_or_zero(&w.gap), at_most: self.duration_or_zero(&w.at_most) }
            }
            Some(syntax::Window::Tumbling(w)) => {
                let align = w.align.as_ref().and_then(|a| a.value.as_deref().map(|v| (v, a.span)));
                if let Some((other, span)) = align.filter(|(a, _)| !matches!(*a, "epoch" | "day")) {
                    self.report(e059_setting_value::diagnostic(span, "align", other, "`epoch` or `day`"));
                }
                Window::Tumbling {
                    every: self.duration_or_zero(&w.every),
                    by_day: align.is_some_and(|(a, _)| a == "day"),
                    tz: optional(w.tz.as_ref()),
                }
            }
            Some(syntax::Window::Cron(w)) => Window::Cron { at: self.schedule(&w.at), tz: optional(w.tz.as_ref()) },
            Some(syntax::Window::Count(w)) => Window::Count {
                n: number(Some(&w.n)).unwrap_or(Spanned::new(0, w.n.span)),
                at_most: self.duration_or_zero(&w.at_most),
            },
            None => Window::Session { gap: Spanned::new(0, at.span), at_most: Spanned::new(0, at.span) },
        }
    }

    pub(super) fn sinks(&mut self) {
        for (key, at) in &self.syntax.sinks {
            let Some(sink) = &at.value else { continue };
            let (renamed_from, about) = match sink {
                syntax::Sink::Websocket(s) => (&s.renamed_from, &s.about),
                syntax::Sink::Email(s) => (&s.renamed_from, &s.about),
                syntax::Sink::Counter(s) => (&s.renamed_from, &s.about),
                syntax::Sink::Table(s) => (&s.renamed_from, &s.about),
                syntax::Sink::Webhook(s) => (&s.renamed_from, &s.about),
            };
            let kind = self.sink_kind(sink).unwrap_or(SinkKind::Unresolved);
            self.flow.sinks.push(Sink {
                name: name(key, renamed_from.as_ref()),
                about: text(about.as_ref()),
                kind,
                span: at.span,
            });
        }
    }

    fn sink_kind(&mut self, sink: &syntax::Sink) -> Option<SinkKind> {
        Some(match sink {
            syntax::Sink::Websocket(s) => SinkKind::Websocket {
                gateway: self.gateway(&s.gateway)?,
                replay: self.optional_duration(s.replay.as_ref()),
            },
            syntax::Sink::Email(s) => SinkKind::Email {
                sender: required(&s.sender),
                subject: self.template(&s.subject),
                template: required(&s.template),
                reply_to: optional(s.reply_to.as_ref()),
                delivery: s.delivery.value?,
            },
            syntax::Sink::Counter(s) => {
                let table = self.table(&s.table)?;
                let (key, sort) = (self.template(&s.key), s.sort.as_ref().map(|k| self.template(k)));
                let mut add = Vec::new();
                for (field, amount) in s.add.value.iter().flatten() {
                    if let (Some(field), Some(amount)) = (self.table_field(table.value, field), amount.value) {
                        add.push((field, amount));
                    }
                }
                SinkKind::Counter { table, key, sort, add }
            }
            syntax::Sink::Table(s) => {
                let table = self.table(&s.table)?;
                let set = self.row(table, &s.set);
                SinkKind::Table { table, set }
            }
            syntax::Sink::Webhook(s) => SinkKind::Webhook {
                url: required(&s.url),
                secret: self.secret(&s.secret)?,
                headers: s.headers.iter().filter_map(|(k, v)| self.header(k, v)).collect(),
                timeout: self.optional_duration(s.timeout.as_ref()),
            },
        })
    }

    fn row(
        &mut self,
        table: Spanned<crate::model::TableId>,
        set: &IndexMap<At<String>, At<String>>,
    ) -> Vec<(Spanned<usize>, crate::model::Template)> {
        let mut made = Vec::new();
        for (field, value) in set {
            let template = self.template(value);
            if let Some(field) = self.table_field(table.value, field) {
                made.push((field, template));
            }
        }
        made
    }

    fn header(&mut self, key: &At<String>, value: &At<Literal>) -> Option<(Spanned<String>, String)> {
        let key_text = key.value.clone()?;
        match value.value.as_ref()? {
            Literal::Text(text) => Some((Spanned::new(key_text, key.span), text.clone())),
            Literal::Int(n) => Some((Spanned::new(key_text, key.span), n.to_string())),
            _ => {
                self.report(e059_setting_value::diagnostic(value.span, &key_text, "this", "a text"));
                None
            }
        }
    }
}

/// A text that is there; empty where it could not be read, which was reported.
fn required(at: &At<String>) -> Spanned<String> {
    Spanned::new(at.value.clone().unwrap_or_default(), at.span)
}

/// An optional text with its place.
fn optional(at: Option<&At<String>>) -> Option<Spanned<String>> {
    at.and_then(|a| Some(Spanned::new(a.value.clone()?, a.span)))
}
