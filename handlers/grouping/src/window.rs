//! When a window closes.
//!
//! In: the time at which an event comes in. Out: when the window that takes it closes, at the latest
//! and if nothing more comes. The first event of a window fixes the latest time; each one moves the
//! other.

use cron::Cron;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

use crate::zone::Zone;

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
    /// At fixed intervals: from 1970 on, or, where there is a zone, from each local midnight on.
    Tumbling {
        /// The interval. With a zone it divides a day, or is a whole number of days, counted from 1970.
        every: u64,
        /// The zone.
        #[serde(default)]
        by_day: Option<Zone>,
    },
    /// At times of the clock.
    Cron {
        /// AWS's expression: `cron(0 8 * * ? *)`.
        at: Schedule,
        /// Whose clock.
        zone: Zone,
    },
}

/// AWS's cron expression, with its word and its parentheses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Schedule {
    text: String,
    cron: Cron,
}

/// A text that is no cron expression.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no cron expression: `{0}`")]
pub struct NoSchedule(String);

impl TryFrom<String> for Schedule {
    type Error = NoSchedule;

    fn try_from(text: String) -> Result<Self, NoSchedule> {
        let cron = text.strip_prefix("cron(").and_then(|text| text.strip_suffix(')')).and_then(Cron::parse);
        match cron {
            Some(cron) => Ok(Self { text, cron }),
            None => Err(NoSchedule(text)),
        }
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> Self {
        schedule.text
    }
}

/// When a window closes; milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dues {
    /// If nothing more comes.
    pub soft: Option<u64>,
    /// Whatever comes.
    pub hard: u64,
}

/// A day without a change of the clocks, in milliseconds.
const DAY: u64 = 86_400_000;
/// The longest that a window is open whose schedule has no further time.
const YEAR: u64 = 366 * DAY;

impl Window {
    /// When a window closes that takes an event at `now`.
    #[must_use]
    pub fn dues(&self, now: u64) -> Dues {
        let hard = match self {
            Self::Session { at_most, .. } | Self::Count { at_most, .. } => Some(now.saturating_add(*at_most)),
            Self::Tumbling { every, by_day: None } => {
                now.checked_div(*every).and_then(|passed| passed.checked_add(1)?.checked_mul(*every))
            }
            Self::Tumbling { every, by_day: Some(zone) } => next_by_day(*every, zone, now),
            Self::Cron { at, zone } => next_by_cron(&at.cron, zone, now),
        };
        let soft = match self {
            Self::Session { gap, .. } => Some(now.saturating_add(*gap)),
            _ => None,
        };
        Dues { soft, hard: hard.unwrap_or(now.saturating_add(YEAR)) }
    }
}

/// The next border of windows that begin with the local day. A day that is shorter or longer makes one
/// window of it so.
fn next_by_day(every: u64, zone: &Zone, now: u64) -> Option<u64> {
    let today = zone.local(now)?.date();
    if every >= DAY {
        let days = i64::try_from(every / DAY).ok()?;
        let since = i64::from(today.since(Date::constant(1970, 1, 1)).ok()?.get_days());
        let left = days.checked_sub(since.checked_rem(days)?)?;
        return zone.moment(today.checked_add(left.days()).ok()?.to_datetime(Time::midnight()));
    }
    let of_day = |date: Date| {
        let times = (0..DAY.checked_div(every).unwrap_or_default()).filter_map(move |number| {
            let millis = i64::try_from(number.checked_mul(every)?).ok()?;
            date.to_datetime(Time::midnight()).checked_add(millis.milliseconds()).ok()
        });
        times.filter_map(|local| zone.moment(local))
    };
    of_day(today).chain(of_day(today.tomorrow().ok()?)).filter(|border| *border > now).min()
}

/// The next time that fits, as EventBridge Scheduler counts: a local time that the summer skips is
/// skipped, and one that the winter repeats is once.
fn next_by_cron(cron: &Cron, zone: &Zone, now: u64) -> Option<u64> {
    let fits = |local: DateTime| if zone.skips(local) { None } else { zone.moment(local) };
    cron.from(zone.local(now)?.date()).filter_map(fits).find(|moment| *moment > now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> u64 {
        u64::try_from(text.parse::<jiff::Timestamp>().unwrap().as_millisecond()).unwrap()
    }

    fn closes(window: &str, now: &str) -> String {
        let window = serde_json::from_str::<Window>(window).unwrap();
        let hard = window.dues(millis(now)).hard;
        jiff::Timestamp::from_millisecond(i64::try_from(hard).unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_session_ends_with_a_pause_but_not_later_than_it_may() {
        let dues = Window::Session { gap: 30, at_most: 300 }.dues(1_000);
        assert_eq!(dues, Dues { soft: Some(1_030), hard: 1_300 });
    }

    #[test]
    fn tumbling_windows_meet_without_a_gap() {
        let window = r#"{"tumbling":{"every":3600000}}"#;
        assert_eq!(closes(window, "2026-01-01T07:00:00Z"), "2026-01-01T08:00:00Z");
        assert_eq!(closes(window, "2026-01-01T07:59:59.999Z"), "2026-01-01T08:00:00Z");
        assert_eq!(closes(window, "2026-01-01T08:00:00Z"), "2026-01-01T09:00:00Z");
    }

    #[test]
    fn windows_that_begin_with_the_day_follow_the_clocks() {
        let day = r#"{"tumbling":{"every":86400000,"by_day":"Europe/Vilnius"}}"#;
        assert_eq!(closes(day, "2026-03-28T23:00:00Z"), "2026-03-29T21:00:00Z", "a day of 23 hours");
        assert_eq!(closes(day, "2026-10-24T22:00:00Z"), "2026-10-25T22:00:00Z", "a day of 25 hours");
        let six = r#"{"tumbling":{"every":21600000,"by_day":"Europe/Vilnius"}}"#;
        assert_eq!(closes(six, "2026-03-28T23:00:00Z"), "2026-03-29T03:00:00Z", "six o'clock, five hours on");
        let two_days = r#"{"tumbling":{"every":172800000,"by_day":"Europe/Vilnius"}}"#;
        assert_eq!(closes(two_days, "2026-01-01T12:00:00Z"), "2026-01-02T22:00:00Z");
        assert_eq!(closes(two_days, "2026-01-02T22:00:00Z"), "2026-01-04T22:00:00Z");
    }

    #[test]
    fn a_window_by_the_clock_closes_at_its_next_time() {
        let window = r#"{"cron":{"at":"cron(0 8 * * ? *)","zone":"Europe/Vilnius"}}"#;
        assert_eq!(closes(window, "2026-01-01T05:59:00Z"), "2026-01-01T06:00:00Z");
        assert_eq!(closes(window, "2026-01-01T06:00:00Z"), "2026-01-02T06:00:00Z");
        assert_eq!(closes(window, "2026-03-28T07:00:00Z"), "2026-03-29T05:00:00Z", "summer");
    }

    #[test]
    fn a_local_time_that_the_summer_skips_is_skipped() {
        let window = r#"{"cron":{"at":"cron(30 3 * * ? *)","zone":"Europe/Vilnius"}}"#;
        assert_eq!(closes(window, "2026-03-28T12:00:00Z"), "2026-03-30T00:30:00Z");
        assert_eq!(closes(window, "2026-10-25T00:29:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(closes(window, "2026-10-25T00:30:00Z"), "2026-10-26T01:30:00Z", "not the second 3:30");
    }

    #[test]
    fn a_window_without_a_next_time_is_open_for_a_year() {
        let window = r#"{"cron":{"at":"cron(0 8 1 1 ? 2020)","zone":"UTC"}}"#;
        assert_eq!(closes(window, "2026-01-01T00:00:00Z"), "2027-01-02T00:00:00Z");
    }

    #[test]
    fn what_is_no_window_is_said() {
        let error = serde_json::from_str::<Window>(r#"{"cron":{"at":"at noon","zone":"UTC"}}"#).unwrap_err();
        assert!(error.to_string().starts_with("no cron expression: `at noon`"), "{error}");
        assert!(serde_json::from_str::<Window>(r#"{"cron":{"at":"cron(0 8 * * ? *)","zone":"Moon"}}"#).is_err());
    }
}
