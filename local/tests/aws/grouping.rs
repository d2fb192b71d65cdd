//! The writes of the grouping protocol, as DynamoDB does them: every write goes to the engine in DynamoDB's words and,
//! as a value, to the evaluator that the explorer searches with. Both must answer the same, image for image.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ReturnValue,
    ReturnValuesOnConditionCheckFailure, ScalarAttributeType,
};
use grouping::config::Throttle;
use grouping::content::{Member, Shape};
use grouping::store::{Attribute, Change, Item, Value, Write, evaluate, render};
use grouping::{
    Accept, Answer, Ask, Config, HeadName, Id, Key, Lifetimes, Message, Next, Out, Run, Step, Timer, Window,
};

use crate::world::run;

const TABLE: &str = "groups";

fn attribute(value: &Value) -> AttributeValue {
    let blob = |id: &Id| Blob::new(id.0);
    match value {
        Value::Text(text) => AttributeValue::S(text.to_string()),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::Id(id) => AttributeValue::B(blob(id)),
        Value::Ids(ids) => AttributeValue::Bs(ids.iter().map(blob).collect()),
    }
}

fn value(attribute: &AttributeValue) -> Value {
    let id = |blob: &Blob| Id(blob.as_ref().try_into().unwrap());
    match attribute {
        AttributeValue::S(text) => Value::text(text),
        AttributeValue::N(number) => Value::Number(number.parse().unwrap()),
        AttributeValue::B(blob) => Value::Id(id(blob)),
        AttributeValue::Bs(blobs) => Value::Ids(blobs.iter().map(id).collect()),
        other => unreachable!("the protocol writes no such value: {other:?}"),
    }
}

fn item(attributes: &HashMap<String, AttributeValue>) -> Item {
    let known = attributes.iter().filter_map(|(name, attribute)| Some((Attribute::named(name)?, value(attribute))));
    known.collect()
}

/// A table in the engine, and the same as a map.
struct Both {
    client: Client,
    items: BTreeMap<Key, Item>,
    sent: Vec<Message>,
    refused: usize,
}

impl Both {
    async fn write(&mut self, write: &Write) -> Answer {
        let before = self.items.get(&write.key).cloned();
        let evaluated = match evaluate::write(before.as_ref(), write) {
            Some(after) => {
                self.items.insert(write.key.clone(), after.clone());
                Answer::Applied(after)
            }
            None => Answer::Refused(before),
        };
        self.refused += usize::from(matches!(evaluated, Answer::Refused(_)));
        assert_eq!(evaluated, self.written(write).await, "{write:?}");
        evaluated
    }

    async fn written(&self, write: &Write) -> Answer {
        let rendered = render::write(write);
        let names = rendered.names.iter().map(|(placeholder, name)| (placeholder.clone(), (*name).to_owned()));
        let names = Some(names.collect::<HashMap<_, _>>()).filter(|names| !names.is_empty());
        let values = rendered.values.iter().map(|(placeholder, value)| (placeholder.clone(), attribute(value)));
        let values = Some(values.collect::<HashMap<_, _>>()).filter(|values| !values.is_empty());
        let all_old = ReturnValuesOnConditionCheckFailure::AllOld;
        let pk = (render::PK.to_owned(), AttributeValue::S(write.key.pk()));
        if let Change::Put(put) = &write.change {
            let attributes = put.iter().map(|(name, value)| (name.name().to_owned(), attribute(value)));
            let answer = self
                .client
                .put_item()
                .table_name(TABLE)
                .set_item(Some(attributes.chain([pk]).collect()))
                .set_condition_expression(rendered.condition)
                .set_expression_attribute_names(names)
                .set_expression_attribute_values(values)
                .return_values_on_condition_check_failure(all_old)
                .send()
                .await;
            return match answer {
                Ok(_) => Answer::Applied(put.clone()),
                Err(error) => match error.into_service_error() {
                    PutItemError::ConditionalCheckFailedException(failed) => Answer::Refused(failed.item().map(item)),
                    other => unreachable!("{:?}", other.message()),
                },
            };
        }
        let answer = self
            .client
            .update_item()
            .table_name(TABLE)
            .set_key(Some(HashMap::from([pk])))
            .set_update_expression(rendered.update)
            .set_condition_expression(rendered.condition)
            .set_expression_attribute_names(names)
            .set_expression_attribute_values(values)
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(all_old)
            .send()
            .await;
        match answer {
            Ok(answer) => Answer::Applied(item(answer.attributes().unwrap())),
            Err(error) => match error.into_service_error() {
                UpdateItemError::ConditionalCheckFailedException(failed) => Answer::Refused(failed.item().map(item)),
                other => unreachable!("{:?}", other.message()),
            },
        }
    }

    async fn run(&mut self, step: Step, now: u64, config: &Arc<Config>) {
        let (mut run, mut next) = Run::start(step, now, config);
        loop {
            let ask = match next {
                Next::Ask(ask) => ask,
                Next::End(end) => return assert_eq!(end, Ok(())),
            };
            let answer = match ask {
                Ask::Read(keys) => Answer::Items(keys.iter().map(|key| self.items.get(key).cloned()).collect()),
                Ask::Write(write) => self.write(&write).await,
                Ask::Send(message) => {
                    self.sent.push(message);
                    Answer::Done
                }
                Ask::Deliver(_) => Answer::Done,
                Ask::Judge(_) => Answer::Judged([].into()),
                Ask::Find { .. } => Answer::Found(Vec::new()),
            };
            next = run.answer(answer);
        }
    }
}

async fn table(client: &Client) {
    let key = KeySchemaElement::builder().attribute_name(render::PK).key_type(KeyType::Hash).build().unwrap();
    let of = ScalarAttributeType::S;
    let definition = AttributeDefinition::builder().attribute_name(render::PK).attribute_type(of).build().unwrap();
    let table = client.create_table().table_name(TABLE).key_schema(key).attribute_definitions(definition);
    table.billing_mode(BillingMode::PayPerRequest).send().await.unwrap();
}

fn event(number: u64) -> Id {
    Id::of(&[&number.to_be_bytes()])
}

fn accept(head: &HeadName, number: u64) -> Step {
    let member = Member {
        id: number.to_string(),
        event: "Liked".to_owned(),
        time: format!("2026-01-01T12:00:{number:02}.000Z"),
        actor: None,
        counts_as: None,
        common: [].into(),
    };
    Step::Accept(Accept { event: event(number), head: head.clone(), payload: member.payload().unwrap() })
}

#[test]
fn dynamodb_and_the_explorer_answer_every_write_of_grouping_alike() {
    run(|test| async move {
        let client = Client::new(&test.sdk);
        table(&client).await;
        let mut both = Both { client, items: BTreeMap::new(), sent: Vec::new(), refused: 0 };
        let second = 1_000;
        let begin = 1_767_268_800 * second;
        let config = |preview, at_most_once, throttle| {
            let window = Window::Session { gap: second, at_most: 3 * second };
            Arc::new(Config {
                window,
                preview,
                max: 2,
                at_most_once,
                suppresses: false,
                quiet_hours: None,
                throttle,
                shape: Shape::default(),
                lifetimes: Lifetimes::for_windows(3 * second),
            })
        };
        let throttle = Some(Throttle { n: 1, per: 3_600 * second });
        let configs = [config(true, false, None), config(false, true, throttle), config(false, false, None)];
        for (number, config) in (0..).zip(&configs) {
            let head = HeadName::new(&format!("key {number}"));
            let from = number * 10;
            // Cancelled before it comes and after; twice; a full window; late; again after its window has closed.
            both.run(Step::Cancel { event: event(from + 1) }, begin, config).await;
            for (event, at) in [(1, 0), (2, 0), (2, 0), (3, 0), (4, 0), (5, 1), (6, 9), (2, 9), (6, 20), (7, 20)] {
                both.run(accept(&head, from + event), begin + at * second, config).await;
            }
            both.run(Step::Cancel { event: event(from + 7) }, begin + 20 * second, config).await;
            let mut later = begin + 21 * second;
            while let Some(message) = both.sent.pop() {
                later += 2 * second;
                let step = match message {
                    Message::Timer(timer) => Step::Timer(timer),
                    Message::Out(out) | Message::Later(out, _) => {
                        let owner = event(later);
                        both.run(Step::Deliver { out: out.clone(), owner }, later, config).await;
                        Step::Deliver { out, owner: event(later + 1) }
                    }
                };
                both.run(step, later, config).await;
            }
            let timer = Timer { head: head.clone(), epoch: None, at: later };
            both.run(Step::Timer(timer), later + 60 * second, config).await;
        }
        // A delivery that was claimed and not ended, then given up or taken over.
        for (number, config) in (50..).zip(&configs) {
            let group = event(number);
            both.items.insert(Key::Group(group), Item::from([(Attribute::Content, Value::text("{}"))]));
            let deliver = |owner| Step::Deliver { out: Out { group, preview: None }, owner: event(owner) };
            let (mut begun, mut next) = Run::start(deliver(1), begin, config);
            while let Next::Ask(ask) = next {
                next = begun.answer(match ask {
                    Ask::Read(keys) => Answer::Items(keys.iter().map(|key| both.items.get(key).cloned()).collect()),
                    Ask::Write(write) => both.write(&write).await,
                    _ => break,
                });
            }
            let lease = config.lifetimes.lease;
            both.run(deliver(2), begin + lease + 1, config).await;
        }
        assert!(both.refused > 20, "only {} conditions failed", both.refused);
    });
}
