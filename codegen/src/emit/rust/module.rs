//! A module of the generated crate as it grows: its types, their defaults, its imports.
//!
//! In: shapes of the plan. Out: items in their order. Guaranteed: a shape that has no name in the spec has one
//! here, and its type stands behind the one that needs it.

use super::index::Index;
use super::scope::Scope;
use super::{defaults, docs, render, text};
use crate::model::Bounds;
use crate::plan::{FieldDef, Shape, TypeDef};
use askama::Template;
use std::collections::BTreeSet;
use std::fmt::Debug;

/// The path of a module in another crate, which has the flow's types from `generated`.
pub(super) const OUTSIDE: &str = "handlers";

/// A module under way.
#[derive(Debug)]
pub(super) struct Module<'a> {
    pub(super) index: &'a Index<'a>,
    pub(super) scope: Scope,
    pub(super) items: Vec<String>,
    defaults: Vec<String>,
    default_names: BTreeSet<String>,
    /// Whether what is made for shapes stands in another module: `crate::events`.
    elsewhere: bool,
    /// Its own path.
    path: &'static str,
}

/// Where a shape stands: the name and the words for the type that may have to be made for it.
#[derive(Debug, Clone)]
pub(super) struct At {
    name: String,
    doc: String,
    pii: bool,
}

impl At {
    pub(super) fn field(owner: &str, field: &FieldDef) -> Self {
        Self {
            name: format!("{owner}{}", text::upper_camel(&field.name)),
            doc: format!("the field `{}` of {}.", field.name, docs::article(owner)),
            pii: field.pii,
        }
    }

    fn named(def: &TypeDef) -> Self {
        Self { name: def.name.clone(), doc: format!("the type `{}`.", def.name), pii: def.pii }
    }

    fn within(&self, suffix: &str, what: &str) -> Self {
        Self { name: format!("{}{suffix}", self.name), doc: format!("{what} of {}", self.doc), pii: self.pii }
    }

    /// What the type is.
    fn sentence(&self) -> String {
        let mut chars = self.doc.chars();
        let first: String = chars.next().map(|c| c.to_ascii_uppercase()).into_iter().collect();
        format!("{first}{}", chars.as_str())
    }
}

#[derive(Template)]
#[template(path = "rust/struct.rs.txt")]
struct StructText {
    doc: String,
    derives: String,
    schema: bool,
    name: String,
    fields: Vec<FieldText>,
}

struct FieldText {
    doc: String,
    serde: Option<String>,
    name: String,
    ty: String,
}

impl FieldText {
    /// Without what only a writer needs.
    fn read_only(mut self) -> Self {
        let words = self.serde.iter().flat_map(|s| s.split(", ")).filter(|w| !w.starts_with("skip_serializing_if"));
        let words = words.collect::<Vec<_>>().join(", ");
        self.serde = (!words.is_empty()).then_some(words);
        self
    }
}

#[derive(Template)]
#[template(path = "rust/choice.rs.txt")]
struct ChoiceText<'a> {
    doc: &'a str,
    name: &'a str,
    variants: Vec<(String, String)>,
}

impl<'a> Module<'a> {
    pub(super) fn new(index: &'a Index<'a>, path: &'static str, defined: impl IntoIterator<Item = String>) -> Self {
        Self {
            index,
            scope: Scope::new(defined),
            items: Vec::new(),
            defaults: Vec::new(),
            default_names: BTreeSet::new(),
            elsewhere: false,
            path,
        }
    }

    /// The items, the defaults' own module last.
    pub(super) fn body(&self) -> String {
        let mut items = self.items.clone();
        if !self.defaults.is_empty() {
            items.push(self.defaults_module());
        }
        items.join("\n\n")
    }

    fn defaults_module(&self) -> String {
        let inner: Vec<String> = self.defaults.iter().map(|d| d.replace('\n', "\n    ")).collect();
        let used = |d: &String| d.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| self.scope.has(word));
        let import = if self.defaults.iter().any(used) { "    use super::*;\n\n" } else { "" };
        format!("mod defaults {{\n{import}    {}\n}}", inner.join("\n\n    "))
    }

    /// Writes a type of the spec.
    pub(super) fn define(&mut self, def: &TypeDef) {
        let doc = docs::of_type(&self.index.plan.name, def);
        let at = At::named(def);
        match &def.shape {
            Shape::Object { name, fields } => self.object(&doc, name, fields, def.pii),
            Shape::Enum { name, values } => self.choice(&doc, name, values),
            shape if Index::is_own(def) => self.newtype(&doc, shape, &def.name, def.pii),
            shape => {
                let optional = matches!(shape, Shape::Optional(_));
                let inner = match shape {
                    Shape::Optional(inner) => inner,
                    shape => shape,
                };
                let place = self.items.len();
                let mut ty = self.ty(inner, &at);
                if def.pii && !self.index.hides(inner) && !docs::is_constrained(inner) {
                    ty = format!("{}<{ty}>", self.scope.import("runtime", "Pii"));
                }
                if optional {
                    ty = format!("Option<{ty}>");
                }
                self.items.insert(place, format!("/// {doc}\npub type {} = {ty};", def.name));
            }
        }
    }

    /// Writes a struct whose fields have their words.
    pub(super) fn structure(&mut self, doc: &str, name: &str, fields: &[(FieldDef, String)], hidden: bool) {
        let place = self.items.len();
        let fields: Vec<FieldText> = fields
            .iter()
            .map(|(field, doc)| {
                let field = FieldDef { pii: field.pii || hidden, ..field.clone() };
                self.field(name, &field, doc.clone())
            })
            .collect();
        let derives = self.derives();
        let made = StructText { doc: doc.to_owned(), derives, schema: true, name: name.to_owned(), fields };
        self.items.insert(place, render(&made));
    }

    fn derives(&mut self) -> String {
        let (read, write) = (self.scope.import("serde", "Deserialize"), self.scope.import("serde", "Serialize"));
        format!("Clone, Debug, PartialEq, {read}, {write}")
    }

    /// Writes a handler's input: the fields of the event, whose types are there, and those that were added.
    /// Where it is one of several events, `one_of` is their enum.
    pub(super) fn input(
        &mut self,
        name: &str,
        handler: &str,
        base: &[(String, FieldDef, String)],
        one_of: Option<&str>,
        added: &[FieldDef],
    ) {
        let mut made = StructText {
            doc: format!("What reaches the handler `{handler}`: the event, and what the steps before it returned."),
            derives: "Clone, Debug, PartialEq".into(),
            schema: false,
            name: name.to_owned(),
            fields: Vec::new(),
        };
        match one_of {
            Some(of) => made.fields.push(FieldText {
                doc: "The event.".into(),
                serde: None,
                name: "event".into(),
                ty: of.to_owned(),
            }),
            None => {
                let read = self.scope.import("serde", "Deserialize");
                made.derives.push_str(&format!(", {read}"));
            }
        }
        let place = self.items.len();
        self.elsewhere = true;
        for (event, field, doc) in base {
            let text = self.field(event, field, doc.clone());
            made.fields.push(text.read_only());
        }
        self.elsewhere = false;
        for field in added {
            let mut text = self.field(name, field, docs::of_field(field, name)).read_only();
            text.serde = text.serde.filter(|_| one_of.is_none());
            made.fields.push(text);
        }
        self.items.insert(place, render(&made));
    }

    fn object(&mut self, doc: &str, name: &str, fields: &[FieldDef], hidden: bool) {
        let fields: Vec<_> = fields.iter().map(|f| (f.clone(), docs::of_field(f, name))).collect();
        self.structure(doc, name, &fields, hidden);
    }

    fn choice(&mut self, doc: &str, name: &str, values: &[String]) {
        let texts = values.iter().map(|v| text::literal(v));
        let variants = text::variants(values).into_iter().zip(texts).collect();
        self.items.push(render(&ChoiceText { doc, name, variants }));
    }

    fn newtype(&mut self, doc: &str, shape: &Shape, name: &str, pii: bool) {
        let inner = self.plain(shape);
        let rules = match rules(shape) {
            Some(rules) => format!(", {}::ANY{rules}", self.scope.import("runtime", "Rules")),
            None => String::new(),
        };
        let kind = if pii { "pii" } else { "scalar" };
        self.items.push(format!("runtime::{kind}! {{\n    /// {doc}\n    pub struct {name}({inner}){rules};\n}}"));
    }

    fn field(&mut self, owner: &str, field: &FieldDef, doc: String) -> FieldText {
        let at = At::field(owner, field);
        let (inner, optional) = match &field.shape {
            Shape::Optional(inner) => (&**inner, true),
            shape => (shape, false),
        };
        let mut ty = self.ty(inner, &at);
        let wrapped = self.index.is_wrapped(field);
        if wrapped {
            ty = format!("{}<{ty}>", self.scope.import("runtime", "Pii"));
        }
        if optional && !self.index.is_optional(inner) {
            ty = format!("Option<{ty}>");
        }
        let absent = self.index.is_optional(&field.shape);
        let default = field.default.as_ref().map(|json| {
            let wanted = format!("{}_{}", text::snake(owner), field.name);
            let name = text::free(&wanted, "_", |n| self.default_names.contains(n));
            self.default_names.insert(name.clone());
            let made = defaults::function(self, &name, field, &ty, json);
            self.defaults.push(made);
            format!("default = \"defaults::{name}\"")
        });
        let default = default.or_else(|| absent.then(|| "default".to_owned()));
        // An `Option` behind `Pii` is no `Option` to serde.
        let skip = (absent && (optional || !wrapped)).then(|| "skip_serializing_if = \"Option::is_none\"".to_owned());
        let words: Vec<String> = default.into_iter().chain(skip).collect();
        let serde = (!words.is_empty()).then(|| words.join(", "));
        FieldText { doc, serde, name: text::ident(&field.name), ty }
    }

    /// The Rust type of a shape; what it needs is written behind.
    pub(super) fn ty(&mut self, shape: &Shape, at: &At) -> String {
        match shape {
            constrained if self.elsewhere && docs::is_constrained(constrained) => {
                self.scope.import("crate::events", &at.name)
            }
            Shape::Enum { name, .. } | Shape::Object { name, .. } if self.elsewhere => {
                self.scope.import("crate::events", name)
            }
            constrained if docs::is_constrained(constrained) => {
                self.newtype(&at.sentence(), constrained, &at.name, at.pii);
                at.name.clone()
            }
            Shape::Enum { name, values } => {
                self.choice(&at.sentence(), name, values);
                name.clone()
            }
            Shape::Object { name, fields } => {
                self.object(&at.sentence(), name, fields, false);
                name.clone()
            }
            Shape::List(inner, bounds) => {
                let inner = self.ty(inner, &at.within("Item", "an entry"));
                self.list(&inner, bounds)
            }
            Shape::Map(inner) => {
                let inner = self.ty(inner, &at.within("Value", "a value"));
                format!("{}<String, {inner}>", self.scope.import("std::collections", "BTreeMap"))
            }
            Shape::Optional(inner) => {
                let ty = self.ty(inner, at);
                if self.index.is_optional(inner) { ty } else { format!("Option<{ty}>") }
            }
            plain => self.plain(plain),
        }
    }

    fn list(&mut self, inner: &str, bounds: &Bounds<u64>) -> String {
        if bounds.min.is_none() && bounds.max.is_none() {
            return format!("Vec<{inner}>");
        }
        let most = bounds.max.map_or_else(|| "{ usize::MAX }".to_owned(), |m| m.to_string());
        format!("{}<{inner}, {}, {most}>", self.scope.import("runtime", "List"), bounds.min.unwrap_or(0))
    }

    /// The Rust type of a shape that needs no new type; constraints are left out.
    pub(super) fn plain(&mut self, shape: &Shape) -> String {
        let name = match shape {
            Shape::String { .. } | Shape::Enum { .. } => return "String".into(),
            Shape::Int(_) => return "i64".into(),
            Shape::Number(_) => return "f64".into(),
            Shape::Bool => return "bool".into(),
            Shape::Json | Shape::Object { .. } => {
                let path = if self.path == OUTSIDE { "runtime::serde_json" } else { "serde_json" };
                return self.scope.import(path, "Value");
            }
            Shape::Named(name) => return self.named(name),
            Shape::List(inner, bounds) => {
                let inner = self.plain(inner);
                return self.list(&inner, bounds);
            }
            Shape::Map(inner) => {
                let inner = self.plain(inner);
                return format!("{}<String, {inner}>", self.scope.import("std::collections", "BTreeMap"));
            }
            Shape::Optional(inner) => return format!("Option<{}>", self.plain(inner)),
            Shape::Decimal => "Decimal",
            Shape::Timestamp => "Timestamp",
            Shape::Date => "Date",
            Shape::Ulid => "Ulid",
            Shape::Uuid => "Uuid",
            Shape::Email => "Email",
            Shape::Url => "Url",
        };
        self.scope.import("runtime", name)
    }

    /// The local name of a type or an event of the spec.
    pub(super) fn named(&mut self, name: &str) -> String {
        let module = self.index.module(name);
        if self.path == module {
            return name.to_owned();
        }
        self.scope.import(if self.path == OUTSIDE { "generated" } else { module }, name)
    }
}

/// The rules of a constrained scalar, as calls on `Rules::ANY`.
fn rules(shape: &Shape) -> Option<String> {
    fn call<N: ToString>(name: &str, bound: Option<N>) -> String {
        bound.map_or_else(String::new, |b| format!(".{name}({})", b.to_string()))
    }
    let made = match shape {
        Shape::String { length, pattern } => {
            let pattern = call("pattern", pattern.as_ref().map(|p| text::literal(p)));
            format!("{}{}{pattern}", call("min_length", length.min), call("max_length", length.max))
        }
        Shape::Int(b) => format!("{}{}", call("min_int", b.min), call("max_int", b.max)),
        Shape::Number(b) => {
            format!("{}{}", call("min_number", b.min.map(number)), call("max_number", b.max.map(number)))
        }
        _ => String::new(),
    };
    (!made.is_empty()).then_some(made)
}

/// A number as a literal; what no literal says is moved to the nearest end.
pub(super) fn number(number: f64) -> String {
    format!("{:?}", number.clamp(f64::MIN, f64::MAX))
}
