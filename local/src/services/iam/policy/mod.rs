//! The policy language: from a JSON document to statements, and what they say to a request.
//!
//! In: a policy document, and a request. Out: a [`Policy`], and whether a statement of it denies or allows
//! the request. Guaranteed: an element, operator, key or principal that is not understood was refused when
//! the document was read, by its name; nothing is ignored.
//!
//! | file | is |
//! | --- | --- |
//! | `pattern` | wildcards, variables, ARNs |
//! | `condition` | the operators of `Condition` |
//! | `keys` | the condition keys that requests have |
//! | `principal` | `Principal` and `NotPrincipal` |
//! | `text` | JSON without doubled members |
//!
//! Source: "IAM JSON policy element reference" and "Grammar of the IAM JSON policy language".

mod condition;
mod keys;
mod pattern;
mod principal;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;

use serde_json::{Map, Value};

use self::condition::Condition;
pub(super) use self::pattern::lower;
use self::pattern::{ArnPattern, Pattern, Reading};
use self::principal::Principals;
pub(super) use self::principal::{Named, Who};
pub(super) use self::text::read as read_text;

/// Why a document is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Malformed(String);

impl Malformed {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// What a policy is put on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A role: it has no principals.
    Identity,
    /// A resource.
    Resource,
    /// A role, as what may be taken on: it has no resources.
    Trust,
}

/// A policy that was read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Policy {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq)]
struct Statement {
    sid: Option<String>,
    denies: bool,
    principals: Option<Principals>,
    /// In lower case.
    actions: Vec<Pattern>,
    other_actions: bool,
    resources: Vec<ArnPattern>,
    other_resources: bool,
    conditions: Vec<Condition>,
}

/// What a policy is asked.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) who: Who<'a>,
    /// In lower case: `sqs:sendmessage`.
    pub(super) action: &'a str,
    /// The ARN, or `*`.
    pub(super) resource: &'a str,
    pub(super) keys: &'a dyn Keys,
}

/// The condition keys of a request.
pub(super) trait Keys {
    /// The values of a key, which is in lower case; none if the request does not have it.
    fn values(&self, key: &str) -> Vec<Cow<'_, str>>;
}

/// What a policy says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// A statement denies: its `Sid`, or its number from 1.
    pub(super) denied: Option<String>,
    /// A statement allows: how it names whoever asks.
    pub(super) allowed: Option<Named>,
}

impl Policy {
    /// Reads a document.
    pub(super) fn parse(document: &Value, kind: Kind) -> Result<Self, Malformed> {
        let members = object(document, "the policy", &["Version", "Id", "Statement"])?;
        let variables = match members.get("Version").map(|version| version.as_str().unwrap_or_default()) {
            Some("2012-10-17") => true,
            Some("2008-10-17") | None => false,
            Some(_) => return Err(Malformed::new("Version must be 2012-10-17 or 2008-10-17")),
        };
        if members.get("Id").is_some_and(|id| !id.is_string()) {
            return Err(Malformed::new("Id must be a text"));
        }
        let statements = match members.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().collect(),
            Some(statement @ Value::Object(_)) => vec![statement],
            _ => return Err(Malformed::new("Syntax errors in policy: Statement must be a list of statements")),
        };
        if statements.is_empty() {
            return Err(Malformed::new("Policy statement must not be empty."));
        }
        let statements: Vec<Statement> = statements
            .into_iter()
            .map(|statement| Statement::parse(statement, kind, variables))
            .collect::<Result<_, _>>()?;
        let sids: Vec<&String> = statements.iter().filter_map(|statement| statement.sid.as_ref()).collect();
        let doubled = sids.iter().enumerate().any(|(at, sid)| sids.iter().take(at).any(|other| other == sid));
        if doubled {
            return Err(Malformed::new("Statement IDs (SID) in a single policy must be unique."));
        }
        Ok(Self { statements })
    }

    /// Reads the text of a document.
    pub(super) fn parse_text(text: &str, kind: Kind) -> Result<Self, Malformed> {
        Self::parse(&read_text(text)?, kind)
    }

    /// What it says to a request.
    pub(super) fn answer(&self, question: &Question<'_>) -> Answer {
        let mut answer = Answer::default();
        for (number, statement) in self.statements.iter().enumerate() {
            let Some(named) = statement.concerns(question) else { continue };
            if statement.denies {
                let shown = || statement.sid.clone().unwrap_or_else(|| (number + 1).to_string());
                return Answer { denied: Some(shown()), allowed: None };
            }
            answer.allowed = answer.allowed.max(Some(named));
        }
        answer
    }
}

const ELEMENTS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

impl Statement {
    fn parse(document: &Value, kind: Kind, variables: bool) -> Result<Self, Malformed> {
        let members = object(document, "a statement", &ELEMENTS)?;
        let sid = match members.get("Sid") {
            None => None,
            Some(Value::String(sid)) if sid.is_empty() => None,
            Some(Value::String(sid)) => Some(sid.clone()),
            Some(_) => return Err(Malformed::new("Sid must be a text")),
        };
        let plain = |sid: &String| sid.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if kind == Kind::Identity && !sid.as_ref().is_none_or(plain) {
            return Err(Malformed::new("Statement IDs (SID) must be alpha-numeric."));
        }
        let denies = match members.get("Effect").and_then(Value::as_str) {
            Some("Allow") => false,
            Some("Deny") => true,
            _ => return Err(Malformed::new("Effect must be Allow or Deny")),
        };
        let principals = match either(members, "Principal", "NotPrincipal")? {
            Some(_) if kind == Kind::Identity => {
                return Err(Malformed::new("Policy document should not specify a principal."));
            }
            None if kind != Kind::Identity => return Err(Malformed::new("Missing required field Principal")),
            None => None,
            Some((value, true)) => Some(Principals::Not(principal::parse(value)?)),
            Some((value, false)) => Some(Principals::Of(principal::parse(value)?)),
        };
        let missing = || Malformed::new("Policy statement must contain actions.");
        let (actions, other_actions) = either(members, "Action", "NotAction")?.ok_or_else(missing)?;
        let actions = one_or_more(actions).ok_or_else(missing)?;
        let actions = actions.iter().map(|action| action_pattern(action)).collect::<Result<_, _>>()?;
        let (resources, other_resources) = match either(members, "Resource", "NotResource")? {
            Some(_) if kind == Kind::Trust => return Err(Malformed::new("Has prohibited field Resource")),
            None if kind == Kind::Trust => (Vec::new(), true),
            None => return Err(Malformed::new("Policy statement must contain resources.")),
            Some((value, other)) => {
                let texts =
                    one_or_more(value).ok_or_else(|| Malformed::new("Policy statement must contain resources."))?;
                let patterns = texts.iter().map(|text| ArnPattern::parse(text, variables));
                (patterns.collect::<Result<Vec<_>, _>>()?, other)
            }
        };
        let conditions = members.get("Condition").map(|value| condition::parse(value, variables)).transpose()?;
        let conditions = conditions.unwrap_or_default();
        Ok(Self { sid, denies, principals, actions, other_actions, resources, other_resources, conditions })
    }

    /// Whether it speaks of the request; how it names whoever asks.
    fn concerns(&self, question: &Question<'_>) -> Option<Named> {
        let lookup = |key: &str| match question.keys.values(key).as_slice() {
            [value] => Some(value.clone().into_owned()),
            _ => None,
        };
        let acts = self.actions.iter().any(|pattern| pattern.matches(question.action, &lookup));
        if acts == self.other_actions {
            return None;
        }
        let touches = self.resources.iter().any(|pattern| pattern.matches(question.resource, &lookup));
        if touches == self.other_resources {
            return None;
        }
        let named = match &self.principals {
            None => Named::Itself,
            Some(principals) => principals.name(question.who)?,
        };
        let holds = |condition: &Condition| condition.holds(&question.keys.values(&condition.key), &lookup);
        self.conditions.iter().all(holds).then_some(named)
    }
}

/// An object that has no members but these.
fn object<'a>(value: &'a Value, what: &str, known: &[&str]) -> Result<&'a Map<String, Value>, Malformed> {
    let members = value.as_object().ok_or_else(|| Malformed::new(format!("{what} must be an object")))?;
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(Malformed::new(format!("Syntax errors in policy: {what} has no element `{unknown}`"))),
        None => Ok(members),
    }
}

/// The one of two elements that is there, and whether it is the second.
fn either<'a>(
    members: &'a Map<String, Value>,
    element: &str,
    not: &str,
) -> Result<Option<(&'a Value, bool)>, Malformed> {
    match (members.get(element), members.get(not)) {
        (Some(_), Some(_)) => Err(Malformed::new(format!("a statement has either {element} or {not}"))),
        (Some(value), None) => Ok(Some((value, false))),
        (None, Some(value)) => Ok(Some((value, true))),
        (None, None) => Ok(None),
    }
}

fn action_pattern(action: &str) -> Result<Pattern, Malformed> {
    let valid = action == "*"
        || action.split_once(':').is_some_and(|(service, name)| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !service.is_empty() && service.bytes().all(plain) && !name.is_empty() && !name.contains(char::is_whitespace)
        });
    if !valid {
        let message = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
        return Err(Malformed::new(format!("{message}: `{action}`")));
    }
    Pattern::parse(action, Reading { wildcards: true, variables: false, fold: true })
}

/// One plain value or a list of some, as texts.
fn one_or_more(value: &Value) -> Option<Vec<Cow<'_, str>>> {
    match value {
        Value::Array(values) => {
            values.iter().map(plain).collect::<Option<Vec<_>>>().filter(|values| !values.is_empty())
        }
        one => Some(vec![plain(one)?]),
    }
}

/// A plain value as text.
fn plain(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Bool(_) | Value::Number(_) => Some(Cow::Owned(value.to_string())),
        _ => None,
    }
}
