//! A condition (the SNS filter pattern) as a JSONata boolean.
//!
//! In: a [`Pattern`]. Out: an expression that is `true` where SNS would let a message body with these
//! fields pass, `false` elsewhere, and that never fails, whatever the data.
//!
//! What SNS does, as its pages on filter policies say:
//! - all fields must match, each by one of its alternatives;
//! - where the data has an array, one matching element is enough, for `anything-but` too: `["rugby",
//!   "baseball"]` passes `anything-but: rugby`
//!   (<https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html>);
//! - a field that is absent matches `exists: false` alone, and `exists: true` wants a value that is
//!   neither null nor empty (<https://docs.aws.amazon.com/sns/latest/dg/attribute-key-matching.html>);
//! - the fields of one nested pattern must match in one and the same element of an array of objects;
//! - text is compared with its case, and a number never equals a text.

use serde_json::{Number, Value as Json};

use super::jsonata::Expr;

/// Conditions that must all hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pattern {
    /// On which field, and what.
    pub fields: Vec<(String, Matcher)>,
    /// `$or`, any number of times: of each list, one must hold as well.
    pub or: Vec<Vec<Pattern>>,
}

/// What must hold of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matcher {
    /// One of these.
    AnyOf(Vec<Alternative>),
    /// The field is an object (or an array of them), and these hold in it.
    Nested(Pattern),
}

/// One thing a field may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alternative {
    /// This text, number, boolean or null.
    Exact(Scalar),
    /// A text that begins so.
    Prefix(String),
    /// A text that ends so.
    Suffix(String),
    /// This text, in whatever case.
    EqualsIgnoreCase(String),
    /// A text of this form: `*` stands for anything, `\*` and `\\` for themselves.
    Wildcard(String),
    /// None of these.
    AnythingBut(Vec<Scalar>),
    /// Anything that does not begin with one of these.
    AnythingButPrefix(Vec<String>),
    /// Anything that does not end with one of these.
    AnythingButSuffix(Vec<String>),
    /// Anything that is not of one of these forms.
    AnythingButWildcard(Vec<String>),
    /// A number for which all of these hold.
    Numeric(Vec<(Comparison, Number)>),
    /// Whether there is a value.
    Exists(bool),
    /// An IP address in this block: SNS knows it, a workflow does not.
    Cidr(String),
}

/// A value without parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
}

/// How a number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
}

/// A condition that a workflow cannot test.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a workflow cannot test `{operator}` (in `{}`)", field.join("."))]
pub struct Unsupported {
    /// The field, from the outermost name inwards.
    pub field: Vec<String>,
    /// The operator, as it is written in a pattern.
    pub operator: &'static str,
}

impl Pattern {
    /// Whether the pattern holds of an object: a JSONata boolean.
    ///
    /// # Errors
    /// Every operator in it that a workflow cannot test.
    pub fn to_condition(&self, object: &Expr) -> Result<Expr, Vec<Unsupported>> {
        let mut unsupported = Vec::new();
        self.find_unsupported(&mut Vec::new(), &mut unsupported);
        if unsupported.is_empty() { Ok(self.condition(object)) } else { Err(unsupported) }
    }

    fn condition(&self, object: &Expr) -> Expr {
        let fields = self.fields.iter().map(|(name, matcher)| matcher.condition(object.clone().field(name)));
        let or = self.or.iter().map(|list| Expr::any(list.iter().map(|pattern| pattern.condition(object))));
        Expr::all(fields.chain(or))
    }

    /// Whether the pattern holds where no field of it has a value.
    fn holds_of_nothing(&self) -> bool {
        self.fields.iter().all(|(_, matcher)| match matcher {
            Matcher::AnyOf(alternatives) => alternatives.contains(&Alternative::Exists(false)),
            Matcher::Nested(pattern) => pattern.holds_of_nothing(),
        }) && self.or.iter().all(|list| list.iter().any(Self::holds_of_nothing))
    }

    fn find_unsupported(&self, path: &mut Vec<String>, found: &mut Vec<Unsupported>) {
        for (name, matcher) in &self.fields {
            path.push(name.clone());
            match matcher {
                Matcher::Nested(pattern) => pattern.find_unsupported(path, found),
                Matcher::AnyOf(alternatives) => found.extend(
                    alternatives
                        .iter()
                        .filter(|alternative| matches!(alternative, Alternative::Cidr(_)))
                        .map(|_| Unsupported { field: path.clone(), operator: "cidr" }),
                ),
            }
            path.pop();
        }
        for pattern in self.or.iter().flatten() {
            pattern.find_unsupported(path, found);
        }
    }
}

impl Matcher {
    fn condition(&self, value: Expr) -> Expr {
        match self {
            Self::AnyOf(alternatives) => any_of(alternatives, &value),
            Self::Nested(pattern) => {
                let within = value.clone().filter(pattern.condition(&Expr::this())).exists();
                if pattern.holds_of_nothing() {
                    Expr::any([value.count().equals(Expr::int(0)), within])
                } else {
                    within
                }
            }
        }
    }
}

/// Exact values are tested all at once, the rest one by one.
fn any_of(alternatives: &[Alternative], value: &Expr) -> Expr {
    let exact: Vec<_> = alternatives.iter().filter_map(Alternative::exact).collect();
    let exact = match exact.as_slice() {
        [] => None,
        [one] => Some(one.literal().is_in(value.clone())),
        several => Some(value.clone().filter(Expr::this().is_in(literals(several.iter().copied()))).exists()),
    };
    let others = alternatives.iter().filter_map(|alternative| alternative.condition(value));
    Expr::any(exact.into_iter().chain(others))
}

impl Alternative {
    fn exact(&self) -> Option<&Scalar> {
        match self {
            Self::Exact(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// Nothing for an exact value, which is tested with the others, and for what is refused before.
    fn condition(&self, value: &Expr) -> Option<Expr> {
        let this = Expr::this;
        Some(match self {
            Self::Exact(_) | Self::Cidr(_) => return None,
            Self::Prefix(prefix) => of_kind("string", value, this().starts_with(prefix)),
            Self::Suffix(suffix) => of_kind("string", value, this().ends_with(suffix)),
            Self::EqualsIgnoreCase(text) => of_kind("string", value, this().equals_ignore_case(text)),
            Self::Wildcard(wildcard) => of_kind("string", value, this().is_made_of(&parts(wildcard))),
            Self::AnythingBut(scalars) => of_leaf(value, this().is_in(literals(scalars)).not()),
            Self::AnythingButPrefix(prefixes) => {
                of_leaf(value, unless_text(Expr::any(prefixes.iter().map(|prefix| this().starts_with(prefix)))))
            }
            Self::AnythingButSuffix(suffixes) => {
                of_leaf(value, unless_text(Expr::any(suffixes.iter().map(|suffix| this().ends_with(suffix)))))
            }
            Self::AnythingButWildcard(wildcards) => of_leaf(
                value,
                unless_text(Expr::any(wildcards.iter().map(|wildcard| this().is_made_of(&parts(wildcard))))),
            ),
            Self::Numeric(bounds) => {
                let bounds = bounds.iter().map(|(comparison, bound)| comparison.apply(this(), Expr::number(bound)));
                of_kind("number", value, Expr::all(bounds))
            }
            Self::Exists(true) => exists(value),
            Self::Exists(false) => exists(value).not(),
        })
    }
}

/// SNS: "the key must have a non-null and non-empty value", and "only works on leaf nodes".
fn exists(value: &Expr) -> Expr {
    of_leaf(value, Expr::this().is_in(Expr::array([Expr::null(), Expr::text("")])).not())
}

/// The kind is a filter of its own, before the condition: `and` may look at both its sides, and a
/// function of texts fails the execution when it is given a number.
fn of_kind(kind: &str, value: &Expr, condition: Expr) -> Expr {
    value.clone().filter(Expr::this().kind().equals(Expr::text(kind))).filter(condition).exists()
}

fn of_leaf(value: &Expr, condition: Expr) -> Expr {
    value.clone().filter(Expr::this().kind().differs(Expr::text("object"))).filter(condition).exists()
}

fn unless_text(condition: Expr) -> Expr {
    Expr::if_else(Expr::this().kind().equals(Expr::text("string")), condition.not(), Expr::bool(true))
}

fn literals<'a>(scalars: impl IntoIterator<Item = &'a Scalar>) -> Expr {
    Expr::array(scalars.into_iter().map(Scalar::literal))
}

/// What stands between the stars of a wildcard.
fn parts(wildcard: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut rest = wildcard.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '*' => parts.push(std::mem::take(&mut part)),
            '\\' => part.push(rest.next_if(|next| matches!(next, '*' | '\\')).unwrap_or('\\')),
            _ => part.push(c),
        }
    }
    parts.push(part);
    parts
}

impl Scalar {
    fn literal(&self) -> Expr {
        match self {
            Self::Null => Expr::null(),
            Self::Bool(value) => Expr::bool(*value),
            Self::Number(value) => Expr::number(value),
            Self::Text(value) => Expr::text(value),
        }
    }

    /// The scalar that a JSON value is, if it is one.
    #[must_use]
    pub fn from_json(value: &Json) -> Option<Self> {
        match value {
            Json::Null => Some(Self::Null),
            Json::Bool(value) => Some(Self::Bool(*value)),
            Json::Number(value) => Some(Self::Number(value.clone())),
            Json::String(value) => Some(Self::Text(value.clone())),
            Json::Array(_) | Json::Object(_) => None,
        }
    }
}

impl Comparison {
    fn apply(self, left: Expr, right: Expr) -> Expr {
        match self {
            Self::Equal => left.equals(right),
            Self::Less => left.less(right),
            Self::AtMost => left.at_most(right),
            Self::Greater => left.greater(right),
            Self::AtLeast => left.at_least(right),
        }
    }
}

#[cfg(test)]
mod tests;
