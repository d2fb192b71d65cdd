//! GRP: what a closed window holds. It is put once and never changes, so every delivery of the group
//! is of the same content.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Fault;
use super::head::ttl;
use super::mark::text;
use crate::config::Config;
use crate::ids::{Id, Key};
use crate::store::{Attribute as A, Condition, Item, Value, Write};

/// GRP as it was read.
pub(super) struct Group {
    pub(super) members: BTreeSet<Id>,
    pub(super) content: Arc<str>,
}

impl Group {
    pub(super) fn of(item: &Item) -> Result<Self, Fault> {
        let members = match item.get(&A::Members) {
            Some(Value::Ids(ids)) => ids.clone(),
            _ => BTreeSet::new(),
        };
        let content = text(item, A::Content).ok_or(Fault::Shape("GRP has no content"))?;
        Ok(Self { members, content })
    }
}

/// Writes the group down, if nobody has.
pub(super) fn put(group: Id, members: &BTreeSet<Id>, content: Arc<str>, now: u64, config: &Config) -> Write {
    let mut item = Item::from([
        (A::Content, Value::Text(content)),
        (A::Ttl, ttl(now.saturating_add(config.lifetimes.group))),
    ]);
    if !members.is_empty() {
        item.insert(A::Members, Value::Ids(members.clone()));
    }
    Write::put(Key::Group(group), item, Condition::NoItem)
}
