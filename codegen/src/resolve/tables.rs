//! Tables, secrets, recipients, topics.

use super::{Resolver, name, text};
use crate::model::{Bounds, EventId, Field, Index, Recipients, Rows, Secret, Spanned, Table, Topic, Type};
use crate::rules::{e030_missing, e055_table_layout, e056_empty_list};
use crate::source::Span;
use crate::syntax;
use crate::yaml::At;
use std::collections::BTreeMap;

impl Resolver<'_> {
    pub(super) fn tables(&mut self) {
        for (key, table) in &self.syntax.tables {
            let Some(table) = &table.value else { continue };
            let made = self.table_of(key, table);
            self.flow.tables.push(made);
        }
        for (key, secret) in &self.syntax.secrets {
            let Some(secret) = &secret.value else { continue };
            self.flow.secrets.push(Secret {
                name: name(key, secret.renamed_from.as_ref()),
                about: text(secret.about.as_ref()),
                allow_replace: reason(secret.allow_replace.as_ref()),
            });
        }
    }

    fn table_of(&mut self, key: &At<String>, table: &syntax::Table) -> Table {
        let rows = match table.rows.as_ref().and_then(|r| r.value) {
            Some(syntax::Rows::Event) => Rows::Event,
            Some(syntax::Rows::Preferences) => Rows::Preferences,
            None => Rows::Own,
        };
        let label = format!("table `{}`", key.value.as_deref().unwrap_or_default());
        let fields = match rows {
            Rows::Own => self.fields(&table.fields, true),
            Rows::Event => event_fields(key.span),
            Rows::Preferences => preference_fields(key.span),
        };
        if rows == Rows::Own {
            if table.fields.is_empty() {
                self.report(e055_table_layout::no_fields(key.span, &label));
            }
            if table.key.is_none() {
                self.report(e030_missing::diagnostic(
                    key.span,
                    "key",
                    &label,
                    "name the field that is its partition key",
                ));
            }
        } else if let Some(at) = [&table.key, &table.sort].into_iter().flatten().next() {
            self.report(e055_table_layout::fixed(at.span, &label));
        } else if let Some((field, _)) = table.fields.first() {
            self.report(e055_table_layout::fixed(field.span, &label));
        }
        let own = rows == Rows::Own;
        let partition = table.key.as_ref().filter(|_| own).and_then(|k| self.place(k, &fields, &label));
        let sort = table.sort.as_ref().filter(|_| own).and_then(|s| self.place(s, &fields, &label));
        let expires = table.expires.as_ref().and_then(|e| self.place(e, &fields, &label));
        let mut indexes = Vec::new();
        for (index_name, index) in &table.indexes {
            self.name_form(index_name, "an index");
            let Some(index) = &index.value else { continue };
            let Some(index_key) = self.place(&index.key, &fields, &label) else { continue };
            let index_sort = index.sort.as_ref().and_then(|s| self.place(s, &fields, &label));
            indexes.push(Index {
                name: Spanned::new(index_name.value.clone().unwrap_or_default(), index_name.span),
                key: index_key,
                sort: index_sort,
                inferred: false,
            });
        }
        Table {
            name: name(key, table.renamed_from.as_ref()),
            about: text(table.about.as_ref()),
            rows,
            fields,
            key: partition.unwrap_or(Spanned::new(0, key.span)),
            sort,
            indexes,
            expires,
            allow_replace: reason(table.allow_replace.as_ref()),
        }
    }

    pub(super) fn recipients(&mut self) {
        let Some(recipients) = self.syntax.recipients.as_ref().and_then(|r| r.value.as_ref()) else { return };
        let Some(table) = self.table(&recipients.table) else { return };
        let email = recipients.email.as_ref().and_then(|e| self.table_field(table.value, e));
        let preferences = recipients.preferences.as_ref().and_then(|p| self.table(p));
        self.flow.recipients = Some(Recipients { table, email, preferences });
    }

    pub(super) fn topics(&mut self) {
        for (key, topic) in &self.syntax.topics {
            let Some(topic) = &topic.value else { continue };
            let carries = self.events_of(&topic.carries, "carries");
            self.flow.topics.push(Topic {
                name: name(key, topic.renamed_from.as_ref()),
                about: text(topic.about.as_ref()),
                carries,
                fifo: flag(topic.fifo.as_ref(), key.span),
                allow_replace: reason(topic.allow_replace.as_ref()),
            });
        }
    }

    /// A list of events; an empty one is reported.
    pub(super) fn events_of(&mut self, at: &At<Vec<At<String>>>, setting: &str) -> Vec<Spanned<EventId>> {
        let Some(list) = &at.value else { return Vec::new() };
        if list.is_empty() {
            self.report(e056_empty_list::diagnostic(at.span, setting));
        }
        let mut found: Vec<Spanned<EventId>> = Vec::new();
        let mut places: BTreeMap<EventId, Span> = BTreeMap::new();
        for event in list {
            let Some(event) = self.event(event) else { continue };
            match places.get(&event.value) {
                Some(first) => self.report(e056_empty_list::twice(event.span, setting, *first)),
                None => {
                    places.insert(event.value, event.span);
                    found.push(event);
                }
            }
        }
        found
    }
}

/// A switch that is off where it was left out.
pub(super) fn flag(at: Option<&At<bool>>, else_at: Span) -> Spanned<bool> {
    Spanned::new(at.and_then(|a| a.value).unwrap_or(false), at.map_or(else_at, |a| a.span))
}

/// A reason, with its place.
pub(super) fn reason(at: Option<&At<String>>) -> Option<Spanned<String>> {
    at.and_then(|a| Some(Spanned::new(a.value.clone()?, a.span)))
}

fn field(name: &str, ty: Type, about: &str, span: Span) -> Field {
    Field { name: name.into(), span, ty, about: Some(about.into()), pii: false, default: None }
}

/// The layout of `rows: event`: the CloudEvent with its roles as attributes.
fn event_fields(span: Span) -> Vec<Field> {
    let string = || Type::String { length: Bounds::default(), pattern: None };
    let maybe = || Type::Optional(Box::new(string()));
    vec![
        field("id", string(), "The CloudEvents id.", span),
        field("event", string(), "The event's type.", span),
        field("time", Type::Timestamp, "When it happened.", span),
        field("actor", maybe(), "Who did it.", span),
        field("object", maybe(), "To what.", span),
        field("tenant", maybe(), "The tenant.", span),
        field("body", Type::Json, "The CloudEvent.", span),
    ]
}

/// The layout of `rows: preferences`.
fn preference_fields(span: Span) -> Vec<Field> {
    let string = || Type::String { length: Bounds::default(), pattern: None };
    let list = || Type::List(Box::new(string()), Bounds::default());
    let quiet = Type::Object(vec![
        field("from", string(), "From, as `22:00`.", span),
        field("to", string(), "To, as `07:00`.", span),
    ]);
    vec![
        field("user", string(), "The user.", span),
        field(
            "channels",
            Type::Optional(Box::new(list())),
            "The sinks that may be used; all where it is left out.",
            span,
        ),
        field("mutes", Type::Optional(Box::new(list())), "The event types of which nothing is sent.", span),
        field("quiet", Type::Optional(Box::new(quiet)), "Hours in which no mail is sent.", span),
        field("tz", Type::Optional(Box::new(string())), "The user's time zone.", span),
    ]
}
