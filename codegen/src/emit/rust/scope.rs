//! What a module of the generated code names, and by which name.
//!
//! In: what the module defines, then what it uses. Out: its `use` lines. Guaranteed: no two things have one
//! name; where they would, what is imported is renamed.

use super::text;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// The names of a module.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// What is taken, and by what: the path of an import, or nothing for the module's own.
    taken: BTreeMap<String, Option<String>>,
    /// Imports by their path's first part and path: name and local name.
    uses: BTreeMap<(u8, String), BTreeSet<(String, String)>>,
}

impl Scope {
    /// A module that defines these.
    pub(super) fn new(defined: impl IntoIterator<Item = String>) -> Self {
        Self { taken: defined.into_iter().map(|name| (name, None)).collect(), uses: BTreeMap::new() }
    }

    /// Uses a thing of another module, and says by which name.
    pub(super) fn import(&mut self, path: &str, name: &str) -> String {
        let whole = format!("{path}::{name}");
        let is_it = |taken: Option<&Option<String>>| taken.is_none_or(|t| t.as_deref() == Some(&whole));
        let mut local = name.to_owned();
        while !is_it(self.taken.get(&local)) {
            local = format!("{}{local}", prefix(path));
        }
        self.taken.insert(local.clone(), Some(whole));
        self.uses.entry((group(path), path.to_owned())).or_default().insert((name.to_owned(), local.clone()));
        local
    }

    /// The `use` lines, in rustfmt's order; the standard library, other crates, and this one apart.
    pub(super) fn lines(&self) -> String {
        let mut groups: BTreeMap<u8, Vec<(Vec<&str>, String)>> = BTreeMap::new();
        for ((group, path), names) in &self.uses {
            let mut names: Vec<&(String, String)> = names.iter().collect();
            names.sort_by(|(a, _), (b, _)| text::version_order(a, b));
            let shown = |(name, local): &(String, String)| {
                if name == local { name.clone() } else { format!("{name} as {local}") }
            };
            let shown: Vec<String> = names.iter().copied().map(shown).collect();
            let last = match names.as_slice() {
                [(one, _)] => one,
                _ => LIST,
            };
            let place = path.split("::").chain([last]).collect();
            groups.entry(*group).or_default().push((place, text::import(path, &shown)));
        }
        let joined = groups.into_values().map(|mut lines| {
            lines.sort_by(|(a, _), (b, _)| by_parts(a, b));
            lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n")
        });
        joined.collect::<Vec<_>>().join("\n\n")
    }

    /// Whether a word is a name of this module.
    pub(super) fn has(&self, word: &str) -> bool {
        self.taken.contains_key(word)
    }
}

/// What stands for a list of names in the order of lines: it comes after any name.
const LIST: &str = "\u{7f}";

/// The order of `use` lines in rustfmt's groups.
fn by_parts(a: &[&str], b: &[&str]) -> Ordering {
    let parts = a.iter().zip(b).map(|(a, b)| text::version_order(a, b));
    parts.fold(Ordering::Equal, Ordering::then).then(a.len().cmp(&b.len()))
}

fn group(path: &str) -> u8 {
    match path.split("::").next() {
        Some("std") => 0,
        Some("crate") => 2,
        _ => 1,
    }
}

/// What is put before a name that is taken.
fn prefix(path: &str) -> String {
    match path.split("::").next() {
        None | Some("crate") => "Flow".to_owned(),
        Some(first) => text::upper_camel(first),
    }
}
