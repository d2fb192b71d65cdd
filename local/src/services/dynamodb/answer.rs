//! From an operation's name and input to its answer.
//!
//! In: a call. Out: its answer. Guaranteed: it was allowed; a member that is not honoured was refused by
//! its name; readers of the streams that it wrote to have been told.

use dynoxide::actions::{
    batch_get_item, batch_write_item, delete_item, get_item, put_item, query, scan, transact_get_items, update_item,
};
use serde_json::{Value, json};

use super::{State, access, encryption, names, tables, transaction};
use crate::kernel::{AwsError, Call, Outcome, Place};

/// The members that each operation honours, or keeps and shows. PartiQL, backups, exports, imports,
/// global tables, insights and Kinesis destinations are not here: they are absent.
fn members(operation: &str) -> Option<&'static [&'static str]> {
    Some(match operation {
        "CreateTable" => &[
            "TableName",
            "AttributeDefinitions",
            "KeySchema",
            "LocalSecondaryIndexes",
            "GlobalSecondaryIndexes",
            "BillingMode",
            "ProvisionedThroughput",
            "OnDemandThroughput",
            "StreamSpecification",
            "SSESpecification",
            "Tags",
            "TableClass",
            "DeletionProtectionEnabled",
            "ResourcePolicy",
        ],
        "UpdateTable" => &[
            "TableName",
            "AttributeDefinitions",
            "GlobalSecondaryIndexUpdates",
            "BillingMode",
            "ProvisionedThroughput",
            "OnDemandThroughput",
            "StreamSpecification",
            "SSESpecification",
            "TableClass",
            "DeletionProtectionEnabled",
        ],
        "DeleteTable" | "DescribeTable" | "DescribeTimeToLive" | "DescribeContinuousBackups" => &["TableName"],
        "ListTables" => &["ExclusiveStartTableName", "Limit"],
        "UpdateTimeToLive" => &["TableName", "TimeToLiveSpecification"],
        "UpdateContinuousBackups" => &["TableName", "PointInTimeRecoverySpecification"],
        "TagResource" => &["ResourceArn", "Tags"],
        "UntagResource" => &["ResourceArn", "TagKeys"],
        "ListTagsOfResource" => &["ResourceArn", "NextToken"],
        "PutResourcePolicy" => &["ResourceArn", "Policy", "ExpectedRevisionId", "ConfirmRemoveSelfResourceAccess"],
        "GetResourcePolicy" => &["ResourceArn"],
        "DeleteResourcePolicy" => &["ResourceArn", "ExpectedRevisionId"],
        "PutItem" => &[
            "TableName",
            "Item",
            "ConditionExpression",
            "ConditionalOperator",
            "Expected",
            "ExpressionAttributeNames",
            "ExpressionAttributeValues",
            "ReturnConsumedCapacity",
            "ReturnItemCollectionMetrics",
            "ReturnValues",
            "ReturnValuesOnConditionCheckFailure",
        ],
        "UpdateItem" => &[
            "TableName",
            "Key",
            "UpdateExpression",
            "AttributeUpdates",
            "ConditionExpression",
            "ConditionalOperator",
            "Expected",
            "ExpressionAttributeNames",
            "ExpressionAttributeValues",
            "ReturnConsumedCapacity",
            "ReturnItemCollectionMetrics",
            "ReturnValues",
            "ReturnValuesOnConditionCheckFailure",
        ],
        "DeleteItem" => &[
            "TableName",
            "Key",
            "ConditionExpression",
            "ConditionalOperator",
            "Expected",
            "ExpressionAttributeNames",
            "ExpressionAttributeValues",
            "ReturnConsumedCapacity",
            "ReturnItemCollectionMetrics",
            "ReturnValues",
            "ReturnValuesOnConditionCheckFailure",
        ],
        "GetItem" => &[
            "TableName",
            "Key",
            "AttributesToGet",
            "ConsistentRead",
            "ExpressionAttributeNames",
            "ProjectionExpression",
            "ReturnConsumedCapacity",
        ],
        "Query" => &[
            "TableName",
            "IndexName",
            "KeyConditionExpression",
            "KeyConditions",
            "FilterExpression",
            "QueryFilter",
            "ConditionalOperator",
            "ProjectionExpression",
            "AttributesToGet",
            "Select",
            "ConsistentRead",
            "ScanIndexForward",
            "ExclusiveStartKey",
            "Limit",
            "ExpressionAttributeNames",
            "ExpressionAttributeValues",
            "ReturnConsumedCapacity",
        ],
        "Scan" => &[
            "TableName",
            "IndexName",
            "FilterExpression",
            "ScanFilter",
            "ConditionalOperator",
            "ProjectionExpression",
            "AttributesToGet",
            "Select",
            "ConsistentRead",
            "Segment",
            "TotalSegments",
            "ExclusiveStartKey",
            "Limit",
            "ExpressionAttributeNames",
            "ExpressionAttributeValues",
            "ReturnConsumedCapacity",
        ],
        "BatchGetItem" => &["RequestItems", "ReturnConsumedCapacity"],
        "BatchWriteItem" => &["RequestItems", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics"],
        "TransactGetItems" => &["TransactItems", "ReturnConsumedCapacity"],
        "TransactWriteItems" => {
            &["TransactItems", "ClientRequestToken", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics"]
        }
        _ => return None,
    })
}

/// What an index of a new table may say.
const INDEX: [&str; 5] = ["IndexName", "KeySchema", "Projection", "ProvisionedThroughput", "OnDemandThroughput"];

/// Answers one call of DynamoDB.
pub(super) async fn answer(state: &State, call: Call) -> Result<Value, AwsError> {
    let Call { caller, operation, mut input } = call;
    let Some(members) = members(&operation) else {
        return Err(AwsError::unsupported(super::NAME, &operation));
    };
    honoured(&input, members, &operation)?;
    for index in input.get("GlobalSecondaryIndexes").and_then(Value::as_array).into_iter().flatten() {
        honoured(index, &INDEX, "GlobalSecondaryIndexes")?;
    }
    for update in input.get("GlobalSecondaryIndexUpdates").and_then(Value::as_array).into_iter().flatten() {
        for change in update.as_object().into_iter().flat_map(serde_json::Map::values) {
            honoured(change, &INDEX, "GlobalSecondaryIndexUpdates")?;
        }
    }
    shorten(&mut input, state.base.place())?;
    let touched = access::touched(&state.base, &operation, &input)?;
    access::check(state, &caller, &touched)?;
    if is_on_items(&operation) {
        for touched in &touched {
            encryption::use_key(state, &caller, &touched.table).await?;
        }
    }
    let answer = ask(state, &operation, input);
    if writes(&operation) {
        if answer.is_ok() {
            state.written(touched.iter().map(|touched| touched.table.as_str()));
        }
        let outcome = if answer.is_ok() { Outcome::Done } else { Outcome::Failed };
        let table = touched.first().map_or("", |touched| touched.table.as_str());
        state.world.log.tell(super::NAME, table, "written", outcome, || {
            let error = answer.as_ref().err().map(ToString::to_string);
            json!({"operation": operation, "caller": caller.to_string(), "error": error})
        });
    }
    answer
}

fn ask(state: &State, operation: &str, input: Value) -> Result<Value, AwsError> {
    let base = &state.base;
    match operation {
        "PutItem" => base.ask(input, put_item::execute),
        "UpdateItem" => base.ask(input, update_item::execute),
        "DeleteItem" => base.ask(input, delete_item::execute),
        "GetItem" => base.ask(input, get_item::execute),
        "Query" => base.ask(input, query::execute),
        "Scan" => base.ask(input, scan::execute),
        "BatchGetItem" => base.ask(input, batch_get_item::execute),
        "BatchWriteItem" => base.ask(input, batch_write_item::execute),
        "TransactGetItems" => base.ask(input, transact_get_items::execute),
        "TransactWriteItems" => transaction::write(base, input),
        _ => tables::answer(state, operation, input),
    }
}

/// Whether an operation reads or writes items.
fn is_on_items(operation: &str) -> bool {
    writes(operation) || matches!(operation, "GetItem" | "Query" | "Scan" | "BatchGetItem" | "TransactGetItems")
}

fn writes(operation: &str) -> bool {
    matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems")
}

/// Refuses what is not honoured.
pub(super) fn honoured(input: &Value, members: &[&str], of: &str) -> Result<(), AwsError> {
    let mut given = input.as_object().into_iter().flatten();
    match given.find(|(name, value)| !value.is_null() && !members.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, _)) => Err(AwsError::new(
            "ValidationException",
            format!("the local engine does not honour `{name}` of {of}: docs/local/dynamodb.md lists what it honours"),
        )),
    }
}

/// Writes tables' names for their ARNs.
fn shorten(input: &mut Value, place: &Place) -> Result<(), AwsError> {
    if let Some(Value::Object(tables)) = input.get("RequestItems")
        && tables.keys().any(|table| table.starts_with("arn:"))
    {
        return Err(AwsError::new(
            "ValidationException",
            "the local engine knows the tables of a batch by their names, not by their ARNs",
        ));
    }
    if let Some(Value::String(table)) = input.get_mut("TableName")
        && table.starts_with("arn:")
    {
        *table = names::short(place, table)?;
    }
    let Some(Value::Array(items)) = input.get_mut("TransactItems") else { return Ok(()) };
    for action in items.iter_mut().filter_map(Value::as_object_mut).flat_map(|item| item.values_mut()) {
        shorten(action, place)?;
    }
    Ok(())
}
