//! When a window closes.
//!
//! In: the time at which an event comes in. Out: when the window that takes it closes, at the latest
//! and if nothing more comes. The first event of a window fixes the latest time; each one moves the
//! other.

use serde::{Deserialize, Serialize};

/// When a group closes. Durations are in milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// After a pause.
    Session {
        /// How long nothing may come.
        gap: u64,
        /// The longest that a window is open.
        at_most: u64,
    },
    /// After so many events.
    Count {
        /// So many.
        n: u64,
        /// The longest that a window is open.
        at_most: u64,
    },
}

/// When a window closes; milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dues {
    /// If nothing more comes.
    pub soft: Option<u64>,
    /// Whatever comes.
    pub hard: u64,
}

impl Window {
    /// When a window closes that takes an event at `now`.
    #[must_use]
    pub fn dues(&self, now: u64) -> Dues {
        match self {
            Self::Session { gap, at_most } => {
                Dues { soft: Some(now.saturating_add(*gap)), hard: now.saturating_add(*at_most) }
            }
            Self::Count { at_most, .. } => Dues { soft: None, hard: now.saturating_add(*at_most) },
        }
    }
}
