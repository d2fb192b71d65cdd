//! The Eventloom compiler: one flow in YAML to CloudFormation, state machines, schemas and typed Rust.
//!
//! The driver is this page: the passes in their order. Each is a function from what the one before it made;
//! none does IO, asks for the time, or iterates over a hash map, so the same input gives the same bytes. What
//! is wrong with a spec is a [`Diagnostic`], and no pass stops at the first.

pub mod asl;
pub mod aws;
pub mod cfn;
#[expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros,
    reason = "the command line is the one part that reads files and the environment, writes, and speaks"
)]
pub mod cli;
pub mod compile;
pub mod decide;
pub mod diagnostic;
pub mod diagram;
pub mod docs;
pub mod emit;
mod examples;
pub mod facts;
mod former;
pub mod lower;
pub mod model;
pub mod parse;
pub mod plan;
pub mod render;
pub mod resolve;
pub mod rules;
pub mod source;
pub mod stacks;
pub mod suggest;
pub mod syntax;
pub mod yaml;

pub use compile::{Compiled, Counts, Output, compile, compile_bytes};
use diagnostic::{Diagnostic, Diagnostics};
use facts::Facts;
use model::Flow;
pub use parse::Input;
use source::SourceMap;

/// A flow that was read and checked.
#[derive(Debug, Clone)]
pub struct Checked {
    /// The files that were read.
    pub sources: SourceMap,
    /// What was found, in the order of the places; allowed warnings are left out.
    pub diagnostics: Vec<Diagnostic>,
    /// The flow and what follows from it; none where the file could not be read at all.
    pub flow: Option<(Flow, Facts)>,
}

impl Checked {
    /// Whether nothing that was found is an error.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.flow.is_some() && self.diagnostics.iter().all(|d| d.severity != diagnostic::Severity::Error)
    }
}

/// Reads and checks a spec: parse, resolve, check.
#[must_use]
pub fn check(input: &Input) -> Checked {
    let mut sources = SourceMap::default();
    let mut out = Diagnostics::default();
    let flow = parse::parse(input, &mut sources, &mut out).map(|(syntax, whole)| {
        let flow = resolve::resolve(&syntax, whole, &mut out);
        let facts = facts::facts(&flow);
        let checked = rules::check(&flow, &facts, input, &out);
        out.extend(checked);
        (flow, facts)
    });
    let allowed = |d: &Diagnostic| flow.as_ref().is_some_and(|(flow, _)| rules::allowed(flow, d));
    let diagnostics = out.sorted().into_iter().filter(|d| !allowed(d)).collect();
    Checked { sources, diagnostics, flow }
}
