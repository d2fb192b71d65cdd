//! The schema of what a field holds, and of a type with a name.

use std::collections::{BTreeMap, BTreeSet};

use crate::cfn::Tree;
use crate::emit::describe::{Described, Held, Kind, Member, Named, Rules, Scalar};
use crate::emit::json::{self, Object};

/// Schemas that point to named types at one place of a document.
#[derive(Debug)]
pub(crate) struct Schemas<'d> {
    named: BTreeMap<&'d str, &'d Named>,
    at: &'static str,
}

/// A schema under way: a map, or `true` for anything.
enum Schema {
    Anything,
    Map(Object),
}

impl<'d> Schemas<'d> {
    /// Schemas whose references begin with `at`: `#/$defs/`.
    pub(crate) fn new(described: &'d Described<'_>, at: &'static str) -> Self {
        Self { named: described.by_name(), at }
    }

    /// The schema of an object: `description`, `type`, `properties`, `required`.
    pub(crate) fn object(&self, doc: &str, members: &[Member]) -> Object {
        let properties: Object = members.iter().map(|member| (member.name.clone(), self.member(member))).collect();
        let required = members.iter().filter(|member| !member.optional).map(|member| &member.name);
        Object::new()
            .with("description", json::text(doc))
            .with("type", json::text("object"))
            .unless_empty("properties", properties)
            .unless_empty("required", json::texts(required))
    }

    /// The schemas of all types that these fields name, and that those name, in the order of their first use.
    pub(crate) fn used(&self, members: &[Member]) -> Object {
        let mut order = Vec::new();
        let mut seen = BTreeSet::new();
        members.iter().for_each(|member| self.gather(&member.held, &mut order, &mut seen));
        order.into_iter().map(|named| (named.name.clone(), self.definition(named).into())).collect()
    }

    fn gather(&self, held: &Held, order: &mut Vec<&'d Named>, seen: &mut BTreeSet<&'d str>) {
        match held {
            Held::Scalar(_) => {}
            Held::List(inner, _) | Held::Map(inner) | Held::Optional(inner) => self.gather(inner, order, seen),
            Held::Named(name) => {
                let Some(named) = self.named.get(name.as_str()).copied() else { return };
                if !seen.insert(&named.name) {
                    return;
                }
                match &named.kind {
                    Kind::Alias(held) => self.gather(held, order, seen),
                    Kind::Object(members) => {
                        order.push(named);
                        members.iter().for_each(|member| self.gather(&member.held, order, seen));
                    }
                    Kind::Scalar(..) | Kind::Choice(_) => order.push(named),
                }
            }
        }
    }

    /// The schema of a type with a name.
    pub(crate) fn definition(&self, named: &Named) -> Object {
        let described = Object::new().with("description", json::text(&named.doc));
        match &named.kind {
            Kind::Object(members) => self.object(&named.doc, members),
            Kind::Choice(values) => described.with("type", json::text("string")).with("enum", json::texts(values)),
            Kind::Scalar(kind, rules) => match ruled(scalar(*kind), rules) {
                Schema::Map(map) => described.and(map),
                Schema::Anything => described,
            },
            Kind::Alias(held) => match self.held(held) {
                Schema::Map(map) => described.and(map),
                Schema::Anything => described,
            },
        }
    }

    fn member(&self, member: &Member) -> Tree {
        let described = Object::new().with("description", json::text(&member.doc));
        let whole = match self.held(&member.held) {
            Schema::Map(map) => described.and(map),
            Schema::Anything => described,
        };
        whole.maybe("default", member.default.as_deref().map(json::parsed)).into()
    }

    fn held(&self, held: &Held) -> Schema {
        match held {
            Held::Scalar(kind) => scalar(*kind),
            // Another name for a type is that type, in Rust as here.
            Held::Named(name) => match self.named.get(name.as_str()).map(|named| &named.kind) {
                Some(Kind::Alias(held)) => self.held(held),
                _ => Schema::Map(Object::new().with("$ref", json::text(format!("{}{name}", self.at)))),
            },
            Held::List(inner, bounds) => Schema::Map(
                Object::new()
                    .with("type", json::text("array"))
                    .with("items", Tree::from(self.held(inner)))
                    .maybe("minItems", bounds.min.filter(|least| *least > 0).map(json::int))
                    .maybe("maxItems", bounds.max.map(json::int)),
            ),
            Held::Map(inner) => Schema::Map(
                Object::new()
                    .with("type", json::text("object"))
                    .with("additionalProperties", Tree::from(self.held(inner))),
            ),
            Held::Optional(inner) => self.held(inner).or_null(),
        }
    }
}

impl Schema {
    /// This or `null`, written as `schemars` writes an `Option`.
    fn or_null(self) -> Self {
        let Self::Map(mut map) = self else { return Self::Anything };
        if map.has("anyOf") {
            return Self::Map(map);
        }
        if map.has("$ref") {
            let null = Object::new().with("type", json::text("null"));
            return Self::Map(Object::new().with("anyOf", Tree::List(vec![map.into(), null.into()])));
        }
        if let Some(kind) = map.get_mut("type")
            && let Some(only) = kind.text()
        {
            *kind = json::texts([only, "null"]);
        }
        Self::Map(map)
    }
}

impl From<Schema> for Tree {
    fn from(schema: Schema) -> Self {
        match schema {
            Schema::Anything => Tree::Bool(true),
            Schema::Map(map) => map.into(),
        }
    }
}

/// The schema of a scalar without rules: those of the runtime's types.
fn scalar(kind: Scalar) -> Schema {
    let (name, key, value) = match kind {
        Scalar::Json => return Schema::Anything,
        Scalar::Text => ("string", "", ""),
        Scalar::Bool => ("boolean", "", ""),
        Scalar::Int => ("integer", "format", "int64"),
        Scalar::Number => ("number", "format", "double"),
        Scalar::Decimal => ("string", "pattern", r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"),
        Scalar::Timestamp => ("string", "format", "date-time"),
        Scalar::Date => ("string", "format", "date"),
        Scalar::Ulid => ("string", "pattern", "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"),
        Scalar::Uuid => ("string", "format", "uuid"),
        Scalar::Email => ("string", "format", "email"),
        Scalar::Url => ("string", "format", "uri"),
    };
    let map = Object::new().with("type", json::text(name));
    Schema::Map(if key.is_empty() { map } else { map.with(key, json::text(value)) })
}

/// A scalar's schema with the rules of a type of its own.
fn ruled(schema: Schema, rules: &Rules) -> Schema {
    let Schema::Map(map) = schema else { return Schema::Anything };
    Schema::Map(
        map.maybe("minLength", rules.length.min.map(json::int))
            .maybe("maxLength", rules.length.max.map(json::int))
            .maybe("pattern", rules.pattern.as_deref().map(json::text))
            .maybe("minimum", rules.int.min.map(json::int))
            .maybe("minimum", rules.number.min.map(json::float))
            .maybe("maximum", rules.int.max.map(json::int))
            .maybe("maximum", rules.number.max.map(json::float)),
    )
}
