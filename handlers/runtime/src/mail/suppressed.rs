//! Addresses that are not written to again: they bounced for good, or complained.
//!
//! A row of the runtime's table for each, without expiry, under a hash of the address in small letters: the table holds no
//! address. To write to one again, delete its row.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::state;

const ROW: &str = "suppressed";

/// Why an address is not written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Bounced,
    Complained,
}

impl Why {
    const fn text(self) -> &'static str {
        match self {
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }
}

fn key(address: &str) -> crate::item::Item {
    state::key(&[ROW, &crate::event::hashed(&[&address.to_ascii_lowercase()])])
}

/// Whether an address is not written to.
pub(super) async fn is_suppressed(invocation: &Invocation, address: &str) -> Result<bool, Error> {
    let cx = invocation.cx();
    let get = cx.aws().dynamodb().get_item().table_name(cx.var(state::TABLE)?);
    let got = get.set_key(Some(key(address))).consistent_read(true).projection_expression("pk").send().await;
    Ok(got.map_err(|error| Error::retry(sdk(&error)))?.item.is_some())
}

/// Writes to an address no more; once or often is the same.
pub(super) async fn suppress(invocation: &Invocation, address: &str, why: Why) -> Result<(), Error> {
    let cx = invocation.cx();
    let mut row = key(address);
    row.insert("why".to_owned(), AttributeValue::S(why.text().to_owned()));
    row.insert("since".to_owned(), AttributeValue::S(invocation.now().to_string()));
    let put = cx.aws().dynamodb().put_item().table_name(cx.var(state::TABLE)?).set_item(Some(row));
    put.send().await.map(drop).map_err(|error| Error::retry(sdk(&error)))
}
