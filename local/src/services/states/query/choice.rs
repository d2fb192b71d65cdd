//! The conditions of Choice states.

use std::cmp;

use serde_json::Value;

use super::super::data::Failure;
use super::{Jsonata, Path, Sight, evaluation_failure};

/// A condition.
#[derive(Clone, Debug)]
pub(in super::super) enum Rule {
    /// A boolean that stands there as such.
    Plain(bool),
    Jsonata(Jsonata),
    All(Vec<Rule>),
    Any(Vec<Rule>),
    Not(Box<Rule>),
    Compare(Path, Comparison),
}

/// What is asked of a variable.
#[derive(Clone, Debug)]
pub(in super::super) enum Comparison {
    Ordered(Kind, Ordering, Operand),
    /// `*` stands for any text, `\*` for itself.
    Matches(String),
    IsNull(bool),
    IsPresent(bool),
    IsNumeric(bool),
    IsString(bool),
    IsBoolean(bool),
    IsTimestamp(bool),
}

/// As what two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    String,
    Numeric,
    Boolean,
    Timestamp,
}

/// Which way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Ordering {
    Equals,
    LessThan,
    GreaterThan,
    LessThanEquals,
    GreaterThanEquals,
}

/// What is compared with.
#[derive(Clone, Debug)]
pub(in super::super) enum Operand {
    Value(Value),
    Path(Path),
}

impl Rule {
    /// Whether it holds here.
    pub(in super::super) fn holds(&self, sight: &Sight<'_>) -> Result<bool, Failure> {
        match self {
            Self::Plain(value) => Ok(*value),
            Self::Jsonata(jsonata) => match jsonata.evaluate(sight, "Condition")? {
                Value::Bool(value) => Ok(value),
                other => {
                    let problem = format!("returned an unexpected result type. Expected 'boolean', but was '{other}'.");
                    Err(evaluation_failure(jsonata.text(), "Condition", &problem))
                }
            },
            Self::All(rules) => rules.iter().try_fold(true, |all, rule| Ok(all && rule.holds(sight)?)),
            Self::Any(rules) => rules.iter().try_fold(false, |any, rule| Ok(any || rule.holds(sight)?)),
            Self::Not(rule) => rule.holds(sight).map(|holds| !holds),
            Self::Compare(variable, comparison) => compare(variable, comparison, sight),
        }
    }
}

fn compare(variable: &Path, comparison: &Comparison, sight: &Sight<'_>) -> Result<bool, Failure> {
    let found = variable.find(sight);
    if let Comparison::IsPresent(wanted) = comparison {
        return Ok(found.is_some() == *wanted);
    }
    let value = found.ok_or_else(|| invalid(variable))?;
    Ok(match comparison {
        Comparison::Ordered(kind, ordering, Operand::Value(operand)) => ordered(*kind, *ordering, &value, operand),
        Comparison::Ordered(kind, ordering, Operand::Path(path)) => {
            let operand = path.find(sight).ok_or_else(|| invalid(path))?;
            ordered(*kind, *ordering, &value, &operand)
        }
        Comparison::Matches(pattern) => value.as_str().is_some_and(|text| matches(pattern, text)),
        Comparison::IsNull(wanted) => value.is_null() == *wanted,
        Comparison::IsNumeric(wanted) => value.is_number() == *wanted,
        Comparison::IsString(wanted) => value.is_string() == *wanted,
        Comparison::IsBoolean(wanted) => value.is_boolean() == *wanted,
        Comparison::IsTimestamp(wanted) => value.as_str().and_then(timestamp).is_some() == *wanted,
        Comparison::IsPresent(_) => true,
    })
}

fn invalid(path: &Path) -> Failure {
    let text = path.text();
    Failure::runtime(format!("Invalid path '{text}': The choice state's condition path references an invalid value."))
}

/// Values of another kind than the comparison's are never so.
fn ordered(kind: Kind, ordering: Ordering, left: &Value, right: &Value) -> bool {
    let order = match kind {
        Kind::String => left.as_str().zip(right.as_str()).map(|(left, right)| left.cmp(right)),
        Kind::Numeric => left.as_f64().zip(right.as_f64()).and_then(|(left, right)| left.partial_cmp(&right)),
        Kind::Boolean => left.as_bool().zip(right.as_bool()).map(|(left, right)| left.cmp(&right)),
        Kind::Timestamp => {
            let moment = |value: &Value| value.as_str().and_then(timestamp);
            moment(left).zip(moment(right)).map(|(left, right)| left.cmp(&right))
        }
    };
    order.is_some_and(|order| match ordering {
        Ordering::Equals => order == cmp::Ordering::Equal,
        Ordering::LessThan => order.is_lt(),
        Ordering::GreaterThan => order.is_gt(),
        Ordering::LessThanEquals => order.is_le(),
        Ordering::GreaterThanEquals => order.is_ge(),
    })
}

/// The moment that an RFC 3339 text with an upper case `T` and a zone means.
pub(in super::super) fn timestamp(text: &str) -> Option<jiff::Timestamp> {
    if text.contains('T') { text.parse().ok() } else { None }
}

fn matches(pattern: &str, text: &str) -> bool {
    #[derive(PartialEq)]
    enum Part {
        Any,
        One(char),
    }
    let mut parts = Vec::new();
    let mut rest = pattern.chars();
    while let Some(next) = rest.next() {
        parts.push(match next {
            '*' => Part::Any,
            '\\' => Part::One(rest.next().unwrap_or('\\')),
            other => Part::One(other),
        });
    }
    // Which prefixes of the pattern the text so far matches.
    let mut reached = vec![false; parts.len() + 1];
    let spread = |reached: &mut Vec<bool>| {
        for (at, part) in parts.iter().enumerate() {
            if *part == Part::Any && reached.get(at) == Some(&true) {
                reached.iter_mut().skip(at + 1).take(1).for_each(|next| *next = true);
            }
        }
    };
    reached.iter_mut().take(1).for_each(|first| *first = true);
    spread(&mut reached);
    for character in text.chars() {
        let mut next = vec![false; parts.len() + 1];
        for (at, part) in parts.iter().enumerate().filter(|(at, _)| reached.get(*at) == Some(&true)) {
            let to = match part {
                Part::Any => at,
                Part::One(wanted) if *wanted == character => at + 1,
                Part::One(_) => continue,
            };
            next.iter_mut().skip(to).take(1).for_each(|next| *next = true);
        }
        spread(&mut next);
        reached = next;
    }
    reached.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, is) in [
            ("log-*.txt", "log-1.txt", true),
            ("log-*.txt", "log-.txt", true),
            ("log-*.txt", "log-1.txt.gz", false),
            ("*", "", true),
            ("a*b*c", "abbbc", true),
            ("a*b*c", "acb", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("\\\\*", "\\abc", true),
        ] {
            assert_eq!(matches(pattern, text), is, "{pattern} {text}");
        }
    }

    #[test]
    fn values_of_another_kind_are_never_so() {
        let (one, text) = (json!(1), json!("1"));
        assert!(!ordered(Kind::Numeric, Ordering::Equals, &one, &text));
        assert!(!ordered(Kind::String, Ordering::LessThanEquals, &one, &text));
        assert!(ordered(Kind::Numeric, Ordering::Equals, &one, &json!(1.0)));
        assert!(ordered(Kind::Boolean, Ordering::Equals, &json!(true), &json!(true)));
        let (early, late) = (json!("2026-01-01T00:00:00Z"), json!("2026-01-01T00:00:00.5+00:00"));
        assert!(ordered(Kind::Timestamp, Ordering::LessThan, &early, &late));
        assert!(!ordered(Kind::Timestamp, Ordering::LessThan, &early, &json!("tomorrow")));
    }
}
