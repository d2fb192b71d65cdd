//! The options of a grouper, as the compiler writes them down for the functions that run it.

use serde::{Deserialize, Serialize};

use crate::content::Shape;
use crate::quiet::QuietHours;
use crate::window::Window;

/// A grouper's options. Durations and times are in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Config {
    /// When a group closes.
    pub window: Window,
    /// Whether the first event of a window is sent at once, as a preview.
    #[serde(default)]
    pub preview: bool,
    /// The most events of one group, at most 100: a write costs the whole item.
    pub max: u64,
    /// Whether a delivery is rather lost than sent twice. Not together with `preview`.
    #[serde(default)]
    pub at_most_once: bool,
    /// Whether members may drop out at the close: who runs this is asked which ([`crate::Ask::Judge`]).
    #[serde(default)]
    pub suppresses: bool,
    /// Hours in which nothing is delivered.
    #[serde(default)]
    pub quiet_hours: Option<QuietHours>,
    /// At most so many groups of a target in a time.
    #[serde(default)]
    pub throttle: Option<Throttle>,
    /// What a group says of its members.
    #[serde(default)]
    pub shape: Shape,
    /// How long things are kept.
    pub lifetimes: Lifetimes,
}

/// At most so many groups of a target in a period; the others are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttle {
    /// So many.
    pub n: u64,
    /// The period, in milliseconds, counted from 1970.
    pub per: u64,
}

/// How long items are kept, in milliseconds.
///
/// They follow from the longest time after which a message may still come again: the source queue's retention, its
/// dead-letter queue's, and a redrive's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifetimes {
    /// HEAD, from its last close on.
    pub head: u64,
    /// MARK, from its making on.
    pub mark: u64,
    /// GRP, from its close on.
    pub group: u64,
    /// DLV, from its claim on.
    pub delivery: u64,
    /// How long a deliverer may take before another one tries.
    pub lease: u64,
}

/// A day.
const DAY: u64 = 86_400_000;
/// SQS keeps a message for 14 days at most.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const QUEUE: u64 = 14 * DAY;
/// A Lambda invocation takes 15 minutes at most.
const INVOCATION: u64 = 15 * 60_000;
/// By how much two clocks may differ: far more than they do.
const SKEW: u64 = 60_000;

impl Lifetimes {
    /// What is right for windows that are open for at most `longest`: every message may be kept, dead-lettered and
    /// redriven for as long as SQS can.
    #[must_use]
    pub fn for_windows(longest: u64) -> Self {
        let mark = (3 * QUEUE).saturating_add(longest).saturating_add(INVOCATION + 2 * SKEW);
        let group = mark.saturating_add(INVOCATION + 2 * SKEW);
        Self { head: DAY, mark, group, delivery: 2 * QUEUE, lease: INVOCATION }
    }
}

impl Config {
    /// So many events close a window.
    #[must_use]
    pub fn cap(&self) -> u64 {
        match self.window {
            Window::Count { n, .. } => n.min(self.max),
            _ => self.max,
        }
    }
}
