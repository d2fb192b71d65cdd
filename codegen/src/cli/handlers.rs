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

/// A handler that the flow had and no longer has.
pub(crate) struct Unused {
    /// Its file.
    file: String,
    /// Its line in `handlers/src/lib.rs`, and the number of that.
    mod_line: Option<(usize, String)>,
}

impl Unused {
    /// What may go.
    pub(crate) fn words(&self) -> String {
        match &self.mod_line {
            Some((number, line)) => format!("{}, and `{line}` in handlers/src/lib.rs:{number}", self.file),
            None => self.file.clone(),
        }
    }
}

/// Handlers that the last compile had a trait for and this one does not, and whose files are there.
pub(crate) fn unused(root: &Root, output: &Output) -> Result<Vec<Unused>, Failure> {
    let Some(last) = root.text("generated/bootstrap/src/main.rs")? else { return Ok(Vec::new()) };
    let lib = root.text("handlers/src/lib.rs")?.unwrap_or_default();
    let kept: BTreeSet<&str> = output.skeletons.iter().map(|s| s.path.as_str()).collect();
    let mut found = Vec::new();
    for name in last.lines().filter_map(|l| l.split_once("= handlers::")?.1.strip_suffix("::Handler;")) {
        let file = format!("handlers/src/{}.rs", name.trim_start_matches("r#"));
        if kept.contains(file.as_str()) || root.text(&file)?.is_none() {
            continue;
        }
        let is_its =
            |line: &str| line.trim().trim_start_matches("pub ").strip_prefix("mod ") == Some(&format!("{name};"));
        let mod_line = (1..).zip(lib.lines()).find(|(_, l)| is_its(l)).map(|(n, l)| (n, l.trim().to_owned()));
        found.push(Unused { file, mod_line });
    }
    Ok(found)
}

/// Handlers that are there and whose events change: each file with what changes. It compares the schemas of the last
/// compile with the new ones.
pub(crate) fn touched(root: &Root, output: &Output) -> Result<Vec<(String, String)>, Failure> {
    let made: BTreeMap<&str, &str> = output.files.iter().map(|f| (f.path.as_str(), f.text.as_str())).collect();
    let mut said = Vec::new();
    for (handler, events) in &output.handler_inputs {
        let file = format!("handlers/src/{handler}.rs");
        if root.text(&file)?.is_none() {
            continue;
        }
        let mut changed = Vec::new();
        for event in events {
            let path = format!("generated/schemas/{event}.schema.json");
            let (Some(old), Some(new)) = (root.text(&path)?, made.get(path.as_str())) else { continue };
            let found = differences(&old, new);
            if !found.is_empty() {
                changed.push(format!("in `{event}`, {}", found.join(", ")));
            }
        }
        if !changed.is_empty() {
            said.push((file, changed.join("; ")));
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
