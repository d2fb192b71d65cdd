//! The second pass: from what was written to what is meant.
//!
//! In: the syntax of a flow. Out: the [`Flow`] in which every name is looked up. Guaranteed: a name that
//! is not there, or is of the wrong kind, was reported where it stands, with the nearest name that is; what
//! could not be resolved is left out, or [`Unresolved`](crate::model::StepKind::Unresolved), so that one
//! mistake is one message.

mod delivery;
mod events;
mod handling;
mod indexes;
mod lookup;
mod names;
mod pattern;
mod settings;
mod tables;
mod template;
mod text;
mod types;
mod workflow;

use crate::diagnostic::Diagnostics;
use crate::model::{Arena, Flow, Name, Settings, Spanned};
use crate::source::Span;
use crate::syntax;
use crate::yaml::At;
use names::Names;

/// What every part of this pass holds: the syntax, the names, the model so far, and what was found.
struct Resolver<'a> {
    syntax: &'a syntax::Flow,
    names: Names,
    flow: Flow,
    out: &'a mut Diagnostics,
}

/// Resolves a flow; what is wrong with it goes to `out`.
#[must_use]
pub fn resolve(syntax: &syntax::Flow, whole: Span, out: &mut Diagnostics) -> Flow {
    let names = Names::collect(syntax, out);
    let flow = empty(settings::flow_name(syntax, whole, out));
    let mut resolver = Resolver { syntax, names, flow, out };
    resolver.settings();
    resolver.types();
    resolver.events();
    resolver.tables();
    resolver.handlers();
    resolver.gateways();
    resolver.emitted_events();
    resolver.recipients();
    resolver.topics();
    resolver.sources();
    resolver.queues();
    resolver.groupers();
    resolver.workflows();
    resolver.sinks();
    resolver.targets_of_what_is_sent();
    resolver.infer_indexes();
    resolver.flow
}

fn empty(name: Name) -> Flow {
    Flow {
        name,
        about: None,
        settings: Settings::default(),
        types: Arena::default(),
        events: Arena::default(),
        tables: Arena::default(),
        secrets: Arena::default(),
        recipients: None,
        gateways: Arena::default(),
        sources: Arena::default(),
        topics: Arena::default(),
        queues: Arena::default(),
        groupers: Arena::default(),
        workflows: Arena::default(),
        handlers: Arena::default(),
        sinks: Arena::default(),
        alarms: None,
        allow: Vec::new(),
    }
}

/// The text of an optional setting.
fn text(at: Option<&At<String>>) -> Option<String> {
    at.and_then(|a| a.value.clone())
}

/// A thing's name, with its former one.
fn name(at: &At<String>, renamed_from: Option<&At<String>>) -> Name {
    let renamed_from = renamed_from.and_then(|r| Some(Spanned::new(r.value.clone()?, r.span)));
    Name {
        text: at.value.clone().unwrap_or_default(),
        span: at.span,
        former: renamed_from.iter().map(|r| r.value.clone()).collect(),
        renamed_from,
    }
}
