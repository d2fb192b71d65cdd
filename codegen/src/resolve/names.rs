//! The names of a flow: their form, their uniqueness, and what they stand for.

use super::Resolver;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{
    Destination, EventId, GatewayId, GrouperId, HandlerId, Id, QueueId, SecretId, SinkId, SourceId, Spanned, TableId,
    TopicId, TypeId, WorkflowId,
};
use crate::rules::{e031_name_form, e033_name_taken, e034_unknown_name, e035_wrong_kind, e052_renamed_from};
use crate::source::Span;
use crate::syntax::{self, Named};
use crate::yaml::At;
use std::collections::BTreeMap;

/// Built-in types: no named type may take their names.
pub(super) const BUILT_IN_TYPES: [&str; 12] =
    ["string", "int", "number", "decimal", "bool", "timestamp", "date", "ulid", "uuid", "email", "url", "json"];

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Type(TypeId),
    Event(EventId),
    /// An event that a grouper emits; its id follows the declared ones.
    Emitted(EventId),
    Table(TableId),
    Secret(SecretId),
    Gateway(GatewayId),
    Source(SourceId),
    Handler(HandlerId),
    To(Destination),
}

impl Meaning {
    /// The kind in the spec's words.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Type(_) => "a type",
            Self::Event(_) | Self::Emitted(_) => "an event",
            Self::Table(_) => "a table",
            Self::Secret(_) => "a secret",
            Self::Gateway(_) => "a gateway",
            Self::Source(_) => "a source",
            Self::Handler(_) => "a handler",
            Self::To(Destination::Topic(_)) => "a topic",
            Self::To(Destination::Queue(_)) => "a queue",
            Self::To(Destination::Grouper(_)) => "a grouper",
            Self::To(Destination::Workflow(_)) => "a workflow",
            Self::To(Destination::Sink(_)) => "a sink",
        }
    }
}

/// All names, each with everything that it stands for: sources, tables and handlers have name spaces of
/// their own, so one name may stand for several things.
#[derive(Debug, Default)]
pub(super) struct Names {
    all: BTreeMap<String, Vec<Entry>>,
    /// The names of types and events in small letters, each with one that is written so: they name files, and some
    /// disks do not tell capitals apart.
    folded: BTreeMap<String, (String, Span)>,
}

/// One thing that a name stands for.
#[derive(Debug, Clone, Copy)]
struct Entry {
    meaning: Meaning,
    span: Span,
    /// Whether the thing could be read. If not, who refers to it is not blamed, but gets no id either.
    read: bool,
}

impl Names {
    /// Collects the names of a flow and reports those that cannot be.
    pub(super) fn collect(flow: &syntax::Flow, out: &mut Diagnostics) -> Self {
        let mut names = Self::default();
        names.take(&flow.types, Case::Upper, out, |i| Meaning::Type(TypeId::from_index(i)));
        names.take(&flow.events, Case::Upper, out, |i| Meaning::Event(EventId::from_index(i)));
        let declared = flow.events.values().filter(|e| e.value.is_some()).count() as u32;
        for (id, grouper) in (declared..).zip(flow.groupers.values().filter_map(|g| g.value.as_ref())) {
            names.name(&grouper.emits, Case::Upper, Meaning::Emitted(EventId::from_index(id)), true, out);
        }
        names.take(&flow.tables, Case::Lower, out, |i| Meaning::Table(TableId::from_index(i)));
        names.take(&flow.secrets, Case::Lower, out, |i| Meaning::Secret(SecretId::from_index(i)));
        names.take(&flow.gateways, Case::Lower, out, |i| Meaning::Gateway(GatewayId::from_index(i)));
        names.take(&flow.sources, Case::Lower, out, |i| Meaning::Source(SourceId::from_index(i)));
        names.take(&flow.handlers, Case::Lower, out, |i| Meaning::Handler(HandlerId::from_index(i)));
        names.take(&flow.topics, Case::Lower, out, |i| Meaning::To(Destination::Topic(TopicId::from_index(i))));
        names.take(&flow.queues, Case::Lower, out, |i| Meaning::To(Destination::Queue(QueueId::from_index(i))));
        names.take(&flow.groupers, Case::Lower, out, |i| Meaning::To(Destination::Grouper(GrouperId::from_index(i))));
        names
            .take(&flow.workflows, Case::Lower, out, |i| Meaning::To(Destination::Workflow(WorkflowId::from_index(i))));
        names.take(&flow.sinks, Case::Lower, out, |i| Meaning::To(Destination::Sink(SinkId::from_index(i))));
        names.renames(flow, out);
        names
    }

    /// Takes the names of one map; a thing that could not be read keeps its name, so that who refers to it
    /// is not blamed.
    fn take<T>(&mut self, named: &Named<T>, case: Case, out: &mut Diagnostics, meaning: impl Fn(u32) -> Meaning) {
        let mut index = 0;
        for (key, thing) in named {
            let read = thing.value.is_some();
            self.name(key, case, meaning(index), read, out);
            if read {
                index += 1;
            }
        }
    }

    fn name(&mut self, key: &At<String>, case: Case, meaning: Meaning, read: bool, out: &mut Diagnostics) {
        let Some(text) = &key.value else { return };
        if let Some(problem) = problem(text, case) {
            out.push(e031_name_form::diagnostic(key.span, text, meaning.kind(), &problem, &case.mend(text)));
        }
        let clash = self.all.get(text).into_iter().flatten().find(|other| space(other.meaning) == space(meaning));
        if let Some(other) = clash {
            out.push(e033_name_taken::diagnostic(key.span, text, other.meaning.kind(), other.span));
        } else if space(meaning) == UPPER {
            match self.folded.get(&text.to_ascii_lowercase()) {
                Some((other, first)) => out.push(e033_name_taken::but_for_capitals(key.span, text, other, *first)),
                None => {
                    self.folded.insert(text.to_ascii_lowercase(), (text.clone(), key.span));
                }
            }
        }
        self.all.entry(text.clone()).or_default().push(Entry { meaning, span: key.span, read });
    }

    /// Reports former names that are still in use, or claimed twice.
    fn renames(&self, flow: &syntax::Flow, out: &mut Diagnostics) {
        let mut seen: BTreeMap<(u8, &str), Span> = BTreeMap::new();
        for (space_of, former) in formers(flow) {
            let Some(text) = &former.value else { continue };
            let taken = self.all.get(text).into_iter().flatten().find(|e| space(e.meaning) == space_of);
            if let Some(taken) = taken {
                out.push(e052_renamed_from::still_there(former.span, text, taken.span));
            } else if let Some(first) = seen.insert((space_of, text), former.span) {
                out.push(e052_renamed_from::twice(former.span, text, first));
            }
        }
    }

    /// Everything that a name stands for.
    fn meanings(&self, name: &str) -> &[Entry] {
        self.all.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether a name has a meaning of which `wanted` holds.
    pub(super) fn has(&self, name: &str, wanted: impl Fn(Meaning) -> bool) -> bool {
        self.meanings(name).iter().any(|e| wanted(e.meaning))
    }

    /// The event of this name.
    pub(super) fn event(&self, name: &str) -> Option<EventId> {
        self.pick(name, |m| match m {
            Meaning::Event(id) | Meaning::Emitted(id) => Some(id),
            _ => None,
        })
    }

    /// The topic of this name.
    pub(super) fn topic(&self, name: &str) -> Option<TopicId> {
        self.pick(name, |m| match m {
            Meaning::To(Destination::Topic(id)) => Some(id),
            _ => None,
        })
    }

    /// What `pick` takes of the things of this name that could be read.
    fn pick<T>(&self, name: &str, pick: impl Fn(Meaning) -> Option<T>) -> Option<T> {
        self.meanings(name).iter().filter(|e| e.read).find_map(|e| pick(e.meaning))
    }

    /// The names with a meaning of which `wanted` holds.
    fn known(&self, wanted: impl Fn(Meaning) -> bool) -> Vec<&str> {
        self.all.iter().filter(|(_, m)| m.iter().any(|e| wanted(e.meaning))).map(|(n, _)| n.as_str()).collect()
    }
}

/// The former names of things, each with its name space.
fn formers(flow: &syntax::Flow) -> Vec<(u8, &At<String>)> {
    fn of<'a, T>(
        named: &'a Named<T>,
        space: u8,
        get: impl Fn(&'a T) -> Option<&'a At<String>>,
    ) -> Vec<(u8, &'a At<String>)> {
        named.values().filter_map(|t| t.value.as_ref()).filter_map(|t| get(t).map(|r| (space, r))).collect()
    }
    [
        of(&flow.events, UPPER, |t| t.renamed_from.as_ref()),
        of(&flow.tables, TABLES, |t| t.renamed_from.as_ref()),
        of(&flow.secrets, TABLES, |t| t.renamed_from.as_ref()),
        of(&flow.gateways, GATEWAYS, |t| match t {
            syntax::Gateway::Websocket(g) | syntax::Gateway::Http(g) => g.renamed_from.as_ref(),
        }),
        of(&flow.sources, SOURCES, |t| t.renamed_from.as_ref()),
        of(&flow.topics, TO, |t| t.renamed_from.as_ref()),
        of(&flow.queues, TO, |t| t.renamed_from.as_ref()),
        of(&flow.groupers, TO, |t| t.renamed_from.as_ref()),
        of(&flow.workflows, TO, |t| t.renamed_from.as_ref()),
        of(&flow.sinks, TO, |t| match t {
            syntax::Sink::Websocket(s) => s.renamed_from.as_ref(),
            syntax::Sink::Email(s) => s.renamed_from.as_ref(),
            syntax::Sink::Counter(s) => s.renamed_from.as_ref(),
            syntax::Sink::Table(s) => s.renamed_from.as_ref(),
            syntax::Sink::Webhook(s) => s.renamed_from.as_ref(),
        }),
    ]
    .concat()
}

const UPPER: u8 = 0;
const TABLES: u8 = 1;
const GATEWAYS: u8 = 2;
const SOURCES: u8 = 3;
const HANDLERS: u8 = 4;
const TO: u8 = 5;

/// The name space of a meaning. Tables and secrets share one, for `reads` names either.
fn space(meaning: Meaning) -> u8 {
    match meaning {
        Meaning::Type(_) | Meaning::Event(_) | Meaning::Emitted(_) => UPPER,
        Meaning::Table(_) | Meaning::Secret(_) => TABLES,
        Meaning::Gateway(_) => GATEWAYS,
        Meaning::Source(_) => SOURCES,
        Meaning::Handler(_) => HANDLERS,
        Meaning::To(_) => TO,
    }
}

/// How a name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// `UpperCamel`
    Upper,
    /// `snake_case`
    Lower,
}

impl Case {
    /// The name as it would be right, if that can be guessed.
    fn mend(self, name: &str) -> Option<String> {
        let mut words: Vec<String> = Vec::new();
        let mut fresh = true;
        for c in name.chars() {
            if !c.is_ascii_alphanumeric() {
                fresh = true;
                continue;
            }
            if fresh
                || c.is_ascii_uppercase() && words.last().is_some_and(|w| w.ends_with(|l: char| l.is_ascii_lowercase()))
            {
                words.push(String::new());
            }
            fresh = false;
            if let Some(word) = words.last_mut() {
                word.push(c.to_ascii_lowercase());
            }
        }
        let mended = match self {
            Self::Lower => words.join("_"),
            Self::Upper => words.iter().map(|w| capital(w)).collect(),
        };
        (problem(&mended, self).is_none() && name.is_ascii()).then_some(mended)
    }
}

/// A word with a capital letter.
fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|c| c.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}

/// The longest name: queue and function names hold it beside the prefix and a suffix, within 64 to 80 characters.
pub(super) const LONGEST_NAME: usize = 40;

/// Names that Rust keeps for itself.
const RESERVED: [&str; 44] = [
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "static",
    "struct", "super", "trait", "true", "type", "unsafe", "use", "where", "while", "abstract", "box", "do", "final",
    "gen", "macro", "try",
];

/// Whether Windows keeps a name for a device, whatever its capitals and its ending: no file can be called so.
/// <https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file>
fn is_device(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let port = name.strip_prefix("com").or_else(|| name.strip_prefix("lpt"));
    matches!(name.as_str(), "con" | "nul" | "aux" | "prn")
        || port.is_some_and(|n| n.len() == 1 && n.bytes().all(|b| b.is_ascii_digit()))
}

/// Type names that generated code needs for itself.
const RESERVED_TYPES: [&str; 16] = [
    "Self",
    "Option",
    "Vec",
    "String",
    "Box",
    "Result",
    "Ok",
    "Err",
    "Some",
    "None",
    "Event",
    "Envelope",
    "Error",
    "Invocation",
    "Cx",
    "All",
];

/// What is wrong with a name's form, if anything.
pub(super) fn problem(name: &str, case: Case) -> Option<String> {
    let wanted = match case {
        Case::Upper => "UpperCamel: letters and digits, a capital first",
        Case::Lower => "snake_case: small letters, digits and single `_`, a letter first",
    };
    if name.len() > LONGEST_NAME {
        return Some(format!("a name has at most {LONGEST_NAME} characters"));
    }
    let right = match case {
        Case::Upper => {
            name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(|c| c.is_ascii_alphanumeric())
        }
        Case::Lower => {
            name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
                && !name.contains("__")
                && !name.ends_with('_')
        }
    };
    if !right {
        return Some(format!("a name is written in {wanted}"));
    }
    let kept = match case {
        Case::Upper => RESERVED_TYPES.contains(&name),
        Case::Lower => RESERVED.contains(&name),
    };
    if is_device(name) {
        return Some("Windows keeps this word for a device: no file can be called so".to_owned());
    }
    kept.then(|| "this word is kept for the generated code".to_owned())
}

/// How many unknown names are given suggestions.
const SUGGESTED: usize = 100;

impl Resolver<'_> {
    /// What a name stands for, where `pick` takes one of its meanings; `wanted` is the kind in the spec's
    /// words, for the message.
    pub(super) fn find<T>(
        &mut self,
        at: &At<String>,
        wanted: &str,
        pick: impl Fn(Meaning) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let name = at.value.as_deref()?;
        if self.names.has(name, |m| pick(m).is_some()) {
            return self.names.pick(name, pick).map(|found| Spanned::new(found, at.span));
        }
        let diagnostic = match self.names.meanings(name).first() {
            Some(other) => e035_wrong_kind::diagnostic(at.span, name, other.meaning.kind(), wanted, other.span),
            None => {
                // After so many nobody reads suggestions, and each costs a look at all names.
                let known = (self.out.len() < SUGGESTED).then(|| self.names.known(|m| pick(m).is_some()));
                e034_unknown_name::diagnostic(at.span, name, wanted, known.as_deref())
            }
        };
        self.out.push(diagnostic);
        None
    }

    pub(super) fn table(&mut self, at: &At<String>) -> Option<Spanned<TableId>> {
        self.find(at, "a table", |m| if let Meaning::Table(id) = m { Some(id) } else { None })
            .filter(|t| t.value.index() < self.flow.tables.len())
    }

    pub(super) fn event(&mut self, at: &At<String>) -> Option<Spanned<EventId>> {
        self.find(at, "an event", |m| match m {
            Meaning::Event(id) | Meaning::Emitted(id) => Some(id),
            _ => None,
        })
        .filter(|e| e.value.index() < self.flow.events.len())
    }

    pub(super) fn topic(&mut self, at: &At<String>) -> Option<Spanned<TopicId>> {
        self.find(at, "a topic", |m| if let Meaning::To(Destination::Topic(id)) = m { Some(id) } else { None })
    }

    pub(super) fn handler(&mut self, at: &At<String>) -> Option<Spanned<HandlerId>> {
        self.find(at, "a handler", |m| if let Meaning::Handler(id) = m { Some(id) } else { None })
    }

    pub(super) fn gateway(&mut self, at: &At<String>) -> Option<Spanned<GatewayId>> {
        self.find(at, "a gateway", |m| if let Meaning::Gateway(id) = m { Some(id) } else { None })
    }

    pub(super) fn secret(&mut self, at: &At<String>) -> Option<Spanned<SecretId>> {
        self.find(at, "a secret", |m| if let Meaning::Secret(id) = m { Some(id) } else { None })
    }

    pub(super) fn destination(&mut self, at: &At<String>) -> Option<Spanned<Destination>> {
        self.find(at, "a topic, queue, grouper, workflow or sink", |m| {
            if let Meaning::To(to) = m { Some(to) } else { None }
        })
    }

    /// Reports a diagnostic.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.out.push(diagnostic);
    }
}
