//! One condition of a policy, and whether a value meets it.

use serde_json::Value;

use super::number::Number;
use super::wildcard::Pattern;
use crate::kernel::Cidr;

/// What may be asked of one value.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Text(String),
    Number(Number),
    Bool(bool),
    Null,
    Exists(bool),
    Prefix(String),
    Suffix(String),
    Wildcard(Pattern),
    /// In lower case.
    IgnoringCase(String),
    Cidr(Cidr),
    Range(Range),
    /// None of these holds.
    AnythingBut(Vec<Condition>),
}

/// Bounds of a number, each with whether it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: Option<(Number, bool)>,
    pub(super) to: Option<(Number, bool)>,
}

impl Range {
    fn contains(self, number: Number) -> bool {
        let above = self.from.is_none_or(|(from, included)| number > from || included && number == from);
        let below = self.to.is_none_or(|(to, included)| number < to || included && number == to);
        above && below
    }
}

impl Condition {
    /// Whether a value that is there, and is no array or object, meets the condition.
    pub(super) fn holds(&self, value: &Value) -> bool {
        let text = value.as_str();
        let number = || value.as_number().and_then(Number::of);
        match self {
            Self::Text(expected) => text == Some(expected),
            Self::Number(expected) => number() == Some(*expected),
            Self::Bool(expected) => value.as_bool() == Some(*expected),
            Self::Null => value.is_null(),
            Self::Exists(there) => *there,
            Self::Prefix(prefix) => text.is_some_and(|text| text.starts_with(prefix)),
            Self::Suffix(suffix) => text.is_some_and(|text| text.ends_with(suffix)),
            Self::Wildcard(pattern) => text.is_some_and(|text| pattern.matches(text)),
            Self::IgnoringCase(lower) => text.is_some_and(|text| text.to_lowercase() == *lower),
            Self::Cidr(range) => text.is_some_and(|text| range.contains(text)),
            Self::Range(range) => number().is_some_and(|number| range.contains(number)),
            Self::AnythingBut(conditions) => !conditions.iter().any(|condition| condition.holds(value)),
        }
    }
}
