//! The resource types: what each property means here, and which calls make it so.
//!
//! In: a resource's evaluated properties. Out: calls of AWS's own operations, and what `Ref` and `Fn::GetAtt`
//! give. Guaranteed: what stands in a table is honoured, or said to be inert with the reason; nothing else is
//! taken.
//!
//! One service, one file: its tables on top, the calls below.

mod cloudwatch;
mod dynamodb;
mod gateway;
mod iam;
mod kms;
mod lambda;
mod logs;
mod mappings;
mod scheduler;
mod secrets;
mod ses;
mod shape;
mod sns;
mod sqs;
mod states;

use std::collections::BTreeMap;
use std::fmt;

use futures_util::future::LocalBoxFuture;
use serde_json::{Map, Value, json};

pub(super) use self::shape::{Effect, Property, Shape, check_members, formed};
use crate::kernel::{AwsError, Caller, World};

/// A resource's properties.
pub(super) type Properties = Map<String, Value>;

/// A resource type.
#[derive(Debug)]
pub(super) struct Kind {
    /// `AWS::SQS::Queue`
    pub(super) name: &'static str,
    pub(super) properties: &'static [Property],
    /// What `Fn::GetAtt` may ask for.
    pub(super) attributes: &'static [&'static str],
    pub(super) named: Named,
    pub(super) make: Make,
}

/// Where the name of a resource comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Named {
    /// The template gives it, in this property; or CloudFormation makes one of at most so many characters, with
    /// `.fifo` behind it if the other property is true. It is one of a kind among those of the same `within`.
    Property { property: &'static str, longest: usize, fifo: Option<&'static str>, within: Option<&'static str> },
    /// CloudFormation makes it.
    Made,
    /// An id of so many small letters and digits.
    Drawn(usize),
    /// The service draws it.
    Service,
}

/// How resources of a type are made.
#[derive(Debug)]
pub(super) enum Make {
    /// By calls.
    Calls(Calls),
    /// Not at all: why, and what it would be.
    Inert(&'static str, fn(&Cx<'_>) -> Made),
    /// It is a stack in a stack.
    Stack,
}

/// What a call of a type's own gives.
pub(super) type Answer<'a, T> = LocalBoxFuture<'a, Result<T, Refused>>;

/// The calls of a type.
#[derive(Debug)]
pub(super) struct Calls {
    /// What was made already by a deployment that was stopped.
    pub(super) find: for<'a> fn(&'a Cx<'a>) -> Answer<'a, Option<Made>>,
    pub(super) create: for<'a> fn(&'a Cx<'a>) -> Answer<'a, Made>,
    /// Makes what is there as the properties say.
    pub(super) update: for<'a> fn(&'a Cx<'a>, &'a Made, &'a Before) -> Answer<'a, Made>,
    /// Takes it away; that it is not there is no error.
    pub(super) delete: for<'a> fn(&'a Cx<'a>, &'a Made) -> Answer<'a, ()>,
}

/// What `Ref` and `Fn::GetAtt` give.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Made {
    /// `Ref`
    pub(super) id: String,
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, Value>,
}

impl Made {
    pub(super) fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), attributes: BTreeMap::new() }
    }

    #[must_use]
    fn with(mut self, attribute: &str, value: impl Into<Value>) -> Self {
        self.attributes.insert(attribute.to_owned(), value.into());
        self
    }

    /// The text of an attribute, which was put there when the resource was made.
    fn text(&self, attribute: &str) -> &str {
        self.attributes.get(attribute).and_then(Value::as_str).unwrap_or_default()
    }
}

/// What a resource may be like before an update.
#[derive(Clone, Debug, Default)]
pub(super) struct Before {
    /// Whether nothing is known for sure, so that everything must be set.
    pub(super) all: bool,
    /// Each of its properties has the value that one of these has.
    pub(super) maybe: Vec<Properties>,
}

impl Before {
    fn changed(&self, cx: &Cx<'_>, property: &str) -> bool {
        self.all || self.maybe.iter().any(|before| before.get(property) != cx.get(property))
    }

    /// Whether it may have a property that it is not to have any more.
    fn removed(&self, cx: &Cx<'_>, property: &str) -> bool {
        cx.get(property).is_none() && self.maybe.iter().any(|before| before.contains_key(property))
    }

    fn any(&self, cx: &Cx<'_>, properties: &[&str]) -> bool {
        properties.iter().any(|property| self.changed(cx, property))
    }

    /// The keys that a list or map may have and should not have any more: `key` says what an item's is.
    fn gone(&self, cx: &Cx<'_>, property: &str, key: fn(&Value) -> Option<&str>) -> Vec<String> {
        let keys = |value: Option<&Value>| -> Vec<String> {
            match value {
                Some(Value::Array(items)) => items.iter().filter_map(key).map(str::to_owned).collect(),
                Some(Value::Object(map)) => map.keys().cloned().collect(),
                _ => Vec::new(),
            }
        };
        let wanted = keys(cx.get(property));
        let mut gone: Vec<String> = self.maybe.iter().flat_map(|before| keys(before.get(property))).collect();
        gone.retain(|key| !wanted.contains(key));
        gone.sort_unstable();
        gone.dedup();
        gone
    }
}

/// One resource as it is to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cx<'a> {
    pub(super) world: &'a World,
    /// Its name, unless the service draws it.
    pub(super) name: &'a str,
    pub(super) properties: &'a Properties,
}

impl Cx<'_> {
    /// Calls an operation as the account.
    async fn call(&self, service: &'static str, operation: &'static str, input: Value) -> Result<Value, Refused> {
        let answer = self.world.bus.request(Caller::Account, service, operation, input).await;
        answer.map_err(|error| Refused { service, operation, error })
    }

    fn get(&self, property: &str) -> Option<&Value> {
        self.properties.get(property)
    }

    fn text(&self, property: &str) -> &str {
        self.get(property).and_then(Value::as_str).unwrap_or_default()
    }

    fn is(&self, property: &str) -> bool {
        self.get(property) == Some(&Value::Bool(true))
    }

    /// The properties of these names, as they are.
    fn pick(&self, properties: &[&str]) -> Properties {
        let found = |name: &&str| Some(((*name).to_owned(), self.get(name)?.clone()));
        properties.iter().filter_map(found).collect()
    }

    /// `Tags` as the map that some operations take.
    fn tags(&self) -> Value {
        let tag = |tag: &Value| Some((tag.get("Key")?.as_str()?.to_owned(), tag.get("Value")?.clone()));
        let tags = self.get("Tags").and_then(Value::as_array).into_iter().flatten().filter_map(tag);
        Value::Object(tags.collect())
    }
}

/// The key of a tag in a list.
fn tag_key(tag: &Value) -> Option<&str> {
    tag.get("Key")?.as_str()
}

/// A service's refusal.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) service: &'static str,
    pub(super) operation: &'static str,
    pub(super) error: AwsError,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} refused {}: {}", self.service, self.operation, self.error)
    }
}

impl Refused {
    /// Refuses what the service would take and would not do.
    fn unmeant(service: &'static str, operation: &'static str, message: impl Into<String>) -> Self {
        Self { service, operation, error: AwsError::new("ValidationError", message) }
    }

    /// Whether the same call may be taken another time: the service is to blame, or has too much to do.
    pub(super) fn may_pass(&self) -> bool {
        let busy = ["Throttl", "TooManyRequests"].iter().any(|word| self.error.code.contains(word));
        busy || self.error.is_server_fault() && self.error.status != 501
    }

    /// Whether it says that the thing is not there: each service has words of its own.
    fn is_absent(&self) -> bool {
        let code = self.error.code.as_str();
        ["NotFound", "NonExist", "NoSuchEntity", "DoesNotExist"].iter().any(|word| code.contains(word))
    }
}

/// An answer, unless it says that the thing is not there.
fn there(answer: Result<Value, Refused>) -> Result<Option<Value>, Refused> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(refused) if refused.is_absent() => Ok(None),
        Err(refused) => Err(refused),
    }
}

/// A member of an answer; an answer without it is the service's mistake, and shows as an empty text.
fn member<'a>(answer: &'a Value, pointer: &str) -> &'a str {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A policy document as the text that operations take.
fn document(value: Option<&Value>) -> Value {
    match value {
        Some(Value::String(text)) => json!(text),
        Some(document) => json!(document.to_string()),
        None => json!(""),
    }
}

/// An object of several parts.
fn merge(mut parts: Properties, more: Value) -> Value {
    if let Value::Object(more) = more {
        parts.extend(more);
    }
    Value::Object(parts)
}

/// A stack in a stack.
static STACK: Kind = Kind {
    name: "AWS::CloudFormation::Stack",
    properties: &[
        Property::update("TemplateURL", Shape::Text).required(),
        Property::update("Parameters", Shape::Entries),
        Property::inert("Tags", shape::TAGS, "nothing reads them"),
        Property::inert("TimeoutInMinutes", Shape::Number, "a local deployment takes less than a second"),
    ],
    attributes: &[],
    named: Named::Made,
    make: Make::Stack,
};

/// All types, by service.
pub(super) static KINDS: &[&[&Kind]] = &[
    &[&STACK],
    cloudwatch::KINDS,
    dynamodb::KINDS,
    gateway::KINDS,
    iam::KINDS,
    kms::KINDS,
    lambda::KINDS,
    mappings::KINDS,
    logs::KINDS,
    scheduler::KINDS,
    secrets::KINDS,
    ses::KINDS,
    sns::KINDS,
    sqs::KINDS,
    states::KINDS,
];

/// The type of this name.
pub(super) fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().copied().flatten().copied().find(|kind| kind.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_type_and_no_property_stands_twice() {
        let mut names = BTreeSet::new();
        for kind in KINDS.iter().copied().flatten() {
            assert!(names.insert(kind.name), "{}", kind.name);
            let properties: BTreeSet<&str> = kind.properties.iter().map(|property| property.name).collect();
            assert_eq!(properties.len(), kind.properties.len(), "{}", kind.name);
        }
    }

    #[test]
    fn what_gives_a_name_replaces_the_resource_when_it_changes() {
        for kind in KINDS.iter().copied().flatten() {
            let Named::Property { property, .. } = kind.named else { continue };
            let found = kind.properties.iter().find(|found| found.name == property);
            let inert = matches!(kind.make, Make::Inert(..));
            assert!(inert || matches!(found.unwrap().effect, Effect::Replace), "{} {property}", kind.name);
        }
    }
}
