//! IAM policy documents, typed.
//!
//! A principal is an enum, so that `*` is written on purpose or not at all.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::tree::Entries;
use super::value::Str;

/// A policy document.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyDocument {
    version: &'static str,
    /// What it allows and denies.
    pub statement: Vec<Statement>,
}

impl PolicyDocument {
    /// A policy of these statements, in the language's current version.
    #[must_use]
    pub fn new(statement: Vec<Statement>) -> Self {
        Self { version: "2012-10-17", statement }
    }

    /// The trust policy of a role that a service takes on, under `conditions`.
    #[must_use]
    pub fn trust(service: &str, conditions: Vec<Test>) -> Self {
        let statement = Statement {
            principal: Some(Principal::service(service)),
            condition: conditions,
            ..Statement::allow(["sts:AssumeRole"], [])
        };
        Self::new(vec![statement])
    }
}

/// Whether a statement allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Effect {
    /// Allows.
    Allow,
    /// Denies, whatever else allows.
    Deny,
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// A name within the policy: ASCII letters and digits.
    pub sid: Option<String>,
    /// Allow or deny.
    pub effect: Effect,
    /// Whom it concerns; absent in a policy of a role.
    pub principal: Option<Principal>,
    /// The actions, `service:Action`.
    pub action: Vec<String>,
    /// The resources, by ARN; absent in a trust policy.
    pub resource: Vec<Str>,
    /// When it applies; always if empty.
    #[serde(serialize_with = "by_operator")]
    pub condition: Vec<Test>,
}

impl Statement {
    /// Allows actions on resources.
    #[must_use]
    pub fn allow<'a>(actions: impl IntoIterator<Item = &'a str>, resources: impl IntoIterator<Item = Str>) -> Self {
        Self {
            sid: None,
            effect: Effect::Allow,
            principal: None,
            action: actions.into_iter().map(str::to_owned).collect(),
            resource: resources.into_iter().collect(),
            condition: Vec::new(),
        }
    }

    /// Denies actions on resources.
    #[must_use]
    pub fn deny<'a>(actions: impl IntoIterator<Item = &'a str>, resources: impl IntoIterator<Item = Str>) -> Self {
        Self { effect: Effect::Deny, ..Self::allow(actions, resources) }
    }

    /// With a name within the policy.
    #[must_use]
    pub fn sid(mut self, sid: impl Into<String>) -> Self {
        self.sid = Some(sid.into());
        self
    }

    /// Concerning this principal.
    #[must_use]
    pub fn principal(mut self, principal: Principal) -> Self {
        self.principal = Some(principal);
        self
    }

    /// Only if this too holds.
    #[must_use]
    pub fn when(mut self, test: Test) -> Self {
        self.condition.push(test);
        self
    }
}

/// Whom a statement concerns.
#[derive(Debug, Clone, PartialEq)]
pub enum Principal {
    /// AWS services, as `sns.amazonaws.com`; of CloudWatch Logs, with the region in it.
    Service(Vec<Str>),
    /// Accounts and roles, by ARN.
    Aws(Vec<Str>),
    /// Everybody, within or without any account: only for `Deny`.
    Anyone,
}

impl Principal {
    /// One service.
    #[must_use]
    pub fn service(name: impl Into<Str>) -> Self {
        Self::Service(vec![name.into()])
    }
}

impl Serialize for Principal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Anyone => serializer.serialize_str("*"),
            Self::Service(names) => one_or_many(serializer, "Service", names),
            Self::Aws(arns) => one_or_many(serializer, "AWS", arns),
        }
    }
}

fn one_or_many<S: Serializer, T: Serialize>(serializer: S, key: &str, values: &[T]) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    match values {
        [one] => map.serialize_entry(key, one)?,
        many => map.serialize_entry(key, many)?,
    }
    map.end()
}

/// How a key of the request is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the operators of IAM, by their own names")]
pub enum Operator {
    StringEquals,
    StringNotEquals,
    StringLike,
    ArnEquals,
    ArnLike,
    Bool,
    Null,
    NumericLessThan,
    ForAllValuesStringEquals,
    ForAnyValueStringEquals,
}

impl Operator {
    const fn name(self) -> &'static str {
        match self {
            Self::StringEquals => "StringEquals",
            Self::StringNotEquals => "StringNotEquals",
            Self::StringLike => "StringLike",
            Self::ArnEquals => "ArnEquals",
            Self::ArnLike => "ArnLike",
            Self::Bool => "Bool",
            Self::Null => "Null",
            Self::NumericLessThan => "NumericLessThan",
            Self::ForAllValuesStringEquals => "ForAllValues:StringEquals",
            Self::ForAnyValueStringEquals => "ForAnyValue:StringEquals",
        }
    }
}

/// One comparison: it holds if the key of the request compares with any of the values.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// How to compare.
    pub operator: Operator,
    /// The key, as `aws:SourceArn`.
    pub key: &'static str,
    /// With what.
    pub values: Vec<Str>,
}

impl Test {
    /// A comparison with one value.
    #[must_use]
    pub fn new(operator: Operator, key: &'static str, value: impl Into<Str>) -> Self {
        Self { operator, key, values: vec![value.into()] }
    }
}

/// IAM wants each operator once, with all of its keys; they stand in the order of their first use.
fn by_operator<S: Serializer>(tests: &[Test], serializer: S) -> Result<S::Ok, S::Error> {
    let mut grouped: Vec<(&'static str, Entries<OneOrMany<'_>>)> = Vec::new();
    for test in tests {
        let entry = (test.key.to_owned(), OneOrMany(&test.values));
        match grouped.iter_mut().find(|(name, _)| *name == test.operator.name()) {
            Some((_, entries)) => entries.0.push(entry),
            None => grouped.push((test.operator.name(), Entries(vec![entry]))),
        }
    }
    let mut map = serializer.serialize_map(Some(grouped.len()))?;
    grouped.iter().try_for_each(|(name, entries)| map.serialize_entry(name, entries))?;
    map.end()
}

struct OneOrMany<'a>(&'a [Str]);

impl Serialize for OneOrMany<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}
