//! Event source mappings: queues and streams into functions of this process.

mod queues;
mod streams;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType, StreamSpecification,
    StreamViewType,
};
use aws_sdk_lambda::operation::create_event_source_mapping::builders::CreateEventSourceMappingFluentBuilder;
use aws_sdk_lambda::types::{EventSourcePosition, Filter, FilterCriteria};
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use local::services::lambda::FunctionError;
use serde_json::{Value, json};

use crate::functions::{Calls, Flow, sad};

const PREFIX: &str = "arn:aws:sqs:eu-west-1:000000000000:";

async fn done(_: Value) -> Result<Value, FunctionError> {
    Ok(Value::Null)
}

async fn fail(_: Value) -> Result<Value, FunctionError> {
    Err(sad())
}

/// What an answer says of failed items.
fn failures<'a>(ids: impl IntoIterator<Item = &'a str>) -> Value {
    let ids: Vec<Value> = ids.into_iter().map(|id| json!({"itemIdentifier": id})).collect();
    json!({"batchItemFailures": ids})
}

fn records(event: &Value) -> &[Value] {
    event["Records"].as_array().unwrap()
}

fn bodies(event: &Value) -> Vec<&str> {
    records(event).iter().map(|record| record["body"].as_str().unwrap()).collect()
}

/// The bodies of each batch so far, which are forgotten.
fn batches(calls: &Calls) -> Vec<Vec<String>> {
    let events = calls.events();
    events.iter().map(|event| bodies(event).into_iter().map(str::to_owned).collect()).collect()
}

impl Flow {
    async fn queue(&self, name: &str, attributes: &[(&str, &str)]) -> String {
        let mut create = self.sqs.create_queue().queue_name(name);
        for (name, value) in attributes {
            create = create.attributes(QueueAttributeName::from(*name), *value);
        }
        create.send().await.unwrap().queue_url.unwrap()
    }

    async fn send(&self, url: &str, body: &str) {
        self.sqs.send_message().queue_url(url).message_body(body).send().await.unwrap();
    }

    async fn send_ten(&self, url: &str, bodies: std::ops::Range<u32>) {
        let entry = |number: u32| {
            let entry = SendMessageBatchRequestEntry::builder().id(number.to_string());
            entry.message_body(number.to_string()).build().unwrap()
        };
        let send = self.sqs.send_message_batch().queue_url(url).set_entries(Some(bodies.map(entry).collect()));
        assert!(send.send().await.unwrap().failed().is_empty());
    }

    async fn send_to(&self, url: &str, group: &str, body: &str) {
        let send = self.sqs.send_message().queue_url(url).message_body(body).message_group_id(group);
        send.message_deduplication_id(body.get(..2).unwrap_or(body)).send().await.unwrap();
    }

    /// How many messages wait, and how many are in flight.
    async fn left(&self, url: &str) -> (String, String) {
        let get = self.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::All);
        let mut all = get.send().await.unwrap().attributes.unwrap();
        let mut take = |name: &str| all.remove(&QueueAttributeName::from(name)).unwrap();
        (take("ApproximateNumberOfMessages"), take("ApproximateNumberOfMessagesNotVisible"))
    }

    fn map(&self, queue: &str) -> CreateEventSourceMappingFluentBuilder {
        self.lambda.create_event_source_mapping().function_name("orders").event_source_arn(format!("{PREFIX}{queue}"))
    }

    async fn mapped(&self, create: CreateEventSourceMappingFluentBuilder) -> String {
        create.send().await.unwrap().uuid.unwrap()
    }
}

fn filter(pattern: &Value) -> FilterCriteria {
    FilterCriteria::builder().filters(Filter::builder().pattern(pattern.to_string()).build()).build()
}

fn none_left() -> (String, String) {
    ("0".to_owned(), "0".to_owned())
}

/// A table with a stream, whose ARN this is.
async fn table(flow: &Flow, name: &str) -> String {
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let id = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewImage);
    let create = flow.dynamodb.create_table().table_name(name).key_schema(key);
    let create = create.attribute_definitions(id.build().unwrap()).billing_mode(BillingMode::PayPerRequest);
    let made = create.stream_specification(stream.build().unwrap()).send().await.unwrap();
    made.table_description.unwrap().latest_stream_arn.unwrap()
}

fn stream_of(flow: &Flow, stream: &str) -> CreateEventSourceMappingFluentBuilder {
    let create = flow.lambda.create_event_source_mapping().function_name("orders").event_source_arn(stream);
    create.starting_position(EventSourcePosition::TrimHorizon)
}
