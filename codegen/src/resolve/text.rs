//! Texts with a form of their own: durations, sizes, rates, schedules, times of the day.

use super::Resolver;
use crate::model::{Rate, Spanned};
use crate::rules::{e038_duration, e039_size, e040_rate, e042_schedule, e048_time_of_day};
use crate::yaml::At;

/// Seconds of a unit.
fn unit(text: &str) -> Option<u64> {
    Some(match text {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    })
}

/// The number at the start of a text, and the rest.
fn number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(digits)?;
    Some((digits.parse().ok()?, rest))
}

/// `60s`, `90m`, `4d` in seconds.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let (n, rest) = number(text)?;
    n.checked_mul(unit(rest)?)
}

/// `256KiB`, `1MiB` in bytes.
fn bytes(text: &str) -> Option<u64> {
    let (n, rest) = number(text)?;
    let factor = match rest {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    n.checked_mul(factor)
}

/// `1/s`, `300/m`.
fn rate(text: &str) -> Option<Rate> {
    let (count, per) = text.split_once('/')?;
    let plain = !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let count: f64 = count.parse().ok().filter(|c: &f64| plain && c.is_finite() && *c > 0.0)?;
    Some(Rate { count, seconds: unit(per)? })
}

/// `22:30` in minutes of the day.
fn minutes(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let two =
        |t: &str| (t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse::<u32>().ok()).flatten();
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

impl Resolver<'_> {
    /// A duration in seconds.
    pub(super) fn duration(&mut self, at: &At<String>) -> Option<Spanned<u64>> {
        let text = at.value.as_deref()?;
        match seconds(text) {
            Some(s) => Some(Spanned::new(s, at.span)),
            None => {
                self.report(e038_duration::diagnostic(at.span, text));
                None
            }
        }
    }

    /// An optional duration in seconds.
    pub(super) fn optional_duration(&mut self, at: Option<&At<String>>) -> Option<Spanned<u64>> {
        at.and_then(|a| self.duration(a))
    }

    /// A duration that must be there; 0 where it cannot be read, which was reported.
    pub(super) fn duration_or_zero(&mut self, at: &At<String>) -> Spanned<u64> {
        self.duration(at).unwrap_or(Spanned::new(0, at.span))
    }

    /// A size in bytes.
    pub(super) fn size(&mut self, at: &At<String>) -> Option<Spanned<u64>> {
        let text = at.value.as_deref()?;
        match bytes(text) {
            Some(b) => Some(Spanned::new(b, at.span)),
            None => {
                self.report(e039_size::diagnostic(at.span, text));
                None
            }
        }
    }

    /// So many in a time.
    pub(super) fn rate(&mut self, at: &At<String>) -> Option<Spanned<Rate>> {
        let text = at.value.as_deref()?;
        match rate(text) {
            Some(r) => Some(Spanned::new(r, at.span)),
            None => {
                self.report(e040_rate::diagnostic(at.span, text));
                None
            }
        }
    }

    /// AWS's schedule expression.
    pub(super) fn schedule(&mut self, at: &At<String>) -> Spanned<String> {
        let text = at.value.clone().unwrap_or_default();
        if at.value.is_some()
            && let Some(problem) = e042_schedule::problem(&text)
        {
            self.report(e042_schedule::diagnostic(at.span, &text, &problem));
        }
        Spanned::new(text, at.span)
    }

    /// A time of the day in minutes; 0 where it cannot be read, which was reported.
    pub(super) fn time_of_day(&mut self, at: &At<String>) -> Spanned<u32> {
        let text = at.value.as_deref().unwrap_or_default();
        let found = minutes(text);
        if at.value.is_some() && found.is_none() {
            self.report(e048_time_of_day::diagnostic(at.span, text));
        }
        Spanned::new(found.unwrap_or_default(), at.span)
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, minutes, rate, seconds};

    #[test]
    fn a_duration_has_a_unit() {
        assert_eq!(seconds("60s"), Some(60));
        assert_eq!(seconds("4d"), Some(345_600));
        for wrong in ["60", "PT60S", "1.5h", "", "s", "-1s", "1 h", "99999999999999999999d", "1w"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_size_has_a_binary_unit() {
        assert_eq!(bytes("256KiB"), Some(262_144));
        assert_eq!(bytes("256KB"), None);
        assert_eq!(bytes("99999999999999GiB"), None);
    }

    #[test]
    fn a_rate_is_a_number_in_a_time() {
        assert_eq!(rate("300/m").map(|r| r.per_second()), Some(5.0));
        for wrong in ["1", "1/x", "/s", "0/s", "1e9/s", "inf/s", "-1/s"] {
            assert_eq!(rate(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_time_of_day_has_two_digits_each() {
        assert_eq!(minutes("22:30"), Some(1_350));
        for wrong in ["24:00", "7:00", "22:60", "22.30", "+1:00"] {
            assert_eq!(minutes(wrong), None, "{wrong}");
        }
    }
}
