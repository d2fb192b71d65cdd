//! The indexes that lookups need, beside those that the spec names.

use super::Resolver;
use crate::model::{Destination, Index, Spanned, Table, TableId, Target};

impl Resolver<'_> {
    /// Finds the index of every lookup, and adds those that are missing.
    pub(super) fn infer_indexes(&mut self) {
        for id in self.flow.sources.ids() {
            let Some(mut lookup) = self.flow.sources[id].allow.take() else { continue };
            lookup.index = self.serve(lookup.table.value, &lookup.fields());
            self.flow.sources[id].allow = Some(lookup);
        }
        for id in self.flow.queues.ids() {
            let Some(mut targets) = self.flow.queues[id].targets.take() else { continue };
            let live = self.reaches_browsers(&self.flow.queues[id].to);
            for (_, target) in &mut targets.by_event {
                match target {
                    Target::Lookup(lookup) => {
                        let wanted = lookup.fields();
                        lookup.index = self.serve(lookup.table.value, &wanted);
                        // A connecting browser asks for the user's own rows, to join their connection shards.
                        if let Some(select) = lookup.select.filter(|_| live) {
                            self.serve(lookup.table.value, &[select.value]);
                        }
                    }
                    Target::Followers { table, of, .. } => {
                        let (table, of) = (table.value, of.value);
                        self.serve(table, &[of]);
                    }
                    Target::Field(_) | Target::Handler(_) => {}
                }
            }
            self.flow.queues[id].targets = Some(targets);
        }
    }

    fn reaches_browsers(&self, to: &Option<crate::model::To>) -> bool {
        to.iter().flat_map(|t| t.destinations()).any(|d| match d.value {
            Destination::Sink(id) => self
                .syntax
                .sinks
                .values()
                .filter(|s| s.value.is_some())
                .nth(crate::model::Id::index(id))
                .is_some_and(|s| matches!(s.value, Some(crate::syntax::Sink::Websocket(_)))),
            _ => false,
        })
    }

    /// The index that serves these fields: none for the table's own key, or else its place.
    fn serve(&mut self, table: TableId, fields: &[usize]) -> Option<usize> {
        let table = &mut self.flow.tables[table];
        if table.serves(fields) {
            return None;
        }
        if let Some(found) = table.index_of(fields) {
            return Some(found);
        }
        table.indexes.push(infer(table, fields));
        Some(table.indexes.len() - 1)
    }
}

/// An index over the first field, sorted by the second, or else by the table's own partition key, so that
/// a page of it goes on where it ended.
fn infer(table: &Table, fields: &[usize]) -> Index {
    let first = fields.first().copied().unwrap_or_default();
    let second = fields.get(1).copied().or((table.key.value != first).then_some(table.key.value));
    let place = |f: usize| Spanned::new(f, table.name.span);
    let field = table.fields.get(first).map_or("key", |f| f.name.as_str());
    let mut name = format!("by_{field}");
    while table.indexes.iter().any(|i| i.name.value == name) {
        name.push_str("_inferred");
    }
    Index { name: Spanned::new(name, table.name.span), key: place(first), sort: second.map(place), inferred: true }
}
