//! Types of fields.

use super::{Resolver, name, names::BUILT_IN_TYPES, names::Meaning, text};
use crate::model::{Arena, Bounds, Field, Id, NamedType, Type, TypeId};
use crate::rules::{e032_reserved_field, e036_unknown_type, e037_type_form, e053_endless_type};
use crate::source::Span;
use crate::syntax::{Named, TypeExpr, TypeMap};
use crate::yaml::{At, Forms, Literal};
use std::collections::BTreeSet;

/// Names that fields may not have: they mean something in braces, in groups, or in CloudEvents.
pub(super) const RESERVED_FIELDS: [&str; 15] = [
    "event", "id", "time", "actor", "object", "target", "tenant", "user", "now", "last", "count", "seen", "open",
    "path", "header",
];

/// A type with what stands beside it.
pub(super) struct Typed {
    pub(super) ty: Type,
    pub(super) about: Option<String>,
    pub(super) pii: bool,
    pub(super) default: Option<Literal>,
}

impl Typed {
    fn plain(ty: Type) -> Self {
        Self { ty, about: None, pii: false, default: None }
    }
}

/// How many named types may lie in each other: as deep as a file's maps and lists.
const DEEPEST: u32 = 64;

/// The named types, of so many, that a type holds.
fn held(ty: &Type, of: usize) -> Vec<u32> {
    fn add(ty: &Type, found: &mut Vec<u32>) {
        match ty {
            Type::Named(id) => found.extend(u32::try_from(id.index())),
            Type::List(inner, _) | Type::Map(inner) | Type::Optional(inner) => add(inner, found),
            Type::Object(fields) => fields.iter().for_each(|f| add(&f.ty, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    add(ty, &mut found);
    found.retain(|at| (*at as usize) < of);
    found.sort_unstable();
    found.dedup();
    found
}

/// Any JSON: what stands in for a type that could not be read.
const UNKNOWN: Type = Type::Json;

impl Resolver<'_> {
    pub(super) fn types(&mut self) {
        for (key, expr) in &self.syntax.types {
            if expr.value.is_none() {
                continue;
            }
            let typed = self.typed(expr);
            self.flow.types.push(NamedType {
                name: name(key, None),
                about: typed.about,
                ty: typed.ty,
                pii: typed.pii,
                default: typed.default,
            });
        }
        self.endless_types();
    }

    /// Reports types that hold themselves without an end, for no value could be of them, and types that lie in each
    /// other too deep. The knots are cut, so that later passes may walk types without care. Lists, maps and optional
    /// values may be empty, but generated code and inlined schemas are recursive all the same, so they count too.
    fn endless_types(&mut self) {
        let held: Vec<Vec<u32>> =
            self.flow.types.values().map(|named| held(&named.ty, self.flow.types.len())).collect();
        let mut depths: Vec<u32> = vec![0; held.len()];
        for component in crate::stacks::components(&held) {
            let of = |at: u32| held.get(at as usize).map_or(&[][..], Vec::as_slice);
            let first = component.iter().copied().min().unwrap_or_default();
            let inner = of(first).iter().filter_map(|at| depths.get(*at as usize)).max();
            let depth = inner.map_or(0, |d| d + 1);
            let named = |types: &Arena<TypeId, NamedType>| {
                let name = &types[TypeId::from_index(first)].name;
                (name.span, name.text.clone())
            };
            if component.len() > 1 || of(first).contains(&first) {
                let (span, name) = named(&self.flow.types);
                self.report(e053_endless_type::diagnostic(span, &name));
            } else if depth > DEEPEST {
                let (span, name) = named(&self.flow.types);
                self.report(e053_endless_type::too_deep(span, &name, DEEPEST));
            } else {
                if let Some(slot) = depths.get_mut(first as usize) {
                    *slot = depth;
                }
                continue;
            }
            for at in component {
                self.flow.types[TypeId::from_index(at)].ty = UNKNOWN;
            }
        }
    }

    /// The fields of an event, a table, or an object.
    pub(super) fn fields(&mut self, named: &Named<TypeExpr>, reserved: bool) -> Vec<Field> {
        let mut fields = Vec::with_capacity(named.len());
        for (key, expr) in named {
            let Some(field) = &key.value else { continue };
            if reserved && RESERVED_FIELDS.contains(&field.as_str()) {
                self.report(e032_reserved_field::diagnostic(key.span, field));
            } else {
                self.name_form(key, "a field");
            }
            let typed = self.typed(expr);
            fields.push(Field {
                name: field.clone(),
                span: key.span,
                ty: typed.ty,
                about: typed.about,
                pii: typed.pii,
                default: typed.default,
            });
        }
        fields
    }

    /// A type expression; [`Type::Json`] where it could not be read, which was reported.
    pub(super) fn typed(&mut self, at: &At<TypeExpr>) -> Typed {
        match at.value.as_ref().map(|e| &e.0) {
            None => Typed::plain(UNKNOWN),
            Some(Forms::Text(word)) => Typed::plain(self.type_word(word, at.span)),
            Some(Forms::List(of)) => match of.as_slice() {
                [one] => Typed::plain(Type::List(Box::new(self.typed(one).ty), Bounds::default())),
                _ => {
                    self.report(e037_type_form::diagnostic(at.span, "a list names one type: `[T]`"));
                    Typed::plain(UNKNOWN)
                }
            },
            Some(Forms::Map(map)) => self.type_map(map, at.span),
        }
    }

    fn type_word(&mut self, word: &str, span: Span) -> Type {
        match word {
            "string" => Type::String { length: Bounds::default(), pattern: None },
            "int" => Type::Int(Bounds::default()),
            "number" => Type::Number(Bounds::default()),
            "decimal" => Type::Decimal,
            "bool" => Type::Bool,
            "timestamp" => Type::Timestamp,
            "date" => Type::Date,
            "ulid" => Type::Ulid,
            "uuid" => Type::Uuid,
            "email" => Type::Email,
            "url" => Type::Url,
            "json" => Type::Json,
            _ => self.named_type(word, span),
        }
    }

    fn named_type(&mut self, word: &str, span: Span) -> Type {
        let at = At { span, value: Some(word.to_owned()) };
        if !self.names.has(word, |m| matches!(m, Meaning::Type(_))) {
            let mut known: Vec<&str> = BUILT_IN_TYPES.to_vec();
            known.extend(self.syntax.types.keys().filter_map(|k| k.value.as_deref()));
            let event = self.names.event(word).is_some();
            let said = e036_unknown_type::diagnostic(span, word, &known, event);
            self.report(said);
            return UNKNOWN;
        }
        let found = self.find(&at, "a type", |m| if let Meaning::Type(id) = m { Some(id) } else { None });
        found.map_or(UNKNOWN, |id| Type::Named(id.value))
    }

    fn type_map(&mut self, map: &TypeMap, span: Span) -> Typed {
        let kinds =
            [map.of.is_some(), map.one_of.is_some(), map.map.is_some(), map.optional.is_some(), map.fields.is_some()];
        if kinds.iter().filter(|k| **k).count() != 1 {
            let said = "a type is exactly one of `type`, `enum`, `map`, `optional`, `fields`";
            self.report(e037_type_form::diagnostic(span, said));
            return Typed::plain(UNKNOWN);
        }
        let ty = if let Some(of) = &map.of {
            self.typed(of).ty
        } else if let Some(values) = &map.one_of {
            let values: Vec<String> = values.value.iter().flatten().filter_map(|v| v.value.clone()).collect();
            if values.is_empty() {
                self.report(e037_type_form::diagnostic(span, "an enum has at least one value"));
            }
            let mut seen = BTreeSet::new();
            if let Some(twice) = values.iter().find(|v| !seen.insert(v.as_str())) {
                let said = format!("`{twice}` stands twice in the enum");
                self.report(e037_type_form::diagnostic(span, &said));
            }
            Type::Enum(values)
        } else if let Some(of) = &map.map {
            Type::Map(Box::new(self.typed(of).ty))
        } else if let Some(of) = &map.optional {
            Type::Optional(Box::new(self.typed(of).ty))
        } else {
            let fields = map.fields.as_ref().and_then(|f| f.value.as_ref());
            Type::Object(fields.map(|f| self.fields(f, false)).unwrap_or_default())
        };
        let ty = self.constrain(ty, map, span);
        Typed {
            ty,
            about: text(map.about.as_ref()),
            pii: map.pii.as_ref().and_then(|p| p.value).unwrap_or(false),
            default: map.default.as_ref().and_then(|d| d.value.clone()),
        }
    }

    /// A type with the constraints beside it.
    fn constrain(&mut self, ty: Type, map: &TypeMap, span: Span) -> Type {
        let length = Bounds {
            min: map.min_length.as_ref().and_then(|l| l.value),
            max: map.max_length.as_ref().and_then(|l| l.value),
        };
        let (has_length, has_range) =
            (map.min_length.is_some() || map.max_length.is_some(), map.min.is_some() || map.max.is_some());
        if let (Some(min), Some(max)) = (length.min, length.max)
            && min > max
        {
            self.report(e037_type_form::diagnostic(span, "`min_length` is more than `max_length`"));
        }
        let wrong = match &ty {
            Type::String { .. } => has_range.then_some("`min` and `max` are for numbers; a text has `max_length`"),
            Type::Int(_) | Type::Number(_) => (has_length || map.pattern.is_some())
                .then_some("`max_length` and `pattern` are for text; a number has `min` and `max`"),
            Type::List(..) => {
                (has_range || map.pattern.is_some()).then_some("a list has `min_length` and `max_length` only")
            }
            _ => (has_length || has_range || map.pattern.is_some()).then_some(
                "constraints are for `string`, `int`, `number` and lists; write them where the type is declared",
            ),
        };
        if let Some(said) = wrong {
            self.report(e037_type_form::diagnostic(span, said));
            return ty;
        }
        match ty {
            Type::String { .. } => Type::String { length, pattern: text(map.pattern.as_ref()) },
            Type::Int(_) => Type::Int(self.int_bounds(map, span)),
            Type::Number(_) => Type::Number(self.number_bounds(map, span)),
            Type::List(of, _) => Type::List(of, length),
            other => other,
        }
    }

    fn int_bounds(&mut self, map: &TypeMap, span: Span) -> Bounds<i64> {
        let mut read = |at: Option<&At<Literal>>| {
            let at = at?;
            let literal = at.value.as_ref()?;
            let found = match literal {
                Literal::Int(n) => i64::try_from(*n).ok(),
                _ => None,
            };
            if found.is_none() {
                self.out.push(e037_type_form::diagnostic(at.span, "a whole number of 64 bits belongs here"));
            }
            found
        };
        let bounds = Bounds { min: read(map.min.as_ref()), max: read(map.max.as_ref()) };
        self.in_order(bounds.min.zip(bounds.max).is_none_or(|(a, b)| a <= b), span);
        bounds
    }

    fn number_bounds(&mut self, map: &TypeMap, span: Span) -> Bounds<f64> {
        let mut read = |at: Option<&At<Literal>>| {
            let at = at?;
            let literal = at.value.as_ref()?;
            let found = match literal {
                Literal::Int(n) => Some(*n as f64),
                Literal::Float(f) => f.parse().ok(),
                _ => None,
            };
            if found.is_none() {
                self.out.push(e037_type_form::diagnostic(at.span, "a number belongs here"));
            }
            found
        };
        let bounds = Bounds { min: read(map.min.as_ref()), max: read(map.max.as_ref()) };
        self.in_order(bounds.min.zip(bounds.max).is_none_or(|(a, b)| a <= b), span);
        bounds
    }

    fn in_order(&mut self, right: bool, span: Span) {
        if !right {
            self.report(e037_type_form::diagnostic(span, "`min` is more than `max`"));
        }
    }
}
