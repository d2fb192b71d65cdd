//! The user's handlers: what they get and what they return.

use super::{Lowering, names};
use crate::facts::{HandlerUse, Shape as Arriving, Use};
use crate::model::{HandlerId, Returns};
use crate::plan::{Handler, HandlerInput, HandlerShape, Shape, StoreDef};

impl Lowering<'_> {
    pub(super) fn handlers(&mut self) {
        for (id, handler) in self.flow.handlers.iter() {
            // One that nothing uses has no input; `check` has warned of it.
            let Some(first) = self.facts.uses(id).first() else { continue };
            let shape = match first.at {
                Use::Source(_) => HandlerShape::Source,
                Use::Queue(_) => HandlerShape::Consumer,
                Use::Targets(..) => HandlerShape::Targets,
                Use::Step(..) => HandlerShape::Step,
            };
            let planned = Handler {
                name: handler.name.text.clone(),
                about: handler.about.clone(),
                used_by: self.facts.uses(id).iter().map(|u| self.used_by(u)).collect(),
                shape,
                input: self.input(id, first),
                output: self.output(id, shape),
                reads: handler.reads.iter().map(|t| self.flow.tables[t.value].name.text.clone()).collect(),
                writes: handler.writes.iter().map(|t| self.flow.tables[t.value].name.text.clone()).collect(),
                secrets: handler
                    .secrets
                    .iter()
                    .map(|s| &self.flow.secrets[s.value].name.text)
                    .map(|name| (name.clone(), names::variable("SECRET", name)))
                    .collect(),
            };
            self.plan.handlers.push(planned);
        }
    }

    /// The tables that handlers read or write.
    pub(super) fn stores(&mut self) {
        for (id, table) in self.flow.tables.iter() {
            let name = &table.name.text;
            let reads = self.plan.handlers.iter().any(|h| h.reads.contains(name));
            let writes = self.plan.handlers.iter().any(|h| h.writes.contains(name));
            if !reads && !writes {
                continue;
            }
            let owner = format!("{}Row", names::pascal(name));
            let indexes = table.indexes.iter().filter(|index| !index.inferred).map(|index| {
                let sort = index.sort.map(|sort| table.field_name(sort).to_owned());
                (index.name.value.clone(), table.field_name(index.key).to_owned(), sort)
            });
            let store = StoreDef {
                name: name.clone(),
                variable: self.table_variable(id),
                events: table.rows == crate::model::Rows::Event,
                fields: table.fields.iter().map(|f| self.field(f, &owner)).collect(),
                key: table.field_name(table.key).to_owned(),
                sort: table.sort.map(|sort| table.field_name(sort).to_owned()),
                indexes: indexes.collect(),
                reads,
                writes,
            };
            self.plan.stores.push(store);
        }
    }

    fn used_by(&self, used: &HandlerUse) -> String {
        match &used.at {
            Use::Source(id) => format!("the source `{}`", self.flow.sources[*id].name.text),
            Use::Queue(id) => format!("the queue `{}`", self.flow.queues[*id].name.text),
            Use::Targets(id, event) => format!(
                "the queue `{}`, to find whom `{}` is for",
                self.flow.queues[*id].name.text, self.flow.events[*event].name.text
            ),
            Use::Step(id, step) => {
                format!("the step `{step}` of the workflow `{}`", self.flow.workflows[*id].name.text)
            }
        }
    }

    fn input(&self, id: HandlerId, used: &HandlerUse) -> HandlerInput {
        let upper = names::pascal(&self.flow.handlers[id].name.text);
        if matches!(used.at, Use::Source(_)) {
            return HandlerInput::Nothing;
        }
        let base = self.events_input(&used.input, &upper);
        let added = used.input.first().map(|s| s.added.clone()).unwrap_or_default();
        if added.is_empty() {
            return base;
        }
        let name = format!("{upper}Input");
        let added = added.iter().map(|f| self.field(f, &name)).collect();
        HandlerInput::State { name, base: Box::new(base), added }
    }

    fn events_input(&self, shapes: &[Arriving], upper: &str) -> HandlerInput {
        let mut events: Vec<_> = shapes.iter().map(|s| s.event).collect();
        events.sort_unstable();
        events.dedup();
        let mut named: Vec<String> = events.into_iter().map(|e| self.flow.events[e].name.text.clone()).collect();
        match named.len() {
            1 => HandlerInput::Event(named.remove(0)),
            _ => HandlerInput::OneOf { name: format!("{upper}Event"), events: named },
        }
    }

    fn output(&self, id: HandlerId, shape: HandlerShape) -> Option<Shape> {
        if shape == HandlerShape::Targets {
            let user = self.user_shape();
            return Some(Shape::List(Box::new(user), crate::model::Bounds::default()));
        }
        self.flow.handlers[id].returns.map(|r| match r.value {
            Returns::Type(id) => Shape::Named(self.flow.types[id].name.text.clone()),
            Returns::Event(id) => Shape::Named(self.flow.events[id].name.text.clone()),
        })
    }

    /// The type of a user: that of the recipients' key, or text.
    fn user_shape(&self) -> Shape {
        let text = Shape::String { length: crate::model::Bounds::default(), pattern: None };
        let Some(recipients) = &self.flow.recipients else { return text };
        let table = &self.flow.tables[recipients.table.value];
        table.fields.get(table.key.value).map_or(text, |f| self.shape(&f.ty, "User"))
    }
}
