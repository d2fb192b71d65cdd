//! What only FIFO queues have: groups, deduplication, receive attempts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::kernel::Time;

/// How long an id of deduplication or of a receive attempt is remembered: 5 minutes.
pub(in super::super) const DEDUPE_WINDOW: Duration = Duration::from_secs(300);

/// The groups of a queue, by what can be received of them.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: BTreeMap<String, Group>,
    /// Groups of which nothing is in flight and the first message can be received, by that message.
    open: BTreeMap<u64, String>,
}

#[derive(Debug, Default)]
struct Group {
    members: BTreeSet<u64>,
    in_flight: usize,
    /// Where it stands among the open ones.
    opened: Option<u64>,
}

impl Groups {
    pub(super) fn is_closed(&self) -> bool {
        self.open.is_empty()
    }

    /// The first message of the open group that has waited longest.
    pub(super) fn first_open(&self) -> Option<u64> {
        self.open.keys().next().copied()
    }

    /// The members of a group behind one.
    pub(super) fn after(&self, group: &str, number: u64) -> impl Iterator<Item = u64> {
        self.groups.get(group).into_iter().flat_map(move |group| group.members.range(number + 1..).copied())
    }

    pub(super) fn insert(&mut self, name: &str, number: u64, in_flight: bool) {
        let group = self.groups.entry(name.to_owned()).or_default();
        group.members.insert(number);
        group.in_flight += usize::from(in_flight);
    }

    pub(super) fn remove(&mut self, name: &str, number: u64, in_flight: bool) {
        if let Some(group) = self.groups.get_mut(name) {
            group.members.remove(&number);
            group.in_flight -= usize::from(in_flight);
        }
    }

    /// Counts a member that takes off or lands.
    pub(super) fn fly(&mut self, name: &str, before: bool, after: bool) {
        if let Some(group) = self.groups.get_mut(name) {
            group.in_flight -= usize::from(before);
            group.in_flight += usize::from(after);
        }
    }

    /// Opens or closes a group after a change of its members.
    pub(super) fn refresh(&mut self, name: &str, ready: impl Fn(u64) -> bool) {
        let Some(group) = self.groups.get_mut(name) else { return };
        let head = group.members.first().copied();
        let open = head.filter(|head| group.in_flight == 0 && ready(*head));
        if group.opened != open {
            if let Some(before) = group.opened {
                self.open.remove(&before);
            }
            if let Some(head) = open {
                self.open.insert(head, name.to_owned());
            }
            group.opened = open;
        }
        if head.is_none() {
            self.groups.remove(name);
        }
    }
}

/// The group (where ids hold within one) and the id.
pub(in super::super) type DedupeKey = (Option<String>, String);

/// What an id of deduplication stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Deduped {
    /// The id of the message that was accepted.
    pub(in super::super) id: String,
    pub(in super::super) number: u64,
    pub(in super::super) until: Time,
}

#[derive(Debug, Default)]
pub(super) struct Dedupe {
    held: BTreeMap<DedupeKey, Deduped>,
    due: BTreeSet<(Time, DedupeKey)>,
}

impl Dedupe {
    pub(super) fn get(&self, key: &DedupeKey) -> Option<&Deduped> {
        self.held.get(key)
    }

    pub(super) fn keys(&self) -> Vec<DedupeKey> {
        self.held.keys().cloned().collect()
    }

    pub(super) fn hold(&mut self, key: DedupeKey, held: Deduped) {
        self.due.insert((held.until, key.clone()));
        self.held.insert(key, held);
    }

    /// Forgets the ids whose window has closed.
    pub(super) fn release(&mut self, now: Time) -> Vec<DedupeKey> {
        let mut released = Vec::new();
        while let Some((until, _)) = self.due.first()
            && *until <= now
            && let Some((_, key)) = self.due.pop_first()
        {
            self.held.remove(&key);
            released.push(key);
        }
        released
    }
}

/// A message that a receive attempt gave: its number, its receipt's, and until when it was hidden. If one
/// of these is another since, the attempt cannot be repeated.
pub(super) type Given = (u64, u32, Time);

/// What receive attempts gave.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    given: BTreeMap<String, (Time, Vec<Given>)>,
    due: BTreeSet<(Time, String)>,
}

impl Attempts {
    pub(super) fn get(&self, attempt: &str) -> Option<&[Given]> {
        self.given.get(attempt).map(|(_, given)| given.as_slice())
    }

    pub(super) fn keep(&mut self, attempt: &str, until: Time, given: Vec<Given>) {
        if let Some((before, _)) = self.given.insert(attempt.to_owned(), (until, given)) {
            self.due.remove(&(before, attempt.to_owned()));
        }
        self.due.insert((until, attempt.to_owned()));
    }

    pub(super) fn forget(&mut self, now: Time) {
        while let Some((until, _)) = self.due.first()
            && *until <= now
            && let Some((_, attempt)) = self.due.pop_first()
        {
            self.given.remove(&attempt);
        }
    }
}
