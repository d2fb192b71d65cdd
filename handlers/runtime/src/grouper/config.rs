//! What the compiler says of a grouper.
//!
//! In: the options as the generated module `parts` has them. Out: the protocol's own. Tables, queues and schedule groups
//! are named by the environment variables that hold them; durations are in seconds.

use grouping::content::{self, Shape};
use grouping::quiet;
use grouping::zone::Zone;
use grouping::{Config, Lifetimes, window};

use crate::error::Error;
use crate::event_type::EventType;
use crate::send::Destination;
use crate::template::{Part, Template};

/// A grouper.
#[derive(Clone, Copy, Debug)]
pub struct Grouper {
    /// Its name, for the log.
    pub name: &'static str,
    /// The table of groups.
    pub table: &'static str,
    /// The queue of timers.
    pub timers: &'static str,
    /// The queue of closed groups.
    pub out: &'static str,
    /// Where timers wait for longer than a queue delays; none where no window is so long.
    pub schedules: Option<Schedules>,
    /// What the events of one group have in common.
    pub key: Template,
    /// The plain fields of the key: every group says what they are.
    pub fields: &'static [&'static str],
    /// When a group closes.
    pub window: Window,
    /// Whether the first event of a window is sent at once.
    pub preview: bool,
    /// The most events of one group.
    pub max: u64,
    /// That of which each value counts once.
    pub distinct: Option<Part>,
    /// Members that a group carries.
    pub sample: Option<Sample>,
    /// Events that take others out again.
    pub cancel: &'static [Cancel],
    /// The logs that say what a user has seen: whoever saw a member is not told of it; none where that is not asked.
    pub seen: &'static [&'static str],
    /// Hours in which nothing is delivered.
    pub quiet_hours: Option<QuietHours>,
    /// At most so many groups of a target in a time.
    pub throttle: Option<Throttle>,
    /// How long whoever delivers may take before another one tries.
    pub lease: u64,
}

/// Where timers wait that are far away: EventBridge Scheduler.
#[derive(Clone, Copy, Debug)]
pub struct Schedules {
    /// The schedule group.
    pub group: &'static str,
    /// The role that sends to the queue of timers.
    pub role: &'static str,
    /// The ARN of the queue of timers.
    pub timers: &'static str,
}

/// When a group closes.
#[derive(Clone, Copy, Debug)]
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
    /// At fixed intervals.
    Tumbling {
        /// The interval.
        every: u64,
        /// The zone whose days the intervals begin with; none where they begin with 1970.
        by_day: Option<&'static str>,
    },
    /// At times of the clock.
    Cron {
        /// AWS's expression.
        at: &'static str,
        /// Whose clock.
        zone: &'static str,
    },
}

/// Members that a group carries.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// So many at most.
    pub n: usize,
    /// Which.
    pub order: Order,
}

/// From which end a sample is taken.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
}

/// An event that takes others out.
#[derive(Clone, Copy, Debug)]
pub enum Cancel {
    /// Of the key's open window all that happened until then.
    All {
        /// The cancelling event's type.
        by: &'static str,
    },
    /// One event.
    One {
        /// The cancelling event's type.
        by: &'static str,
        /// What is taken out.
        of: EventType,
        /// The field of the cancelling event with the other's id.
        id: &'static str,
    },
}

/// Hours in which nothing is delivered; minutes of the day.
#[derive(Clone, Copy, Debug)]
pub struct QuietHours {
    /// Whose day.
    pub zone: &'static str,
    /// From.
    pub from: u16,
    /// To.
    pub to: u16,
    /// What becomes of a group.
    pub action: Quiet,
}

/// What becomes of a group in quiet hours.
#[derive(Clone, Copy, Debug)]
pub enum Quiet {
    /// It is delivered when they are over.
    Hold,
    /// It is not delivered.
    Drop,
}

/// At most so many groups of a target in a time.
#[derive(Clone, Copy, Debug)]
pub struct Throttle {
    /// So many.
    pub n: u64,
    /// The time.
    pub per: u64,
}

/// What becomes of closed groups.
#[derive(Clone, Copy, Debug)]
pub struct Closed {
    /// Whose.
    pub grouper: &'static Grouper,
    /// The event that a group becomes.
    pub event: EventType,
    /// Where that goes.
    pub to: &'static [Destination],
    /// Where it is said that a group is gone of which the first event was shown.
    pub withdrawn: &'static [Destination],
}

/// Milliseconds of a second.
const SECOND: u64 = 1_000;
/// The longest that a window by the clock is open: see [`window::Window`].
const YEAR: u64 = 366 * 86_400;

impl Grouper {
    /// The protocol's options.
    ///
    /// # Errors
    ///
    /// [`Error::Reject`] where a zone or an expression is none: the compiler has checked both.
    pub(super) fn config(&self) -> Result<Config, Error> {
        let shape = Shape { distinct: self.distinct.is_some(), sample: self.sample.map(Sample::of_content) };
        let hours = self.quiet_hours.map(|hours| {
            let action = match hours.action {
                Quiet::Hold => quiet::Quiet::Hold,
                Quiet::Drop => quiet::Quiet::Drop,
            };
            Ok(quiet::QuietHours { zone: zone(hours.zone)?, from: hours.from, to: hours.to, action })
        });
        let throttle = self.throttle.map(|Throttle { n, per }| grouping::config::Throttle { n, per: per * SECOND });
        let lifetimes = Lifetimes::for_windows(self.window.longest() * SECOND);
        Ok(Config {
            window: self.window.of_protocol()?,
            preview: self.preview,
            max: self.max,
            // A sink that must not be told twice claims each revision itself.
            at_most_once: false,
            suppresses: !self.seen.is_empty(),
            quiet_hours: hours.transpose()?,
            throttle,
            shape,
            lifetimes: Lifetimes { lease: self.lease * SECOND, ..lifetimes },
        })
    }
}

impl Window {
    fn longest(self) -> u64 {
        match self {
            Self::Session { at_most, .. } | Self::Count { at_most, .. } => at_most,
            Self::Tumbling { every, .. } => every,
            Self::Cron { .. } => YEAR,
        }
    }

    fn of_protocol(self) -> Result<window::Window, Error> {
        Ok(match self {
            Self::Session { gap, at_most } => window::Window::Session { gap: gap * SECOND, at_most: at_most * SECOND },
            Self::Count { n, at_most } => window::Window::Count { n, at_most: at_most * SECOND },
            Self::Tumbling { every, by_day } => {
                window::Window::Tumbling { every: every * SECOND, by_day: by_day.map(self::zone).transpose()? }
            }
            Self::Cron { at, zone } => {
                let at = window::Schedule::try_from(at.to_owned()).map_err(Error::reject)?;
                window::Window::Cron { at, zone: self::zone(zone)? }
            }
        })
    }
}

impl Sample {
    fn of_content(self) -> content::Sample {
        let order = match self.order {
            Order::Newest => content::Order::Newest,
            Order::Oldest => content::Order::Oldest,
        };
        content::Sample { n: self.n, order }
    }
}

fn zone(name: &str) -> Result<Zone, Error> {
    Zone::try_from(name.to_owned()).map_err(Error::reject)
}
