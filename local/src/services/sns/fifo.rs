//! What FIFO topics remember: the next sequence number of each, and what was published in the last five
//! minutes.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::kernel::Time;

/// The deduplication interval: "Message deduplication for FIFO topics" in the SNS Developer Guide.
pub(super) const INTERVAL: Duration = Duration::from_secs(5 * 60);

/// What was published under a deduplication id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) at: Time,
    pub(super) message: String,
    pub(super) sequence: u64,
}

/// The memory of all FIFO topics.
#[derive(Debug, Default)]
pub(super) struct Memory {
    sequences: BTreeMap<String, u64>,
    seen: BTreeMap<String, Seen>,
    /// The keys of `seen`, oldest first.
    ages: VecDeque<(Time, String)>,
}

impl Memory {
    /// A memory of records.
    pub(super) fn of(sequences: Vec<(String, u64)>, mut seen: Vec<(String, Seen)>) -> Self {
        seen.sort_by_key(|(_, seen)| seen.at);
        let ages = seen.iter().map(|(key, seen)| (seen.at, key.clone())).collect();
        Self { sequences: sequences.into_iter().collect(), seen: seen.into_iter().collect(), ages }
    }

    /// Forgets what is older than the interval, and says what that was.
    pub(super) fn forget(&mut self, now: Time) -> Vec<String> {
        let mut forgotten = Vec::new();
        while let Some((at, key)) = self.ages.front()
            && now.since(*at) >= INTERVAL
        {
            if self.seen.get(key).is_some_and(|seen| seen.at == *at) {
                self.seen.remove(key);
                forgotten.push(key.clone());
            }
            self.ages.pop_front();
        }
        forgotten
    }

    /// What was published under `key` in the interval before the last [`forget`](Self::forget).
    pub(super) fn seen(&self, key: &str) -> Option<&Seen> {
        self.seen.get(key)
    }

    /// The next sequence number of a topic.
    pub(super) fn next(&mut self, topic: &str) -> u64 {
        let sequence = self.sequences.entry(topic.to_owned()).or_default();
        *sequence = sequence.saturating_add(1);
        *sequence
    }

    /// Remembers what was published under `key`.
    pub(super) fn remember(&mut self, key: String, seen: Seen) {
        self.ages.push_back((seen.at, key.clone()));
        self.seen.insert(key, seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at: Time) -> Seen {
        Seen { at, message: "m".to_owned(), sequence: 1 }
    }

    #[test]
    fn an_id_is_forgotten_after_five_minutes() {
        let mut memory = Memory::default();
        memory.remember("a".to_owned(), seen(Time::EPOCH));
        assert_eq!(memory.forget(Time::EPOCH + INTERVAL - Duration::from_millis(1)), [""; 0]);
        assert!(memory.seen("a").is_some());
        assert_eq!(memory.forget(Time::EPOCH + INTERVAL), ["a"]);
        assert!(memory.seen("a").is_none());
    }

    #[test]
    fn a_memory_of_records_goes_on() {
        let later = Time::EPOCH + Duration::from_secs(60);
        let records = vec![("b".to_owned(), seen(later)), ("c".to_owned(), seen(Time::EPOCH))];
        let mut memory = Memory::of(vec![("t".to_owned(), 7)], records);
        assert_eq!((memory.next("t"), memory.next("u")), (8, 1));
        assert_eq!(memory.forget(Time::EPOCH + INTERVAL), ["c"]);
        assert!(memory.seen("b").is_some());
    }
}
