//! What a compile says at its end: what was made, what changed, what to do next.

use super::crates::Crates;
use super::handlers::{Scaffolded, Unused};
use super::load::Root;
use super::write::Written;
use crate::Output;
use crate::stacks::Named;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The most names of one list that are shown.
const SHOWN: usize = 8;

/// What became of the user's handlers.
pub(crate) struct Handlers {
    /// What was begun.
    pub(crate) scaffolded: Scaffolded,
    /// Those whose events changed: the file, and what changed.
    pub(crate) touched: Vec<(String, String)>,
    /// Those that the flow no longer has.
    pub(crate) unused: Vec<Unused>,
}

/// Files that are not fresh.
pub(crate) fn not_fresh(stale: &[String]) -> String {
    let mut text = String::from("the generated files are not fresh:\n");
    for line in stale {
        let _ = writeln!(text, "  {line}");
    }
    text.push_str("run `cargo run -p codegen` and commit what it writes\n");
    text
}

/// What a check without mistakes says: what the flow is, and what the next update would do.
pub(crate) fn checked(root: &Root, output: &Output) -> String {
    let mut text = format!("{} is right: {}\n", root.spec, things(output));
    changes(&mut text, output);
    text
}

/// What a compile did.
pub(crate) fn summary(root: &Root, output: &Output, written: &Written, crates: &Crates, handlers: &Handlers) -> String {
    let mut text = String::new();
    let counts = &output.counts;
    let _ = writeln!(text, "{} → generated/", root.spec);
    let _ = writeln!(text, "  {}", things(output));
    let _ = writeln!(text, "  {} in {}", plural(counts.resources, "resource"), plural(counts.stacks, "stack"));
    waiting(&mut text, counts.functions, &output.waiting);
    match (written.changed.len(), written.removed.len()) {
        (0, 0) => text.push_str("  nothing changed\n"),
        (changed, 0) => {
            let _ = writeln!(text, "  wrote {changed} of {}", plural(written.all, "file"));
        }
        (changed, removed) => {
            let _ = writeln!(text, "  wrote {changed} of {}, removed {removed}", plural(written.all, "file"));
        }
    }
    changes(&mut text, output);
    // What was said of a plan is said again only when the plan may be another.
    let changed = !written.changed.is_empty() || !written.removed.is_empty();
    list(&mut text, "  note", output.remarks.iter().filter(|_| changed).map(|r| format!("{}: {}", r.about, r.text)));
    let Handlers { scaffolded, touched, unused } = handlers;
    list(
        &mut text,
        "  the events of these handlers changed",
        touched.iter().map(|(file, what)| format!("{file}: {what}")),
    );
    if !touched.is_empty() {
        text.push_str("    what reads a field that is gone or of another type no longer compiles; messages in flight have the old shape\n");
    }
    list(&mut text, "  no longer used", unused.iter().map(Unused::words));
    list(&mut text, "  begun", crates.made.iter().chain(&scaffolded.made).cloned());
    list(&mut text, "  add to handlers/src/lib.rs", scaffolded.missing_mods.iter().cloned());
    list(
        &mut text,
        "  add to the members in the workspace's Cargo.toml",
        crates.missing_members.iter().map(|m| format!("\"{m}\",")),
    );
    let _ = writeln!(text, "next: {}", next(crates, handlers));
    text
}

/// What the flow has, in numbers.
fn things(output: &Output) -> String {
    let counts = &output.counts;
    let things = [
        (counts.events, "event"),
        (counts.functions, "function"),
        (counts.queues, "queue"),
        (counts.topics, "topic"),
        (counts.tables, "table"),
        (counts.machines, "state machine"),
        (counts.gateways, "gateway"),
    ];
    let things: Vec<String> = things.iter().filter(|(n, _)| *n > 0).map(|(n, what)| plural(*n, what)).collect();
    things.join(", ")
}

/// What can be deployed and does nothing yet: it says so when it starts, which is late.
fn waiting(text: &mut String, functions: usize, waiting: &[&'static str]) {
    if waiting.is_empty() {
        return;
    }
    let parts: BTreeSet<&str> = waiting.iter().copied().collect();
    let parts: Vec<&str> = parts.into_iter().collect();
    let all = plural(functions, "function");
    let _ = writeln!(text, "  {} of {all} cannot run yet: the runtime still lacks {}", waiting.len(), parts.join(", "));
}

fn plural(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn list(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        let _ = writeln!(text, "{title}:");
        lines.for_each(|line| {
            let _ = writeln!(text, "    {line}");
        });
    }
}

/// What the stack's next update does.
fn changes(text: &mut String, output: &Output) {
    let changes = &output.changes;
    if output.first {
        return;
    }
    names(text, "+ adds", &changes.added);
    names(text, "- removes", &changes.removed);
    names(text, "  of these stays in the account, without a stack", &changes.retained);
    for rename in &changes.renames {
        let crate::stacks::Rename { kind, was, now } = rename;
        let _ = writeln!(
            text,
            "  ? `{kind}.{was}` is gone and `{kind}.{now}` is new: if it is the same under another name, \
             say `renamed_from: {was}` in `{now}`, and nothing is lost"
        );
    }
    for replaced in &changes.replaced {
        let why: Vec<&str> = replaced.changed.iter().map(|c| c.property.as_str()).collect();
        let _ = writeln!(text, "  ~ replaces {} (its {} changes)", replaced.resource.id, why.join(", "));
    }
    for index in &changes.indexes {
        let _ = writeln!(
            text,
            "  ! {} changes {} indexes, and DynamoDB takes one an update: deploy them one by one",
            index.table.id,
            index.added.len() + index.dropped.len() + 2 * index.changed.len()
        );
    }
}

fn names(text: &mut String, what: &str, list: &[Named]) {
    if list.is_empty() {
        return;
    }
    let mut shown: Vec<&str> = list.iter().take(SHOWN).map(|n| n.id.as_str()).collect();
    let more = format!("and {} more", list.len().saturating_sub(SHOWN));
    if list.len() > SHOWN {
        shown.push(&more);
    }
    let _ = writeln!(text, "  {what} {}: {}", plural(list.len(), "resource"), shown.join(", "));
}

/// What to do now, in its order.
fn next(crates: &Crates, handlers: &Handlers) -> String {
    let mut steps = Vec::new();
    if !crates.missing_members.is_empty() {
        steps.push("add the members".to_owned());
    }
    if !handlers.scaffolded.missing_mods.is_empty() {
        steps.push("add the lines to handlers/src/lib.rs".to_owned());
    }
    let begun = !handlers.scaffolded.made.is_empty();
    if begun || !handlers.touched.is_empty() {
        steps.push("write the handlers".to_owned());
    }
    if let Some(bootstrap) = &crates.bootstrap {
        steps.push(format!("`cargo check -p {bootstrap}`"));
    }
    steps.push("commit spec/, generated/ and handlers/ together".to_owned());
    steps.join("; ")
}
