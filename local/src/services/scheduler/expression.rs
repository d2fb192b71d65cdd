//! When a schedule is due.
//!
//! In: its expression, time zone, start and end. Out: the moments at which it is due, one after the other.
//! Nothing here knows what time it is.
//!
//! Source: EventBridge Scheduler User Guide, "Schedule types": a rate without a start begins at once, a day
//! of a rate has 24 hours, a local time that the summer skips is skipped, and one that the winter repeats
//! is due once.

use std::time::Duration;

use cron::Cron;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::kernel::Time;

/// A schedule's expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// `at(2026-01-31T12:00:00)`
    At(DateTime),
    /// `rate(5 minutes)`
    Rate(Duration),
    /// `cron(0 6 ? * MON-FRI *)`
    Cron(Box<Cron>),
}

impl Expression {
    /// Reads an expression; `None` if it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let inner = |kind: &str| text.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(at) = inner("at") {
            // No fraction, no zone.
            let is_plain = at.len() == "2026-01-31T12:00:00".len() && at.contains('T');
            return at.parse().ok().filter(|_| is_plain).map(Self::At);
        }
        if let Some(rate) = inner("rate") {
            let (count, unit) = rate.split_once(' ')?;
            let unit = match unit {
                "minute" | "minutes" => 60,
                "hour" | "hours" => 3600,
                "day" | "days" => 24 * 3600,
                _ => return None,
            };
            let count: u32 = count.parse().ok().filter(|count| *count > 0)?;
            return Some(Self::Rate(Duration::from_secs(u64::from(count) * unit)));
        }
        Cron::parse(inner("cron")?).map(|cron| Self::Cron(Box::new(cron)))
    }

    /// Whether it is due again and again.
    pub(super) const fn recurs(&self) -> bool {
        !matches!(self, Self::At(_))
    }
}

/// An expression with its bounds.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) expression: Expression,
    pub(super) zone: TimeZone,
    /// When a rate begins that has no start, and before which nothing that recurs is due.
    pub(super) made: Time,
    pub(super) start: Option<Time>,
    pub(super) end: Option<Time>,
}

impl Rule {
    /// When it is due for the first time.
    pub(super) fn first(&self) -> Option<Time> {
        let from = self.start.map_or(self.made, |start| start.max(self.made));
        match &self.expression {
            Expression::At(at) => self.moment(*at),
            Expression::Rate(_) => self.within(self.start.unwrap_or(self.made)),
            Expression::Cron(cron) => self.within(self.cron(cron, from - Duration::from_millis(1))?),
        }
    }

    /// When it is due next after it was due.
    pub(super) fn after(&self, due: Time) -> Option<Time> {
        match &self.expression {
            Expression::At(_) => None,
            Expression::Rate(period) => self.within(due + *period),
            Expression::Cron(cron) => self.within(self.cron(cron, due)?),
        }
    }

    fn within(&self, due: Time) -> Option<Time> {
        Some(due).filter(|due| self.end.is_none_or(|end| *due <= end))
    }

    fn cron(&self, cron: &Cron, after: Time) -> Option<Time> {
        let stamp = jiff::Timestamp::from_millisecond(after.millis()).ok()?;
        let date = self.zone.to_datetime(stamp).date();
        let mut moments = cron.from(date).filter_map(|time| match self.zone.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Gap { .. } => None,
            _ => self.moment(time),
        });
        moments.find(|moment| *moment > after)
    }

    /// A local time: the first of two, and behind the gap for one that is not.
    fn moment(&self, time: DateTime) -> Option<Time> {
        let stamp = self.zone.to_ambiguous_timestamp(time).compatible().ok()?;
        Some(Time::from_millis(stamp.as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Time {
        Time::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn rule(expression: &str, zone: &str, made: &str) -> Rule {
        let (expression, zone) = (Expression::parse(expression).unwrap(), TimeZone::get(zone).unwrap());
        Rule { expression, zone, made: time(made), start: None, end: None }
    }

    fn due(rule: &Rule, count: usize) -> Vec<String> {
        let all = std::iter::successors(rule.first(), |due| rule.after(*due));
        all.take(count).map(|due| due.rfc3339().replace(":00.000Z", "Z")).collect()
    }

    #[test]
    fn a_local_time_keeps_its_hour_over_the_year() {
        let rule = rule("cron(0 6 ? * SUN *)", "Europe/Vilnius", "2026-03-20T00:00:00Z");
        assert_eq!(due(&rule, 3), ["2026-03-22T04:00Z", "2026-03-29T03:00Z", "2026-04-05T03:00Z"]);
    }

    #[test]
    fn what_the_summer_skips_is_skipped_and_what_the_winter_repeats_is_due_once() {
        let skipped = rule("cron(30 3 * * ? *)", "Europe/Vilnius", "2026-03-28T00:00:00Z");
        assert_eq!(due(&skipped, 2), ["2026-03-28T01:30Z", "2026-03-30T00:30Z"]);
        let repeated = rule("cron(30 3 * * ? *)", "Europe/Vilnius", "2026-10-24T00:00:00Z");
        assert_eq!(due(&repeated, 3), ["2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"]);
        let quarters = rule("cron(0/30 3 25 10 ? 2026)", "Europe/Vilnius", "2026-10-25T00:40:00Z");
        assert_eq!(due(&quarters, 3), [""; 0], "the second 3:30 is none");
    }

    #[test]
    fn a_rate_begins_at_once_or_at_its_start_and_ends() {
        let mut rule = rule("rate(1 day)", "Europe/Vilnius", "2026-03-28T12:00:00Z");
        assert_eq!(due(&rule, 2), ["2026-03-28T12:00Z", "2026-03-29T12:00Z"]);
        rule.start = Some(time("2026-04-01T00:00:00Z"));
        rule.end = Some(time("2026-04-02T00:00:00Z"));
        assert_eq!(due(&rule, 3), ["2026-04-01T00:00Z", "2026-04-02T00:00Z"]);
    }

    #[test]
    fn one_time_is_local_and_once() {
        let once = rule("at(2026-07-01T12:00:00)", "America/New_York", "2026-01-01T00:00:00Z");
        assert_eq!(due(&once, 2), ["2026-07-01T16:00Z"]);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in [
            "",
            "at()",
            "at(2026-01-31)",
            "at(2026-01-31T12:00:00.5)",
            "at(2026-01-31T12:00:00Z)",
            "at(2026-02-30T12:00:00)",
            "rate(0 minutes)",
            "rate(5 weeks)",
            "rate(5minutes)",
            "rate(-1 hours)",
            "cron(0 6 * * * *)",
            "every(5 minutes)",
        ] {
            assert_eq!(Expression::parse(text), None, "{text}");
        }
    }
}
