//! Tables and secrets: the spec's, and those that the runtime keeps.

use super::{Lowering, names};
use crate::facts::plain;
use crate::model::{Field, SinkKind, SourceKind, Spanned, TableId, Type};
use crate::plan::{AttributeType, GlobalIndex, KeyAttribute, OutboxDef, Place, Secret, StreamView, Table, TableRole};

/// A key attribute of text.
pub(super) fn text_key(name: &str) -> KeyAttribute {
    KeyAttribute { name: name.into(), ty: AttributeType::String }
}

/// A key attribute of numbers.
fn number_key(name: &str) -> KeyAttribute {
    KeyAttribute { name: name.into(), ty: AttributeType::Number }
}

impl Lowering<'_> {
    pub(super) fn tables(&mut self) {
        for (id, table) in self.flow.tables.iter() {
            let mut place = names::place(
                names::logical(table.name.identity(), "Table"),
                format!("tables.{}", table.name.text),
                self.facts.components().table(id),
            );
            place.allow_replace = table.allow_replace.as_ref().map(|a| a.value.clone());
            let key = |at: Spanned<usize>| self.key_attribute(&table.fields, at);
            let planned = Table {
                name: table.name.text.clone(),
                about: table.about.clone().unwrap_or_else(|| format!("The table {} of the flow.", table.name.text)),
                role: TableRole::Own,
                key: key(table.key),
                sort: table.sort.map(key),
                indexes: table
                    .indexes
                    .iter()
                    .map(|i| GlobalIndex {
                        name: i.name.value.clone(),
                        key: key(i.key),
                        sort: i.sort.map(key),
                        keys_only: i.inferred,
                    })
                    .collect(),
                stream: self.stream(id),
                ttl: table.expires.map(|e| table.field_name(e).to_owned()),
                place,
            };
            self.tables.insert(id, planned.reference());
            self.plan.tables.push(planned);
            if table.rows == crate::model::Rows::Event {
                let events = self.outbox_events(id);
                self.plan.outboxes.push(OutboxDef { table: table.name.text.clone(), events });
            }
        }
        for (id, secret) in self.flow.secrets.iter() {
            let mut place = names::place(
                names::logical(secret.name.identity(), "Secret"),
                format!("secrets.{}", secret.name.text),
                self.facts.components().secret(id),
            );
            place.allow_replace = secret.allow_replace.as_ref().map(|a| a.value.clone());
            self.plan.secrets.push(Secret {
                place,
                name: secret.name.text.clone(),
                about: secret.about.clone().unwrap_or_else(|| format!("The secret {} of the flow.", secret.name.text)),
                generated: false,
            });
        }
        self.runtime_table();
    }

    /// The events that are written to an outbox: whatever its sources' topics carry.
    fn outbox_events(&self, id: TableId) -> Vec<String> {
        let mut events = Vec::new();
        for (source, from) in self.flow.sources.iter() {
            if matches!(&from.kind, SourceKind::Table(t) if t.value == id) {
                let made = self.facts.arriving(crate::facts::Node::Source(source));
                events.extend(made.iter().map(|s| s.event));
            }
        }
        events.sort_unstable();
        events.dedup();
        events.into_iter().map(|e| self.flow.events[e].name.text.clone()).collect()
    }

    /// A stream where rows are events, or where they are memberships that connection shards follow.
    fn stream(&self, id: TableId) -> Option<StreamView> {
        let is_source = self.flow.sources.values().any(|s| matches!(&s.kind, SourceKind::Table(t) if t.value == id));
        if self.memberships().iter().any(|(t, _)| *t == id) {
            return Some(StreamView::NewAndOldImages);
        }
        is_source.then_some(StreamView::NewImage)
    }

    fn key_attribute(&self, fields: &[Field], at: Spanned<usize>) -> KeyAttribute {
        let Some(field) = fields.get(at.value) else { return text_key("id") };
        let ty = match plain(self.flow, &field.ty) {
            Type::Int(_) | Type::Number(_) => AttributeType::Number,
            _ => AttributeType::String,
        };
        KeyAttribute { name: field.name.clone(), ty }
    }

    /// Markers, idempotency and deliveries of the whole flow.
    fn runtime_table(&mut self) {
        self.plan.tables.push(Table {
            place: names::place("RuntimeTable".into(), "flow".into(), 0),
            name: "runtime".into(),
            about: "Markers, idempotency and deliveries of the flow.".into(),
            role: TableRole::Runtime,
            key: text_key("pk"),
            sort: Some(text_key("sk")),
            indexes: Vec::new(),
            stream: None,
            ttl: Some("expires_at".into()),
        });
    }

    /// The table of a grouper's groups; the index finds windows that should have closed.
    pub(super) fn groups_table(&mut self, place: Place, grouper: &str) {
        self.plan.tables.push(Table {
            place,
            name: format!("{grouper}_groups"),
            about: format!("Open and closed groups of the grouper {grouper}."),
            role: TableRole::Groups,
            key: text_key("pk"),
            sort: None,
            indexes: vec![GlobalIndex {
                name: "sweep".into(),
                key: text_key("bucket"),
                sort: Some(number_key("sweep_at")),
                keys_only: true,
            }],
            stream: None,
            ttl: Some("ttl".into()),
        });
    }

    /// The connections of a gateway, by connection, by user, and by shard of a group.
    pub(super) fn connections_table(&mut self, place: Place, gateway: &str) {
        self.plan.tables.push(Table {
            place,
            name: format!("{gateway}_connections"),
            about: format!("Live connections of the gateway {gateway}."),
            role: TableRole::Connections,
            key: text_key("pk"),
            sort: Some(text_key("sk")),
            indexes: vec![GlobalIndex {
                name: "by_user".into(),
                key: text_key("user"),
                sort: Some(text_key("pk")),
                keys_only: false,
            }],
            stream: None,
            ttl: Some("expires_at".into()),
        });
    }

    /// The log of a gateway's conversations, for those who were away.
    pub(super) fn log_table(&mut self, place: Place, gateway: &str) {
        self.plan.tables.push(Table {
            place,
            name: format!("{gateway}_log"),
            about: format!("What was sent through the gateway {gateway}, by conversation, for those who were away."),
            role: TableRole::Log,
            key: text_key("conversation"),
            sort: Some(number_key("sequence")),
            indexes: Vec::new(),
            stream: None,
            ttl: Some("expires_at".into()),
        });
    }

    /// Membership tables whose fan-outs go to browsers, each with its gateway.
    pub(super) fn memberships(&self) -> Vec<(TableId, crate::model::GatewayId)> {
        let mut found = Vec::new();
        for queue in self.flow.queues.values() {
            let Some(gateway) = self.browser_gateway(queue) else { continue };
            for (_, target) in queue.targets.iter().flat_map(|t| &t.by_event) {
                if let crate::model::Target::Lookup(lookup) = target {
                    found.push((lookup.table.value, gateway));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The gateway of the browser sink that a queue delivers to.
    pub(super) fn browser_gateway(&self, queue: &crate::model::Queue) -> Option<crate::model::GatewayId> {
        queue.to.iter().flat_map(|t| t.destinations()).find_map(|d| match d.value {
            crate::model::Destination::Sink(id) => match self.flow.sinks[id].kind {
                SinkKind::Websocket { gateway, .. } => Some(gateway.value),
                _ => None,
            },
            _ => None,
        })
    }
}
