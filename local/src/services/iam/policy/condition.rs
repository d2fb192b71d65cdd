//! Conditions: how a key of the request is compared.
//!
//! In: the `Condition` of a statement. Out: [`Condition`]s, all of which must hold. Guaranteed: every
//! operator of IAM is known and every value could be read as what its operator compares; all else was
//! refused. Source: "IAM JSON policy elements: Condition operators" and "Multivalued context keys" in the
//! IAM User Guide.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::pattern::{ArnPattern, Lookup, Pattern, Reading};
use super::{Malformed, keys, one_or_more};
use crate::kernel::Cidr;

/// One comparison of one key.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Condition {
    /// In lower case.
    pub(super) key: String,
    quantifier: Option<Quantifier>,
    if_exists: bool,
    /// Whether it holds of what does not compare: `StringNotEquals`.
    negated: bool,
    test: Test,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    All,
    Any,
}

/// With what the key's values are compared.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    Text {
        patterns: Vec<Pattern>,
        fold: bool,
    },
    Arn(Vec<ArnPattern>),
    Number(Order, Vec<f64>),
    /// Milliseconds since the Unix epoch.
    Date(Order, Vec<i64>),
    Bool(Vec<bool>),
    Address(Vec<Cidr>),
    /// Whether the key must be absent.
    Null(Vec<bool>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn holds<T: PartialOrd>(self, a: &T, b: &T) -> bool {
        match self {
            Self::Equal => a == b,
            Self::Less => a < b,
            Self::LessOrEqual => a <= b,
            Self::Greater => a > b,
            Self::GreaterOrEqual => a >= b,
        }
    }

    /// The order that an operator's name ends with, and whether it is negated.
    fn parse(name: &str) -> Option<(Self, bool)> {
        Some(match name {
            "Equals" => (Self::Equal, false),
            "NotEquals" => (Self::Equal, true),
            "LessThan" => (Self::Less, false),
            "LessThanEquals" => (Self::LessOrEqual, false),
            "GreaterThan" => (Self::Greater, false),
            "GreaterThanEquals" => (Self::GreaterOrEqual, false),
            _ => return None,
        })
    }
}

/// Reads all conditions of a statement.
pub(super) fn parse(condition: &Value, variables: bool) -> Result<Vec<Condition>, Malformed> {
    let wrong = || Malformed::new("Condition must be an object of operators, each with keys and values");
    let mut found = Vec::new();
    for (operator, keys) in condition.as_object().ok_or_else(wrong)? {
        let keys: &Map<String, Value> = keys.as_object().ok_or_else(wrong)?;
        for (key, values) in keys {
            found.push(Condition::parse(operator, key, values, variables)?);
        }
    }
    Ok(found)
}

impl Condition {
    fn parse(operator: &str, key: &str, values: &Value, variables: bool) -> Result<Self, Malformed> {
        let unknown = || Malformed::new(format!("Invalid Condition type : {operator}."));
        let key = key.to_ascii_lowercase();
        keys::check(&key)?;
        let (quantifier, name) = match operator.split_once(':') {
            Some(("ForAllValues", name)) => (Some(Quantifier::All), name),
            Some(("ForAnyValue", name)) => (Some(Quantifier::Any), name),
            Some(_) => return Err(unknown()),
            None => (None, operator),
        };
        let (name, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |name| (name, true));
        let texts = one_or_more(values).ok_or_else(|| {
            Malformed::new(format!(
                "the values of `{key}` for {operator} must be one or more texts, numbers or booleans"
            ))
        })?;
        let (test, negated) = test(name, &texts, variables)?.ok_or_else(unknown)?;
        if matches!(test, Test::Null(_)) && (if_exists || quantifier.is_some()) {
            return Err(unknown());
        }
        Ok(Self { key, quantifier, if_exists, negated, test })
    }

    /// Whether it holds of the values that the request has for the key.
    pub(super) fn holds(&self, values: &[Cow<'_, str>], lookup: Lookup<'_>) -> bool {
        if let Test::Null(absent) = &self.test {
            return absent.contains(&values.is_empty());
        }
        if values.is_empty() {
            return self.if_exists
                || match self.quantifier {
                    Some(Quantifier::All) => true,
                    Some(Quantifier::Any) => false,
                    None => self.negated,
                };
        }
        let mut holds = values.iter().map(|value| self.test.compares(value, lookup) != self.negated);
        match self.quantifier {
            Some(Quantifier::All) => holds.all(|holds| holds),
            Some(Quantifier::Any) => holds.any(|holds| holds),
            // A negated operator wants that none compares.
            None if self.negated => holds.all(|holds| holds),
            None => holds.any(|holds| holds),
        }
    }
}

/// The test of an operator's name without its prefix and suffix, and whether it is negated.
fn test(name: &str, texts: &[Cow<'_, str>], variables: bool) -> Result<Option<(Test, bool)>, Malformed> {
    let text = |wildcards, fold| {
        let patterns = texts.iter().map(|text| Pattern::parse(text, Reading { wildcards, variables, fold }));
        Ok::<_, Malformed>(Test::Text { patterns: patterns.collect::<Result<_, _>>()?, fold })
    };
    let arns = || {
        let patterns = texts.iter().map(|text| {
            ArnPattern::parse(text, variables).map_err(|_| Malformed::new(format!("`{text}` for {name} is no ARN")))
        });
        patterns.collect::<Result<_, _>>().map(Test::Arn)
    };
    let booleans = || read(name, texts, |text| text.to_ascii_lowercase().parse().ok());
    let addresses = || read(name, texts, cidr).map(Test::Address);
    let found = match name {
        "StringEquals" => (text(false, false)?, false),
        "StringNotEquals" => (text(false, false)?, true),
        "StringEqualsIgnoreCase" => (text(false, true)?, false),
        "StringNotEqualsIgnoreCase" => (text(false, true)?, true),
        "StringLike" => (text(true, false)?, false),
        "StringNotLike" => (text(true, false)?, true),
        // Base64 text is compared as it stands.
        "BinaryEquals" => (text(false, false)?, false),
        // AWS treats both the same: either takes wildcards.
        "ArnEquals" | "ArnLike" => (arns()?, false),
        "ArnNotEquals" | "ArnNotLike" => (arns()?, true),
        "Bool" => (Test::Bool(booleans()?), false),
        "Null" => (Test::Null(booleans()?), false),
        "IpAddress" => (addresses()?, false),
        "NotIpAddress" => (addresses()?, true),
        _ => {
            let numeric = name.strip_prefix("Numeric").and_then(Order::parse);
            let date = name.strip_prefix("Date").and_then(Order::parse);
            match (numeric, date) {
                (Some((order, negated)), _) => (Test::Number(order, read(name, texts, number)?), negated),
                (_, Some((order, negated))) => (Test::Date(order, read(name, texts, moment)?), negated),
                _ => return Ok(None),
            }
        }
    };
    Ok(Some(found))
}

fn read<T>(operator: &str, texts: &[Cow<'_, str>], parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Malformed> {
    let read = |text: &Cow<'_, str>| {
        parse(text).ok_or_else(|| Malformed::new(format!("`{text}` is no value for the operator {operator}")))
    };
    texts.iter().map(read).collect()
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A moment in ISO 8601 (a date alone is its midnight in UTC) or in seconds since the Unix epoch.
fn moment(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1000);
    }
    let midnight = || format!("{text}T00:00:00Z").parse::<jiff::Timestamp>();
    text.parse().or_else(|_| midnight()).ok().map(jiff::Timestamp::as_millisecond)
}

/// A range of addresses, or one.
fn cidr(text: &str) -> Option<Cidr> {
    let one = || if text.contains(':') { format!("{text}/128") } else { format!("{text}/32") };
    if text.contains('/') { Cidr::parse(text).ok() } else { Cidr::parse(&one()).ok() }
}

impl Test {
    /// Whether a value compares with any of those in the policy.
    fn compares(&self, value: &str, lookup: Lookup<'_>) -> bool {
        match self {
            Self::Text { patterns, fold } => {
                let value = if *fold { super::pattern::lower(value) } else { Cow::Borrowed(value) };
                patterns.iter().any(|pattern| pattern.matches(&value, lookup))
            }
            Self::Arn(patterns) => patterns.iter().any(|pattern| pattern.matches(value, lookup)),
            Self::Number(order, numbers) => {
                number(value).is_some_and(|value| numbers.iter().any(|number| order.holds(&value, number)))
            }
            Self::Date(order, moments) => {
                moment(value).is_some_and(|value| moments.iter().any(|moment| order.holds(&value, moment)))
            }
            Self::Bool(booleans) => {
                booleans.iter().any(|boolean| value.eq_ignore_ascii_case(if *boolean { "true" } else { "false" }))
            }
            Self::Address(ranges) => ranges.iter().any(|range| range.contains(value)),
            Self::Null(_) => false,
        }
    }
}
