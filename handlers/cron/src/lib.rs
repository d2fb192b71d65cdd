//! Cron expressions as EventBridge Scheduler has them: six fields, the last of which is the year.
//!
//! In: the text between the parentheses. Out: the civil times that fit, in order. Guaranteed: a search
//! ends, at the latest with the year 2199.
//!
//! Source: EventBridge Scheduler User Guide, "Schedule types", "Cron-based schedules".

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const YEARS: RangeInclusive<i16> = 1970..=2199;

/// A cron expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: BTreeSet<i16>,
    hours: BTreeSet<i16>,
    day: Day,
    months: BTreeSet<i16>,
    years: BTreeSet<i16>,
}

/// Which days of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Day {
    /// Those with these numbers.
    Numbered(BTreeSet<i16>),
    /// `L`
    Last,
    /// `LW`: the last from Monday to Friday.
    LastWeekday,
    /// `15W`: the day from Monday to Friday that is nearest, within the month.
    Nearest(i16),
    /// Those of the week, Sunday being 1.
    OfWeek(BTreeSet<i16>),
    /// `6L`: the month's last Friday.
    LastOfWeek(i16),
    /// `2#1`: the month's first Monday.
    NthOfWeek(i16, i16),
}

impl Cron {
    /// Reads an expression; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, of_month, months, of_week, years] = fields.as_slice() else { return None };
        let day = match (*of_month, *of_week) {
            ("?", of_week) => day_of_week(of_week)?,
            (of_month, "?") => day_of_month(of_month)?,
            _ => return None,
        };
        Some(Self {
            minutes: numbers(minutes, 0..=59, &[])?,
            hours: numbers(hours, 0..=23, &[])?,
            day,
            months: numbers(months, 1..=12, &MONTHS)?,
            years: numbers(years, YEARS, &[])?,
        })
    }

    /// The times that fit from a date on, in order.
    pub fn from(&self, date: Date) -> impl Iterator<Item = DateTime> + '_ {
        let dates = std::iter::successors(Some(date), |date| {
            // A month that does not fit is left at once.
            let next = if self.months.contains(&i16::from(date.month())) && self.years.contains(&date.year()) {
                date.tomorrow().ok()
            } else {
                date.first_of_month().checked_add(1.month()).ok()
            };
            next.filter(|date| YEARS.contains(&date.year()))
        });
        dates.filter(|date| self.has(*date)).flat_map(move |date| {
            self.hours.iter().flat_map(move |hour| {
                let minutes = self.minutes.iter();
                minutes.filter_map(move |minute| {
                    let time = Time::new(i8::try_from(*hour).ok()?, i8::try_from(*minute).ok()?, 0, 0).ok()?;
                    Some(date.to_datetime(time))
                })
            })
        })
    }

    fn has(&self, date: Date) -> bool {
        let (day, last) = (i16::from(date.day()), i16::from(date.days_in_month()));
        let of_week = i16::from(date.weekday().to_sunday_one_offset());
        let fits = match &self.day {
            Day::Numbered(days) => days.contains(&day),
            Day::Last => day == last,
            Day::LastWeekday => day == nearest(date, last),
            Day::Nearest(wanted) => *wanted <= last && day == nearest(date, *wanted),
            Day::OfWeek(days) => days.contains(&of_week),
            Day::LastOfWeek(wanted) => of_week == *wanted && day > last - 7,
            Day::NthOfWeek(wanted, nth) => of_week == *wanted && (day - 1) / 7 + 1 == *nth,
        };
        fits && self.months.contains(&i16::from(date.month())) && self.years.contains(&date.year())
    }
}

/// The day from Monday to Friday that is nearest to a day of a date's month, and in that month.
fn nearest(date: Date, day: i16) -> i16 {
    let last = i16::from(date.days_in_month());
    let of_month = i16::from(date.day());
    let of_week = i16::from(date.weekday().to_sunday_one_offset());
    match (of_week - 1 + day - of_month).rem_euclid(7) + 1 {
        1 if day == last => day - 2,
        1 => day + 1,
        7 if day == 1 => day + 2,
        7 => day - 1,
        _ => day,
    }
}

fn day_of_month(text: &str) -> Option<Day> {
    match text {
        "L" => Some(Day::Last),
        "LW" => Some(Day::LastWeekday),
        _ => match text.strip_suffix('W') {
            Some(day) => day.parse().ok().filter(|day| (1..=31).contains(day)).map(Day::Nearest),
            None => numbers(text, 1..=31, &[]).map(Day::Numbered),
        },
    }
}

fn day_of_week(text: &str) -> Option<Day> {
    let one = |text: &str| number(text, &(1..=7), &DAYS);
    if let Some((day, nth)) = text.split_once('#') {
        let nth = nth.parse().ok().filter(|nth| (1..=5).contains(nth))?;
        return Some(Day::NthOfWeek(one(day)?, nth));
    }
    match text.strip_suffix('L') {
        Some("") => Some(Day::OfWeek(BTreeSet::from([7]))),
        Some(day) => one(day).map(Day::LastOfWeek),
        None => numbers(text, 1..=7, &DAYS).map(Day::OfWeek),
    }
}

/// A list of numbers, ranges and steps.
fn numbers(text: &str, within: RangeInclusive<i16>, names: &[&str]) -> Option<BTreeSet<i16>> {
    let mut found = BTreeSet::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (first, last) = match (range, range.split_once('-')) {
            ("*", _) => (*within.start(), *within.end()),
            (_, Some((first, last))) => (number(first, &within, names)?, number(last, &within, names)?),
            (_, None) => {
                let first = number(range, &within, names)?;
                (first, if step.is_some() { *within.end() } else { first })
            }
        };
        // A range may go over the end, as `FRI-MON`.
        let (start, size) = (*within.start(), within.end() - within.start() + 1);
        let count = (last - first).rem_euclid(size) + 1;
        found.extend((0..count).step_by(step.unwrap_or(1)).map(|offset| start + (first - start + offset) % size));
    }
    Some(found)
}

fn number(text: &str, within: &RangeInclusive<i16>, names: &[&str]) -> Option<i16> {
    let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    let number = match named {
        Some(at) => i16::try_from(at).ok()? + within.start(),
        None => text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))?,
    };
    within.contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn first(text: &str, count: usize) -> Vec<String> {
        let times = Cron::parse(text).unwrap();
        times.from(date(2026, 1, 1)).take(count).map(|time| time.strftime("%m-%d %H:%M").to_string()).collect()
    }

    #[test]
    fn fields_hold_lists_ranges_steps_and_names() {
        assert_eq!(
            first("15,45 6-7 1 * ? *", 5),
            ["01-01 06:15", "01-01 06:45", "01-01 07:15", "01-01 07:45", "02-01 06:15"]
        );
        assert_eq!(first("0/30 12 * * ? *", 3), ["01-01 12:00", "01-01 12:30", "01-02 12:00"]);
        assert_eq!(first("0 */12 ? FEB MON *", 3), ["02-02 00:00", "02-02 12:00", "02-09 00:00"]);
        // 2026-01-01 is a Thursday.
        assert_eq!(first("0 6 ? * MON-SAT *", 4), ["01-01 06:00", "01-02 06:00", "01-03 06:00", "01-05 06:00"]);
        assert_eq!(first("0 6 ? * sat-mon *", 3), ["01-03 06:00", "01-04 06:00", "01-05 06:00"]);
        assert_eq!(first("30-30 13-13 ? * 2,4,6 2026-2027", 2), ["01-02 13:30", "01-05 13:30"]);
    }

    #[test]
    fn days_may_be_counted_from_the_end_and_within_the_week() {
        assert_eq!(first("0 0 L * ? *", 3), ["01-31 00:00", "02-28 00:00", "03-31 00:00"]);
        assert_eq!(first("0 0 LW * ? *", 3), ["01-30 00:00", "02-27 00:00", "03-31 00:00"]);
        assert_eq!(first("0 0 1W * ? *", 3), ["01-01 00:00", "02-02 00:00", "03-02 00:00"]);
        assert_eq!(first("0 0 15W 2-3 ? *", 2), ["02-16 00:00", "03-16 00:00"]);
        assert_eq!(first("0 0 ? * 6L *", 2), ["01-30 00:00", "02-27 00:00"]);
        assert_eq!(first("0 0 ? * TUE#3 *", 2), ["01-20 00:00", "02-17 00:00"]);
        assert_eq!(first("0 0 ? * L *", 2), ["01-03 00:00", "01-10 00:00"]);
    }

    #[test]
    fn a_date_that_never_is_ends_the_search() {
        assert_eq!(first("0 0 30 2 ? *", 1), [""; 0]);
        assert_eq!(first("0 0 1 1 ? 2025", 1), [""; 0]);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in [
            "",
            "* * * * *",
            "0 6 * * * *",
            "0 6 ? * ? *",
            "60 6 * * ? *",
            "0 24 * * ? *",
            "0 6 0 * ? *",
            "0 6 ? * 8 *",
            "0 6 ? * MOON *",
            "0 6 ? * MON#6 *",
            "0/0 6 * * ? *",
            "0 6 * 13 ? *",
            "0 6 * * ? 2200",
            "+1 6 * * ? *",
            "0 6 32W * ? *",
            "0 6 1,, * ? *",
        ] {
            assert_eq!(Cron::parse(text), None, "{text}");
        }
    }
}
