//! Types and events, for the schemas and the code.

use super::{Lowering, names};
use crate::facts::{Facts, Node, Shape as Arriving};
use crate::model::{Destination, Event, EventId, Field, Origin, SinkKind, SourceKind, Type};
use crate::plan::{BrowserRoute, EventDef, FieldDef, Shape, TypeDef};
use crate::yaml::Literal;
use std::collections::{BTreeMap, BTreeSet};

/// A literal as JSON text.
pub(super) fn json(literal: &Literal) -> String {
    match literal {
        Literal::Null => "null".into(),
        Literal::Bool(b) => b.to_string(),
        Literal::Int(n) => n.to_string(),
        Literal::Float(f) => f.clone(),
        Literal::Text(t) => serde_json::Value::from(t.as_str()).to_string(),
        Literal::List(list) => {
            let inner: Vec<String> = list.iter().filter_map(|l| l.value.as_ref()).map(json).collect();
            format!("[{}]", inner.join(","))
        }
        Literal::Map(map) => {
            let inner: Vec<String> = map
                .iter()
                .filter_map(|(k, v)| {
                    Some(format!("{}:{}", serde_json::Value::from(k.as_str()?), json(v.value.as_ref()?)))
                })
                .collect();
            format!("{{{}}}", inner.join(","))
        }
    }
}

/// A literal as an environment variable holds it: text as it is, the rest as JSON.
pub(super) fn plain_text(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => text.clone(),
        other => json(other),
    }
}

/// The events that reach browsers: by which APIs, and in which shapes.
type Browsers<'a> = BTreeMap<EventId, (BTreeSet<String>, Vec<&'a Arriving>)>;

impl<'a> Lowering<'a> {
    /// The events that reach browsers: by which APIs, and in which shapes.
    fn to_browser(&self) -> Browsers<'a> {
        let mut found = Browsers::new();
        let facts: &'a Facts = self.facts;
        for (id, sink) in self.flow.sinks.iter() {
            let SinkKind::Websocket { gateway, .. } = &sink.kind else { continue };
            for shape in facts.arriving(Node::To(Destination::Sink(id))) {
                let (gateways, ways) = found.entry(shape.event).or_default();
                gateways.insert(self.flow.gateways[gateway.value].name.text.clone());
                ways.push(shape);
            }
        }
        found
    }
}

impl Lowering<'_> {
    /// The CloudEvents `type` of an event: its name, as the runtime writes it; `source` says of which flow.
    pub(super) fn ce_type(&self, id: EventId) -> String {
        self.flow.events[id].name.text.clone()
    }

    pub(super) fn types(&mut self) {
        for named in self.flow.types.values() {
            let shape = self.shape(&named.ty, &named.name.text);
            self.plan.types.push(TypeDef {
                name: named.name.text.clone(),
                about: named.about.clone(),
                shape,
                pii: named.pii,
            });
        }
        let (to_browser, from_browser) = (self.to_browser(), self.sent_by_browsers());
        for (id, event) in self.flow.events.iter() {
            let def = self.event_def(id, event, &to_browser, &from_browser);
            self.plan.events.push(def);
        }
    }

    fn event_def(
        &self,
        id: EventId,
        event: &Event,
        to_browser: &Browsers<'_>,
        from_browser: &BTreeMap<EventId, Vec<BrowserRoute>>,
    ) -> EventDef {
        let name = &event.name.text;
        let mut fields = Vec::new();
        let built_in = |name: &str, shape: Shape, about: &str| FieldDef {
            name: name.into(),
            shape,
            about: Some(about.into()),
            pii: false,
            default: None,
        };
        if event.id == crate::model::Role::BuiltIn {
            fields.push(built_in("id", Shape::Ulid, "The event's own id."));
        }
        if event.time == crate::model::Role::BuiltIn {
            fields.push(built_in("time", Shape::Timestamp, "When it happened."));
        }
        fields.extend(event.fields.iter().map(|f| self.field(f, name)));
        let role = |at| event.field_at(at).map(|f| f.name.clone());
        EventDef {
            name: name.clone(),
            ce_type: self.ce_type(id),
            about: event.about.clone(),
            fields,
            id: event.role_name(event.id, "id").to_owned(),
            time: event.role_name(event.time, "time").to_owned(),
            actor: role(event.actor),
            object: event.object.map(|o| match o {
                crate::model::Role::BuiltIn => event.role_name(event.id, "id").to_owned(),
                crate::model::Role::Field(_) => event.role_name(o, "id").to_owned(),
            }),
            order_by: role(event.order_by),
            tenant: role(event.tenant),
            emitted_by: match event.origin {
                Origin::Declared => None,
                Origin::Grouper(g) => Some(self.flow.groupers[g].name.text.clone()),
            },
            to_browser: to_browser.get(&id).map(|(gateways, _)| gateways.iter().cloned().collect()).unwrap_or_default(),
            shown: to_browser.get(&id).map(|(_, ways)| self.shown(ways, name)).unwrap_or_default(),
            from_browser: from_browser.get(&id).cloned().unwrap_or_default(),
        }
    }

    /// The fields that steps have added to an event where it reaches a browser.
    fn shown(&self, ways: &[&Arriving], name: &str) -> Vec<FieldDef> {
        let mut shown: BTreeMap<&str, (usize, &Field)> = BTreeMap::new();
        for field in ways.iter().flat_map(|way| &way.added) {
            shown.entry(&field.name).or_insert((0, field)).0 += 1;
        }
        let owner = format!("{name}Shown");
        let field = |(count, field): (usize, &Field)| {
            let mut def = self.field(field, &owner);
            if count < ways.len() && !def.shape.is_optional() {
                def.shape = Shape::Optional(Box::new(def.shape));
            }
            def
        };
        shown.into_values().map(field).collect()
    }

    /// The events that browsers send, with the routes and the fields that are set for them.
    fn sent_by_browsers(&self) -> BTreeMap<EventId, Vec<BrowserRoute>> {
        let mut found: BTreeMap<EventId, Vec<BrowserRoute>> = BTreeMap::new();
        for source in self.flow.sources.values() {
            if let (SourceKind::Websocket { gateway, route, .. }, Some(event)) = (&source.kind, source.event) {
                found.entry(event.value).or_default().push(BrowserRoute {
                    gateway: self.flow.gateways[gateway.value].name.text.clone(),
                    route: route.value.clone(),
                    set: source.set.iter().map(|(f, _)| f.value.clone()).collect(),
                });
            }
        }
        found
    }

    pub(super) fn field(&self, field: &Field, owner: &str) -> FieldDef {
        let named_pii = match innermost(&field.ty) {
            Type::Named(id) => self.flow.types[*id].pii,
            _ => false,
        };
        let named_default = match &field.ty {
            Type::Named(id) => self.flow.types[*id].default.as_ref(),
            _ => None,
        };
        FieldDef {
            name: field.name.clone(),
            shape: self.shape(&field.ty, &format!("{owner}{}", names::pascal(&field.name))),
            about: field.about.clone(),
            pii: field.pii || named_pii,
            default: field.default.as_ref().or(named_default).map(json),
        }
    }

    /// The shape of a type; `name` is the generated type's where it has no name of its own.
    pub(super) fn shape(&self, ty: &Type, name: &str) -> Shape {
        if let Some(scalar) = Option::<Shape>::from(ty) {
            return scalar;
        }
        match ty {
            Type::Named(id) => Shape::Named(self.flow.types[*id].name.text.clone()),
            Type::List(inner, bounds) => Shape::List(Box::new(self.shape(inner, &format!("{name}Item"))), *bounds),
            Type::Map(inner) => Shape::Map(Box::new(self.shape(inner, &format!("{name}Value")))),
            Type::Optional(inner) => Shape::Optional(Box::new(self.shape(inner, name))),
            Type::Enum(values) => Shape::Enum { name: name.to_owned(), values: values.clone() },
            Type::Object(fields) => {
                Shape::Object { name: name.to_owned(), fields: fields.iter().map(|f| self.field(f, name)).collect() }
            }
            // Scalars were taken above.
            _ => Shape::Json,
        }
    }
}

/// A type without what may leave it out or repeat it.
fn innermost(ty: &Type) -> &Type {
    match ty {
        Type::List(inner, _) | Type::Optional(inner) | Type::Map(inner) => innermost(inner),
        other => other,
    }
}
