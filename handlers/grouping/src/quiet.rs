//! Hours in which nothing is delivered.

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use crate::zone::Zone;

/// Hours of each local day in which nothing is delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// Whose day.
    pub zone: Zone,
    /// From this minute of the day.
    pub from: u16,
    /// To this one; of the next day, if it is not later.
    pub to: u16,
    /// What becomes of a group that would be delivered.
    pub action: Quiet,
}

/// What becomes of a group in quiet hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quiet {
    /// It is delivered when they are over.
    Hold,
    /// It is not delivered.
    Drop,
}

const HOUR: u16 = 60;

impl QuietHours {
    /// When the quiet hours end in which `now` lies, if it lies in any; milliseconds since 1970.
    #[must_use]
    pub fn until(&self, now: u64) -> Option<u64> {
        let local = self.zone.local(now)?;
        let hour = u16::try_from(local.hour()).ok()?;
        let minute = hour.checked_mul(HOUR)?.checked_add(u16::try_from(local.minute()).ok()?)?;
        let today = if self.from < self.to {
            (self.from..self.to).contains(&minute).then_some(true)?
        } else if minute >= self.from {
            false
        } else {
            (minute < self.to).then_some(true)?
        };
        let date = if today { local.date() } else { local.date().tomorrow().ok()? };
        let (hour, minute) = (self.to.checked_div(HOUR)?, self.to.checked_rem(HOUR)?);
        let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?;
        // Where the clocks go back over the end, it may lie behind.
        self.zone.moment(date.to_datetime(time)).filter(|end| *end > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(from: u16, to: u16, now: &str) -> Option<String> {
        let zone = Zone::try_from("Europe/Vilnius".to_owned()).unwrap();
        let hours = QuietHours { zone, from, to, action: Quiet::Hold };
        let now = now.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let end = hours.until(u64::try_from(now).unwrap())?;
        Some(jiff::Timestamp::from_millisecond(i64::try_from(end).unwrap()).unwrap().to_string())
    }

    #[test]
    fn hours_over_midnight_end_on_the_next_day() {
        let night = |now| until(22 * HOUR, 7 * HOUR, now);
        assert_eq!(night("2026-01-01T19:59:00Z"), None);
        assert_eq!(night("2026-01-01T20:00:00Z").as_deref(), Some("2026-01-02T05:00:00Z"));
        assert_eq!(night("2026-01-02T04:59:59Z").as_deref(), Some("2026-01-02T05:00:00Z"));
        assert_eq!(night("2026-01-02T05:00:00Z"), None);
    }

    #[test]
    fn hours_within_a_day_end_on_that_day() {
        let noon = |now| until(12 * HOUR, 13 * HOUR + 30, now);
        assert_eq!(noon("2026-01-01T10:00:00Z").as_deref(), Some("2026-01-01T11:30:00Z"));
        assert_eq!(noon("2026-01-01T11:30:00Z"), None);
        assert_eq!(noon("2026-01-01T09:59:59Z"), None);
    }

    #[test]
    fn they_follow_the_clocks() {
        let night = |now| until(22 * HOUR, 7 * HOUR, now);
        assert_eq!(night("2026-03-28T21:00:00Z").as_deref(), Some("2026-03-29T04:00:00Z"), "summer");
        assert_eq!(night("2026-10-24T21:00:00Z").as_deref(), Some("2026-10-25T05:00:00Z"), "winter");
        let skipped = until(HOUR, 3 * HOUR + 30, "2026-03-29T00:00:00Z");
        assert_eq!(skipped.as_deref(), Some("2026-03-29T01:30:00Z"), "half past three is half past four");
    }
}
