//! A spec's condition as an expression over the state.

use serde_json::Number;

use crate::asl::jsonata::Expr;
use crate::asl::pattern::{Alternative, Comparison, Matcher, Pattern, Scalar};
use crate::model;

/// Whether a condition holds of the state's input.
pub(super) fn condition(pattern: &model::Pattern) -> Expr {
    #[expect(clippy::expect_used, reason = "`check` lets no choice ask what a workflow cannot test")]
    convert(pattern).to_condition(&Expr::input()).expect("a choice asks what a workflow can test")
}

fn convert(pattern: &model::Pattern) -> Pattern {
    let mut fields = Vec::new();
    for (path, _, matchers) in &pattern.fields {
        insert(&mut fields, path, matchers.iter().map(|(matcher, _)| alternative(matcher)).collect());
    }
    let or = pattern.any_of.iter().map(|list| list.iter().map(convert).collect()).collect();
    Pattern { fields, or }
}

/// Puts a field where its path leads; paths that begin alike meet in one object.
fn insert(fields: &mut Vec<(String, Matcher)>, path: &[String], alternatives: Vec<Alternative>) {
    match path {
        [] => {}
        [name] => fields.push((name.clone(), Matcher::AnyOf(alternatives))),
        [name, rest @ ..] => {
            let nested = fields.iter_mut().find_map(|(at, matcher)| match matcher {
                Matcher::Nested(pattern) if at == name => Some(pattern),
                _ => None,
            });
            match nested {
                Some(pattern) => insert(&mut pattern.fields, rest, alternatives),
                None => {
                    let mut pattern = Pattern::default();
                    insert(&mut pattern.fields, rest, alternatives);
                    fields.push((name.clone(), Matcher::Nested(pattern)));
                }
            }
        }
    }
}

fn alternative(matcher: &model::Matcher) -> Alternative {
    match matcher {
        model::Matcher::Exact(value) => Alternative::Exact(scalar(value)),
        model::Matcher::Prefix(text) => Alternative::Prefix(text.clone()),
        model::Matcher::Suffix(text) => Alternative::Suffix(text.clone()),
        model::Matcher::EqualsIgnoreCase(text) => Alternative::EqualsIgnoreCase(text.clone()),
        model::Matcher::Wildcard(text) => Alternative::Wildcard(text.clone()),
        model::Matcher::AnythingBut(values) => Alternative::AnythingBut(values.iter().map(scalar).collect()),
        model::Matcher::AnythingButPrefix(text) => Alternative::AnythingButPrefix(vec![text.clone()]),
        model::Matcher::AnythingButSuffix(text) => Alternative::AnythingButSuffix(vec![text.clone()]),
        model::Matcher::AnythingButWildcard(text) => Alternative::AnythingButWildcard(vec![text.clone()]),
        model::Matcher::Numeric(bounds) => {
            Alternative::Numeric(bounds.iter().map(|(op, bound)| (comparison(*op), number(bound))).collect())
        }
        model::Matcher::Exists(exists) => Alternative::Exists(*exists),
        model::Matcher::Cidr(block) => Alternative::Cidr(block.clone()),
    }
}

fn scalar(value: &model::Scalar) -> Scalar {
    match value {
        model::Scalar::Text(text) => Scalar::Text(text.clone()),
        model::Scalar::Number(text) => Scalar::Number(number(text)),
        model::Scalar::Bool(value) => Scalar::Bool(*value),
        model::Scalar::Null => Scalar::Null,
    }
}

fn comparison(op: model::NumericOp) -> Comparison {
    match op {
        model::NumericOp::Less => Comparison::Less,
        model::NumericOp::AtMost => Comparison::AtMost,
        model::NumericOp::Equal => Comparison::Equal,
        model::NumericOp::AtLeast => Comparison::AtLeast,
        model::NumericOp::More => Comparison::Greater,
    }
}

/// YAML writes some numbers as JSON does not: `.5`, `+1`.
fn number(text: &str) -> Number {
    let as_written = || serde_json::from_str(text).ok();
    let as_float = || text.parse().ok().and_then(Number::from_f64);
    #[expect(clippy::expect_used, reason = "the reader took it for a finite number")]
    as_written().or_else(as_float).expect("a number of a pattern is a number")
}
