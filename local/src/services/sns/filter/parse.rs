//! From a policy's JSON to what can be asked.
//!
//! The messages are those that AWS gives, but for the place in the JSON that it adds behind them.

use serde_json::{Map, Value};

use super::condition::{Condition, Range};
use super::number::Number;
use super::wildcard::Pattern;
use super::{Field, Rule, Scope, limits};
use crate::kernel::Cidr;

/// Why a policy is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::services::sns) enum FilterError {
    /// The policy itself; AWS puts the parameter's name before the message.
    #[error("FilterPolicy: {0}")]
    Policy(String),
    /// It does not fit the scope; AWS puts nothing before the message.
    #[error("{0}")]
    Scope(&'static str),
}

impl FilterError {
    pub(super) fn policy(message: impl Into<String>) -> Self {
        Self::Policy(message.into())
    }
}

/// How deep a policy may nest; beyond it no policy stays within the combinations.
const DEPTH: usize = 150;

/// Field names that make an `$or` an ordinary key.
const RESERVED: [&str; 9] =
    ["exact", "numeric", "prefix", "suffix", "wildcard", "anything-but", "exists", "equals-ignore-case", "cidr"];

pub(super) fn parse(text: &str, scope: Scope) -> Result<Vec<Field>, FilterError> {
    if text.len() > limits::BYTES {
        return Err(FilterError::policy("Filter policy is too large: at most 256 KB"));
    }
    let value: Value = serde_json::from_str(text).map_err(|_| FilterError::policy("failed to parse JSON."))?;
    let Value::Object(object) = &value else {
        return Err(FilterError::policy("Filter is not an object"));
    };
    let fields = fields(object, scope, 1)?;
    limits::check(&fields)?;
    Ok(fields)
}

fn fields(object: &Map<String, Value>, scope: Scope, depth: usize) -> Result<Vec<Field>, FilterError> {
    if depth > DEPTH {
        return Err(FilterError::policy("Filter policy is too complex"));
    }
    object
        .iter()
        .map(|(key, value)| match value {
            Value::Array(choices) if key == "$or" && is_or(choices) => {
                let objects = choices.iter().filter_map(Value::as_object);
                Ok(Field::Or(objects.map(|choice| fields(choice, scope, depth + 1)).collect::<Result<_, _>>()?))
            }
            Value::Array(values) if values.is_empty() => Err(FilterError::policy("Empty arrays are not allowed")),
            Value::Array(values) => {
                let conditions = values.iter().map(condition).collect::<Result<_, _>>()?;
                Ok(Field::Key(key.clone(), Rule::OneOf(conditions)))
            }
            Value::Object(nested) if nested.is_empty() => Err(FilterError::policy("Empty objects are not allowed")),
            Value::Object(nested) => {
                let nested = fields(nested, scope, depth + 1)?;
                if scope == Scope::MessageAttributes {
                    let message = "Filter policy scope MessageAttributes does not support nested filter policy";
                    return Err(FilterError::Scope(message));
                }
                Ok(Field::Key(key.clone(), Rule::Nested(nested)))
            }
            _ => Err(FilterError::policy(format!("\"{key}\" must be an object or an array"))),
        })
        .collect()
}

fn is_or(choices: &[Value]) -> bool {
    let is_choice = |choice: &Value| {
        choice
            .as_object()
            .is_some_and(|object| !object.is_empty() && object.keys().all(|key| !RESERVED.contains(&key.as_str())))
    };
    choices.len() >= 2 && choices.iter().all(is_choice)
}

fn condition(value: &Value) -> Result<Condition, FilterError> {
    match value {
        Value::Null => Ok(Condition::Null),
        Value::Bool(bool) => Ok(Condition::Bool(*bool)),
        Value::String(text) => Ok(Condition::Text(text.clone())),
        Value::Number(value) => number(value).map(Condition::Number),
        Value::Array(_) => Err(FilterError::policy("Match value must be String, number, true, false, or null")),
        Value::Object(object) => {
            let mut members = object.iter();
            let Some((operator, operand)) = members.next() else {
                return Err(FilterError::policy("Empty objects are not allowed"));
            };
            let condition = operation(operator, operand)?;
            if members.next().is_some() {
                return Err(FilterError::policy("Only one key allowed in match expression"));
            }
            Ok(condition)
        }
    }
}

fn operation(operator: &str, operand: &Value) -> Result<Condition, FilterError> {
    match operator {
        "numeric" => {
            let terms = operand.as_array().ok_or_else(|| FilterError::policy("Value of numeric must be an array."))?;
            range(terms)
        }
        "exists" => match operand {
            Value::Bool(there) => Ok(Condition::Exists(*there)),
            _ => Err(FilterError::policy("exists match pattern must be either true or false.")),
        },
        "anything-but" => anything_but(operand),
        "prefix" | "suffix" | "wildcard" | "equals-ignore-case" | "cidr" => textual(operator, operand),
        other => Err(FilterError::policy(format!("Unrecognized match type {other}"))),
    }
}

fn textual(operator: &str, operand: &Value) -> Result<Condition, FilterError> {
    let Some(text) = operand.as_str() else {
        return Err(FilterError::policy(format!("{operator} match pattern must be a string")));
    };
    match operator {
        "prefix" => Ok(Condition::Prefix(text.to_owned())),
        "suffix" => Ok(Condition::Suffix(text.to_owned())),
        "equals-ignore-case" => Ok(Condition::IgnoringCase(text.to_lowercase())),
        "cidr" => Cidr::parse(text).map(Condition::Cidr).map_err(FilterError::Policy),
        _ => Pattern::parse(text).map(Condition::Wildcard).map_err(FilterError::Policy),
    }
}

fn anything_but(operand: &Value) -> Result<Condition, FilterError> {
    let refused = |message: &str| Err(FilterError::policy(message));
    let conditions = match operand {
        Value::String(_) | Value::Number(_) => vec![condition(operand)?],
        Value::Array(values) if values.is_empty() => return refused("Empty arrays are not allowed"),
        Value::Array(values) => {
            if !values.iter().all(Value::is_string) && !values.iter().all(Value::is_number) {
                return refused(
                    "Inside anything but list, either all values are number or string, mixed type is not supported",
                );
            }
            values.iter().map(condition).collect::<Result<_, _>>()?
        }
        Value::Object(object) => {
            let mut members = object.iter();
            let Some((operator, operand)) = members.next() else { return refused("Empty objects are not allowed") };
            if !["prefix", "suffix", "wildcard", "equals-ignore-case"].contains(&operator.as_str()) {
                return refused(&format!("Unsupported anything-but pattern: {operator}"));
            }
            if members.next().is_some() {
                return refused("Only one key allowed in match expression");
            }
            match operand {
                Value::Array(operands) if operands.is_empty() => return refused("Empty arrays are not allowed"),
                Value::Array(operands) => {
                    operands.iter().map(|operand| textual(operator, operand)).collect::<Result<_, _>>()?
                }
                operand => vec![textual(operator, operand)?],
            }
        }
        _ => return refused("Value of anything-but must be an array or single string/number value."),
    };
    Ok(Condition::AnythingBut(conditions))
}

fn range(terms: &[Value]) -> Result<Condition, FilterError> {
    let refused = |message: String| Err(FilterError::Policy(message));
    let mut terms = terms.iter();
    let operator = match terms.next() {
        Some(Value::String(operator)) => operator.as_str(),
        other => return refused(format!("Invalid member in numeric match: {}", shown(other))),
    };
    let named = if operator == "=" { "equals" } else { operator };
    if !["=", "<", "<=", ">", ">="].contains(&operator) {
        return refused(format!("Unrecognized numeric range operator: {operator}"));
    }
    let first = operand(terms.next(), named)?;
    if operator == "=" || operator.starts_with('<') {
        if terms.next().is_some() {
            return refused("Too many elements in numeric expression".to_owned());
        }
        return Ok(match operator {
            "=" => Condition::Number(first),
            other => Condition::Range(Range { from: None, to: Some((first, other == "<=")) }),
        });
    }
    let from = Some((first, operator == ">="));
    let second = match terms.next() {
        None => return Ok(Condition::Range(Range { from, to: None })),
        Some(Value::String(operator)) if operator == "<" || operator == "<=" => operator.as_str(),
        Some(Value::String(operator)) => return refused(format!("Bad numeric range operator: {operator}")),
        other => return refused(format!("Bad value in numeric range: {}", shown(other))),
    };
    let top = operand(terms.next(), second)?;
    if first >= top {
        return refused("Bottom must be less than top".to_owned());
    }
    if terms.next().is_some() {
        return refused("Too many terms in numeric range expression".to_owned());
    }
    Ok(Condition::Range(Range { from, to: Some((top, second == "<=")) }))
}

fn operand(term: Option<&Value>, operator: &str) -> Result<Number, FilterError> {
    match term {
        Some(Value::Number(value)) => number(value),
        _ => Err(FilterError::policy(format!("Value of {operator} must be numeric"))),
    }
}

fn number(value: &serde_json::Number) -> Result<Number, FilterError> {
    let outside = || FilterError::policy("Value must be between -1.0E9 and 1.0E9, inclusive");
    Number::of(value).ok_or_else(outside)
}

fn shown(term: Option<&Value>) -> String {
    match term {
        None => "]".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(_)) => "[".to_owned(),
        Some(Value::Object(_)) => "{".to_owned(),
        Some(other) => other.to_string(),
    }
}
