//! Reads and writes of the group table.
//!
//! In: keys and writes as values. Out: items as values, and the images that the protocol decides from. Guaranteed: reads
//! are strongly consistent but for the sweep's index, which no index of DynamoDB is; a write is one call of one item.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure};
use grouping::store::render::{self, PK};
use grouping::store::write::Change;
use grouping::store::{Attribute, Item, Value, Write};
use grouping::{Answer, HeadName, Id, ids::Key};

use super::config::Grouper;
use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::item::{self, Item as Row};
use crate::state;

/// Keys of one `BatchGetItem`.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
const KEYS: usize = 100;

/// The sweep's index, by `bucket` and `sweep_at`.
const SWEEP: &str = "sweep";

/// Reads items, in the order of their keys.
pub(super) async fn read(invocation: &Invocation, grouper: &Grouper, keys: &[Key]) -> Result<Vec<Option<Item>>, Error> {
    let table = invocation.cx().var(grouper.table)?;
    if let [only] = keys {
        let get = invocation.cx().aws().dynamodb().get_item().table_name(table).consistent_read(true);
        let answer = get.set_key(Some(key(only))).send().await.map_err(|error| Error::retry(sdk(&error)))?;
        return Ok(vec![answer.item.as_ref().map(read_item)]);
    }
    let mut found: HashMap<String, Item> = HashMap::new();
    let once: Vec<String> = keys.iter().map(Key::pk).collect::<BTreeSet<_>>().into_iter().collect();
    for some in once.chunks(KEYS) {
        read_some(invocation, table, some, &mut found).await?;
    }
    Ok(keys.iter().map(|key| found.get(&key.pk()).cloned()).collect())
}

async fn read_some(
    invocation: &Invocation,
    table: &str,
    keys: &[String],
    found: &mut HashMap<String, Item>,
) -> Result<(), Error> {
    let keys = keys.iter().map(|pk| Row::from([(PK.to_owned(), AttributeValue::S(pk.clone()))])).collect();
    let asked = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
    let mut asked = Some(asked.map_err(Error::retry)?);
    let mut tried = 0;
    while let Some(keys) = asked.take() {
        let get = invocation.cx().aws().dynamodb().batch_get_item().request_items(table, keys);
        let answer = get.send().await.map_err(|error| Error::retry(sdk(&error)))?;
        let rows = answer.responses.unwrap_or_default().remove(table).unwrap_or_default();
        found.extend(rows.iter().filter_map(|row| Some((item::text(row, PK)?.to_owned(), read_item(row)))));
        asked = answer.unprocessed_keys.unwrap_or_default().remove(table);
        if asked.is_some() {
            state::pause(invocation, tried).await;
            tried += 1;
        }
    }
    Ok(())
}

/// Does a write. What AWS says decides nothing here: the protocol looks at the image.
pub(super) async fn write(invocation: &Invocation, grouper: &Grouper, write: &Write) -> Result<Answer, Error> {
    let table = invocation.cx().var(grouper.table)?;
    let client = invocation.cx().aws().dynamodb();
    let rendered = render::write(write);
    let names = rendered.names.into_iter().map(|(placeholder, name)| (placeholder, name.to_owned()));
    let names = Some(names.collect::<HashMap<_, _>>()).filter(|names| !names.is_empty());
    let values = rendered.values.iter().map(|(placeholder, value)| (placeholder.clone(), attribute(value)));
    let values = Some(values.collect::<HashMap<_, _>>()).filter(|values| !values.is_empty());
    let image = ReturnValuesOnConditionCheckFailure::AllOld;
    match &write.change {
        Change::Put(item) => {
            let mut row = key(&write.key);
            row.extend(item.iter().map(|(name, value)| (name.name().to_owned(), attribute(value))));
            let put = client.put_item().table_name(table).set_item(Some(row));
            let put = put.set_condition_expression(rendered.condition).set_expression_attribute_names(names);
            let put = put.set_expression_attribute_values(values).return_values_on_condition_check_failure(image);
            let Err(error) = put.send().await else { return Ok(Answer::Applied(item.clone())) };
            match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => Ok(refused(failed.item())),
                _ => Err(Error::retry(sdk(&error))),
            }
        }
        Change::Update(_) => {
            let update = client.update_item().table_name(table).set_key(Some(key(&write.key)));
            let update = update.set_update_expression(rendered.update).set_condition_expression(rendered.condition);
            let update = update.set_expression_attribute_names(names).set_expression_attribute_values(values);
            let update = update.return_values(ReturnValue::AllNew).return_values_on_condition_check_failure(image);
            let error = match update.send().await {
                Ok(answer) => return Ok(Answer::Applied(answer.attributes().map(read_item).unwrap_or_default())),
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(failed)) => Ok(refused(failed.item())),
                _ => Err(Error::retry(sdk(&error))),
            }
        }
    }
}

fn refused(image: Option<&Row>) -> Answer {
    Answer::Refused(image.filter(|row| !row.is_empty()).map(read_item))
}

/// The heads of a bucket that are to be looked at.
pub(super) async fn find(
    invocation: &Invocation,
    grouper: &Grouper,
    bucket: &str,
    until: u64,
) -> Result<Vec<HeadName>, Error> {
    let (bucket_name, sweep_at) = (Attribute::Bucket.name(), Attribute::SweepAt.name());
    let query = invocation.cx().aws().dynamodb().query();
    let query = query.table_name(invocation.cx().var(grouper.table)?).index_name(SWEEP);
    let query = query
        .key_condition_expression("#bucket = :bucket AND #at <= :until")
        .expression_attribute_names("#bucket", bucket_name)
        .expression_attribute_names("#at", sweep_at)
        .expression_attribute_values(":bucket", AttributeValue::S(bucket.to_owned()))
        .expression_attribute_values(":until", AttributeValue::N(until.to_string()));
    // One page: what is left is found a minute later, when this is on its way.
    let answer = query.send().await.map_err(|error| Error::retry(sdk(&error)))?;
    let mut heads = Vec::new();
    for pk in answer.items().iter().filter_map(|row| item::text(row, PK)) {
        match pk.strip_prefix("head/") {
            Some(name) => heads.push(HeadName::new(name)),
            None => heads.extend(named_by_member(invocation, grouper, pk).await?),
        }
    }
    Ok(heads)
}

/// The name of a head that is too long for a key: one of its members says it.
async fn named_by_member(invocation: &Invocation, grouper: &Grouper, pk: &str) -> Result<Option<HeadName>, Error> {
    let table = invocation.cx().var(grouper.table)?;
    let get = invocation.cx().aws().dynamodb().get_item().table_name(table).consistent_read(true);
    let answer = get.key(PK, AttributeValue::S(pk.to_owned())).send().await;
    let Some(head) = answer.map_err(|error| Error::retry(sdk(&error)))?.item else { return Ok(None) };
    let head = read_item(&head);
    let member = [Attribute::Prev, Attribute::Ids].iter().find_map(|set| match head.get(set) {
        Some(Value::Ids(ids)) => ids.first().copied(),
        _ => None,
    });
    let Some(member) = member else { return Ok(None) };
    let mark = read(invocation, grouper, &[Key::Mark(member)]).await?.pop().flatten().unwrap_or_default();
    Ok(match mark.get(&Attribute::Head) {
        Some(Value::Text(name)) => Some(HeadName(name.clone())),
        _ => None,
    })
}

fn key(key: &Key) -> Row {
    Row::from([(PK.to_owned(), AttributeValue::S(key.pk()))])
}

fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Text(text) => AttributeValue::S(text.as_ref().to_owned()),
        Value::Number(number) => AttributeValue::N(number.to_string()),
        Value::Id(id) => AttributeValue::B(Blob::new(id.0)),
        Value::Ids(ids) => AttributeValue::Bs(ids.iter().map(|id| Blob::new(id.0)).collect()),
    }
}

/// An item of the table. What the protocol does not know is left out; what it misses, it says.
fn read_item(row: &Row) -> Item {
    let known = row.iter().filter_map(|(name, value)| Some((Attribute::named(name)?, read_value(value)?)));
    known.collect()
}

fn read_value(value: &AttributeValue) -> Option<Value> {
    Some(match value {
        AttributeValue::S(text) => Value::text(text),
        AttributeValue::N(number) => Value::Number(number.parse().ok()?),
        AttributeValue::B(id) => Value::Id(read_id(id)?),
        AttributeValue::Bs(ids) => Value::Ids(ids.iter().map(read_id).collect::<Option<_>>()?),
        _ => return None,
    })
}

fn read_id(blob: &Blob) -> Option<Id> {
    blob.as_ref().try_into().ok().map(Id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_comes_back_as_it_went() {
        let id = Id::of(&[b"a"]);
        let item = Item::from([
            (Attribute::Epoch, Value::Number(u64::MAX)),
            (Attribute::Lead, Value::Id(id)),
            (Attribute::Ids, Value::Ids([id, Id::of(&[b"b"])].into())),
            (Attribute::Payload, Value::text("ə")),
        ]);
        let row: Row = item.iter().map(|(name, value)| (name.name().to_owned(), attribute(value))).collect();
        assert_eq!(read_item(&row), item);
    }

    #[test]
    fn what_is_no_attribute_of_the_protocol_is_left_out() {
        let row = Row::from([
            ("pk".to_owned(), AttributeValue::S("head/a".to_owned())),
            ("lead".to_owned(), AttributeValue::B(Blob::new([1, 2, 3]))),
        ]);
        assert!(read_item(&row).is_empty());
    }
}
