//! The eight kinds of state, each with the properties it has under JSONata and no others.

use indexmap::IndexMap;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::jsonata::{Expr, Variable};
use super::{Catch, Comment, OrExpr, Processing, Retry, Scope, StateName, Substitution, Text, Value};

/// One state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "Type")]
#[expect(missing_docs, reason = "each variant is its struct, which has the documentation")]
pub enum State {
    Task(Task),
    Choice(Choice),
    Wait(Wait),
    Parallel(Parallel),
    Map(Map),
    Pass(Pass),
    Succeed(Succeed),
    Fail(Fail),
}

macro_rules! state_from {
    ($($kind:ident),*) => {
        $(impl From<$kind> for State {
            fn from(state: $kind) -> Self {
                Self::$kind(state)
            }
        })*
    };
}

state_from!(Task, Choice, Wait, Parallel, Map, Pass, Succeed, Fail);

/// What comes after a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flowing {
    /// Another state of the same scope.
    Next(StateName),
    /// Nothing: the scope is done.
    End,
}

impl Serialize for Flowing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::Next(name) => map.serialize_entry("Next", name)?,
            Self::End => map.serialize_entry("End", &true)?,
        }
        map.end()
    }
}

/// Workflow variables and what they are set to, all at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assign(IndexMap<String, Value>);

impl Assign {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets one more.
    pub fn set(&mut self, variable: &Variable, value: impl Into<Value>) {
        self.0.insert(variable.as_str().to_owned(), value.into());
    }
}

impl Serialize for Assign {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// What a task calls: an integration of Step Functions.
///
/// Its ARN begins with the partition (`aws`, `aws-cn`, `aws-us-gov`), which only the deployment knows: so it is a
/// substitution as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// A Lambda function: the arguments are `FunctionName` and `Payload`, and the function's answer is in
    /// `$states.result.Payload`.
    LambdaInvoke,
    /// A message to an SNS topic.
    SnsPublish,
    /// A message to an SQS queue.
    SqsSendMessage,
}

impl Resource {
    /// What stands for its ARN in a document.
    #[must_use]
    pub const fn substitution(self) -> &'static str {
        match self {
            Self::LambdaInvoke => "LambdaInvoke",
            Self::SnsPublish => "SnsPublish",
            Self::SqsSendMessage => "SqsSendMessage",
        }
    }

    /// Its ARN after the partition.
    #[must_use]
    pub const fn integration(self) -> &'static str {
        match self {
            Self::LambdaInvoke => ":states:::lambda:invoke",
            Self::SnsPublish => ":states:::sns:publish",
            Self::SqsSendMessage => ":states:::sqs:sendMessage",
        }
    }
}

impl Serialize for Resource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("${{{}}}", self.substitution()))
    }
}

/// Work done outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Task {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// What is called.
    pub resource: Resource,
    /// With what.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Value>,
    /// Seconds it may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<OrExpr<u64>>,
    /// Seconds between two signs of life.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heartbeat_seconds: Option<OrExpr<u64>>,
    /// Tries again; the first entry that matches counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry: Vec<Retry>,
    /// Goes elsewhere; the first entry that matches counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catch>,
    /// What the next state is given; the result where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Variables to set.
    #[serde(skip_serializing_if = "Assign::is_empty")]
    pub assign: Assign,
    /// What comes after.
    #[serde(flatten)]
    pub flowing: Flowing,
}

impl Task {
    /// A call of a Lambda function with a payload.
    #[must_use]
    pub fn invoke(function: Substitution, payload: Value, flowing: Flowing) -> Self {
        Self {
            comment: None,
            resource: Resource::LambdaInvoke,
            arguments: Some(Value::object([("FunctionName", function.into()), ("Payload", payload)])),
            timeout_seconds: None,
            heartbeat_seconds: None,
            retry: Vec::new(),
            catch: Vec::new(),
            output: None,
            assign: Assign::default(),
            flowing,
        }
    }
}

/// A fork in the road: the first rule whose condition holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Choice {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// The rules; at least one.
    pub choices: Vec<ChoiceRule>,
    /// Where, if none holds; the execution fails with `States.NoChoiceMatched` where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<StateName>,
    /// What the default is given; the input where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Variables to set on the way to the default.
    #[serde(skip_serializing_if = "Assign::is_empty")]
    pub assign: Assign,
}

/// One way out of a [`Choice`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChoiceRule {
    /// `true` or `false`; anything else fails the execution.
    pub condition: Expr,
    /// What the next state is given; the input where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Variables to set.
    #[serde(skip_serializing_if = "Assign::is_empty")]
    pub assign: Assign,
    /// Where.
    pub next: StateName,
}

/// A pause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Wait {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// How long.
    #[serde(flatten)]
    pub until: Until,
    /// What the next state is given; the input where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Variables to set.
    #[serde(skip_serializing_if = "Assign::is_empty")]
    pub assign: Assign,
    /// What comes after.
    #[serde(flatten)]
    pub flowing: Flowing,
}

/// When a [`Wait`] is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Until {
    /// After this many seconds, at most 99,999,999.
    Seconds(OrExpr<u32>),
    /// At this instant: RFC 3339, with a capital `T` and, for UTC, a capital `Z`.
    Timestamp(Text),
}

/// Branches run side by side; the result is an array of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Parallel {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// What each branch is given; the input where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Value>,
    /// The branches.
    pub branches: Vec<Scope>,
    /// Tries all of it again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry: Vec<Retry>,
    /// Goes elsewhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catch>,
    /// What the next state is given; the result where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Variables to set.
    #[serde(skip_serializing_if = "Assign::is_empty")]
    pub assign: Assign,
    /// What comes after.
    #[serde(flatten)]
    pub flowing: Flowing,
}

/// The same for each item; the result is an array in the items' order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Map {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// The items; the input where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Value>,
    /// What is done with each is given; the item where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_selector: Option<Value>,
    /// How many at once; as many as Step Functions can where left out or 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrency: Option<OrExpr<u32>>,
    /// What is done with each, and where.
    #[serde(flatten)]
    pub processing: Processing,
    /// Tries all of it again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry: Vec<Retry>,
    /// Goes elsewhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub catch: Vec<Catch>,
    /// What the next state is given; the result where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Variables to set.
    #[serde(skip_serializing_if = "Assign::is_empty")]
    pub assign: Assign,
    /// What comes after.
    #[serde(flatten)]
    pub flowing: Flowing,
}

/// Reshapes what passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Pass {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// What the next state is given; the input where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Variables to set.
    #[serde(skip_serializing_if = "Assign::is_empty")]
    pub assign: Assign,
    /// What comes after.
    #[serde(flatten)]
    pub flowing: Flowing,
}

/// Ends the execution, or the branch, well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Succeed {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// The result; the input where left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
}

/// Ends the execution as failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Fail {
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
    /// The error's name, for `Retry` and `Catch` further out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Text>,
    /// What happened, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<Text>,
}
