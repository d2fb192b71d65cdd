//! The table of connections.
//!
//! | row | `pk` | `sk` | holds |
//! | --- | --- | --- | --- |
//! | a connection | `connection#ID` | `connection` | its user and tenant, when the token expires, its state, its shards |
//! | a connection in a shard | `shard#TABLE#GROUP#N` | `ID` | the same, so that a worker reads nothing else |
//! | a group | `group#TABLE#GROUP` | `group` | in how many shards its connections are |
//!
//! The index `by_user` finds the first two by `user`. Guaranteed: nothing here but the token says who a connection is.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::{Item, item, number, number_of, text, text_of, texts_of};
use super::key;
use crate::scalar::Timestamp;

/// The index by user.
pub(super) const BY_USER: &str = "by_user";
/// API Gateway ends a connection after two hours; its row may be deleted a little later.
pub(super) const LIFE: Duration = Duration::from_secs(2 * 3600 + 600);
/// So long after it began, a connection may still be unknown to `@connections`.
pub(super) const YOUNG: Duration = Duration::from_secs(30);

/// A connection, as its own row and the rows of its shards have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Connection {
    pub(super) id: String,
    pub(super) user: String,
    pub(super) tenant: Option<String>,
    pub(super) connected: Timestamp,
    /// When its token expires, in seconds.
    pub(super) until: i64,
    pub(super) is_active: bool,
    /// The keys of its shards.
    pub(super) shards: Vec<String>,
}

impl Connection {
    /// Whether it may send and receive.
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        self.until.saturating_mul(1000) > now.as_millis() && now < self.connected.plus(LIFE)
    }

    /// Whether `@connections` may not know it yet.
    pub(super) fn is_young(&self, now: Timestamp) -> bool {
        now < self.connected.plus(YOUNG)
    }

    fn common(&self) -> Item {
        let mut row = item([
            ("user", text(&self.user)),
            ("connected_at", number(self.connected.as_millis())),
            ("until", number(self.until)),
            ("expires_at", number(self.connected.plus(LIFE).as_millis() / 1000)),
        ]);
        row.extend(self.tenant.as_ref().map(|tenant| ("tenant".to_owned(), text(tenant))));
        row
    }

    /// Its own row.
    pub(super) fn row(&self) -> Item {
        let mut row = self.common();
        row.extend(connection_key(&self.id));
        row.insert("state".to_owned(), text(if self.is_active { "active" } else { "pending" }));
        if !self.shards.is_empty() {
            row.insert("shards".to_owned(), AttributeValue::Ss(self.shards.clone()));
        }
        row
    }

    /// Its row in a shard.
    pub(super) fn in_shard(&self, shard: &str) -> Item {
        let mut row = self.common();
        row.extend(member_key(shard, &self.id));
        row
    }

    /// Reads either row.
    pub(super) fn read(row: &Item) -> Option<Self> {
        let (pk, sk) = (text_of(row, "pk")?, text_of(row, "sk")?);
        let id = match pk.strip_prefix("connection#") {
            Some(_) => key::split(pk).into_iter().nth(1)?,
            None => sk.to_owned(),
        };
        Some(Self {
            id,
            user: text_of(row, "user")?.to_owned(),
            tenant: text_of(row, "tenant").map(str::to_owned),
            connected: Timestamp::from_millis(number_of(row, "connected_at")?),
            until: number_of(row, "until")?,
            is_active: text_of(row, "state") == Some("active"),
            shards: texts_of(row, "shards"),
        })
    }
}

/// The key of a connection's own row.
pub(super) fn connection_key(id: &str) -> Item {
    item([("pk", text(key::join(&["connection", id]))), ("sk", text("connection"))])
}

/// The key of a connection's row in a shard.
pub(super) fn member_key(shard: &str, id: &str) -> Item {
    item([("pk", text(shard)), ("sk", text(id))])
}

/// The key of a group's row.
pub(super) fn group_key(membership: &str, group: &str) -> Item {
    item([("pk", text(key::join(&["group", membership, group]))), ("sk", text("group"))])
}

/// The key of a shard.
pub(super) fn shard(membership: &str, group: &str, number: u64) -> String {
    key::join(&["shard", membership, group, &number.to_string()])
}

/// The membership and the group of a shard.
pub(super) fn group_of(shard: &str) -> Option<(String, String)> {
    let mut parts = key::split(shard).into_iter().skip(1);
    Some((parts.next()?, parts.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Connection {
        Connection {
            id: "abc=".to_owned(),
            user: "agshin".to_owned(),
            tenant: Some("acme".to_owned()),
            connected: Timestamp::from_millis(1_000),
            until: 3_600,
            is_active: false,
            shards: vec![shard("members", "g#1", 0)],
        }
    }

    #[test]
    fn a_row_comes_back_as_it_was() {
        assert_eq!(Connection::read(&connection().row()), Some(connection()));
        let in_shard = Connection::read(&connection().in_shard(&shard("members", "g#1", 3))).unwrap();
        assert_eq!((in_shard.id.as_str(), in_shard.tenant.as_deref()), ("abc=", Some("acme")));
        assert_eq!(group_of(&shard("members", "g#1", 3)), Some(("members".to_owned(), "g#1".to_owned())));
    }

    #[test]
    fn a_connection_lives_as_long_as_its_token_and_two_hours() {
        let mut connection = connection();
        assert!(connection.is_live(Timestamp::from_millis(3_599_999)));
        assert!(!connection.is_live(Timestamp::from_millis(3_600_000)));
        connection.until = i64::MAX;
        assert!(!connection.is_live(Timestamp::from_millis(1_000).plus(LIFE)));
    }

    #[test]
    fn a_row_without_a_user_is_no_connection() {
        let mut row = connection().row();
        row.remove("user");
        assert_eq!(Connection::read(&row), None);
    }
}
