//! Conditions, in the form of SNS filter patterns.

use crate::source::Span;

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Text.
    Text(String),
    /// A number, as it was written.
    Number(String),
    /// True or false.
    Bool(bool),
    /// Nothing.
    Null,
}

/// How two numbers compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumericOp {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `=`
    Equal,
    /// `>=`
    AtLeast,
    /// `>`
    More,
}

/// One alternative for a field.
#[derive(Debug, Clone, PartialEq)]
pub enum Matcher {
    /// Equals this.
    Exact(Scalar),
    /// Begins with this.
    Prefix(String),
    /// Ends with this.
    Suffix(String),
    /// Equals this, whatever the case.
    EqualsIgnoreCase(String),
    /// Matches this, `*` standing for any text.
    Wildcard(String),
    /// Is none of these.
    AnythingBut(Vec<Scalar>),
    /// Does not begin with this.
    AnythingButPrefix(String),
    /// Does not end with this.
    AnythingButSuffix(String),
    /// Does not match this.
    AnythingButWildcard(String),
    /// Lies within: one or two comparisons, both of which hold; numbers as they were written.
    Numeric(Vec<(NumericOp, String)>),
    /// Is there, or is not.
    Exists(bool),
    /// Is an address in this network.
    Cidr(String),
}

/// What one field must match: its path (nested keys), where its name stands, and its alternatives with their places.
pub type FieldPattern = (Vec<String>, Span, Vec<(Matcher, Span)>);

/// A condition: all of its fields match, each by one of its alternatives, and one pattern of each `$or` holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Pattern {
    /// What its fields must match.
    pub fields: Vec<FieldPattern>,
    /// Of each list, one holds.
    pub any_of: Vec<Vec<Pattern>>,
    /// Where it was written.
    pub span: Span,
}
