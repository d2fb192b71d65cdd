//! One lookup: the rows of a table that match, page by page.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;

use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::item::{self, Item};
use crate::template::{Names, Template, filled};

/// Rows of a table: those whose fields equal these.
#[derive(Clone, Copy, Debug)]
pub struct Lookup {
    /// The variable that holds the table's name.
    pub table: &'static str,
    /// The index that serves it; none for the table's own key.
    pub index: Option<&'static str>,
    /// What equals what: the partition key first, then the sort key where it is asked for.
    pub matching: &'static [Match],
}

/// A field of a table, and what it equals.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    /// The field.
    pub field: &'static str,
    /// Whether the field is a number.
    pub number: bool,
    /// What it equals.
    pub value: Template,
}

/// Where a page ended: the key of its last row. Sorted, so that it is always the same text.
pub(crate) type Cursor = BTreeMap<String, Value>;

/// What was found.
pub(crate) struct Page {
    pub(crate) rows: Vec<Item>,
    /// Where the next page begins; none where this was the last.
    pub(crate) next: Option<Cursor>,
}

impl Lookup {
    /// The rows for these names, `limit` at most, from the cursor on.
    pub(crate) async fn page(
        &self,
        invocation: &Invocation,
        names: &impl Names,
        select: Option<&str>,
        limit: i32,
        from: Option<&Cursor>,
    ) -> Result<Page, Error> {
        let query = self.query(invocation, names)?.limit(limit);
        let query = match select {
            Some(select) => query.projection_expression("#select").expression_attribute_names("#select", select),
            None => query,
        };
        let from =
            from.map(|cursor| cursor.iter().map(|(name, value)| (name.clone(), item::attribute(value))).collect());
        let found = query.set_exclusive_start_key(from).send().await.map_err(|error| Error::retry(sdk(&error)))?;
        let next = found.last_evaluated_key.filter(|key| !key.is_empty());
        let next = next.map(|key| key.iter().map(|(name, value)| (name.clone(), item::value(value))).collect());
        Ok(Page { rows: found.items.unwrap_or_default(), next })
    }

    /// Whether there is such a row now.
    pub(crate) async fn is_there(&self, invocation: &Invocation, names: &impl Names) -> Result<bool, Error> {
        let query = self.query(invocation, names)?.limit(1);
        // What was just taken away is not there; only an index cannot be asked so.
        let query = if self.index.is_none() { query.consistent_read(true) } else { query };
        let found = query.send().await.map_err(|error| Error::retry(sdk(&error)))?;
        Ok(found.count() > 0)
    }

    /// How many rows there are, counted up to `most`.
    pub(crate) async fn count(&self, invocation: &Invocation, names: &impl Names, most: u64) -> Result<u64, Error> {
        let (mut count, mut from) = (0, None);
        while count < most {
            let limit = i32::try_from(most - count).unwrap_or(i32::MAX);
            let query = self.query(invocation, names)?.limit(limit).select(aws_sdk_dynamodb::types::Select::Count);
            let found = query.set_exclusive_start_key(from).send().await.map_err(|error| Error::retry(sdk(&error)))?;
            count += u64::try_from(found.count()).unwrap_or(0);
            from = found.last_evaluated_key.filter(|key| !key.is_empty());
            if from.is_none() {
                break;
            }
        }
        Ok(count)
    }

    fn query(
        &self,
        invocation: &Invocation,
        names: &impl Names,
    ) -> Result<aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder, Error> {
        let cx = invocation.cx();
        let mut query = cx.aws().dynamodb().query().table_name(cx.var(self.table)?);
        query = query.set_index_name(self.index.map(str::to_owned));
        let mut conditions: Vec<String> = Vec::new();
        for (place, equals) in self.matching.iter().enumerate() {
            let value: AttributeValue = item::key(&filled(equals.value, names)?, equals.number);
            query = query.expression_attribute_names(format!("#{place}"), equals.field);
            query = query.expression_attribute_values(format!(":{place}"), value);
            conditions.push(format!("#{place} = :{place}"));
        }
        Ok(query.key_condition_expression(conditions.join(" AND ")))
    }
}
