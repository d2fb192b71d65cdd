//! From shapes to what is held: inline enums, objects and constrained scalars become types of their own.

use std::collections::BTreeMap;

use serde_json::{Number, Value as Json};

use super::{DescribedEvent, Held, Kind, Member, Named, Rules, Scalar};
use crate::emit::rust::docs;
use crate::emit::rust::text::upper_camel;
use crate::plan::{EventDef, FieldDef, Plan, Shape, TypeDef};

/// Where an inline type was written: the name and the words that it gets.
struct At {
    name: String,
    doc: String,
    pii: bool,
}

impl At {
    /// Within a list or a map that stands here.
    fn within(&self, suffix: &str, what: &str) -> Self {
        Self { name: format!("{}{suffix}", self.name), doc: format!("{what} of {}", self.doc), pii: self.pii }
    }

    fn sentence(&self) -> String {
        let mut chars = self.doc.chars();
        let first: String = chars.next().map(|c| c.to_ascii_uppercase()).into_iter().collect();
        format!("{first}{}", chars.as_str())
    }
}

/// Turns shapes into what is held, gathering what had no name of its own.
#[derive(Debug)]
pub(super) struct Lifter<'p> {
    flow: &'p str,
    types: BTreeMap<&'p str, &'p TypeDef>,
    lifted: Vec<Named>,
}

impl<'p> Lifter<'p> {
    /// One that knows a plan's types.
    #[must_use]
    pub(super) fn new(plan: &'p Plan) -> Self {
        let types = plan.types.iter().map(|def| (def.name.as_str(), def)).collect();
        Self { flow: &plan.name, types, lifted: Vec::new() }
    }

    /// A type of the spec, followed by the types that were lifted from it.
    pub(super) fn named(&mut self, def: &TypeDef) -> Vec<Named> {
        let doc = docs::of_type(self.flow, def);
        let kind = self.kind(&def.shape, &def.name, def.pii);
        let first = Named { name: def.name.clone(), doc, pii: def.pii, kind };
        std::iter::once(first).chain(self.take()).collect()
    }

    /// An event, with the types that were lifted from its fields.
    pub(super) fn event<'e>(&mut self, def: &'e EventDef) -> DescribedEvent<'e> {
        let doc = docs::of_event(self.flow, def);
        let mut members = self.members(&def.name, &def.fields);
        for (member, field) in members.iter_mut().zip(&def.fields) {
            member.doc = docs::of_event_field(def, field);
        }
        let lifted = self.take();
        let shown = self.members(&format!("{}Shown", def.name), &def.shown);
        DescribedEvent { def, doc, members, lifted, shown, shown_lifted: self.take() }
    }

    /// The fields of the object or the event `owner`; [`Lifter::take`] has what was lifted from them.
    pub(super) fn members(&mut self, owner: &str, fields: &[FieldDef]) -> Vec<Member> {
        fields
            .iter()
            .map(|field| {
                let at = At {
                    name: format!("{owner}{}", upper_camel(&field.name)),
                    doc: format!("the field `{}` of {}.", field.name, docs::article(owner)),
                    pii: field.pii,
                };
                let held = self.held(&field.shape, &at);
                Member {
                    name: field.name.clone(),
                    doc: docs::of_field(field, owner),
                    pii: field.pii && !self.hides_itself(&held),
                    optional: field.default.is_some() || self.may_hold_nothing(&field.shape),
                    default: field.default.as_deref().map(|text| self.default(&field.shape, text)),
                    held,
                }
            })
            .collect()
    }

    /// What was lifted since the last time.
    pub(super) fn take(&mut self) -> Vec<Named> {
        std::mem::take(&mut self.lifted)
    }

    fn held(&mut self, shape: &Shape, at: &At) -> Held {
        match shape {
            Shape::Named(name) => Held::Named(name.clone()),
            Shape::List(inner, bounds) => {
                Held::List(Box::new(self.held(inner, &at.within("Item", "an entry"))), *bounds)
            }
            Shape::Map(inner) => Held::Map(Box::new(self.held(inner, &at.within("Value", "a value")))),
            Shape::Optional(inner) => Held::Optional(Box::new(self.held(inner, at))),
            Shape::Enum { name, values } => self.lift(name, at.sentence(), Kind::Choice(values.clone()), false),
            Shape::Object { name, fields } => {
                // Outer types stand before those lifted from them.
                let place = self.lifted.len();
                let kind = Kind::Object(self.members(name, fields));
                self.lifted.insert(place, Named { name: name.clone(), doc: at.sentence(), pii: false, kind });
                Held::Named(name.clone())
            }
            scalar => match rules(scalar) {
                (scalar, rules) if rules.is_empty() => Held::Scalar(scalar),
                (scalar, rules) => self.lift(&at.name, at.sentence(), Kind::Scalar(scalar, rules), at.pii),
            },
        }
    }

    fn lift(&mut self, name: &str, doc: String, kind: Kind, pii: bool) -> Held {
        self.lifted.push(Named { name: name.to_owned(), doc, pii, kind });
        Held::Named(name.to_owned())
    }

    /// What a type of the spec is; its name is the one of what it stands for.
    fn kind(&mut self, shape: &Shape, name: &str, pii: bool) -> Kind {
        match shape {
            Shape::Enum { values, .. } => Kind::Choice(values.clone()),
            Shape::Object { fields, .. } => Kind::Object(self.members(name, fields)),
            Shape::Named(_) | Shape::List(..) | Shape::Map(_) | Shape::Optional(_) | Shape::Json => {
                let at = At { name: name.to_owned(), doc: format!("the type `{name}`."), pii };
                Kind::Alias(self.held(shape, &at))
            }
            scalar => {
                let (scalar, rules) = rules(scalar);
                Kind::Scalar(scalar, rules)
            }
        }
    }

    fn may_hold_nothing(&self, shape: &Shape) -> bool {
        match shape {
            Shape::Optional(_) => true,
            Shape::Named(name) => self.types.get(name.as_str()).is_some_and(|def| self.may_hold_nothing(&def.shape)),
            _ => false,
        }
    }

    /// Whether the innermost type keeps itself out of logs: a scalar of its own that is personal data.
    fn hides_itself(&self, held: &Held) -> bool {
        match held {
            Held::List(inner, _) | Held::Map(inner) | Held::Optional(inner) => self.hides_itself(inner),
            Held::Scalar(_) => false,
            Held::Named(name) => match self.types.get(name.as_str()) {
                Some(def) => match &def.shape {
                    Shape::Named(other) => self.hides_itself(&Held::Named(other.clone())),
                    shape => def.pii && is_scalar(shape),
                },
                None => self
                    .lifted
                    .iter()
                    .any(|lifted| lifted.name == *name && lifted.pii && matches!(lifted.kind, Kind::Scalar(..))),
            },
        }
    }

    /// A default as its type writes it: a number with a fraction, however it was written.
    fn default(&self, shape: &Shape, text: &str) -> String {
        serde_json::from_str(text).map_or_else(|_| text.to_owned(), |value| self.written(shape, value).to_string())
    }

    fn written(&self, shape: &Shape, value: Json) -> Json {
        match (shape, value) {
            (Shape::Number(_), Json::Number(number)) => {
                let float = number.as_f64().and_then(Number::from_f64);
                Json::Number(float.unwrap_or(number))
            }
            (Shape::Optional(inner), value) => self.written(inner, value),
            (Shape::List(inner, _), Json::Array(items)) => {
                items.into_iter().map(|item| self.written(inner, item)).collect()
            }
            (Shape::Map(inner), Json::Object(entries)) => {
                Json::Object(entries.into_iter().map(|(key, value)| (key, self.written(inner, value))).collect())
            }
            (Shape::Named(name), value) => match self.types.get(name.as_str()) {
                Some(def) => self.written(&def.shape, value),
                None => value,
            },
            (_, value) => value,
        }
    }
}

fn is_scalar(shape: &Shape) -> bool {
    !matches!(
        shape,
        Shape::Named(_)
            | Shape::List(..)
            | Shape::Map(_)
            | Shape::Optional(_)
            | Shape::Enum { .. }
            | Shape::Object { .. }
            | Shape::Json
    )
}

/// A scalar shape as its kind and its rules; what is none was taken before, and counts as any JSON.
fn rules(shape: &Shape) -> (Scalar, Rules) {
    let plain = |scalar| (scalar, Rules::default());
    match shape {
        Shape::String { length, pattern } => {
            (Scalar::Text, Rules { length: *length, pattern: pattern.clone(), ..Rules::default() })
        }
        Shape::Int(bounds) => (Scalar::Int, Rules { int: *bounds, ..Rules::default() }),
        Shape::Number(bounds) => (Scalar::Number, Rules { number: *bounds, ..Rules::default() }),
        Shape::Decimal => plain(Scalar::Decimal),
        Shape::Bool => plain(Scalar::Bool),
        Shape::Timestamp => plain(Scalar::Timestamp),
        Shape::Date => plain(Scalar::Date),
        Shape::Ulid => plain(Scalar::Ulid),
        Shape::Uuid => plain(Scalar::Uuid),
        Shape::Email => plain(Scalar::Email),
        Shape::Url => plain(Scalar::Url),
        _ => plain(Scalar::Json),
    }
}
