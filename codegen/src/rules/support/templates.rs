//! Every text with names in braces, with where it stands and what arrives there.

use crate::facts::{Facts, Node, Shape};
use crate::model::{
    Destination, Flow, Lookup, Ref, SinkKind, SourceId, SourceKind, Spanned, TableId, Target, Template, Type,
};
use crate::rules::Context;

/// What a template is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Use {
    /// The key of a group or of a row: one text or number.
    Key,
    /// A text for people.
    Text,
    /// The value of a field of a table, compared.
    Where(TableId, Spanned<usize>),
    /// The value of a field of a table, written.
    Row(TableId, Spanned<usize>),
    /// The value of a field of the source's event.
    Set(usize),
}

/// A template where it stands.
pub(in crate::rules) struct Spot<'a> {
    /// The template.
    pub(in crate::rules) template: &'a Template,
    /// What it is for.
    pub(in crate::rules) at: Use,
    /// Where it stands.
    pub(in crate::rules) node: Node,
    /// What arrives there.
    pub(in crate::rules) shapes: Vec<&'a Shape>,
}

impl Spot<'_> {
    /// The source whose request a template can name.
    pub(in crate::rules) fn request(&self) -> Option<SourceId> {
        match self.node {
            Node::Source(id) => Some(id),
            Node::To(_) => None,
        }
    }
}

/// Visits every template of the flow.
pub(in crate::rules) fn each<'a>(cx: &Context<'a>, visit: &mut dyn FnMut(Spot<'a>)) {
    let (flow, facts): (&'a Flow, &'a Facts) = (cx.flow, cx.facts);
    let arriving = |node: Node| facts.arriving(node).iter().collect::<Vec<&'a Shape>>();
    for (id, source) in flow.sources.iter() {
        let node = Node::Source(id);
        for (place, (_, template)) in source.set.iter().enumerate() {
            visit(Spot { template, at: Use::Set(place), node, shapes: arriving(node) });
        }
        if let Some(lookup) = &source.allow {
            each_where(lookup, node, &arriving(node), visit);
        }
    }
    for (id, queue) in flow.queues.iter() {
        let node = Node::To(Destination::Queue(id));
        let Some(targets) = &queue.targets else { continue };
        for (event, target) in &targets.by_event {
            let Target::Lookup(lookup) = target else { continue };
            let here = |s: &&Shape| targets.for_all.is_some() || s.event == event.value;
            each_where(lookup, node, &facts.arriving(node).iter().filter(here).collect::<Vec<_>>(), visit);
            if targets.for_all.is_some() {
                break;
            }
        }
    }
    for (id, grouper) in flow.groupers.iter() {
        let node = Node::To(Destination::Grouper(id));
        visit(Spot { template: &grouper.key, at: Use::Key, node, shapes: arriving(node) });
    }
    for (id, sink) in flow.sinks.iter() {
        let node = Node::To(Destination::Sink(id));
        match &sink.kind {
            SinkKind::Email { subject, .. } => {
                visit(Spot { template: subject, at: Use::Text, node, shapes: arriving(node) });
            }
            SinkKind::Counter { table, key, sort, .. } => {
                let row = &flow.tables[table.value];
                visit(Spot { template: key, at: Use::Where(table.value, row.key), node, shapes: arriving(node) });
                if let (Some(sort), Some(field)) = (sort, row.sort) {
                    visit(Spot { template: sort, at: Use::Where(table.value, field), node, shapes: arriving(node) });
                }
            }
            SinkKind::Table { table, set } => {
                for (field, template) in set {
                    visit(Spot { template, at: Use::Row(table.value, *field), node, shapes: arriving(node) });
                }
            }
            SinkKind::Websocket { .. } | SinkKind::Webhook { .. } | SinkKind::Unresolved => {}
        }
    }
}

fn each_where<'a>(lookup: &'a Lookup, node: Node, shapes: &[&'a Shape], visit: &mut dyn FnMut(Spot<'a>)) {
    for (field, template) in &lookup.matching {
        let at = Use::Where(lookup.table.value, *field);
        visit(Spot { template, at, node, shapes: shapes.to_vec() });
    }
}

/// The type of a name where it stands; names of the request included.
pub(in crate::rules) fn type_at(cx: &Context<'_>, spot: &Spot<'_>, shape: &Shape, name: &Ref) -> Option<Type> {
    let text = || Type::String { length: crate::model::Bounds::default(), pattern: None };
    let source = spot.request().map(|id| &cx.flow.sources[id]);
    match (name, source) {
        (Ref::Now, Some(_)) => Some(Type::Timestamp),
        (Ref::User, Some(s)) if is_request(&s.kind) => Some(text()),
        (Ref::Header(_) | Ref::Path(_), Some(s)) if matches!(s.kind, SourceKind::Http { .. }) => Some(text()),
        (Ref::Now | Ref::User | Ref::Header(_) | Ref::Path(_), _) => None,
        _ => cx.facts.type_of(cx.flow, shape, name),
    }
}

/// Whether a source is called by somebody.
pub(in crate::rules) const fn is_request(kind: &SourceKind) -> bool {
    matches!(kind, SourceKind::Http { .. } | SourceKind::Websocket { .. })
}
