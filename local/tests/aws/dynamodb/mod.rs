//! DynamoDB and its streams: every operation, as a client sees it.

mod access;
mod batches;
mod durability;
mod expiry;
mod items;
mod queries;
mod streams;
mod tables;
mod transactions;

use std::collections::HashMap;
use std::error::Error;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::error::ConditionalCheckFailedException;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, StreamSpecification, StreamViewType,
};

type Item = HashMap<String, AttributeValue>;

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn item<const N: usize>(members: [(&str, AttributeValue); N]) -> Item {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn key(pk: &str, sk: i64) -> Item {
    item([("pk", s(pk)), ("sk", n(sk))])
}

fn attribute(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
}

fn schema(names: &[&str]) -> Vec<KeySchemaElement> {
    let kinds = [KeyType::Hash, KeyType::Range];
    let elements = names.iter().zip(kinds);
    elements
        .map(|(name, kind)| KeySchemaElement::builder().attribute_name(*name).key_type(kind).build().unwrap())
        .collect()
}

fn projection(kind: ProjectionType) -> Projection {
    Projection::builder().projection_type(kind).build()
}

fn index(name: &str, names: &[&str], kind: ProjectionType) -> GlobalSecondaryIndex {
    let index = GlobalSecondaryIndex::builder().index_name(name).set_key_schema(Some(schema(names)));
    index.projection(projection(kind)).build().unwrap()
}

fn stream(kind: StreamViewType) -> StreamSpecification {
    StreamSpecification::builder().stream_enabled(true).stream_view_type(kind).build().unwrap()
}

/// A table with a text `pk` and a number `sk`.
fn table(db: &Client, name: &str) -> CreateTableFluentBuilder {
    db.create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk", ScalarAttributeType::S))
        .attribute_definitions(attribute("sk", ScalarAttributeType::N))
        .set_key_schema(Some(schema(&["pk", "sk"])))
}

async fn put(db: &Client, table: &str, item: Item) {
    db.put_item().table_name(table).set_item(Some(item)).send().await.unwrap();
}

async fn get(db: &Client, table: &str, key: Item) -> Option<Item> {
    db.get_item().table_name(table).set_key(Some(key)).consistent_read(true).send().await.unwrap().item
}

/// An error's code and text.
fn refusal<T: std::fmt::Debug, E: ProvideErrorMetadata>(answer: Result<T, E>) -> (String, String) {
    let error = answer.err().unwrap();
    (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
}

/// What an operation's own error says, beyond its code and text.
fn own<T: std::fmt::Debug, E: Error + 'static, O: Error + Clone + 'static>(answer: Result<T, SdkError<E>>) -> O {
    let error = answer.unwrap_err();
    error.as_service_error().unwrap().source().unwrap().downcast_ref::<O>().unwrap().clone()
}

/// The item that a failed condition shows.
fn failed<T: std::fmt::Debug, E: Error + 'static>(answer: Result<T, SdkError<E>>) -> Option<Item> {
    let error: ConditionalCheckFailedException = own(answer);
    assert_eq!(error.message(), Some("The conditional request failed"));
    error.item
}

fn invalid(text: &str) -> (String, String) {
    ("ValidationException".to_owned(), text.to_owned())
}
