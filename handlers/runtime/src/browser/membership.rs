//! Who belongs to which group: the spec's own tables, read.

use super::config::Membership;
use super::item::{Item, item, text, text_of};
use super::table::{Page, Query, Table};
use crate::cx::Cx;
use crate::error::Error;

/// The most groups of one user that are looked at.
pub(super) const MOST_GROUPS: usize = 1_000;

/// The groups of a user, sorted.
pub(super) async fn groups(cx: &Cx, membership: &Membership, user: &str) -> Result<Vec<String>, Error> {
    let query = by(membership.groups, membership.user, user);
    let rows = Table::of(cx, membership.table)?.all(&query, MOST_GROUPS).await?;
    let mut groups: Vec<String> = named(&rows, membership.group);
    groups.sort_unstable();
    groups.dedup();
    groups.truncate(MOST_GROUPS);
    Ok(groups)
}

/// How many members a group has.
pub(super) async fn count(cx: &Cx, membership: &Membership, group: &str) -> Result<u64, Error> {
    Table::of(cx, membership.table)?.count(&by(membership.members, membership.group, group)).await
}

/// A page of the members of a group, and where the next begins.
pub(super) async fn page(
    cx: &Cx,
    membership: &Membership,
    group: &str,
    limit: i32,
    start: Option<Item>,
) -> Result<(Vec<String>, Option<Item>), Error> {
    let query = Query { limit: Some(limit), ..by(membership.members, membership.group, group) };
    let Page { rows, next } = Table::of(cx, membership.table)?.page(&query, start).await?;
    Ok((named(&rows, membership.user), next))
}

/// Whether a user belongs to a group.
pub(super) async fn is_member(cx: &Cx, membership: &Membership, group: &str, user: &str) -> Result<bool, Error> {
    Ok(!among(cx, membership, group, vec![user.to_owned()]).await?.is_empty())
}

/// Which of these users belong to a group, now.
pub(super) async fn among(
    cx: &Cx,
    membership: &Membership,
    group: &str,
    users: Vec<String>,
) -> Result<Vec<String>, Error> {
    let table = Table::of(cx, membership.table)?;
    if membership.is_key {
        let key = |user: &String| item([(membership.group, text(group)), (membership.user, text(user))]);
        let rows = table.get_all(users.iter().map(key).collect()).await?;
        return Ok(named(&rows, membership.user));
    }
    let mut found = Vec::new();
    for user in users {
        // The group's members are asked for this one: a condition on another field than the key is a filter.
        let query = by(membership.members, membership.group, group);
        let (mut names, mut values) = (query.names.clone(), query.values.clone());
        names.push(("#user", membership.user));
        values.push((":user", text(&user)));
        let query = Query { filter: Some("#user = :user"), names, values, ..query };
        if !table.all(&query, 1).await?.is_empty() {
            found.push(user);
        }
    }
    Ok(found)
}

fn by<'a>(index: Option<&'a str>, field: &'a str, value: &str) -> Query<'a> {
    Query {
        index,
        condition: "#key = :key",
        names: vec![("#key", field)],
        values: vec![(":key", text(value))],
        consistent: true,
        ..Query::default()
    }
}

fn named(rows: &[Item], field: &str) -> Vec<String> {
    rows.iter().filter_map(|row| text_of(row, field)).map(str::to_owned).collect()
}
