//! The shards of a group's connections: who is in which, kept by `$connect`, by `resume` and by the stream of the
//! membership table.
//!
//! A group of N members has S = ceil(N / 250) shards. When S shrinks, connections that came before stay where they are,
//! so the larger number is read on (`reach`) for as long as one of them may live. Guaranteed: whatever shard a live
//! connection was put into is below `reach`.
//!
//! The stream's function looks at who is a member now and not at what a record says, so records may come twice and in
//! any order. Both indexes that the two sides look through may lag: a connection that begins in the very moment in
//! which its user becomes a member is caught up by its next `resume` or `ping`.

use std::collections::BTreeSet;

use aws_lambda_events::dynamodb::Event as StreamEvent;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::config::{Gateway, Keeper, Membership};
use super::item::{Item, number, number_of, text};
use super::membership;
use super::row::{self, BY_USER, Connection, LIFE};
use super::table::{Query, Table};
use crate::cx::{Cx, Invocation};
use crate::decode::from_value;
use crate::error::Error;
use crate::scalar::Timestamp;

/// Members of one shard.
const MEMBERS: u64 = 250;
/// Calls at the same time.
const AT_ONCE: usize = 16;
/// The most connections of one user that are looked at.
const MOST_CONNECTIONS: usize = 1_000;

/// In how many shards a group's connections are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spread {
    /// New connections are spread over so many.
    pub(super) shards: u64,
    /// Older ones may be in so many.
    reach: u64,
    /// Until when they may.
    until: Timestamp,
}

impl Spread {
    /// Of a group of so many members.
    fn of(members: u64, now: Timestamp) -> Self {
        let shards = members.div_ceil(MEMBERS).max(1);
        Self { shards, reach: shards, until: now }
    }

    /// After the number of members changed.
    fn follow(self, members: u64, now: Timestamp) -> Self {
        let next = Self::of(members, now);
        let reach = self.reach(now);
        if next.shards >= reach {
            return next;
        }
        // Whoever is in the shards that are given up now came before now.
        let until = if next.shards < self.shards { now.plus(LIFE) } else { self.until };
        Self { shards: next.shards, reach, until }
    }

    /// How many shards are to be read.
    pub(super) fn reach(&self, now: Timestamp) -> u64 {
        if now < self.until { self.reach.max(self.shards) } else { self.shards }
    }

    /// The shard that a new connection goes into.
    fn shard(&self, id: &str) -> u64 {
        let hash = Sha256::digest(id.as_bytes());
        let number = hash.iter().take(8).fold(0u64, |number, byte| (number << 8) | u64::from(*byte));
        number % self.shards
    }

    fn read(row: &Item) -> Option<Self> {
        let whole = |name| u64::try_from(number_of(row, name)?).ok();
        let until = Timestamp::from_millis(number_of(row, "reach_until")?);
        Some(Self { shards: whole("shards")?.max(1), reach: whole("reach")?, until })
    }

    fn row(&self, membership: &Membership, group: &str) -> Item {
        let mut row = row::group_key(membership.name, group);
        row.insert("shards".to_owned(), number(self.shards));
        row.insert("reach".to_owned(), number(self.reach));
        row.insert("reach_until".to_owned(), number(self.until.as_millis()));
        row
    }
}

/// How a group's connections are spread; none where none ever was.
pub(super) async fn spread(table: &Table<'_>, membership: &Membership, group: &str) -> Result<Option<Spread>, Error> {
    let row = table.get(row::group_key(membership.name, group)).await?;
    Ok(row.as_ref().and_then(Spread::read))
}

/// As [`spread`], of a group that has its first connection now too.
async fn first_spread(cx: &Cx, table: &Table<'_>, of: (&Membership, &str), now: Timestamp) -> Result<Spread, Error> {
    let (membership, group) = of;
    if let Some(spread) = spread(table, membership, group).await? {
        return Ok(spread);
    }
    let members = membership::count(cx, membership, group).await?;
    table.put_new(Spread::of(members, now).row(membership, group)).await?;
    // Another one may have been faster.
    Ok(spread(table, membership, group).await?.unwrap_or_else(|| Spread::of(members, now)))
}

/// Puts a connection into the shards of all groups of its user, and takes it out of all others. Out: the groups, with
/// the place of their membership among the gateway's.
pub(super) async fn join_all(
    cx: &Cx,
    config: &Gateway,
    connection: &Connection,
    now: Timestamp,
) -> Result<Vec<(usize, String)>, Error> {
    let table = Table::of(cx, config.connections)?;
    let mut groups = Vec::new();
    for (at, membership) in config.memberships.iter().enumerate() {
        let of = membership::groups(cx, membership, &connection.user).await?;
        groups.extend(of.into_iter().map(|group| (at, group)));
    }
    let there: Vec<(String, String)> = connection.shards.iter().filter_map(|shard| row::group_of(shard)).collect();
    let is_there = |membership: &Membership, group: &str| there.iter().any(|(m, g)| m == membership.name && g == group);
    let missing = groups.iter().filter_map(|(at, group)| {
        config.memberships.get(*at).map(|membership| (membership, group.as_str())).filter(|(m, g)| !is_there(m, g))
    });
    let joined: Vec<String> = stream::iter(missing)
        .map(|(membership, group)| join(cx, &table, connection, (membership, group), now))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let named = |of: &(String, String)| {
        groups.iter().any(|(at, group)| *group == of.1 && config.memberships.get(*at).is_some_and(|m| m.name == of.0))
    };
    let gone: Vec<String> =
        connection.shards.iter().filter(|shard| row::group_of(shard).is_some_and(|of| !named(&of))).cloned().collect();
    if !joined.is_empty() {
        note(&table, connection, "ADD #shards :shards", joined).await?;
    }
    if !gone.is_empty() {
        leave(&table, connection, gone).await?;
    }
    Ok(groups)
}

/// Puts a connection into a shard of a group. Out: the shard.
async fn join(
    cx: &Cx,
    table: &Table<'_>,
    connection: &Connection,
    of: (&Membership, &str),
    now: Timestamp,
) -> Result<String, Error> {
    let spread = first_spread(cx, table, of, now).await?;
    let shard = row::shard(of.0.name, of.1, spread.shard(&connection.id));
    table.put(connection.in_shard(&shard)).await?;
    Ok(shard)
}

/// Takes a connection out of shards.
async fn leave(table: &Table<'_>, connection: &Connection, shards: Vec<String>) -> Result<(), Error> {
    for shard in &shards {
        table.delete(row::member_key(shard, &connection.id)).await?;
    }
    note(table, connection, "DELETE #shards :shards", shards).await
}

/// Notes on a connection's own row in which shards it is. Where the row is gone meanwhile, so is the connection: then
/// it is taken out of them again.
async fn note(table: &Table<'_>, connection: &Connection, update: &str, shards: Vec<String>) -> Result<(), Error> {
    let values = vec![(":shards", AttributeValue::Ss(shards.clone()))];
    let key = row::connection_key(&connection.id);
    let noted = table.update_if(key, update, "attribute_exists(pk)", vec![("#shards", "shards")], values).await?;
    if !noted {
        for shard in &shards {
            table.delete(row::member_key(shard, &connection.id)).await?;
        }
    }
    Ok(())
}

/// Forgets a connection and its places in shards.
pub(super) async fn forget(table: &Table<'_>, id: &str) -> Result<(), Error> {
    let row = table.delete(row::connection_key(id)).await?;
    let shards = row.as_ref().and_then(Connection::read).map(|connection| connection.shards).unwrap_or_default();
    for shard in &shards {
        table.delete(row::member_key(shard, id)).await?;
    }
    Ok(())
}

/// The live connections of a user, of any tenant.
pub(super) async fn connections(table: &Table<'_>, user: &str, now: Timestamp) -> Result<Vec<Connection>, Error> {
    let query = Query {
        index: Some(BY_USER),
        condition: "#user = :user AND begins_with(#pk, :connection)",
        names: vec![("#user", "user"), ("#pk", "pk")],
        values: vec![(":user", text(user)), (":connection", text("connection#"))],
        ..Query::default()
    };
    let rows = table.all(&query, MOST_CONNECTIONS).await?;
    Ok(rows.iter().filter_map(Connection::read).filter(|connection| connection.is_live(now)).collect())
}

/// Follows the stream of a membership table.
///
/// # Errors
///
/// The records from the first that could not be followed on are named in the answer, and come again.
pub async fn follow(invocation: &Invocation, payload: Value, keeper: &Keeper) -> Result<Value, Error> {
    let (config, of) = (&keeper.gateway, &keeper.membership);
    let batch: StreamEvent = from_value(payload).map_err(Error::reject)?;
    let mut counted = BTreeSet::new();
    for record in &batch.records {
        let sequence = record.change.sequence_number.clone().unwrap_or_default();
        let change = &record.change;
        let pairs: BTreeSet<(String, String)> = [&change.new_image, &change.old_image, &change.keys]
            .into_iter()
            .filter_map(|image| {
                let image = serde_json::to_value(image).ok()?;
                let field = |name: &str| image.get(name)?.get("S")?.as_str().map(str::to_owned);
                Some((field(of.group)?, field(of.user)?))
            })
            .collect();
        for (group, user) in pairs {
            let recount = counted.insert(group.clone());
            if let Err(error) = follow_one(invocation, config, of, (&group, &user), recount).await {
                tracing::error!(reason = %error, "the connection shards do not follow yet");
                return Ok(json!({"batchItemFailures": [{"itemIdentifier": sequence}]}));
            }
        }
    }
    Ok(json!({"batchItemFailures": []}))
}

async fn follow_one(
    invocation: &Invocation,
    config: &Gateway,
    of: &Membership,
    (group, user): (&str, &str),
    recount: bool,
) -> Result<(), Error> {
    let (cx, now) = (invocation.cx(), invocation.now());
    let table = Table::of(cx, config.connections)?;
    if recount && let Some(before) = spread(&table, of, group).await? {
        let after = before.follow(membership::count(cx, of, group).await?, now);
        if after != before {
            table.put(after.row(of, group)).await?;
        }
    }
    let is_member = membership::is_member(cx, of, group, user).await?;
    for connection in connections(&table, user, now).await? {
        let at = connection.shards.iter().filter(|shard| {
            row::group_of(shard).is_some_and(|(membership, of_group)| membership == of.name && of_group == group)
        });
        let at: Vec<String> = at.cloned().collect();
        match (is_member, at.is_empty()) {
            (true, true) => {
                let shard = join(cx, &table, &connection, (of, group), now).await?;
                note(&table, &connection, "ADD #shards :shards", vec![shard]).await?;
            }
            (false, false) => leave(&table, &connection, at).await?,
            (true, false) | (false, true) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_group_has_a_shard_for_each_250_members_and_one_at_least() {
        for (members, shards) in [(0, 1), (1, 1), (250, 1), (251, 2), (10_000, 40)] {
            assert_eq!(Spread::of(members, at(0)).shards, shards, "{members}");
        }
    }

    #[test]
    fn a_group_that_grew_is_read_at_once_and_one_that_shrank_for_as_long_as_a_connection_lives() {
        let grown = Spread::of(10, at(0)).follow(10_000, at(1));
        assert_eq!((grown.shards, grown.reach(at(1))), (40, 40));
        let shrunk = grown.follow(10, at(2));
        assert_eq!((shrunk.shards, shrunk.reach(at(2))), (1, 40));
        let end = at(2).plus(LIFE);
        assert_eq!(shrunk.reach(end.plus(std::time::Duration::from_millis(0))), 1);
        assert_eq!(shrunk.reach(at(end.as_millis() - 1)), 40);
    }

    #[test]
    fn what_was_once_reached_stays_reached_however_the_number_goes_up_and_down() {
        let mut spread = Spread::of(10_000, at(0));
        for (members, now) in [(100, 1), (2_600, 2), (100, 3), (600, 4)] {
            spread = spread.follow(members, at(now));
            assert_eq!(spread.reach(at(now)), 40, "{members}");
        }
        // The last time that shards were given up was at 3.
        assert_eq!(spread.reach(at(3).plus(LIFE)), 3);
    }

    #[test]
    fn connections_are_spread_over_all_shards_and_none_beyond() {
        let spread = Spread::of(1_000, at(0));
        let used: BTreeSet<u64> = (0..100).map(|n| spread.shard(&format!("connection-{n}"))).collect();
        assert_eq!(used, BTreeSet::from([0, 1, 2, 3]));
    }

    #[test]
    fn a_row_comes_back_as_it_was() {
        let membership = Membership {
            name: "members",
            table: "T",
            group: "group",
            user: "user",
            members: None,
            groups: None,
            is_key: true,
        };
        let spread = Spread::of(10_000, at(0)).follow(10, at(7));
        assert_eq!(Spread::read(&spread.row(&membership, "g")), Some(spread));
    }
}
