//! The module `tables` of the generated crate: typed rows of the tables that handlers read and write.
//!
//! In: the plan's stores. Out: a row's type, a reader and a writer for each, as handlers need them. Guaranteed: what a handler
//! may not do has no method.

use super::index::{Index, made_of_fields};
use super::module::Module;
use super::{docs, handlers, render, text};
use crate::plan::{FieldDef, Shape, StoreDef};
use askama::Template;

#[derive(Template)]
#[template(path = "rust/table.rs.txt")]
struct TableText<'a> {
    table: &'a str,
    name: &'a str,
    row: &'a str,
    constant: &'a str,
    reads: bool,
    writes: bool,
    get: String,
    delete: String,
    values: String,
    indexes: Vec<IndexText>,
    invocation: String,
    error: String,
    key: String,
}

struct IndexText {
    doc: String,
    signature: String,
    field: String,
    number: bool,
    index: String,
    value: String,
}

/// The names of a table's types: its reader's; a writer has `Writer` behind it, a row `Row`.
pub(super) fn names(index: &Index<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for store in &index.plan.stores {
        let ends = ["", "Row", "Writer"];
        let taken = |wanted: &str| {
            names.iter().any(|n| ends.iter().any(|a| ends.iter().any(|b| format!("{n}{a}") == format!("{wanted}{b}"))))
        };
        names.push(text::free(&handlers::name(&store.name), "", taken));
    }
    names
}

/// The module `tables`.
pub(super) fn tables<'a>(index: &'a Index<'a>) -> Module<'a> {
    let names = names(index);
    let mut defined: Vec<String> = Vec::new();
    for (store, name) in index.plan.stores.iter().zip(&names) {
        defined.extend([name.clone(), format!("{name}Row"), format!("{name}Writer"), constant(store)]);
        if !store.events {
            made_of_fields(&store.fields, &format!("{name}Row"), &mut defined);
        }
    }
    let mut module = Module::new(index, "crate::tables", defined);
    for (store, name) in index.plan.stores.iter().zip(&names) {
        table(&mut module, store, name);
    }
    module
}

fn constant(store: &StoreDef) -> String {
    store.name.to_ascii_uppercase()
}

fn table(module: &mut Module<'_>, store: &StoreDef, name: &str) {
    let owner = format!("{name}Row");
    let row = if store.events {
        module.scope.import("runtime::rows", "Recorded")
    } else {
        let fields: Vec<_> = store.fields.iter().map(|field| (field.clone(), docs::of_field(field, &owner))).collect();
        module.structure(&format!("A row of the table `{}`.", store.name), &owner, &fields, false);
        owner.clone()
    };
    let (ty, key) = (module.scope.import("runtime::rows", "Table"), module.scope.import("runtime::rows", "Key"));
    let fields: Vec<&FieldDef> =
        std::iter::once(&store.key).chain(&store.sort).filter_map(|f| store.field(f)).collect();
    let keys: Vec<String> = fields
        .iter()
        .map(|field| format!("{key} {{ field: {}, number: {} }}", text::literal(&field.name), is_number(module, field)))
        .collect();
    let constant = constant(store);
    let value = super::value::Value::Struct(
        ty.clone(),
        vec![
            ("name", super::value::Value::text(&store.variable)),
            ("key", super::value::Value::List(keys.into_iter().map(super::value::Value::Word).collect())),
        ],
    );
    let before = format!("const {constant}: {ty} =");
    module.items.push(format!("{before}{}", value.assigned(before.chars().count())));
    let (error, invocation) = (module.scope.import("runtime", "Error"), module.scope.import("runtime", "Invocation"));
    let arguments: Vec<String> =
        std::iter::once("&self".to_owned()).chain(fields.iter().map(|field| argument(module, &owner, field))).collect();
    let signature = |name: &str, answer: &str| {
        text::call(4, &format!("pub async fn {name}"), &arguments, &format!(" -> Result<{answer}, {error}> {{"))
    };
    let values: Vec<String> = fields.iter().map(|field| value_of(module, field)).collect();
    let indexes = if store.reads { indexes(module, store, &owner, &row) } else { Vec::new() };
    let made = render(&TableText {
        table: &store.name,
        name,
        row: &row,
        constant: &constant,
        reads: store.reads,
        // An outbox has a writer of its own.
        writes: store.writes && !store.events,
        get: signature("get", &format!("Option<{row}>")),
        delete: signature("delete", "()"),
        values: values.join(", "),
        indexes,
        invocation,
        error,
        key,
    });
    module.items.push(made.trim().to_owned());
}

fn indexes(module: &mut Module<'_>, store: &StoreDef, owner: &str, row: &str) -> Vec<IndexText> {
    let own = store.sort.iter().map(|sort| ("all_of".to_owned(), None, store.key.clone(), Some(sort.clone())));
    let named =
        store.indexes.iter().map(|(name, key, sort)| (name.clone(), Some(name.clone()), key.clone(), sort.clone()));
    let mut made = Vec::new();
    for (name, index, key, sort) in own.chain(named) {
        let Some(field) = store.field(&key) else { continue };
        let rows = module.scope.import("runtime::rows", "Rows");
        let arguments = ["&self".to_owned(), argument(module, owner, field)];
        let order = sort.map(|sort| format!(", in the order of `{sort}`")).unwrap_or_default();
        made.push(IndexText {
            doc: match &index {
                Some(index) => format!("The rows of the index `{index}` with this `{key}`{order}; a moment behind."),
                None => format!("The rows with this `{key}`{order}."),
            },
            signature: text::call(
                4,
                &format!("pub fn {}", text::ident(&name)),
                &arguments,
                &format!(" -> {rows}<'a, {row}> {{"),
            ),
            field: key.clone(),
            number: is_number(module, field),
            index: index.map_or_else(|| "None".to_owned(), |index| format!("Some({})", text::literal(&index))),
            value: value_of(module, field),
        });
    }
    made
}

fn value_of(module: &mut Module<'_>, field: &FieldDef) -> String {
    // By its module: a field may be called `value` too.
    let rows = module.scope.import("runtime", "rows");
    format!("{rows}::value({})", text::ident(&field.name))
}

fn argument(module: &mut Module<'_>, owner: &str, field: &FieldDef) -> String {
    let shape = match &field.shape {
        Shape::Optional(inner) => inner,
        shape => shape,
    };
    let ty = match shape {
        constrained if docs::is_constrained(constrained) => format!("{owner}{}", text::upper_camel(&field.name)),
        Shape::Enum { name, .. } => name.clone(),
        shape => module.plain(shape),
    };
    let ty = if ty == "String" { "str".to_owned() } else { ty };
    format!("{}: &{ty}", text::ident(&field.name))
}

fn is_number(module: &Module<'_>, field: &FieldDef) -> bool {
    fn number(index: &Index<'_>, shape: &Shape) -> bool {
        match shape {
            Shape::Int(_) | Shape::Number(_) => true,
            Shape::Optional(inner) => number(index, inner),
            Shape::Named(name) => index.named(name).is_some_and(|def| number(index, &def.shape)),
            _ => false,
        }
    }
    number(module.index, &field.shape)
}
