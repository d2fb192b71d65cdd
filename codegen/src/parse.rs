//! The first pass: from the files of a spec to its syntax.
//!
//! In: the [`Input`]. Out: the [`syntax::Flow`] of the root file, with what it includes and the chosen
//! environment laid over it. Guaranteed: every mistake in the form of a file was reported at its place; a
//! file that was included is one of the [`SourceMap`].

use crate::diagnostic::Diagnostics;
use crate::rules::{e045_not_yet, e050_include, e051_environment};
use crate::source::{FileId, SourceMap, Span};
use crate::syntax;
use crate::yaml::{self, Added, Kind, Node};
use std::collections::{BTreeMap, BTreeSet};

/// A file that was read, or why it was not.
pub type File = Result<Vec<u8>, String>;

/// What a compile begins with.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The root file's path, as messages name it: `spec/everi.yaml`.
    pub path: String,
    /// The root file's bytes.
    pub bytes: Vec<u8>,
    /// The other files of the spec folder, by their paths from it: what `include:` may name.
    pub files: BTreeMap<String, File>,
    /// The mail templates that there are: file names under `templates/` of the spec folder.
    pub templates: BTreeSet<String>,
    /// The environment that is compiled for.
    pub environment: Option<String>,
    /// `spec/stacks.lock.json`, where it is there.
    pub lock: Option<String>,
    /// Whether templates of an earlier compile are there.
    pub compiled_before: bool,
    /// The tables and secrets that may go from the stack, by the names that they had.
    pub allow_loss: BTreeSet<String>,
}

/// Reads the files of a spec. The span is that of the whole root file.
pub fn parse(input: &Input, sources: &mut SourceMap, out: &mut Diagnostics) -> Option<(syntax::Flow, Span)> {
    let (id, root) = file(sources, &input.path, &input.bytes, out);
    let (whole, mut root) = (Span::new(id, 0, length(sources, id)), root?);
    for (path, span) in includes(&root) {
        if let Some(node) = included(input, &path, span, sources, out) {
            root = together(root, node);
        }
    }
    let root = in_order_of_names(environment(root, input.environment.as_deref(), out));
    let mut found = Diagnostics::default();
    let flow = yaml::parse::<syntax::Flow>(&root, &mut found);
    out.extend(words_kept_for_later(found, sources));
    Some((flow.value?, whole))
}

/// Reads one file; what is wrong with its form goes to `out`.
fn file(sources: &mut SourceMap, path: &str, bytes: &[u8], out: &mut Diagnostics) -> (FileId, Option<Node>) {
    let next = FileId(u16::try_from(sources.files().len()).unwrap_or(u16::MAX));
    match yaml::text(next, bytes, out) {
        Some(text) => {
            let id = sources.add(path, text);
            let node = sources.get(id).map(|f| f.text.as_str()).and_then(|text| yaml::read(id, text, out));
            (id, node)
        }
        None => {
            sources.add(path, yaml::readable(bytes));
            (next, None)
        }
    }
}

fn length(sources: &SourceMap, id: FileId) -> u32 {
    sources.get(id).map_or(0, |f| u32::try_from(f.text.len()).unwrap_or(u32::MAX))
}

/// The paths that `include:` names.
fn includes(root: &Node) -> Vec<(String, Span)> {
    let list = root.entries().iter().find(|(k, _)| k.text() == Some("include")).map(|(_, v)| &v.kind);
    match list {
        Some(Kind::Sequence(items)) => items.iter().filter_map(|i| Some((i.text()?.to_owned(), i.span))).collect(),
        _ => Vec::new(),
    }
}

fn included(input: &Input, path: &str, span: Span, sources: &mut SourceMap, out: &mut Diagnostics) -> Option<Node> {
    let folder = input.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let shown = if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
    let outside = path.starts_with('/') || path.contains('\\') || path.split('/').any(|p| p == ".." || p.is_empty());
    let refuse = |why: &str| Some(e050_include::diagnostic(span, path, why));
    let refused = if outside || path.contains(':') {
        refuse("its path leaves the spec folder")
    } else if !(path.ends_with(".yaml") || path.ends_with(".yml")) {
        refuse("it is no `.yaml` file")
    } else if shown == input.path {
        refuse("it is this file")
    } else if sources.files().iter().any(|f| f.path == shown) {
        refuse("it is included already")
    } else {
        match input.files.get(path) {
            Some(Ok(_)) => None,
            Some(Err(why)) => refuse(why),
            None => refuse("there is no such file in the spec folder"),
        }
    };
    if let Some(diagnostic) = refused {
        out.push(diagnostic);
        return None;
    }
    let Some(Ok(bytes)) = input.files.get(path) else { return None };
    let node = file(sources, &shown, bytes, out).1?;
    for (key, _) in node.entries() {
        if matches!(key.text(), Some("include" | "eventloom" | "flow" | "environments")) {
            let name = key.text().unwrap_or_default();
            let why = format!("it says `{name}`, which only the root file says");
            out.push(e050_include::diagnostic(key.span, path, &why));
        }
    }
    Some(node)
}

/// Adds what an included file says: maps of things are joined; a name that both have is reported by
/// `resolve`'s own rule where it is a thing, and here stays the root's otherwise.
fn together(root: Node, more: Node) -> Node {
    let (Kind::Mapping(mut entries), Kind::Mapping(added)) = (root.kind, more.kind) else {
        return Node { span: root.span, kind: Kind::Mapping(Vec::new()) };
    };
    for (key, value) in added {
        if matches!(key.text(), Some("include" | "eventloom" | "flow" | "environments")) {
            continue;
        }
        match entries.iter_mut().find(|(k, _)| k.text() == key.text()) {
            Some((_, Node { kind: Kind::Mapping(there), .. })) => {
                if let Kind::Mapping(new) = value.kind {
                    there.extend(new);
                }
            }
            Some(_) => {}
            None => entries.push((key, value)),
        }
    }
    Node { span: root.span, kind: Kind::Mapping(entries) }
}

/// Lays the chosen environment over the flow. Every environment is laid over once, so that a mistake in one
/// is found whichever is compiled for.
fn environment(root: Node, chosen: Option<&str>, out: &mut Diagnostics) -> Node {
    let environments: Vec<(String, Span, Node)> = root
        .entries()
        .iter()
        .filter(|(k, _)| k.text() == Some("environments"))
        .flat_map(|(_, v)| v.entries())
        .filter_map(|(k, v)| Some((k.text()?.to_owned(), k.span, v.clone())))
        .collect();
    let names: Vec<&str> = environments.iter().map(|(n, ..)| n.as_str()).collect();
    if let Some(wanted) = chosen.filter(|c| !names.contains(c)) {
        out.push(e051_environment::unknown(Span::new(root.span.file, 0, 0), wanted, &names));
    }
    let mut laid = None;
    for (name, _, over) in environments {
        let mut added = Vec::new();
        let over = yaml::overlay(root.clone(), over, &mut added);
        for added in added.iter().filter(|a| is_thing(a)) {
            let what = added.path.last().map_or("", String::as_str);
            out.push(e051_environment::adds(added.span, what, &name));
        }
        if chosen == Some(name.as_str()) {
            laid = Some(over);
        }
    }
    laid.unwrap_or(root)
}

/// Whether an added path is a new thing, rather than a setting of one.
fn is_thing(added: &Added) -> bool {
    const KINDS: [&str; 11] = [
        "types",
        "events",
        "tables",
        "secrets",
        "gateways",
        "sources",
        "topics",
        "queues",
        "groupers",
        "workflows",
        "sinks",
    ];
    let first = added.path.first().map_or("", String::as_str);
    added.path.len() == 1 && KINDS.contains(&first)
        || added.path.len() == 2 && (KINDS.contains(&first) || first == "handlers")
}

/// The same tree with the entries of every map in the order of their keys: in which order a person writes
/// them changes no output. What has an order of its own, such as steps, is a list.
fn in_order_of_names(node: Node) -> Node {
    let kind = match node.kind {
        Kind::Mapping(entries) => {
            let mut entries: Vec<_> = entries.into_iter().map(|(k, v)| (k, in_order_of_names(v))).collect();
            entries.sort_by(|(a, _), (b, _)| a.text().cmp(&b.text()));
            Kind::Mapping(entries)
        }
        Kind::Sequence(items) => Kind::Sequence(items.into_iter().map(in_order_of_names).collect()),
        other => other,
    };
    Node { span: node.span, kind }
}

/// Turns "unknown key" into "not yet" for words that are kept.
fn words_kept_for_later(found: Diagnostics, sources: &SourceMap) -> Diagnostics {
    let mut out = Diagnostics::default();
    for diagnostic in found.sorted() {
        let word = sources.text(diagnostic.span);
        let kept = e045_not_yet::WORDS
            .iter()
            .any(|(kept, of)| *kept == word && of.is_none_or(|of| diagnostic.message.contains(of)));
        let unknown = matches!(diagnostic.code, yaml::codes::UNKNOWN_KEY | yaml::codes::UNKNOWN_KIND);
        out.push(if kept && unknown { e045_not_yet::diagnostic(diagnostic.span, word) } else { diagnostic });
    }
    out
}
