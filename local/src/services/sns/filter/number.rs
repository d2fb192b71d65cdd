//! Numbers as filter policies compare them: from -10⁹ to 10⁹ with five digits behind the point.

/// A number in hundred-thousandths, so that numbers that are equal for SNS are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Number(i64);

const LARGEST: f64 = 1e9;
const DIGITS: f64 = 1e5;

impl Number {
    /// The number, if SNS can compare it.
    pub(super) fn of(value: &serde_json::Number) -> Option<Self> {
        let value = value.as_f64()?;
        if !(-LARGEST..=LARGEST).contains(&value) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most 10¹⁴, which is whole and fits")]
        let scaled = (value * DIGITS).round() as i64;
        Some(Self(scaled))
    }
}
