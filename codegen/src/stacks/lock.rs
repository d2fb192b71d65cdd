//! `spec/stacks.lock.json`: where every resource is, and what decides its replacement.
//!
//! In: the text of the file, which may have been merged by hand or made by somebody else. Out: a [`Lock`],
//! or an error that says what to do. Guaranteed: what is read back is what was written; one line a
//! resource, in the order of logical ids, so that two people's additions merge.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::key::StackKey;
use super::scan::Flow;
use crate::cfn::LogicalId;

/// The version of the file's form.
const VERSION: u32 = 1;
const ABOUT: &str = "Written by the compiler, and to be committed: it keeps every resource in its stack.";

/// One resource in the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its stack, as `main/compute-1`.
    pub stack: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    /// The named thing of the spec that it belongs to.
    pub owner: String,
    /// Whether it holds what cannot be made again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stateful: bool,
    /// What decides its replacement.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub identity: BTreeMap<String, String>,
}

/// Where every resource was put by the last compile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    /// By logical id.
    pub resources: BTreeMap<String, Entry>,
    /// The names that a thing had before, the first first, by its owner's name: `queues.alerts`. Its logical ids are made
    /// from the first.
    pub renamed: BTreeMap<String, Vec<String>>,
}

/// Why a lock cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// The marks of an unfinished merge.
    #[error("line {0} is the mark of an unfinished merge; keep the lines of both sides and delete the marks")]
    Conflict(usize),
    /// Not the JSON of a lock.
    #[error("{0}; restore the file from version control rather than mend it by hand")]
    Syntax(String),
    /// Another version's form.
    #[error("its version is {0} and this compiler reads {VERSION}; use the compiler that wrote it")]
    Version(u32),
    /// One logical id twice: two branches added it.
    #[error("`{0}` is there twice; keep the line whose stack is deployed")]
    Twice(String),
    /// Something that is no logical id.
    #[error("`{0}` is no logical id")]
    Id(String),
    /// Something that is no stack.
    #[error("`{id}` is in the stack `{stack}`, and no stack has such a name")]
    Stack {
        /// Whose stack.
        id: String,
        /// What stands there.
        stack: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "read before, with `Version`")]
    version: u32,
    #[serde(default)]
    #[expect(dead_code, reason = "a note for people")]
    about: String,
    #[serde(default)]
    renamed: BTreeMap<String, Vec<String>>,
    #[serde(deserialize_with = "pairs")]
    resources: Vec<(String, Entry)>,
}

/// The form's version alone, so that another version's file is not called broken.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// Keeps an id that stands twice, which a map would drop.
fn pairs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Entry)>, D::Error> {
    struct Pairs;
    impl<'de> Visitor<'de> for Pairs {
        type Value = Vec<(String, Entry)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the resources by logical id")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut pairs = Vec::new();
            while let Some(pair) = map.next_entry()? {
                pairs.push(pair);
            }
            Ok(pairs)
        }
    }
    deserializer.deserialize_map(Pairs)
}

/// The start of a text that came from a file, short enough for a message.
fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    /// If the text is not a lock that this compiler wrote: see [`LockError`].
    pub fn parse(text: &str) -> Result<Self, LockError> {
        let mark = |line: &str| ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| line.starts_with(mark));
        if let Some(line) = text.lines().position(mark) {
            return Err(LockError::Conflict(line + 1));
        }
        let syntax = |error: serde_json::Error| LockError::Syntax(error.to_string());
        let Version { version } = serde_json::from_str(text).map_err(syntax)?;
        if version != VERSION {
            return Err(LockError::Version(version));
        }
        let file: File = serde_json::from_str(text).map_err(syntax)?;
        let mut resources = BTreeMap::new();
        for (id, entry) in file.resources {
            if LogicalId::new(&id).is_err() {
                return Err(LockError::Id(short(&id)));
            }
            if entry.stack.parse::<StackKey>().is_err() {
                return Err(LockError::Stack { id, stack: short(&entry.stack) });
            }
            if resources.contains_key(&id) {
                return Err(LockError::Twice(id));
            }
            resources.insert(id, entry);
        }
        Ok(Self { resources, renamed: file.renamed })
    }

    /// The text of the lock.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("{{\n  \"version\": {VERSION},\n  \"about\": \"{ABOUT}\",\n");
        if !self.renamed.is_empty() {
            text.push_str("  \"renamed\": {");
            for (place, (owner, names)) in self.renamed.iter().enumerate() {
                text.push_str(if place > 0 { ",\n" } else { "\n" });
                let names = serde_json::to_string(names).unwrap_or_default();
                text.push_str(&format!("    \"{owner}\": {names}"));
            }
            text.push_str("\n  },\n");
        }
        text.push_str("  \"resources\": {");
        for (place, (id, entry)) in self.resources.iter().enumerate() {
            text.push_str(if place > 0 { ",\n" } else { "\n" });
            // An entry is text, booleans and a map of text: it always has a form in JSON.
            let entry = serde_json::to_string(entry).unwrap_or_default();
            text.push_str(&format!("    \"{id}\": {entry}"));
        }
        text.push_str(if self.resources.is_empty() { "}\n}\n" } else { "\n  }\n}\n" });
        text
    }

    /// Where a resource is.
    pub(super) fn stack(&self, id: &str) -> Option<StackKey> {
        self.resources.get(id).and_then(|entry| entry.stack.parse().ok())
    }
}

/// The lock of what was placed. Takes owners and identities out of the flow, which has no more use for
/// them.
pub(super) fn record(flow: &mut Flow, places: &[StackKey]) -> Lock {
    let entry = |(item, place): (&mut super::scan::Item, &StackKey)| {
        let entry = Entry {
            stack: place.to_string(),
            kind: Cow::Borrowed(item.placed.resource.kind()),
            owner: std::mem::take(&mut item.placed.owner),
            stateful: item.placed.identity.stateful,
            identity: std::mem::take(&mut item.placed.identity.properties),
        };
        (item.placed.resource.id().to_string(), entry)
    };
    Lock { resources: flow.items.iter_mut().zip(places).map(entry).collect(), renamed: BTreeMap::new() }
}
