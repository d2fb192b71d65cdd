//! The plan's types by their names, and what follows of them for the code.
//!
//! In: the plan. Out: answers. Guaranteed: names that stand for other names are followed to their end, which
//! there is: no type holds itself.

use crate::plan::{FieldDef, Plan, Shape, TypeDef};
use std::collections::{BTreeMap, BTreeSet};

/// The plan's types and events by their names.
#[derive(Debug)]
pub(super) struct Index<'a> {
    pub(super) plan: &'a Plan,
    types: BTreeMap<&'a str, &'a TypeDef>,
    events: BTreeSet<&'a str>,
}

/// How a value of a scalar type is shown as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// By `Display`.
    Shown,
    /// By `Display` of what `get()` gives: a newtype of personal data.
    Hidden,
    /// As JSON: it is no scalar.
    Json,
}

impl<'a> Index<'a> {
    pub(super) fn new(plan: &'a Plan) -> Self {
        Self {
            plan,
            types: plan.types.iter().map(|t| (t.name.as_str(), t)).collect(),
            events: plan.events.iter().map(|e| e.name.as_str()).collect(),
        }
    }

    pub(super) fn named(&self, name: &str) -> Option<&'a TypeDef> {
        self.types.get(name).copied()
    }

    /// The module of the generated crate that defines a name.
    pub(super) fn module(&self, name: &str) -> &'static str {
        if self.events.contains(name) { "crate::events" } else { "crate::types" }
    }

    /// Whether a type is a Rust type of its own rather than another name for one.
    pub(super) fn is_own(def: &TypeDef) -> bool {
        !matches!(def.shape, Shape::Json | Shape::Named(_) | Shape::List(..) | Shape::Map(_) | Shape::Optional(_))
    }

    /// Whether the `Debug` text of a shape's type shows no value.
    pub(super) fn hides(&self, shape: &Shape) -> bool {
        match shape {
            Shape::Named(name) => self.named(name).is_some_and(|def| self.hides_named(def)),
            Shape::List(inner, _) | Shape::Optional(inner) => self.hides(inner),
            _ => false,
        }
    }

    fn hides_named(&self, def: &TypeDef) -> bool {
        match &def.shape {
            Shape::Enum { .. } => false,
            _ if def.pii => true,
            _ if Self::is_own(def) => false,
            shape => self.hides(shape),
        }
    }

    /// Whether a shape's type is an `Option`.
    pub(super) fn is_optional(&self, shape: &Shape) -> bool {
        match shape {
            Shape::Optional(_) => true,
            Shape::Named(name) => self.named(name).is_some_and(|def| self.is_optional(&def.shape)),
            _ => false,
        }
    }

    /// Whether a field's type stands in `Pii`.
    pub(super) fn is_wrapped(&self, field: &FieldDef) -> bool {
        let inner = match &field.shape {
            Shape::Optional(inner) => inner,
            shape => shape,
        };
        field.pii && !self.hides(inner) && !super::docs::is_constrained(inner)
    }

    /// How the value of a field is shown as text, `Pii` apart.
    pub(super) fn text(&self, field: &FieldDef) -> Text {
        match &field.shape {
            Shape::Optional(inner) => self.text_of(inner, field.pii),
            shape => self.text_of(shape, field.pii),
        }
    }

    fn text_of(&self, shape: &Shape, pii: bool) -> Text {
        match shape {
            Shape::Named(name) => match self.named(name) {
                Some(def) if def.pii && !Self::is_own(def) => Text::Json,
                Some(TypeDef { shape: Shape::Enum { .. }, .. }) => Text::Shown,
                Some(TypeDef { shape: Shape::Object { .. }, .. }) | None => Text::Json,
                Some(def) if Self::is_own(def) => {
                    if def.pii {
                        Text::Hidden
                    } else {
                        Text::Shown
                    }
                }
                Some(def) => self.text_of(&def.shape, false),
            },
            Shape::List(..) | Shape::Map(_) | Shape::Object { .. } | Shape::Optional(_) => Text::Json,
            constrained if super::docs::is_constrained(constrained) && pii => Text::Hidden,
            _ => Text::Shown,
        }
    }

    /// The way from a field of a moment's type to its `Timestamp`, as what stands before and behind it.
    pub(super) fn moment(&self, shape: &Shape) -> (&'static str, &'static str) {
        match shape {
            Shape::Named(name) => match self.named(name) {
                Some(def) if Self::is_own(def) => ("*", ".get()"),
                Some(def) => self.moment(&def.shape),
                None => ("", ""),
            },
            _ => ("", ""),
        }
    }
}

/// The names of the types that are made for a shape; `name` is that of the first.
pub(super) fn made(shape: &Shape, name: &str, out: &mut Vec<String>) {
    match shape {
        constrained if super::docs::is_constrained(constrained) => out.push(name.to_owned()),
        Shape::Enum { name, .. } => out.push(name.clone()),
        Shape::Object { name, fields } => {
            out.push(name.clone());
            made_of_fields(fields, name, out);
        }
        Shape::List(inner, _) => made(inner, &format!("{name}Item"), out),
        Shape::Map(inner) => made(inner, &format!("{name}Value"), out),
        Shape::Optional(inner) => made(inner, name, out),
        _ => {}
    }
}

/// The names of the types that are made for the fields of `owner`.
pub(super) fn made_of_fields(fields: &[FieldDef], owner: &str, out: &mut Vec<String>) {
    for field in fields {
        made(&field.shape, &format!("{owner}{}", super::text::upper_camel(&field.name)), out);
    }
}
