//! To which address a user is written, and whether at all.

use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;

use super::mailbox::is_address;
use super::suppressed::is_suppressed;
use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::event_type::Arrival;
use crate::item::{self, Item};

/// Where the address and the preferences of a user are.
#[derive(Clone, Copy, Debug)]
pub struct Recipients {
    /// The variable with the name of the table of users.
    pub table: &'static str,
    /// Its key.
    pub key: &'static str,
    /// Whether the key is a number.
    pub number: bool,
    /// The field with the address.
    pub email: &'static str,
    /// The variable with the name of the table of preferences.
    pub preferences: Option<&'static str>,
}

/// Why a user is not written to. None of these is a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silent {
    /// The user has muted the channel, or unsubscribed from it.
    Channel,
    /// The user has muted this kind of event.
    Event,
    /// There is no such user any more, or none with an address.
    Nobody,
    /// The address bounced, or complained.
    Suppressed,
}

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Channel => "the user has muted the channel",
            Self::Event => "the user has muted such events",
            Self::Nobody => "the user has no address",
            Self::Suppressed => "the address bounced or complained",
        })
    }
}

impl Recipients {
    /// The address of a user, or why there is none.
    pub(super) async fn find(
        &self,
        invocation: &Invocation,
        sink: &str,
        event: &Arrival,
        user: &str,
    ) -> Result<Result<String, Silent>, Error> {
        if let Some(table) = self.preferences {
            let key = ("user".to_owned(), AttributeValue::S(user.to_owned()));
            let row = row(invocation, table, key).await?.unwrap_or_default();
            if let Some(silent) = muted(&row, sink, event) {
                return Ok(Err(silent));
            }
        }
        let key = (self.key.to_owned(), item::key(&user.into(), self.number));
        let row = row(invocation, self.table, key).await?;
        let Some(address) = row.as_ref().and_then(|row| item::text(row, self.email)).filter(|text| !text.is_empty())
        else {
            return Ok(Err(Silent::Nobody));
        };
        if !is_address(address) {
            return Err(Error::reject(format!("`{}` holds no address that mail goes to", self.email)));
        }
        if is_suppressed(invocation, address).await? {
            return Ok(Err(Silent::Suppressed));
        }
        Ok(Ok(address.to_owned()))
    }
}

/// A row as it is now: who unsubscribed a moment ago gets no mail.
async fn row(invocation: &Invocation, table: &str, key: (String, AttributeValue)) -> Result<Option<Item>, Error> {
    let cx = invocation.cx();
    let get = cx.aws().dynamodb().get_item().table_name(cx.var(table)?).consistent_read(true).key(key.0, key.1);
    Ok(get.send().await.map_err(|error| Error::retry(sdk(&error)))?.item)
}

fn muted(preferences: &Item, sink: &str, event: &Arrival) -> Option<Silent> {
    if texts(preferences.get("channels")).is_some_and(|channels| !channels.iter().any(|channel| channel == sink)) {
        return Some(Silent::Channel);
    }
    // Of a group, the type of its members is what a user mutes.
    let member = event.data().get("event").and_then(serde_json::Value::as_str).unwrap_or(event.kind());
    let mutes = texts(preferences.get("mutes")).unwrap_or_default();
    mutes.iter().any(|muted| muted == member || muted == event.kind()).then_some(Silent::Event)
}

/// Texts of a row, as a list or as a set; none where it has neither.
pub(super) fn texts(attribute: Option<&AttributeValue>) -> Option<Vec<String>> {
    match attribute? {
        AttributeValue::L(list) => Some(list.iter().filter_map(|text| text.as_s().ok().cloned()).collect()),
        AttributeValue::Ss(set) => Some(set.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixtures::CLOSED;
    use super::*;

    fn says(preferences: serde_json::Value) -> Option<Silent> {
        let event = json!({ "id": "g", "event": "Liked", "target": "agshin", "revision": 2, "open": false });
        let event = Arrival::of_state(event, CLOSED).unwrap();
        muted(&item::item(preferences.as_object().unwrap()), "email", &event)
    }

    #[test]
    fn a_user_without_preferences_is_written_to() {
        assert_eq!(says(json!({})), None);
        assert_eq!(says(json!({ "channels": ["browser", "email"], "mutes": [] })), None);
        assert_eq!(says(json!({ "channels": null, "mutes": null })), None);
    }

    #[test]
    fn a_muted_channel_is_silent_and_so_is_a_muted_kind_of_member() {
        assert_eq!(says(json!({ "channels": ["browser"] })), Some(Silent::Channel));
        assert_eq!(says(json!({ "channels": [] })), Some(Silent::Channel));
        assert_eq!(says(json!({ "mutes": ["Liked"] })), Some(Silent::Event));
        assert_eq!(says(json!({ "mutes": ["Closed"] })), Some(Silent::Event));
        assert_eq!(says(json!({ "mutes": ["Shared"] })), None);
    }

    #[test]
    fn a_set_of_channels_is_as_good_as_a_list() {
        let set = AttributeValue::Ss(vec!["browser".to_owned()]);
        assert_eq!(texts(Some(&set)), Some(vec!["browser".to_owned()]));
    }
}
