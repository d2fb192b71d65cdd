//! The users that an event is for.
//!
//! In: an event, and how its targets are found. Out: a page of users, and where the next begins. Guaranteed: nobody is left
//! out but whom the flow leaves out (`except`), or who has muted the event; the same page of the same event is the same
//! users, as long as the table is the same.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use serde::Serialize;
use serde_json::Value;

use crate::cx::Invocation;
use crate::error::{Error, sdk};
use crate::event::Message;
use crate::event_type::Arrival;
use crate::item;
use crate::lookup::{Cursor, Lookup};
use crate::send::Queue;
use crate::state;
use crate::template::{Names, Part, text};

/// How the targets of a queue's events are found.
#[derive(Clone, Copy, Debug)]
pub struct Targets {
    /// By event.
    pub by_event: &'static [(&'static str, Find)],
    /// Who is left out, as a name.
    pub except: Option<Part>,
    /// Whether a target that is found twice counts once.
    pub dedupe: bool,
    /// The most targets of one event; more, and the event fails.
    pub most: Option<u32>,
    /// Targets of one unit of work.
    pub page: u32,
    /// The variable with the name of the table of preferences.
    pub preferences: Option<&'static str>,
    /// Where the rest of an event's targets goes on: the queue itself.
    pub rest: Option<Queue>,
}

/// How the targets of one event are found.
#[derive(Clone, Copy, Debug)]
pub enum Find {
    /// A field of the event: a user, or a list of users.
    Field(&'static str),
    /// Rows of a table, and the field of theirs that is the user.
    Rows(Lookup, &'static str),
    /// Those who follow the event's actor.
    Followers(Followers),
    /// The user's handler.
    Handler,
}

/// The rows of a table of follows.
#[derive(Clone, Copy, Debug)]
pub struct Followers {
    /// Whom they follow.
    pub of: Lookup,
    /// The field that is the follower.
    pub follower: &'static str,
    /// From so many on nothing is written to each, for they read; zero for never.
    pub read_from: Option<u64>,
}

/// Some of an event's targets.
#[derive(Debug, PartialEq)]
pub(crate) struct Found {
    pub(crate) users: Vec<String>,
    pub(crate) next: Option<Cursor>,
}

impl Found {
    const NOBODY: Self = Self { users: Vec::new(), next: None };
}

/// Finds a page of an event's targets.
pub(crate) async fn page(
    invocation: &Invocation,
    targets: &Targets,
    event: &Arrival,
    from: Option<&Cursor>,
    ask: impl AsyncFn(&Invocation, &Arrival) -> Result<Vec<String>, Error>,
) -> Result<Found, Error> {
    let Some((_, find)) = targets.by_event.iter().find(|(kind, _)| *kind == event.kind()) else {
        return Err(Error::reject(format!("nothing says whom `{}` is for", event.kind())));
    };
    let found = match find {
        Find::Field(field) => Found { users: named(event.data().get(*field)), next: None },
        Find::Handler => Found { users: ask(invocation, event).await?, next: None },
        Find::Rows(lookup, select) => rows(invocation, targets, lookup, select, event, from).await?,
        Find::Followers(followers) => {
            let of = &followers.of;
            if let Some(most) = followers.read_from
                && of.count(invocation, event, most).await? >= most
            {
                tracing::info!(threshold = most, "too many follow: they read by themselves");
                return Ok(Found::NOBODY);
            }
            rows(invocation, targets, of, followers.follower, event, from).await?
        }
    };
    if let Some(most) = targets.most
        && found.users.len() > usize::try_from(most).unwrap_or(usize::MAX)
    {
        return Err(Error::reject(format!("the event has more than {most} targets")));
    }
    let except = targets.except.and_then(|name| event.value(name)).map(|value| text(&value));
    let users = chosen(found.users, except.as_deref(), targets.dedupe);
    Ok(Found { users: unmuted(invocation, targets, event, users).await?, next: found.next })
}

/// The rows of one page; of all pages where the event fails if there are too many, for then nobody may have it.
async fn rows(
    invocation: &Invocation,
    targets: &Targets,
    lookup: &Lookup,
    select: &str,
    event: &Arrival,
    from: Option<&Cursor>,
) -> Result<Found, Error> {
    let limit = i32::try_from(targets.page).unwrap_or(i32::MAX);
    let mut users = Vec::new();
    let mut from = from.cloned();
    loop {
        let page = lookup.page(invocation, event, Some(select), limit, from.as_ref()).await?;
        users.extend(page.rows.iter().filter_map(|row| item::text(row, select)).map(str::to_owned));
        let enough = targets.most.is_some_and(|most| users.len() > usize::try_from(most).unwrap_or(usize::MAX));
        if targets.rest.is_some() || enough || page.next.is_none() {
            return Ok(Found { users, next: page.next.filter(|_| targets.rest.is_some()) });
        }
        from = page.next;
    }
}

/// The users that a field holds.
fn named(field: Option<&Value>) -> Vec<String> {
    match field {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) => list.iter().filter(|value| !value.is_null()).map(text).collect(),
        Some(one) => vec![text(one)],
    }
}

/// Without whom the flow leaves out, and each once where the flow says so; in the order in which they were found.
fn chosen(users: Vec<String>, except: Option<&str>, dedupe: bool) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let kept = users.into_iter().filter(|user| Some(user.as_str()) != except && !user.is_empty());
    kept.filter(|user| !dedupe || seen.insert(user.clone())).collect()
}

/// Keys of one `BatchGetItem`.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>
const KEYS: usize = 100;

/// Without those who have muted the event.
async fn unmuted(
    invocation: &Invocation,
    targets: &Targets,
    event: &Arrival,
    users: Vec<String>,
) -> Result<Vec<String>, Error> {
    let Some(variable) = targets.preferences else { return Ok(users) };
    let table = invocation.cx().var(variable)?;
    let once: Vec<&String> = users.iter().collect::<BTreeSet<_>>().into_iter().collect();
    let mut muted: BTreeSet<String> = BTreeSet::new();
    for some in once.chunks(KEYS) {
        let keys = some.iter().map(|user| [("user".to_owned(), AttributeValue::S((*user).clone()))].into());
        let asked = KeysAndAttributes::builder()
            .set_keys(Some(keys.collect()))
            .projection_expression("#user, mutes")
            .expression_attribute_names("#user", "user");
        let mut asked = Some(asked.build().map_err(Error::retry)?);
        let mut tried = 0;
        while let Some(keys) = asked.take() {
            let get = invocation.cx().aws().dynamodb().batch_get_item().request_items(table, keys);
            let answer = get.send().await.map_err(|error| Error::retry(sdk(&error)))?;
            let rows = answer.responses.unwrap_or_default().remove(table).unwrap_or_default();
            let mutes = rows.iter().filter(|row| mutes(item::object(row).get("mutes"), event.kind()));
            muted.extend(mutes.filter_map(|row| item::text(row, "user")).map(str::to_owned));
            asked = answer.unprocessed_keys.unwrap_or_default().remove(table);
            if asked.is_some() {
                state::pause(invocation, tried).await;
                tried += 1;
            }
        }
    }
    Ok(users.into_iter().filter(|user| !muted.contains(user)).collect())
}

fn mutes(mutes: Option<&Value>, kind: &str) -> bool {
    mutes.and_then(Value::as_array).is_some_and(|kinds| kinds.iter().any(|muted| muted == kind))
}

/// Asks the user's handler: what [`Find::Handler`] is for.
///
/// # Errors
///
/// The handler's own; [`Error::Reject`] where the event is not what the handler takes.
pub async fn ask<M: Message, U: Serialize>(
    invocation: &Invocation,
    event: &Arrival,
    handle: impl AsyncFn(&Invocation, M) -> Result<Vec<U>, Error>,
) -> Result<Vec<String>, Error> {
    let message = M::from_data(event.kind(), event.data().clone()).map_err(Error::reject)?;
    let users = handle(invocation, message).await?;
    let named = users.iter().map(|user| serde_json::to_value(user).map(|user| text(&user)).map_err(Error::reject));
    named.collect()
}

/// The ids of an event for its users: one each, and others where a user is there twice.
pub(crate) fn aimed(event: &Arrival, users: &[String]) -> Vec<Arrival> {
    let mut times: BTreeMap<&str, u32> = BTreeMap::new();
    let each = users.iter().map(|user| {
        let time = times.entry(user).or_default();
        *time += 1;
        event.aimed(user, *time)
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn users(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_field_is_a_user_or_users_or_nobody() {
        assert_eq!(named(Some(&json!("a"))), users(&["a"]));
        assert_eq!(named(Some(&json!(["a", null, "b"]))), users(&["a", "b"]));
        assert_eq!(named(Some(&json!(null))), users(&[]));
        assert_eq!(named(None), users(&[]));
    }

    #[test]
    fn who_is_excepted_is_left_out_and_who_is_found_twice_counts_once() {
        let found = || users(&["b", "a", "b", "me", ""]);
        assert_eq!(chosen(found(), Some("me"), true), users(&["b", "a"]));
        assert_eq!(chosen(found(), None, false), users(&["b", "a", "b", "me"]));
    }

    #[test]
    fn a_mute_is_of_an_event_type() {
        assert!(mutes(Some(&json!(["Liked", "Shared"])), "Liked"));
        assert!(!mutes(Some(&json!(["Shared"])), "Liked"));
        assert!(!mutes(Some(&json!("Liked")), "Liked") && !mutes(None, "Liked"));
    }
}
