//! Events: their fields and the roles of these.

use super::{Resolver, name, text};
use crate::model::{Bounds, Event, Field, GrouperId, Id, Origin, Ref, Role, Spanned, TableId, Type};
use crate::rules::{e031_name_form, e044_no_such_field};
use crate::source::Span;
use crate::syntax;
use crate::yaml::At;

impl Resolver<'_> {
    pub(super) fn events(&mut self) {
        for (key, event) in &self.syntax.events {
            let Some(event) = &event.value else { continue };
            let made = self.event_of(key, event);
            self.flow.events.push(made);
        }
    }

    fn event_of(&mut self, key: &At<String>, event: &syntax::Event) -> Event {
        let fields = self.fields(&event.fields, true);
        let label = key.value.as_deref().unwrap_or_default();
        let mut role = |at: Option<&At<String>>| at.and_then(|a| self.role_field(a, &fields, label));
        let (actor, order_by, tenant) =
            (role(event.actor.as_ref()), role(event.order_by.as_ref()), role(event.tenant.as_ref()));
        let (id, time) = (role(event.id.as_ref()), role(event.time.as_ref()));
        let object = match &event.object {
            Some(at) if at.value.as_deref() == Some("id") => Some(Role::BuiltIn),
            Some(at) => role(Some(at)).map(Role::Field),
            None => None,
        };
        Event {
            name: name(key, event.renamed_from.as_ref()),
            origin: Origin::Declared,
            about: text(event.about.as_ref()),
            id: id.map_or(Role::BuiltIn, Role::Field),
            time: time.map_or(Role::BuiltIn, Role::Field),
            actor,
            object,
            order_by,
            tenant,
            fields,
        }
    }

    fn role_field(&mut self, at: &At<String>, fields: &[Field], event: &str) -> Option<Spanned<usize>> {
        let wanted = at.value.as_deref()?;
        let found = fields.iter().position(|f| f.name == wanted);
        if found.is_none() {
            let known: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
            self.report(e044_no_such_field::in_event(at.span, wanted, event, &known));
        }
        found.map(|f| Spanned::new(f, at.span))
    }

    /// The place of a field of a table or an event, by its name.
    pub(super) fn place(&mut self, at: &At<String>, fields: &[Field], of: &str) -> Option<Spanned<usize>> {
        let wanted = at.value.as_deref()?;
        let found = fields.iter().position(|f| f.name == wanted);
        if found.is_none() {
            let known: Vec<&str> = fields.iter().map(|f| f.name.as_str()).collect();
            self.report(e044_no_such_field::diagnostic(at.span, wanted, of, &known));
        }
        found.map(|f| Spanned::new(f, at.span))
    }

    /// The place of a field of a table, by its name.
    pub(super) fn table_field(&mut self, table: TableId, at: &At<String>) -> Option<Spanned<usize>> {
        let wanted = at.value.as_deref()?;
        let table = &self.flow.tables[table];
        let found = table.fields.iter().position(|f| f.name == wanted);
        if found.is_none() {
            let known: Vec<&str> = table.fields.iter().map(|f| f.name.as_str()).collect();
            let of = format!("table `{}`", table.name.text);
            let said = e044_no_such_field::diagnostic(at.span, wanted, &of, &known);
            self.report(said);
        }
        found.map(|f| Spanned::new(f, at.span))
    }

    /// Checks the form of a snake_case name that is not in a name space of the flow.
    pub(super) fn name_form(&mut self, key: &At<String>, what: &str) {
        let Some(text) = &key.value else { return };
        if let Some(problem) = super::names::problem(text, super::names::Case::Lower) {
            self.report(e031_name_form::diagnostic(key.span, text, what, &problem, &None));
        }
    }

    /// The events that groupers emit: after the declared ones, in the groupers' order.
    pub(super) fn emitted_events(&mut self) {
        let mut next = 0;
        for (_, grouper) in &self.syntax.groupers {
            let Some(grouper) = &grouper.value else { continue };
            let id = GrouperId::from_index(next);
            next += 1;
            let key = self.key_fields(grouper);
            let fields = group_fields(grouper.emits.span, key);
            let object = fields.iter().position(|f| f.name == "object").map(|f| Spanned::new(f, grouper.emits.span));
            let at = |wanted: &str| {
                fields.iter().position(|f| f.name == wanted).map(|f| Spanned::new(f, grouper.emits.span))
            };
            let (id_field, time_field) = (at("id"), at("last"));
            self.flow.events.push(Event {
                name: name(&grouper.emits, None),
                origin: Origin::Grouper(id),
                about: Some("A group of events, as one.".into()),
                id: id_field.map_or(Role::BuiltIn, Role::Field),
                time: time_field.map_or(Role::BuiltIn, Role::Field),
                actor: None,
                object: object.map(Role::Field),
                order_by: None,
                tenant: None,
                fields,
            });
        }
    }

    /// The plain fields that a grouper's key names, with their types from any declared event that has them.
    fn key_fields(&self, grouper: &syntax::Grouper) -> Vec<Field> {
        let Some(Ok(pieces)) = grouper.key.value.as_deref().map(super::template::parse) else { return Vec::new() };
        let mut fields: Vec<Field> = Vec::new();
        for (piece, ..) in pieces {
            let super::template::Piece::Ref(Ref::Field(wanted)) = piece else { continue };
            // Which events arrive is not known yet; `check` makes sure that all of them have the field, with
            // one type, so any event that has it will do.
            let known = self.flow.events.values().find_map(|e| e.field(&wanted));
            if let Some(known) = known.filter(|_| fields.iter().all(|f| f.name != wanted)) {
                fields.push(Field { span: grouper.key.span, ..known.clone() });
            }
        }
        fields
    }
}

/// What a group carries: the same for every grouper, and the plain fields of its key.
fn group_fields(span: Span, key: Vec<Field>) -> Vec<Field> {
    let string = || Type::String { length: Bounds::default(), pattern: None };
    let int = || Type::Int(Bounds::default());
    let field = |name: &str, ty: Type, about: &str| Field {
        name: name.into(),
        span,
        ty,
        about: Some(about.into()),
        pii: false,
        default: None,
    };
    let member = Type::Object(vec![
        field("id", string(), "The event's id."),
        field("event", string(), "The event's type."),
        field("actor", Type::Optional(Box::new(string())), "Who did it."),
        field("time", Type::Timestamp, "When it happened."),
    ]);
    let mut fields = vec![
        field("id", string(), "The group's id."),
        field("thread", string(), "What a later revision replaces."),
        field("target", string(), "The user that it is for."),
        field("event", string(), "The members' type."),
        field("object", string(), "To what it was done."),
        field("count", int(), "How many events."),
        field("actors", int(), "How many distinct actors."),
        field("sample", Type::List(Box::new(member), Bounds::default()), "Some of the members."),
        field("first", Type::Timestamp, "When the first of them happened."),
        field("last", Type::Timestamp, "When the last of them happened."),
        field("open", Type::Bool, "Whether more may come."),
        field("revision", int(), "Counts the revisions of the group, from 1."),
    ];
    fields.extend(key);
    fields
}
