//! Conditions and rules: what is decided from parameters when a stack is deployed.

use std::borrow::Cow;

use super::error::DocumentError;
use super::id::{ConditionName, ParameterName};
use super::serialize::to_tree;
use super::tree::{Intrinsic, Tree};
use super::value::Str;

/// An expression over parameters.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// Two texts are the same.
    Equals(Str, Str),
    /// The other does not hold.
    Not(Box<Expr>),
    /// Both hold.
    And(Box<Expr>, Box<Expr>),
    /// At least one holds.
    Or(Box<Expr>, Box<Expr>),
    /// A named condition holds.
    Is(ConditionName),
    /// A text is one of these; in rules only.
    Contains(Vec<String>, Str),
}

impl Expr {
    /// That a parameter has this value.
    #[must_use]
    pub fn is(parameter: &ParameterName, value: &str) -> Self {
        Self::Equals(Str::parameter(parameter), value.into())
    }

    /// That this does not hold.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// That this and the other hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::And(Box::new(self), Box::new(other))
    }

    /// That this or the other holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::Or(Box::new(self), Box::new(other))
    }

    /// The expression as it stands in a template.
    ///
    /// # Errors
    /// If a literal in it would be read as a dynamic reference.
    pub(crate) fn tree(&self) -> Result<Tree, DocumentError> {
        let call = |name, arguments| Ok(Tree::map([(name, Tree::List(arguments))]));
        match self {
            Self::Equals(a, b) => call("Fn::Equals", vec![to_tree(a)?, to_tree(b)?]),
            Self::Not(inner) => call("Fn::Not", vec![inner.tree()?]),
            Self::And(a, b) => call("Fn::And", vec![a.tree()?, b.tree()?]),
            Self::Or(a, b) => call("Fn::Or", vec![a.tree()?, b.tree()?]),
            Self::Is(name) => Ok(Tree::map([("Condition", Tree::Text(name.as_str().to_owned()))])),
            Self::Contains(list, value) => call("Fn::Contains", vec![to_tree(list)?, to_tree(value)?]),
        }
    }

    /// Shows every parameter and every named condition that decides it.
    pub(crate) fn visit(&self, parameter: &mut impl FnMut(&ParameterName), condition: &mut impl FnMut(&ConditionName)) {
        let mut text = |value: &Str| {
            Tree::from(value.clone()).visit(&mut |intrinsic| {
                if let Intrinsic::Parameter(name) = intrinsic {
                    parameter(name);
                }
            });
        };
        match self {
            Self::Equals(a, b) => {
                text(a);
                text(b);
            }
            Self::Contains(_, value) => text(value),
            Self::Not(inner) => inner.visit(parameter, condition),
            Self::And(a, b) | Self::Or(a, b) => {
                a.visit(parameter, condition);
                b.visit(parameter, condition);
            }
            Self::Is(name) => condition(name),
        }
    }
}

/// A named condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Its name.
    pub name: ConditionName,
    /// When it holds.
    pub expr: Expr,
}

/// What parameters must fulfil before anything is deployed.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name.
    pub name: ConditionName,
    /// When it applies; always if absent. No named conditions can stand here.
    pub when: Option<Expr>,
    /// What must hold.
    pub assertions: Vec<Assertion>,
}

/// One thing that must hold, and what the deployer reads if it does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Assertion {
    /// What must hold.
    pub assert: Expr,
    /// What to do if it does not.
    pub description: String,
}

impl Rule {
    pub(super) fn tree(&self) -> Result<Tree, DocumentError> {
        let mut entries = Vec::new();
        if let Some(when) = &self.when {
            entries.push((Cow::Borrowed("RuleCondition"), when.tree()?));
        }
        let mut assertions = Vec::new();
        for assertion in &self.assertions {
            let description = to_tree(&assertion.description)?;
            assertions.push(Tree::map([("Assert", assertion.assert.tree()?), ("AssertDescription", description)]));
        }
        entries.push((Cow::Borrowed("Assertions"), Tree::List(assertions)));
        Ok(Tree::Map(entries))
    }
}
