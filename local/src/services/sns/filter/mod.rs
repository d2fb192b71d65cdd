//! A subscription's filter policy.
//!
//! In: the policy's JSON, once, when a subscription gets it; then each message's attributes or body. Out:
//! whether the subscription wants the message. Guaranteed: a policy that SNS would refuse is refused here,
//! and matching parses nothing and fails never.
//!
//! Sources: the pages "Amazon SNS subscription filter policies", "AND/OR logic", "Key matching", "Numeric
//! value matching", "String value matching" and "Filter policy constraints" of the SNS Developer Guide.

mod condition;
mod limits;
mod number;
mod parse;
#[cfg(test)]
mod tests;
mod wildcard;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::condition::Condition;
pub(super) use self::parse::FilterError;

/// What of a message a policy looks at: `FilterPolicyScope`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Scope {
    /// The message attributes.
    #[default]
    MessageAttributes,
    /// The message itself, which is JSON.
    MessageBody,
}

/// A policy that can be asked.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    scope: Scope,
    fields: Vec<Field>,
}

/// One part of a policy; all parts of an object must hold.
#[derive(Clone, Debug)]
enum Field {
    /// `$or`: one of these objects holds.
    Or(Vec<Vec<Field>>),
    /// A key with what must hold of its value.
    Key(String, Rule),
}

#[derive(Clone, Debug)]
enum Rule {
    /// The value is an object of which all this holds.
    Nested(Vec<Field>),
    /// One of these holds of one of the values.
    OneOf(Vec<Condition>),
}

impl Filter {
    /// Compiles a policy; `None` if it is empty and so wants all.
    pub(super) fn parse(text: &str, scope: Scope) -> Result<Option<Self>, FilterError> {
        let fields = parse::parse(text, scope)?;
        Ok((!fields.is_empty()).then_some(Self { scope, fields }))
    }

    /// What it looks at.
    pub(super) const fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether it wants a message whose attributes (as a JSON object) or body this is.
    pub(super) fn wants(&self, message: &Value) -> bool {
        self.holds(&self.fields, message, &[])
    }

    /// Whether all fields hold of `value`, or of one element if it is an array: then of one and the same.
    fn holds(&self, fields: &[Field], value: &Value, siblings: &[Value]) -> bool {
        match value {
            Value::Array(elements) => elements.iter().any(|element| self.holds(fields, element, elements)),
            _ => fields.iter().all(|field| match field {
                Field::Or(choices) => choices.iter().any(|choice| self.holds(choice, value, siblings)),
                Field::Key(key, rule) => self.rule(rule, key, value, siblings),
            }),
        }
    }

    fn rule(&self, rule: &Rule, key: &str, object: &Value, siblings: &[Value]) -> bool {
        let value = object.get(key);
        match rule {
            // What is not there has no parts either, which is what `exists: false` may ask for.
            Rule::Nested(fields) => self.holds(fields, value.unwrap_or(&Value::Null), &[]),
            Rule::OneOf(conditions) => {
                let mut found = false;
                let mut one = false;
                leaves(value, &mut |leaf| {
                    found = true;
                    one = one || conditions.iter().any(|condition| condition.holds(leaf));
                });
                // A key is absent if no element of the array has it.
                let absent = !found && !siblings.iter().any(|sibling| has_leaf(sibling.get(key)));
                one || absent && conditions.iter().any(|condition| self.accepts_absence(condition))
            }
        }
    }

    fn accepts_absence(&self, condition: &Condition) -> bool {
        match condition {
            Condition::Exists(there) => !there,
            // Observed of AWS: an attribute that is not there is null.
            Condition::Null => self.scope == Scope::MessageAttributes,
            _ => false,
        }
    }
}

/// Calls `each` for every value that is no array or object: those of an array, however deep, but not those of
/// an object, which are other keys.
fn leaves<'a>(value: Option<&'a Value>, each: &mut impl FnMut(&'a Value)) {
    match value {
        None | Some(Value::Object(_)) => {}
        Some(Value::Array(elements)) => elements.iter().for_each(|element| leaves(Some(element), each)),
        Some(leaf) => each(leaf),
    }
}

fn has_leaf(value: Option<&Value>) -> bool {
    let mut found = false;
    leaves(value, &mut |_| found = true);
    found
}
