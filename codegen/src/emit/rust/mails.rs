//! The module `mails` of the generated crate: the templates of mails, and what each may use.
//!
//! In: the sinks of mail. Out: a type for each template, and one for each object in it. Guaranteed: a template that uses what
//! does not arrive does not compile; what `NAME.html` shows is escaped.
//!
//! The fields are plain values, personal data among them: a mail is for its reader. None of these types can be logged.

use super::index::Index;
use super::module::Module;
use super::{docs, render, text};
use crate::plan::{FieldDef, MailPart, Part, Plan, Shape};
use askama::Template;
use std::collections::BTreeMap;

/// Where askama looks for the templates.
const CONFIG: &str = "askama.toml";

#[derive(Template)]
#[template(path = "rust/mail.rs.txt")]
struct MailText {
    doc: String,
    derives: String,
    template: Option<String>,
    name: String,
    fields: Vec<FieldText>,
}

struct FieldText {
    doc: String,
    serde: Option<String>,
    name: String,
    ty: String,
}

/// The sinks of mail.
pub(super) fn sinks(plan: &Plan) -> impl Iterator<Item = &MailPart> {
    plan.functions.iter().filter_map(|function| match &function.told {
        Some(Part::Mail(mail)) => Some(mail),
        _ => None,
    })
}

/// The type of a sink's template: `EmailHtml` is that of the HTML of the sink `email`.
pub(super) fn name(mail: &MailPart, ending: &str) -> String {
    format!("{}{}", text::upper_camel(&mail.sink), text::upper_camel(ending))
}

/// askama's configuration: the templates lie beside the spec.
pub(super) fn config(plan: &Plan) -> (&'static str, String) {
    let folder = plan.spec.rsplit_once('/').map_or("", |(folder, _)| folder);
    let up = if folder.is_empty() { "../templates".to_owned() } else { format!("../{folder}/templates") };
    let text = format!("# Where the templates of mails lie.\n[general]\ndirs = [{}]\n", text::literal(&up));
    (CONFIG, text)
}

/// The module `mails`.
pub(super) fn mails<'a>(index: &'a Index<'a>) -> Module<'a> {
    let mut objects = BTreeMap::new();
    for mail in sinks(index.plan) {
        mail.fields.iter().for_each(|field| gather(index, &field.shape, &mut objects));
    }
    let of_sinks: Vec<String> = sinks(index.plan).flat_map(|mail| ["html", "txt"].map(|end| name(mail, end))).collect();
    let names = objects.keys().map(|object| named(object, &of_sinks));
    let mut module = Module::new(index, "crate::mails", of_sinks.iter().cloned().chain(names));
    for mail in sinks(index.plan) {
        for ending in ["html", "txt"] {
            let doc = format!("What `templates/{}.{ending}` may use, for the sink `{}`.", mail.template, mail.sink);
            let template = format!("path = \"{}.{ending}\", askama = runtime::askama", mail.template);
            let derived =
                [module.scope.import("runtime::askama", "Template"), module.scope.import("serde", "Deserialize")];
            let [template_trait, deserialize] = derived;
            let made = MailText {
                doc,
                derives: format!("{deserialize}, {template_trait}"),
                template: Some(template),
                name: name(mail, ending),
                fields: fields(&mut module, &mail.fields, &of_sinks),
            };
            module.items.push(render(&made));
        }
    }
    for (object, its) in &objects {
        let made = MailText {
            doc: format!("A value of `{object}` in a template."),
            derives: module.scope.import("serde", "Deserialize"),
            template: None,
            name: named(object, &of_sinks),
            fields: fields(&mut module, its, &of_sinks),
        };
        module.items.push(render(&made));
    }
    module
}

/// The name of an object's type here; those of sinks come first.
fn named(object: &str, of_sinks: &[String]) -> String {
    text::free(object, "", |name| of_sinks.iter().any(|taken| taken == name))
}

/// The objects within a shape, by their names.
fn gather<'a>(index: &Index<'a>, shape: &'a Shape, objects: &mut BTreeMap<String, Vec<FieldDef>>) {
    match shape {
        Shape::Named(name) => {
            if let Some(def) = index.named(name) {
                gather(index, &def.shape, objects);
            }
        }
        Shape::List(inner, _) | Shape::Map(inner) | Shape::Optional(inner) => gather(index, inner, objects),
        Shape::Object { name, fields } if !objects.contains_key(name) => {
            objects.insert(name.clone(), fields.clone());
            fields.iter().for_each(|field| gather(index, &field.shape, objects));
        }
        _ => {}
    }
}

fn fields(module: &mut Module<'_>, fields: &[FieldDef], of_sinks: &[String]) -> Vec<FieldText> {
    let field = |field: &FieldDef| {
        let ty = ty(module, &field.shape, of_sinks);
        FieldText {
            doc: docs::said(field.about.as_deref()).unwrap_or_else(|| format!("The field `{}`.", field.name)),
            serde: ty.starts_with("Option<").then(|| "default".to_owned()),
            name: text::ident(&field.name),
            ty,
        }
    };
    fields.iter().map(field).collect()
}

/// The type with which a template shows a value.
fn ty(module: &mut Module<'_>, shape: &Shape, of_sinks: &[String]) -> String {
    match shape {
        Shape::String { .. }
        | Shape::Decimal
        | Shape::Ulid
        | Shape::Uuid
        | Shape::Email
        | Shape::Url
        | Shape::Enum { .. } => "String".to_owned(),
        Shape::Int(_) => "i64".to_owned(),
        Shape::Number(_) => "f64".to_owned(),
        Shape::Bool => "bool".to_owned(),
        Shape::Timestamp => module.scope.import("runtime", "Timestamp"),
        Shape::Date => module.scope.import("runtime", "Date"),
        Shape::Json => module.scope.import("runtime::serde_json", "Value"),
        Shape::Named(name) => match module.index.named(name) {
            Some(def) => ty(module, &def.shape, of_sinks),
            None => module.scope.import("runtime::serde_json", "Value"),
        },
        Shape::List(inner, _) => format!("Vec<{}>", ty(module, inner, of_sinks)),
        Shape::Map(inner) => {
            let map = module.scope.import("std::collections", "BTreeMap");
            format!("{map}<String, {}>", ty(module, inner, of_sinks))
        }
        Shape::Optional(inner) => match ty(module, inner, of_sinks) {
            optional if optional.starts_with("Option<") => optional,
            inner => format!("Option<{inner}>"),
        },
        Shape::Object { name, .. } => named(name, of_sinks),
    }
}
