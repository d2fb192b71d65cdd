//! Runs an expression as Step Functions does, so that tests judge what it means and not its text.

use jsonata_core::evaluator::{Context, Evaluator};
use jsonata_core::{parser, value::JValue};
use serde_json::{Value as Json, json};

use super::jsonata::Expr;

/// The value of an expression where the state's input is this; nothing where it has none.
pub(crate) fn evaluate(expr: &Expr, input: &Json) -> Option<Json> {
    let ast = parser::parse(expr.as_str()).unwrap_or_else(|error| panic!("{}: {error}", expr.as_str()));
    let mut context = Context::new();
    context.bind("states".to_owned(), JValue::from_json_str(&json!({ "input": input }).to_string()).unwrap());
    let value = Evaluator::with_context(context)
        .evaluate(&ast, &JValue::Null)
        .unwrap_or_else(|error| panic!("{}: {error:?}", expr.as_str()));
    (!value.is_undefined()).then(|| serde_json::from_str(&value.to_json_string().unwrap()).unwrap())
}
