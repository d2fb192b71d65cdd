//! What a call touches, and whether its caller may.
//!
//! In: an operation and its input. Out: the actions it needs, each on a table or an index; a transaction
//! needs those of its parts, as in AWS.

use serde_json::Value;

use super::base::Base;
use super::{State, attributes, names};
use crate::kernel::{Access, AwsError, Caller};

/// One action on one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Touched {
    /// `dynamodb:PutItem`.
    pub(super) action: String,
    /// The ARN.
    pub(super) resource: String,
    /// The table's name; empty for what is of no table.
    pub(super) table: String,
    /// The condition keys: a key with several values is there several times.
    pub(super) context: Vec<(&'static str, String)>,
}

/// All that an operation touches.
pub(super) fn touched(base: &Base, operation: &str, input: &Value) -> Result<Vec<Touched>, AwsError> {
    match operation {
        "ListTables" => {
            let action = "dynamodb:ListTables".to_owned();
            Ok(vec![Touched { action, resource: "*".to_owned(), table: String::new(), context: Vec::new() }])
        }
        "TransactWriteItems" | "TransactGetItems" => {
            let items = input.get("TransactItems").and_then(Value::as_array);
            let parts = items.into_iter().flatten().filter_map(Value::as_object).flatten();
            let parts = parts.filter(|(_, part)| !part.is_null()).map(|(kind, part)| {
                let action = match kind.as_str() {
                    "ConditionCheck" => "ConditionCheckItem".to_owned(),
                    kind => format!("{kind}Item"),
                };
                let mut touched = item(base, &action, text(part, "TableName"), part)?;
                touched.context.push(("dynamodb:EnclosingOperation", operation.to_owned()));
                Ok(touched)
            });
            parts.collect()
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = input.get("RequestItems").and_then(Value::as_object).into_iter().flatten();
            tables.map(|(table, requests)| batch(base, operation, table, requests)).collect()
        }
        _ => match input.get("ResourceArn").and_then(Value::as_str) {
            Some(resource) => {
                let (action, resource) = (format!("dynamodb:{operation}"), resource.to_owned());
                let table = names::short(base.place(), &resource).unwrap_or_default();
                Ok(vec![Touched { action, resource, table, context: Vec::new() }])
            }
            None => Ok(vec![item(base, operation, text(input, "TableName"), input)?]),
        },
    }
}

/// Asks for each.
pub(super) fn check(state: &State, caller: &Caller, touched: &[Touched]) -> Result<(), AwsError> {
    for touched in touched {
        let Touched { action, resource, context, .. } = touched;
        let context: Vec<_> = context.iter().map(|(key, value)| (*key, value.as_str())).collect();
        judge(state, caller, action, resource, &context)?;
    }
    Ok(())
}

/// Asks with the policy on the table or the stream, and refuses with DynamoDB's own code.
pub(super) fn judge(
    state: &State,
    caller: &Caller,
    action: &str,
    resource: &str,
    context: &[(&str, &str)],
) -> Result<(), AwsError> {
    // An index is under its table's policy.
    let of = resource.split_once("/index/").map_or(resource, |(table, _)| table);
    let policy = state.policies.of(of);
    let access = Access { caller, action, resource, policy: policy.as_deref(), context };
    state.world.guard.check(&access).map_err(|mut error| {
        if error.code == "AccessDenied" {
            "AccessDeniedException".clone_into(&mut error.code);
        }
        error
    })
}

fn text<'a>(input: &'a Value, member: &str) -> &'a str {
    input.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn item(base: &Base, action: &str, table: &str, input: &Value) -> Result<Touched, AwsError> {
    let mut resource = names::table(base.place(), table);
    let index = input.get("IndexName").and_then(Value::as_str);
    if let Some(index) = index {
        resource = format!("{resource}/index/{index}");
    }
    let mut context = Vec::new();
    if let Some(key) = partition(base, table, index)? {
        let leading = match input.get("Key").or_else(|| input.get("Item")) {
            Some(item) => item.get(&key).and_then(attributes::scalar),
            None => attributes::queried(input, &key),
        };
        context.extend(leading.map(|leading| ("dynamodb:LeadingKeys", leading)));
        context.extend(attributes::named(input).into_iter().map(|name| ("dynamodb:Attributes", name)));
    }
    for (member, key) in [
        ("Select", "dynamodb:Select"),
        ("ReturnValues", "dynamodb:ReturnValues"),
        ("ReturnConsumedCapacity", "dynamodb:ReturnConsumedCapacity"),
    ] {
        context.extend(input.get(member).and_then(Value::as_str).map(|value| (key, value.to_owned())));
    }
    Ok(Touched { action: format!("dynamodb:{action}"), resource, table: table.to_owned(), context })
}

fn batch(base: &Base, operation: &str, table: &str, requests: &Value) -> Result<Touched, AwsError> {
    let key = partition(base, table, None)?;
    let items: Vec<&Value> = match requests {
        Value::Array(writes) => {
            let parts = writes.iter().filter_map(Value::as_object).flat_map(serde_json::Map::values);
            parts.filter_map(|part| part.get("Item").or_else(|| part.get("Key"))).collect()
        }
        reads => reads.get("Keys").and_then(Value::as_array).into_iter().flatten().collect(),
    };
    let leading = items.iter().filter_map(|item| attributes::scalar(item.get(key.as_deref()?)?));
    let mut context: Vec<_> = leading.map(|leading| ("dynamodb:LeadingKeys", leading)).collect();
    let mut names = attributes::named(requests);
    names.extend(items.iter().filter_map(|item| item.as_object()).flat_map(|item| item.keys().cloned()));
    context.extend(names.into_iter().map(|name| ("dynamodb:Attributes", name)));
    let resource = names::table(base.place(), table);
    Ok(Touched { action: format!("dynamodb:{operation}"), resource, table: table.to_owned(), context })
}

fn partition(base: &Base, table: &str, index: Option<&str>) -> Result<Option<String>, AwsError> {
    Ok(base.key(table, index)?.and_then(|key| key.into_iter().next()))
}
