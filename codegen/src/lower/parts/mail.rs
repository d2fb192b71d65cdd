//! Mail: what a sink of it, and the function behind its links, are told.

use super::variable;
use crate::facts::Node;
use crate::lower::Lowering;
use crate::model::{Delivery, Destination, Recipients, SinkId, SinkKind};
use crate::plan::{FieldDef, MailPart, Part, RecipientsPart, Shape, UnsubscribePart};
use std::collections::BTreeMap;

/// The name of the unsubscribe link in templates.
const LINK: &str = "unsubscribe_url";

impl Lowering<'_> {
    /// The function of a mail's sink.
    pub(in crate::lower) fn mail_part(&self, id: SinkId) -> Option<Part> {
        let sink = &self.flow.sinks[id];
        let SinkKind::Email { sender, subject, template, reply_to, delivery } = &sink.kind else { return None };
        let node = Node::To(Destination::Sink(id));
        Some(Part::Mail(MailPart {
            sink: sink.name.text.clone(),
            events: self.events_at(node),
            sender: sender.value.clone(),
            reply_to: reply_to.as_ref().map(|address| address.value.clone()),
            subject: subject.clone(),
            template: template.value.clone(),
            fields: self.mail_fields(id),
            recipients: self.recipients_part(self.flow.recipients.as_ref()?)?,
            at_most_once: *delivery == Delivery::AtMostOnce,
            keep: (crate::decide::KEEP + crate::decide::DEAD_LETTER_KEEP).saturating_add(2 * crate::decide::SKEW),
        }))
    }

    /// The function behind unsubscribe links.
    pub(in crate::lower) fn unsubscribe_part(&self) -> Option<Part> {
        let preferences = self.flow.recipients.as_ref()?.preferences?;
        let named = |mail_alone: bool| {
            let reaches = |kind: &SinkKind| match kind {
                SinkKind::Email { .. } => true,
                SinkKind::Websocket { .. } => !mail_alone,
                _ => false,
            };
            let sinks = self.flow.sinks.values().filter(|sink| reaches(&sink.kind));
            let mut names: Vec<String> = sinks.map(|sink| sink.name.text.clone()).collect();
            names.sort();
            names
        };
        Some(Part::Unsubscribe(UnsubscribePart {
            preferences: variable("TABLE", &self.flow.tables[preferences.value].name),
            channels: named(false),
            mails: named(true),
        }))
    }

    fn recipients_part(&self, recipients: &Recipients) -> Option<RecipientsPart> {
        let table = recipients.table.value;
        let (key, number) = self.column(table, self.flow.tables[table].key)?;
        let (email, _) = self.column(table, recipients.email?)?;
        Some(RecipientsPart {
            table: variable("TABLE", &self.flow.tables[table].name),
            key: key.name.clone(),
            number,
            email: email.name.clone(),
            preferences: recipients.preferences.map(|table| variable("TABLE", &self.flow.tables[table.value].name)),
        })
    }

    /// What a mail's templates may use, by name: the fields of all that arrives, those of only some of it as optional ones;
    /// of a name that means two things, nothing.
    fn mail_fields(&self, id: SinkId) -> Vec<FieldDef> {
        let arriving = self.reaches(Node::To(Destination::Sink(id)));
        let owner = crate::lower::names::pascal(&self.flow.sinks[id].name.text);
        let mut found: BTreeMap<String, (usize, Option<FieldDef>)> = BTreeMap::new();
        for shape in arriving {
            let name = &self.flow.events[shape.event].name.text;
            let own = self.plan.events.iter().find(|event| event.name == *name).map(|event| event.fields.clone());
            let added = shape.added.iter().map(|field| self.field(field, &owner));
            for field in own.unwrap_or_default().into_iter().chain(added) {
                let met = found.entry(field.name.clone()).or_insert_with(|| (0, Some(field.clone())));
                met.0 += 1;
                if met.1.as_ref().is_some_and(|first| first.shape != field.shape) {
                    met.1 = None;
                }
            }
        }
        let everywhere = |(times, field): (usize, Option<FieldDef>)| {
            let mut field = field?;
            if times < arriving.len() && !field.shape.is_optional() {
                field.shape = Shape::Optional(Box::new(field.shape));
            }
            Some(field)
        };
        let mut fields: BTreeMap<String, FieldDef> =
            found.into_values().filter_map(everywhere).map(|field| (field.name.clone(), field)).collect();
        let mut known = |name: &str, shape: Shape, about: &str| {
            let about = Some(about.to_owned());
            let field = FieldDef { name: name.to_owned(), shape, about, pii: false, default: None };
            fields.entry(name.to_owned()).or_insert(field);
        };
        let text = || Shape::String { length: Default::default(), pattern: None };
        known("event", text(), "The event's type; of a group, its members'.");
        known("target", text(), "The user that it is for.");
        if self.flow.recipients.as_ref().is_some_and(|recipients| recipients.preferences.is_some()) {
            known(LINK, Shape::Url, "The link with which the user unsubscribes.");
        }
        fields.into_values().collect()
    }
}
