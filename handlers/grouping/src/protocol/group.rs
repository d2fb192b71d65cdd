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
    /// All that the window held but the cancelled.
    pub(super) members: BTreeSet<Id>,
    /// Whether the content tells of none of them.
    pub(super) empty: bool,
    pub(super) content: Arc<str>,
    /// Whether somebody may have seen the first event: then the close goes out whatever the options say.
    pub(super) previewed: bool,
}

impl Group {
    pub(super) fn of(item: &Item) -> Result<Self, Fault> {
        let members = match item.get(&A::Members) {
            Some(Value::Ids(ids)) => ids.clone(),
            _ => BTreeSet::new(),
        };
        let content = text(item, A::Content).ok_or(Fault::Shape("GRP has no content"))?;
        let (empty, previewed) = (item.contains_key(&A::Empty), item.contains_key(&A::Previewed));
        Ok(Self { members, empty, content, previewed })
    }
}

/// Writes the group down, if nobody has.
pub(super) fn put(id: Id, group: &Group, now: u64, config: &Config) -> Write {
    let Group { members, empty, content, previewed } = group;
    let mut item = Item::from([
        (A::Content, Value::Text(content.clone())),
        (A::Ttl, ttl(now.saturating_add(config.lifetimes.group))),
    ]);
    if !members.is_empty() {
        item.insert(A::Members, Value::Ids(members.clone()));
    }
    if *empty {
        item.insert(A::Empty, Value::Number(1));
    }
    if *previewed {
        item.insert(A::Previewed, Value::Number(1));
    }
    Write::put(Key::Group(id), item, Condition::NoItem)
}
