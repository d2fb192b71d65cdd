//! What a name in braces, or in a condition, stands for on an event as it reaches a node.

use super::{Facts, Node, Shape, plain};
use crate::model::{Bounds, Event, Flow, Ref, Role, Type};

impl Facts {
    /// The type that a name has on one shape; none where it has none there.
    #[must_use]
    pub fn type_of(&self, flow: &Flow, shape: &Shape, name: &Ref) -> Option<Type> {
        let event = &flow.events[shape.event];
        let string = || Type::String { length: Bounds::default(), pattern: None };
        let field = |wanted: &str| event.field(wanted).or_else(|| shape.added.get(wanted));
        if let Some(found) = field(&name.name()) {
            return Some(found.ty.clone());
        }
        match name {
            Ref::Event => Some(string()),
            Ref::Id => Some(role(event, event.id, Type::Ulid)),
            Ref::Time => Some(role(event, event.time, Type::Timestamp)),
            Ref::Actor => event.field_at(event.actor).map(|f| f.ty.clone()),
            Ref::Object => event.object.map(|o| match o {
                Role::BuiltIn => role(event, event.id, Type::Ulid),
                Role::Field(_) => role(event, o, Type::Ulid),
            }),
            Ref::Tenant => event.field_at(event.tenant).map(|f| f.ty.clone()),
            Ref::Target => shape.targeted.then(string),
            Ref::Field(name) if name == "seen" => shape.delivered.then_some(Type::Bool),
            Ref::Field(_) | Ref::User | Ref::Now | Ref::Path(_) | Ref::Header(_) => None,
        }
    }

    /// The names that mean something on every event that reaches a node, for a message's list.
    #[must_use]
    pub fn known_at(&self, flow: &Flow, node: Node) -> Vec<String> {
        self.known_on(flow, self.arriving(node))
    }

    /// The names that mean something on every one of these shapes.
    #[must_use]
    pub fn known_on(&self, flow: &Flow, shapes: &[Shape]) -> Vec<String> {
        let Some(first) = shapes.first() else { return Vec::new() };
        let built_in = [Ref::Event, Ref::Id, Ref::Time, Ref::Actor, Ref::Object, Ref::Tenant, Ref::Target];
        let fields = flow.events[first.event].fields.iter().chain(&first.added).map(|f| Ref::Field(f.name.clone()));
        let everywhere = |name: &Ref| shapes.iter().all(|s| self.type_of(flow, s, name).is_some());
        let mut names: Vec<String> = built_in.into_iter().chain(fields).filter(everywhere).map(|r| r.name()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Whether two types are the same once names are looked through, constraints aside.
    #[must_use]
    pub fn same_type(flow: &Flow, a: &Type, b: &Type) -> bool {
        match (plain(flow, a), plain(flow, b)) {
            (Type::String { .. }, Type::String { .. })
            | (Type::Int(_), Type::Int(_))
            | (Type::Number(_), Type::Number(_)) => true,
            (Type::List(a, _), Type::List(b, _))
            | (Type::Map(a), Type::Map(b))
            | (Type::Optional(a), Type::Optional(b)) => Self::same_type(flow, a, b),
            (Type::Object(a), Type::Object(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|(a, b)| a.name == b.name && Self::same_type(flow, &a.ty, &b.ty))
            }
            (a, b) => a == b,
        }
    }
}

/// The type of a role.
fn role(event: &Event, role: Role, built_in: Type) -> Type {
    match role {
        Role::BuiltIn => built_in,
        Role::Field(place) => event.field_at(Some(place)).map_or(built_in, |f| f.ty.clone()),
    }
}
