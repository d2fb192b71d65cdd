//! The values of fields that are absent.
//!
//! In: a field with its default as JSON. Out: a function that makes the default. Guaranteed: a value that its
//! type may refuse is unwrapped in the open, under the reason why it cannot be refused.

use super::module::{Module, number};
use super::{docs, index::Index, text};
use crate::plan::{FieldDef, Shape};
use serde_json::Value;

/// The function that makes a field's default; `ty` is the field's Rust type.
pub(super) fn function(module: &mut Module<'_>, name: &str, field: &FieldDef, ty: &str, json: &str) -> String {
    let (inner, optional) = match &field.shape {
        Shape::Optional(inner) => (&**inner, true),
        shape => (shape, false),
    };
    let own = ty.trim_start_matches("Option<").trim_start_matches("Pii<").trim_end_matches('>');
    let value: Value = serde_json::from_str(json).unwrap_or_default();
    let wrapped = module.index.is_wrapped(field);
    let made = match value {
        Value::Null if optional => Some(("None".to_owned(), false)),
        value => plain(module, inner, own, &value).map(|(made, refused)| {
            let made = if wrapped { format!("{}({made})", module.scope.import("runtime", "Pii")) } else { made };
            (if optional { format!("Some({made})") } else { made }, refused)
        }),
    };
    // Whatever has no literal of its own is read as its JSON would be.
    let (made, refused) =
        made.unwrap_or_else(|| (unwrapped(&format!("serde_json::from_str({})", text::literal(json))), true));
    let reason = "the compiler has held the default against its type's rules";
    let expect =
        if refused { format!("#[expect(clippy::expect_used, reason = \"{reason}\")]\n") } else { String::new() };
    format!("{expect}pub(super) fn {name}() -> {ty} {{\n    {made}\n}}")
}

fn unwrapped(made: &str) -> String {
    format!("{made}.expect(\"a default keeps its type's rules\")")
}

/// A value that has a literal, and whether its type may refuse it.
fn plain(module: &Module<'_>, shape: &Shape, name: &str, value: &Value) -> Option<(String, bool)> {
    if docs::is_constrained(shape) {
        let made = scalar(shape, value, false)?;
        return Some((unwrapped(&format!("{name}::new({made})")), true));
    }
    match shape {
        Shape::Enum { values, .. } => choice(values, name, value),
        Shape::Named(named) => {
            let def = module.index.named(named)?;
            match &def.shape {
                Shape::Enum { values, .. } => choice(values, name, value),
                inner if !Index::is_own(def) => {
                    if def.pii {
                        None
                    } else {
                        scalar(inner, value, true).map(|made| (made, false))
                    }
                }
                inner if docs::is_constrained(inner) => {
                    let made = scalar(inner, value, false)?;
                    Some((unwrapped(&format!("{name}::new({made})")), true))
                }
                inner => Some((format!("{name}::from({})", scalar(inner, value, false)?), false)),
            }
        }
        shape => scalar(shape, value, true).map(|made| (made, false)),
    }
}

fn choice(values: &[String], name: &str, value: &Value) -> Option<(String, bool)> {
    let place = values.iter().position(|v| Some(v.as_str()) == value.as_str())?;
    let variant = text::variants(values).into_iter().nth(place)?;
    Some((format!("{name}::{variant}"), false))
}

fn scalar(shape: &Shape, value: &Value, owned: bool) -> Option<String> {
    match (shape, value) {
        (Shape::String { .. }, Value::String(text)) => {
            Some(format!("{}{}", text::literal(text), if owned { ".to_owned()" } else { "" }))
        }
        (Shape::Int(_), Value::Number(n)) => n.as_i64().map(|n| n.to_string()),
        (Shape::Number(_), Value::Number(n)) => n.as_f64().map(number),
        (Shape::Bool, Value::Bool(b)) => Some(b.to_string()),
        _ => None,
    }
}
