//! Types of fields.

use super::{Resolver, name, names::BUILT_IN_TYPES, names::Meaning, text};
use crate::model::{Bounds, Field, Id, NamedType, Type, TypeId};
use crate::rules::{e032_reserved_field, e036_unknown_type, e037_type_form, e053_endless_type};
use crate::source::Span;
use crate::syntax::{Named, TypeExpr, TypeMap};
use crate::yaml::{At, Forms, Literal};

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

    /// Reports types that hold themselves without an end: no value could be of them.
    fn endless_types(&mut self) {
        for id in self.flow.types.ids() {
            let mut path = vec![id];
            if self.holds_itself(&self.flow.types[id].ty, &mut path) {
                let named = &self.flow.types[id];
                let found = e053_endless_type::diagnostic(named.name.span, &named.name.text);
                self.report(found);
                // Cut the knot, so that later passes may walk types without care.
                self.flow.types[id].ty = UNKNOWN;
            }
        }
    }

    /// Whether a type needs, directly, a value of the first type of `path`. Lists, maps and optional values
    /// may be empty, but generated code and inlined schemas are recursive all the same, so they count too.
    fn holds_itself(&self, ty: &Type, path: &mut Vec<TypeId>) -> bool {
        match ty {
            Type::Named(id) if path.first() == Some(id) => true,
            Type::Named(id) if path.contains(id) || id.index() >= self.flow.types.len() => false,
            Type::Named(id) => {
                path.push(*id);
                self.holds_itself(&self.flow.types[*id].ty, path)
            }
            Type::List(inner, _) | Type::Map(inner) | Type::Optional(inner) => self.holds_itself(inner, path),
            Type::Object(fields) => fields.iter().any(|f| self.holds_itself(&f.ty, path)),
            _ => false,
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
            if let Some(twice) = values.iter().enumerate().find(|(i, v)| values.iter().take(*i).any(|w| w == *v)) {
                let said = format!("`{}` stands twice in the enum", twice.1);
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
