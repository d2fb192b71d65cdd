//! Points in time and days.

use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::primitives::{DateTime, DateTimeFormat};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Invalid, inline_schema, text_scalar};

/// The last millisecond of the year 9999, which is where RFC 3339 ends, since the epoch.
const LAST: i64 = 253_402_300_799_999;
/// The first millisecond of the year 1, where the calendar of the SDK begins.
const FIRST: i64 = -62_135_596_800_000;

/// A point in time, to the millisecond, between the years 1 and 9999.
///
/// It is read from RFC 3339 with any offset, and always written in UTC with three digits of
/// fraction, so that the order of the texts is the order in time: it can be a sort key.
///
/// ```
/// use runtime::Timestamp;
///
/// let time: Timestamp = "2026-01-01T02:00:00+02:00".parse()?;
/// assert_eq!(time.to_string(), "2026-01-01T00:00:00.000Z");
/// # Ok::<(), runtime::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch; what lies outside the years 1 to 9999 is moved to the
    /// nearest end.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(FIRST, LAST))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The time that much later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = DateTime::from_secs(self.0.div_euclid(1000)).fmt(DateTimeFormat::DateTime);
        let second = second.map_err(|_| fmt::Error)?;
        write!(f, "{}.{:03}Z", second.trim_end_matches('Z'), self.0.rem_euclid(1000))
    }
}

impl std::str::FromStr for Timestamp {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        DateTime::from_str(text, DateTimeFormat::DateTimeWithOffset)
            .ok()
            .and_then(|time| time.to_millis().ok())
            .filter(|millis| (FIRST..=LAST).contains(millis))
            .map(Self)
            .ok_or_else(|| Invalid::new("is no RFC 3339 time"))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

inline_schema! { Timestamp { "type": "string", "format": "date-time" } }

text_scalar! {
    /// A day of the calendar: `2026-01-31`.
    Date, date, { "type": "string", "format": "date" }
}

fn date(text: &str) -> Result<(), Invalid> {
    let fits = text.len() == 10 && format!("{text}T00:00:00Z").parse::<Timestamp>().is_ok();
    fits.then_some(()).ok_or_else(|| Invalid::new("is no date"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_sort_as_text() {
        let times = [FIRST, -1, 0, 1, 1_767_225_600_000, LAST].map(|millis| Timestamp(millis).to_string());
        assert!(times.is_sorted(), "{times:?}");
        assert_eq!(times[0], "0001-01-01T00:00:00.000Z");
        assert_eq!(times[1], "1969-12-31T23:59:59.999Z");
        assert_eq!(times[5], "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_time_is_read_with_any_offset_and_to_the_millisecond() {
        let time: Timestamp = "2026-01-01T00:30:00.123456+01:00".parse().unwrap();
        assert_eq!(time.to_string(), "2025-12-31T23:30:00.123Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "1767225600"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_date_is_a_day_of_the_calendar() {
        assert!(Date::new("2024-02-29").is_ok());
        for text in ["2023-02-29", "2024-2-29", "24-02-2024", "2024-02-29Z"] {
            assert!(Date::new(text).is_err(), "{text}");
        }
    }
}
