//! A row for each event.
//!
//! Guaranteed: the row is the event's, whole; the same event again writes the same row again. Where the queue keeps order, so
//! do the rows; where it does not, the last to arrive stands.

use serde_json::{Map, Value};

use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::event_type::Arrival;
use crate::item;
use crate::template::{Template, filled};

/// A table that rows are written to, as a function is told of it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The variable that holds the table's name.
    pub table: &'static str,
    /// The columns.
    pub columns: &'static [Column],
}

/// A column of a row.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub field: &'static str,
    /// Whether it is a number.
    pub number: bool,
    /// What it holds; nothing where the event has nothing for it.
    pub value: Template,
    /// What it holds where the event has nothing for it, as JSON; without it the column is left out.
    pub default: Option<&'static str>,
}

/// Writes the row of one event.
pub(crate) async fn put(invocation: &Invocation, row: &Row, event: &Arrival) -> Result<(), Error> {
    let cx = invocation.cx();
    let put = cx.aws().dynamodb().put_item().table_name(cx.var(row.table)?);
    let put = put.set_item(Some(item::item(&values(row, event)?)));
    put.send().await.map(drop).map_err(|error| Error::retry(sdk(&error)))
}

fn values(row: &Row, event: &Arrival) -> Result<Map<String, Value>, Error> {
    let mut values = Map::new();
    for column in row.columns {
        let value = match (filled(column.value, event), column.default) {
            (Ok(value), _) => value,
            (Err(_), Some(default)) => serde_json::from_str(default).map_err(Error::reject)?,
            (Err(_), None) => continue,
        };
        let number =
            || value.as_str().filter(|_| column.number).and_then(|text| text.parse::<serde_json::Number>().ok());
        let value = number().map_or_else(|| value.clone(), Value::Number);
        values.insert(column.field.to_owned(), value);
    }
    Ok(values)
}
