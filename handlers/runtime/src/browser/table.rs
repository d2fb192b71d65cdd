//! One table of DynamoDB: the few calls that this part makes of it.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValue, Select};

use super::item::{Item, failed};
use crate::cx::Cx;
use crate::error::Error;

/// The most keys of a `BatchGetItem`.
const BATCH: usize = 100;

/// A table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    pub(super) client: &'a Client,
    pub(super) name: &'a str,
}

/// What a query asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct Query<'a> {
    pub(super) index: Option<&'a str>,
    /// The condition on the key: `#a = :a AND begins_with(#b, :b)`.
    pub(super) condition: &'a str,
    /// The condition on other fields.
    pub(super) filter: Option<&'a str>,
    /// `#a`
    pub(super) names: Vec<(&'a str, &'a str)>,
    /// `:a`
    pub(super) values: Vec<(&'a str, AttributeValue)>,
    /// The most rows of a page.
    pub(super) limit: Option<i32>,
    pub(super) consistent: bool,
    pub(super) backwards: bool,
}

/// A page of rows, and where the next begins.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) rows: Vec<Item>,
    pub(super) next: Option<Item>,
}

impl<'a> Table<'a> {
    /// The table whose name stands in this variable.
    pub(super) fn of(cx: &'a Cx, variable: &str) -> Result<Self, Error> {
        let name = cx.env(variable).ok_or_else(|| Error::retry(format!("the variable `{variable}` is not set")))?;
        Ok(Self { client: cx.aws().dynamodb(), name })
    }

    /// A row, as it is now.
    pub(super) async fn get(&self, key: Item) -> Result<Option<Item>, Error> {
        let got = self.client.get_item().table_name(self.name).set_key(Some(key)).consistent_read(true).send().await;
        Ok(got.map_err(|error| failed("GetItem", &error))?.item)
    }

    /// Those rows that there are, in no order.
    pub(super) async fn get_all(&self, keys: Vec<Item>) -> Result<Vec<Item>, Error> {
        let mut found = Vec::new();
        let mut rest = keys;
        while !rest.is_empty() {
            let batch: Vec<Item> = rest.drain(..rest.len().min(BATCH)).collect();
            let asked = KeysAndAttributes::builder().set_keys(Some(batch)).consistent_read(true).build();
            let asked = asked.map_err(Error::reject)?;
            let got = self.client.batch_get_item().request_items(self.name, asked).send().await;
            let got = got.map_err(|error| failed("BatchGetItem", &error))?;
            found.extend(got.responses.into_iter().flatten().flat_map(|(_, rows)| rows));
            // What one answer has no room for.
            rest.extend(got.unprocessed_keys.into_iter().flatten().flat_map(|(_, keys)| keys.keys));
        }
        Ok(found)
    }

    /// Puts a row.
    pub(super) async fn put(&self, row: Item) -> Result<(), Error> {
        let put = self.client.put_item().table_name(self.name).set_item(Some(row)).send().await;
        put.map(drop).map_err(|error| failed("PutItem", &error))
    }

    /// Puts a row where there is none; where there is one, its row stays.
    pub(super) async fn put_new(&self, row: Item) -> Result<(), Error> {
        let put = self.client.put_item().table_name(self.name).set_item(Some(row));
        match put.condition_expression("attribute_not_exists(pk)").send().await {
            Err(error)
                if !matches!(error.as_service_error(), Some(PutItemError::ConditionalCheckFailedException(_))) =>
            {
                Err(failed("PutItem", &error))
            }
            _ => Ok(()),
        }
    }

    /// Deletes a row, and gives it.
    pub(super) async fn delete(&self, key: Item) -> Result<Option<Item>, Error> {
        let delete = self.client.delete_item().table_name(self.name).set_key(Some(key));
        let deleted = delete.return_values(ReturnValue::AllOld).send().await;
        Ok(deleted.map_err(|error| failed("DeleteItem", &error))?.attributes)
    }

    /// Deletes a row if a condition holds. Whether it is gone now, by this or before.
    pub(super) async fn delete_if(
        &self,
        key: Item,
        condition: &str,
        values: Vec<(&str, AttributeValue)>,
    ) -> Result<bool, Error> {
        let delete = self.client.delete_item().table_name(self.name).set_key(Some(key));
        let delete = delete.condition_expression(condition).set_expression_attribute_values(Some(owned(values)));
        match delete.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(failed("DeleteItem", &error)),
            },
        }
    }

    /// Changes a row if a condition holds. Whether it did; of a repeated call, whose first answer was lost, the
    /// condition must still hold.
    pub(super) async fn update_if(
        &self,
        key: Item,
        update: &str,
        condition: &str,
        names: Vec<(&str, &str)>,
        values: Vec<(&str, AttributeValue)>,
    ) -> Result<bool, Error> {
        let call = self.client.update_item().table_name(self.name).set_key(Some(key));
        let call = call.update_expression(update).condition_expression(condition);
        let names: HashMap<String, String> = names.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        let call = call.set_expression_attribute_names((!names.is_empty()).then_some(names));
        let values = owned(values);
        let call = call.set_expression_attribute_values((!values.is_empty()).then_some(values));
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(failed("UpdateItem", &error)),
            },
        }
    }

    /// One page.
    pub(super) async fn page(&self, query: &Query<'_>, start: Option<Item>) -> Result<Page, Error> {
        let got = self.asked(query).set_exclusive_start_key(start).send().await;
        let got = got.map_err(|error| failed("Query", &error))?;
        Ok(Page { rows: got.items.unwrap_or_default(), next: got.last_evaluated_key.filter(|key| !key.is_empty()) })
    }

    /// All rows, but no more than `most` and the rest of their page.
    pub(super) async fn all(&self, query: &Query<'_>, most: usize) -> Result<Vec<Item>, Error> {
        let mut rows = Vec::new();
        let mut start = None;
        loop {
            let page = self.page(query, start).await?;
            rows.extend(page.rows);
            start = page.next;
            if start.is_none() || rows.len() >= most {
                return Ok(rows);
            }
        }
    }

    /// How many rows there are.
    pub(super) async fn count(&self, query: &Query<'_>) -> Result<u64, Error> {
        let mut count = 0;
        let mut start = None;
        loop {
            let got = self.asked(query).select(Select::Count).set_exclusive_start_key(start).send().await;
            let got = got.map_err(|error| failed("Query", &error))?;
            count += u64::try_from(got.count).unwrap_or_default();
            start = got.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                return Ok(count);
            }
        }
    }

    fn asked(&self, query: &Query<'_>) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        let names = query.names.iter().map(|(name, field)| ((*name).to_owned(), (*field).to_owned())).collect();
        let asked = self.client.query().table_name(self.name).set_index_name(query.index.map(str::to_owned));
        asked
            .key_condition_expression(query.condition)
            .set_filter_expression(query.filter.map(str::to_owned))
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(owned(query.values.clone())))
            .set_limit(query.limit)
            .scan_index_forward(!query.backwards)
            // An index cannot be read consistently.
            .consistent_read(query.consistent && query.index.is_none())
    }
}

fn owned(values: Vec<(&str, AttributeValue)>) -> HashMap<String, AttributeValue> {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
