//! The constraints of the type grammar: what they are and how a value is held against them.

use std::borrow::Cow;
use std::fmt;

use regex_lite::Regex;

/// A value breaks the rule of its type. The text names the rule and never the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid(Cow<'static, str>);

impl Invalid {
    /// What the text begins with, so that a decoder knows our words from serde's.
    pub(crate) const PREFIX: &'static str = "invalid: ";

    /// `rule` goes on from the name of the field: "is no ULID".
    pub fn new(rule: impl Into<Cow<'static, str>>) -> Self {
        Self(rule.into())
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::PREFIX, self.0)
    }
}

impl std::error::Error for Invalid {}

/// The constraints of one type of the flow, as JSON Schema means them.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    min_length: Option<usize>,
    max_length: Option<usize>,
    pattern: Option<&'static str>,
    least: Option<Bound>,
    most: Option<Bound>,
}

#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
enum Bound {
    Int(i64),
    Number(f64),
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(bound) => bound.fmt(f),
            Self::Number(bound) => bound.fmt(f),
        }
    }
}

impl Rules {
    /// No rule but the type's own.
    pub const ANY: Self = Self { min_length: None, max_length: None, pattern: None, least: None, most: None };

    /// At least so many characters (Unicode code points).
    #[must_use]
    pub const fn min_length(self, characters: usize) -> Self {
        Self { min_length: Some(characters), ..self }
    }

    /// At most so many characters (Unicode code points).
    #[must_use]
    pub const fn max_length(self, characters: usize) -> Self {
        Self { max_length: Some(characters), ..self }
    }

    /// The pattern matches somewhere in the text: `^…$` holds it to the whole.
    #[must_use]
    pub const fn pattern(self, pattern: &'static str) -> Self {
        Self { pattern: Some(pattern), ..self }
    }

    /// At least `bound`.
    #[must_use]
    pub const fn min_int(self, bound: i64) -> Self {
        Self { least: Some(Bound::Int(bound)), ..self }
    }

    /// At most `bound`.
    #[must_use]
    pub const fn max_int(self, bound: i64) -> Self {
        Self { most: Some(Bound::Int(bound)), ..self }
    }

    /// At least `bound`.
    #[must_use]
    pub const fn min_number(self, bound: f64) -> Self {
        Self { least: Some(Bound::Number(bound)), ..self }
    }

    /// At most `bound`.
    #[must_use]
    pub const fn max_number(self, bound: f64) -> Self {
        Self { most: Some(Bound::Number(bound)), ..self }
    }

    fn hold_text(&self, text: &str) -> Result<(), Invalid> {
        if let Some(least) = self.min_length
            && text.chars().take(least).count() < least
        {
            return Err(Invalid::new(format!("is shorter than {least} characters")));
        }
        if let Some(most) = self.max_length
            && text.chars().nth(most).is_some()
        {
            return Err(Invalid::new(format!("is longer than {most} characters")));
        }
        let Some(pattern) = self.pattern else { return Ok(()) };
        let regex = Regex::new(pattern).map_err(|_| Invalid::new(format!("has a pattern that is none: {pattern}")))?;
        if regex.is_match(text) { Ok(()) } else { Err(Invalid::new(format!("does not match {pattern}"))) }
    }

    fn hold_number(&self, value: Bound) -> Result<(), Invalid> {
        match (self.least, self.most) {
            (Some(least), _) if value < least => Err(Invalid::new(format!("is less than {least}"))),
            (_, Some(most)) if value > most => Err(Invalid::new(format!("is more than {most}"))),
            _ => Ok(()),
        }
    }
}

/// What a newtype of the flow can stand on.
pub trait Inner {
    /// Holds the value against the rules that its type knows.
    ///
    /// # Errors
    ///
    /// The first rule that is broken.
    fn hold(&self, rules: &Rules) -> Result<(), Invalid>;
}

impl Inner for String {
    fn hold(&self, rules: &Rules) -> Result<(), Invalid> {
        rules.hold_text(self)
    }
}

impl Inner for i64 {
    fn hold(&self, rules: &Rules) -> Result<(), Invalid> {
        rules.hold_number(Bound::Int(*self))
    }
}

impl Inner for f64 {
    fn hold(&self, rules: &Rules) -> Result<(), Invalid> {
        rules.hold_number(Bound::Number(*self))
    }
}

/// Scalars whose own form is their only rule, but for text's.
macro_rules! inner_text {
    ($($name:ident)*) => {$(
        impl Inner for crate::scalar::$name {
            fn hold(&self, rules: &Rules) -> Result<(), Invalid> {
                rules.hold_text(self.as_str())
            }
        }
    )*};
}

inner_text! { Date Decimal Email Ulid Url Uuid }

impl Inner for bool {
    fn hold(&self, _: &Rules) -> Result<(), Invalid> {
        Ok(())
    }
}

impl Inner for crate::scalar::Timestamp {
    fn hold(&self, _: &Rules) -> Result<(), Invalid> {
        Ok(())
    }
}

/// The schema of a newtype: its inner schema, the rules, and its doc line.
#[cfg(feature = "schema")]
pub fn schema(mut inner: schemars::Schema, rules: &Rules, doc: &str) -> schemars::Schema {
    let mut set = |key: &str, value: Option<serde_json::Value>| {
        if let Some(value) = value {
            inner.insert(key.to_owned(), value);
        }
    };
    let bound = |bound: Bound| match bound {
        Bound::Int(bound) => bound.into(),
        Bound::Number(bound) => bound.into(),
    };
    set("description", Some(doc.trim()).filter(|doc| !doc.is_empty()).map(Into::into));
    set("minLength", rules.min_length.map(Into::into));
    set("maxLength", rules.max_length.map(Into::into));
    set("pattern", rules.pattern.map(Into::into));
    set("minimum", rules.least.map(bound));
    set("maximum", rules.most.map(bound));
    inner
}
