//! The user's handlers: scaffolded where they are missing, never touched where they are there.

use super::load::{Failure, Root};
use super::write::atomically;
use crate::Output;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What was scaffolded.
#[derive(Default)]
pub(crate) struct Scaffolded {
    /// New files.
    pub(crate) made: Vec<String>,
    /// Lines that `handlers/src/lib.rs` lacks.
    pub(crate) missing_mods: Vec<String>,
}

/// Writes a skeleton for each handler that has no file; says which `mod` lines are missing.
pub(crate) fn scaffold(root: &Root, output: &Output) -> Result<Scaffolded, Failure> {
    let mut done = Scaffolded::default();
    let lib = root.text("handlers/src/lib.rs")?.unwrap_or_default();
    let mods: BTreeSet<&str> = lib.lines().map(|l| l.trim().trim_start_matches("pub ")).collect();
    for skeleton in &output.skeletons {
        let folder = skeleton.path.replace(".rs", "/mod.rs");
        if root.text(&skeleton.path)?.is_none() && root.text(&folder)?.is_none() {
            atomically(&root.path(&skeleton.path), &skeleton.text)?;
            done.made.push(skeleton.path.clone());
        }
        if !mods.contains(skeleton.mod_line.trim_start_matches("pub ")) {
            done.missing_mods.push(skeleton.mod_line.clone());
        }
    }
    Ok(done)
}

/// Handlers that are there and whose events change: each with what will no longer compile. It compares the
/// schemas of the last compile with the new ones.
pub(crate) fn touched(root: &Root, output: &Output) -> Result<Vec<String>, Failure> {
    let made: BTreeMap<&str, &str> = output.files.iter().map(|f| (f.path.as_str(), f.text.as_str())).collect();
    let mut said = Vec::new();
    for (handler, events) in &output.handler_inputs {
        if root.text(&format!("handlers/src/{handler}.rs"))?.is_none() {
            continue;
        }
        for event in events {
            let path = format!("generated/schemas/{event}.schema.json");
            let (Some(old), Some(new)) = (root.text(&path)?, made.get(path.as_str())) else { continue };
            said.extend(
                differences(&old, new).into_iter().map(|d| format!("handlers/src/{handler}.rs: in `{event}`, {d}")),
            );
        }
    }
    Ok(said)
}

/// The fields of an event that are gone, new or of another type.
fn differences(old: &str, new: &str) -> Vec<String> {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    let (Some(old), Some(new)) = (read(old), read(new)) else { return Vec::new() };
    let none = serde_json::Map::new();
    let fields = |schema: &Value| schema.get("properties").and_then(Value::as_object).unwrap_or(&none).clone();
    let (old, new) = (fields(&old), fields(&new));
    let mut found = Vec::new();
    for (name, was) in &old {
        match new.get(name) {
            None => found.push(format!("the field `{name}` is gone")),
            Some(now) if shape(now) != shape(was) => found.push(format!("the field `{name}` has another type")),
            Some(_) => {}
        }
    }
    found.extend(new.keys().filter(|name| !old.contains_key(*name)).map(|name| format!("the field `{name}` is new")));
    found
}

/// A field's schema without its words.
fn shape(schema: &Value) -> Value {
    let mut shape = schema.clone();
    if let Some(object) = shape.as_object_mut() {
        object.remove("description");
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::differences;

    #[test]
    fn a_field_that_is_gone_is_named() {
        let old = r#"{"properties":{"text":{"type":"string","description":"Old."},"n":{"type":"integer"}}}"#;
        let new = r#"{"properties":{"n":{"type":"string"},"text":{"type":"string"}}}"#;
        assert_eq!(differences(old, new), ["the field `n` has another type"]);
        assert_eq!(differences(new, r#"{"properties":{"n":{"type":"string"}}}"#), ["the field `text` is gone"]);
    }
}
