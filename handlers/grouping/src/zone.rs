//! Time zones by name, and local times as moments.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};

/// A time zone of the IANA database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

impl TryFrom<String> for Zone {
    type Error = jiff::Error;

    fn try_from(name: String) -> Result<Self, jiff::Error> {
        TimeZone::get(&name).map(Self)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.0.iana_name().unwrap_or("UTC").to_owned()
    }
}

impl Zone {
    /// The local time at `millis` since 1970; nothing beyond the year 9999.
    #[must_use]
    pub fn local(&self, millis: u64) -> Option<DateTime> {
        let stamp = Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()?;
        Some(self.0.to_datetime(stamp))
    }

    /// When it is that local time, in milliseconds since 1970: the first of two, and as much behind a gap as the time
    /// is into it.
    #[must_use]
    pub fn moment(&self, local: DateTime) -> Option<u64> {
        let stamp = self.0.to_ambiguous_timestamp(local).compatible().ok()?;
        u64::try_from(stamp.as_millisecond()).ok()
    }

    /// Whether the clocks skip that local time.
    #[must_use]
    pub fn skips(&self, local: DateTime) -> bool {
        matches!(self.0.to_ambiguous_timestamp(local).offset(), AmbiguousOffset::Gap { .. })
    }
}
