//! What is written of queues and messages, and how it is read again.
//!
//! A message is two records: its content, written once, and its state, written with each receive. So a
//! receive writes some bytes, however large the body is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::message::Content;
use super::queue::{Change, DedupeKey, Deduped, Queue, State};
use super::settings::Settings;
use crate::kernel::{Store, StoreError, Table, Time};

/// A queue without its messages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct QueueRecord {
    pub(super) settings: Settings,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created: Time,
    pub(super) modified: Time,
    pub(super) purged: Option<Time>,
}

#[derive(Debug, Serialize, Deserialize)]
struct HeldRecord {
    key: DedupeKey,
    held: Deduped,
}

/// The tables.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) queues: Table,
    contents: Table,
    states: Table,
    held: Table,
    pub(super) moves: Table,
    secret: Table,
}

impl Records {
    pub(super) fn new(store: &Store) -> Self {
        Self {
            queues: store.table("sqs.queues"),
            contents: store.table("sqs.messages"),
            states: store.table("sqs.states"),
            held: store.table("sqs.deduplication"),
            moves: store.table("sqs.moves"),
            secret: store.table("sqs.secret"),
        }
    }

    /// The secret that receipts are signed with, made at the first start.
    pub(super) fn secret(&self, make: impl FnOnce() -> String) -> Result<String, StoreError> {
        let found: Vec<(String, String)> = self.secret.load()?;
        if let Some((_, secret)) = found.into_iter().next() {
            return Ok(secret);
        }
        let secret = make();
        self.secret.put("receipts", &secret);
        Ok(secret)
    }

    /// All queues with their messages.
    pub(super) fn load(&self) -> Result<Vec<(String, QueueRecord, Queue)>, StoreError> {
        let queues: Vec<(String, QueueRecord)> = self.queues.load()?;
        let mut loaded: BTreeMap<String, (QueueRecord, Queue)> = queues
            .into_iter()
            .map(|(name, record)| {
                let queue = Queue::new(record.settings.clone());
                (name, (record, queue))
            })
            .collect();
        let states: Vec<(String, State)> = self.states.load()?;
        let states: BTreeMap<String, State> = states.into_iter().collect();
        let contents: Vec<(String, Content)> = self.contents.load()?;
        for (key, content) in contents {
            let Some((name, number)) = key.split_once('/') else { continue };
            if let (Some((_, queue)), Ok(number)) = (loaded.get_mut(name), u64::from_str_radix(number, 16)) {
                queue.restore(number, content, states.get(&key).copied());
            }
        }
        let held: Vec<(String, HeldRecord)> = self.held.load()?;
        for (key, HeldRecord { key: dedupe, held }) in held {
            if let Some((_, queue)) = key.split_once('/').and_then(|(name, _)| loaded.get_mut(name)) {
                queue.restore_held(dedupe, held);
            }
        }
        Ok(loaded.into_iter().map(|(name, (record, queue))| (name, record, queue)).collect())
    }

    /// Writes what changed.
    pub(super) fn write(&self, name: &str, queue: &Queue, change: &Change) {
        match change {
            Change::Came(number) => {
                if let Some((content, _)) = queue.message(*number) {
                    self.contents.put(&message_key(name, *number), content);
                }
            }
            Change::Moved(number) => {
                if let Some((_, state)) = queue.message(*number) {
                    self.states.put(&message_key(name, *number), state);
                }
            }
            Change::Went(number) => {
                let key = message_key(name, *number);
                self.contents.delete(&key);
                self.states.delete(&key);
            }
            Change::Held(key) => {
                if let Some(held) = queue.held(key) {
                    let record = HeldRecord { key: key.clone(), held: held.clone() };
                    self.held.put(&held_key(name, key), &record);
                }
            }
            Change::Released(key) => self.held.delete(&held_key(name, key)),
        }
    }
}

fn message_key(name: &str, number: u64) -> String {
    format!("{name}/{number:016x}")
}

/// Groups and ids have no spaces.
fn held_key(name: &str, (group, id): &DedupeKey) -> String {
    format!("{name}/{} {id}", group.as_deref().unwrap_or_default())
}
