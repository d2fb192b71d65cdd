//! Typed rows for the user's handlers: what the generated module `tables` is made of.
//!
//! In: a table, and a key. Out: rows of their type, page by page. Guaranteed: a row that is not of its type is an error that
//! names the field, and never a row half read.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cx::Invocation;
use crate::decode::from_value;
use crate::envelope::Envelope;
use crate::error::{Error, sdk};
use crate::event::Message;
use crate::item::{self, Item};
use crate::scalar::Timestamp;

/// A table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// The variable that holds its name.
    pub name: &'static str,
    /// Its key: the partition key, then the sort key where it has one.
    pub key: &'static [Key],
}

/// A key attribute.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The field.
    pub field: &'static str,
    /// Whether it is a number.
    pub number: bool,
}

impl Table {
    /// The row of a key, as it is now.
    ///
    /// # Errors
    ///
    /// [`Error::Reject`] where the row is not of its type; else another try may go well.
    pub async fn get<R: DeserializeOwned>(&self, cx: &Invocation, key: &[Value]) -> Result<Option<R>, Error> {
        let get = cx.cx().aws().dynamodb().get_item().table_name(cx.cx().var(self.name)?);
        let get = get.set_key(Some(self.item(key))).consistent_read(true);
        let got = get.send().await.map_err(|error| Error::retry(sdk(&error)))?;
        got.item.as_ref().map(row).transpose()
    }

    /// The rows whose `key` equals this, of an index or of the table itself.
    pub fn rows<'a, R>(&self, cx: &'a Invocation, index: Option<&'static str>, key: Key, value: Value) -> Rows<'a, R> {
        let (table, from) = (self.name, Next::First);
        Rows { cx, table, index, key, value, from, forward: true, row: PhantomData }
    }

    /// Writes a row, whole: what stood under its key is gone.
    ///
    /// # Errors
    ///
    /// [`Error::Reject`] where the row has no JSON; else another try may go well.
    pub async fn put<R: Serialize>(&self, cx: &Invocation, row: &R) -> Result<(), Error> {
        let Value::Object(row) = serde_json::to_value(row).map_err(Error::reject)? else {
            return Err(Error::reject("a row is an object"));
        };
        let put = cx.cx().aws().dynamodb().put_item().table_name(cx.cx().var(self.name)?);
        let put = put.set_item(Some(item::item(&row)));
        put.send().await.map(drop).map_err(|error| Error::retry(sdk(&error)))
    }

    /// Takes a row away, if there is one.
    ///
    /// # Errors
    ///
    /// Another try may go well.
    pub async fn delete(&self, cx: &Invocation, key: &[Value]) -> Result<(), Error> {
        let delete = cx.cx().aws().dynamodb().delete_item().table_name(cx.cx().var(self.name)?);
        let delete = delete.set_key(Some(self.item(key)));
        delete.send().await.map(drop).map_err(|error| Error::retry(sdk(&error)))
    }

    fn item(&self, key: &[Value]) -> Item {
        let each = self.key.iter().zip(key);
        each.map(|(key, value)| (key.field.to_owned(), item::key(value, key.number))).collect()
    }
}

/// A key's value, as JSON has it.
pub fn value(key: &(impl Serialize + ?Sized)) -> Value {
    // A key is a text or a number, which JSON takes.
    serde_json::to_value(key).unwrap_or_default()
}

/// Rows, read a page at a time.
pub struct Rows<'a, R> {
    cx: &'a Invocation,
    table: &'static str,
    index: Option<&'static str>,
    key: Key,
    value: Value,
    from: Next,
    forward: bool,
    row: PhantomData<R>,
}

/// Where the next page begins.
enum Next {
    First,
    Behind(Item),
    End,
}

impl<R: DeserializeOwned> Rows<'_, R> {
    /// The last by the sort key first.
    #[must_use]
    pub fn backwards(mut self) -> Self {
        self.forward = false;
        self
    }

    /// The next page, of up to 1 MB; nothing once all were read.
    ///
    /// # Errors
    ///
    /// As [`Table::get`].
    pub async fn page(&mut self) -> Result<Option<Vec<R>>, Error> {
        let from = match std::mem::replace(&mut self.from, Next::End) {
            Next::First => None,
            Next::Behind(key) => Some(key),
            Next::End => return Ok(None),
        };
        let cx = self.cx.cx();
        let query = cx.aws().dynamodb().query().table_name(cx.var(self.table)?);
        let query = query
            .set_index_name(self.index.map(str::to_owned))
            .key_condition_expression("#key = :key")
            .expression_attribute_names("#key", self.key.field)
            .expression_attribute_values(":key", item::key(&self.value, self.key.number))
            .scan_index_forward(self.forward)
            .set_exclusive_start_key(from);
        let found = query.send().await.map_err(|error| Error::retry(sdk(&error)))?;
        if let Some(next) = found.last_evaluated_key.filter(|key| !key.is_empty()) {
            self.from = Next::Behind(next);
        }
        found.items.unwrap_or_default().iter().map(row).collect::<Result<Vec<R>, Error>>().map(Some)
    }

    /// All rows. Of many, take them page by page: a function has little memory.
    ///
    /// # Errors
    ///
    /// As [`Table::get`].
    pub async fn all(mut self) -> Result<Vec<R>, Error> {
        let mut all = Vec::new();
        while let Some(page) = self.page().await? {
            all.extend(page);
        }
        Ok(all)
    }
}

/// Without the key, which may be personal data.
impl<R> fmt::Debug for Rows<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("table", &self.table).field("index", &self.index).finish_non_exhaustive()
    }
}

fn row<R: DeserializeOwned>(item: &Item) -> Result<R, Error> {
    from_value(item::object(item)).map_err(Error::reject)
}

/// A row of a table of events: what was written there, and what it was written with.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Recorded {
    /// The CloudEvents id.
    pub id: String,
    /// The event's type.
    pub event: String,
    /// When it happened.
    pub time: Timestamp,
    /// Who did it.
    #[serde(default)]
    pub actor: Option<String>,
    /// To what.
    #[serde(default)]
    pub object: Option<String>,
    /// Whose data it is.
    #[serde(default)]
    pub tenant: Option<String>,
    cloudevent: String,
}

impl Recorded {
    /// The event itself, if it is one of `M`'s.
    ///
    /// # Errors
    ///
    /// [`Error::Reject`] where it is another's, or not of its type.
    pub fn read<M: Message>(&self) -> Result<Envelope<M>, Error> {
        crate::decode(&self.cloudevent).map_err(Error::reject)
    }
}
