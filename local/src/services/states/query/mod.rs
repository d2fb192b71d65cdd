//! The two query languages of the States Language, behind one question: what is this value here?
//!
//! In: a template or query as the definition's reader compiled it, and what can be seen where it stands
//! ([`Sight`]). Out: a JSON value, or a [`Failure`] by the States Language's own error names.
//! Guaranteed: no query sees a clock or a source of chance but the engine's, and none changes anything.

mod choice;
mod filter;
mod functions;
mod intrinsic;
mod jsonata;
mod path;
mod reference;
mod template;

use serde_json::{Map, Value};

pub(super) use choice::{Comparison, Kind, Operand, Ordering, Rule, timestamp};
pub(super) use intrinsic::Intrinsic;
pub(super) use jsonata::Jsonata;
pub(super) use path::Path;
pub(super) use reference::Reference;
pub(super) use template::{Language, Query, Template};

use super::data::Failure;
use crate::kernel::{Random, Time};

/// What a query can see.
#[derive(Debug)]
pub(super) struct Sight<'a> {
    /// The state's input: `$` of JSONPath, `$states.input` of JSONata.
    pub(super) input: &'a Value,
    /// `$states.result`.
    pub(super) result: Option<&'a Value>,
    /// `$states.errorOutput`.
    pub(super) error: Option<&'a Value>,
    /// `$$` and `$states.context`.
    pub(super) context: Value,
    /// The variables of this scope and those around it.
    pub(super) variables: &'a Map<String, Value>,
    pub(super) now: Time,
    pub(super) random: &'a Random,
}

/// `States.QueryEvaluationError` with what went wrong and in which field.
pub(super) fn evaluation_failure(text: &str, field: &str, problem: &str) -> Failure {
    let cause = format!("The JSONata expression '{text}' specified for the field '{field}' {problem}");
    Failure::new("States.QueryEvaluationError", cause)
}

/// `States.IntrinsicFailure` of a call.
fn intrinsic_failure(text: &str, field: &str, problem: &str) -> Failure {
    let cause = format!("The function '{text}' specified for the field '{field}' had an error: {problem}");
    Failure::new("States.IntrinsicFailure", cause)
}
