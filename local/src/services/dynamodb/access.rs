//! What a call touches, and whether its caller may.
//!
//! In: an operation and its input. Out: the actions it needs, each on a table or an index; a transaction
//! needs those of its parts, as in AWS.

use serde_json::Value;

use super::base::Base;
use super::names;
use crate::kernel::{Access, AwsError, Caller, World};

/// One action on one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Touched {
    /// `dynamodb:PutItem`.
    pub(super) action: String,
    /// The ARN.
    pub(super) resource: String,
    /// The table's name; empty for what is of no table.
    pub(super) table: String,
    /// The partition keys, where the input says them: `dynamodb:LeadingKeys`.
    pub(super) leading: Vec<String>,
}

/// All that an operation touches.
pub(super) fn touched(base: &Base, operation: &str, input: &Value) -> Result<Vec<Touched>, AwsError> {
    let table = |input: &Value| input.get("TableName").and_then(Value::as_str).unwrap_or_default().to_owned();
    match operation {
        "ListTables" => {
            let action = "dynamodb:ListTables".to_owned();
            let leading = Vec::new();
            Ok(vec![Touched { action, resource: "*".to_owned(), table: String::new(), leading }])
        }
        "TagResource" | "UntagResource" | "ListTagsOfResource" => {
            let resource = input.get("ResourceArn").and_then(Value::as_str).unwrap_or_default().to_owned();
            let table = resource.rsplit('/').next().unwrap_or_default().to_owned();
            Ok(vec![Touched { action: format!("dynamodb:{operation}"), resource, table, leading: Vec::new() }])
        }
        "TransactWriteItems" | "TransactGetItems" => {
            let items = input.get("TransactItems").and_then(Value::as_array);
            let parts = items.into_iter().flatten().filter_map(Value::as_object).flatten();
            let parts = parts.filter(|(_, part)| !part.is_null()).map(|(kind, part)| {
                let action = match kind.as_str() {
                    "ConditionCheck" => "ConditionCheckItem".to_owned(),
                    kind => format!("{kind}Item"),
                };
                item(base, &action, table(part), part)
            });
            parts.collect()
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = input.get("RequestItems").and_then(Value::as_object).into_iter().flatten();
            tables.map(|(table, requests)| batch(base, operation, table, requests)).collect()
        }
        _ => Ok(vec![item(base, operation, table(input), input)?]),
    }
}

/// Asks for each.
pub(super) fn check(world: &World, caller: &Caller, touched: &[Touched]) -> Result<(), AwsError> {
    for touched in touched {
        let keys: Vec<_> = touched.leading.iter().map(|key| ("dynamodb:LeadingKeys", key.as_str())).collect();
        let Touched { action, resource, .. } = touched;
        judge(world, &Access { caller, action, resource, policy: None, context: &keys })?;
    }
    Ok(())
}

/// Asks, and refuses with DynamoDB's own code.
pub(super) fn judge(world: &World, access: &Access<'_>) -> Result<(), AwsError> {
    world.guard.check(access).map_err(|mut error| {
        if error.code == "AccessDenied" {
            "AccessDeniedException".clone_into(&mut error.code);
        }
        error
    })
}

fn item(base: &Base, action: &str, table: String, input: &Value) -> Result<Touched, AwsError> {
    let mut resource = names::table(base.place(), &table);
    if let Some(index) = input.get("IndexName").and_then(Value::as_str) {
        resource = format!("{resource}/index/{index}");
    }
    let leading = match input.get("Key").or_else(|| input.get("Item")) {
        Some(item) => partition(base, &table)?.and_then(|name| leading(item, &name)).into_iter().collect(),
        None => Vec::new(),
    };
    Ok(Touched { action: format!("dynamodb:{action}"), resource, table, leading })
}

fn batch(base: &Base, operation: &str, table: &str, requests: &Value) -> Result<Touched, AwsError> {
    let items: Vec<&Value> = match requests {
        Value::Array(writes) => {
            let parts = writes.iter().filter_map(Value::as_object).flat_map(serde_json::Map::values);
            parts.filter_map(|part| part.get("Item").or_else(|| part.get("Key"))).collect()
        }
        reads => reads.get("Keys").and_then(Value::as_array).into_iter().flatten().collect(),
    };
    let name = partition(base, table)?;
    let leading = items.into_iter().filter_map(|item| leading(item, name.as_deref()?)).collect();
    let resource = names::table(base.place(), table);
    Ok(Touched { action: format!("dynamodb:{operation}"), resource, table: table.to_owned(), leading })
}

fn partition(base: &Base, table: &str) -> Result<Option<String>, AwsError> {
    Ok(base.key(table)?.and_then(|key| key.into_iter().next()))
}

/// The text of an attribute that is a key: a string, a number or, in base64, bytes.
fn leading(item: &Value, name: &str) -> Option<String> {
    item.get(name)?.as_object()?.values().next()?.as_str().map(str::to_owned)
}
