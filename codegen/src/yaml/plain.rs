//! What a scalar without quotes means: to us, where a number or a boolean is asked for, and to other
//! YAML tools, which guess.
//!
//! Ours is the JSON schema of YAML 1.2 (yaml.org/spec/1.2.2, section 10.2), with `~` and the empty scalar as
//! nothing. The other tools' is the union of the core schema and YAML 1.1's types (yaml.org/type).

/// Why a scalar that looks like a number is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberError {
    /// It is no number at all.
    Not,
    /// No number of this size can be held exactly.
    TooLarge,
    /// It is so close to zero that it would be read as zero.
    TooSmall,
}

/// Whether it stands for nothing.
pub(crate) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null")
}

/// A boolean: `true` or `false`, in no other spelling.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A whole number in decimal digits, without a plus sign or leading zeros.
pub(crate) fn integer(text: &str) -> Result<i128, NumberError> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let leading_zero = digits.len() > 1 && digits.starts_with('0');
    if digits.is_empty() || leading_zero || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NumberError::Not);
    }
    text.parse().map_err(|_| NumberError::TooLarge)
}

/// A number as JSON writes it; finite, and zero only if it is written as zero.
pub(crate) fn float(text: &str) -> Result<f64, NumberError> {
    if !is_json_number(text) {
        return Err(NumberError::Not);
    }
    let value: f64 = text.parse().map_err(|_| NumberError::Not)?;
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    if value.is_infinite() {
        Err(NumberError::TooLarge)
    } else if value == 0.0 && mantissa.bytes().any(|b| matches!(b, b'1'..=b'9')) {
        Err(NumberError::TooSmall)
    } else {
        Ok(value)
    }
}

fn is_json_number(text: &str) -> bool {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    !matches!(integer(whole), Err(NumberError::Not))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}

/// What another YAML tool may read in place of this text: `a boolean`, `a number` and the like.
pub(crate) fn elsewhere(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let one_case = text == lower || text.bytes().all(|b| !b.is_ascii_lowercase()) || is_capitalised(text);
    match lower.as_str() {
        "yes" | "no" | "on" | "off" | "true" | "false" | "y" | "n" if one_case => return Some("a boolean"),
        "null" if one_case => return Some("nothing"),
        ".nan" | ".inf" | "-.inf" | "+.inf" => return Some("a number"),
        _ => {}
    }
    if is_date(text) {
        Some("a date")
    } else if is_number_elsewhere(&lower) {
        Some("a number")
    } else {
        None
    }
}

fn is_capitalised(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_uppercase()) && chars.all(|c| c.is_ascii_lowercase())
}

/// `2001-12-14`, with or without a time after it.
fn is_date(text: &str) -> bool {
    let (date, rest) = match text.find(['T', 't', ' ']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let parts: Vec<&str> = date.split('-').collect();
    let digits =
        |s: &str, from: usize, to: usize| (from..=to).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_digit());
    let time = rest.get(1..).unwrap_or_default();
    matches!(parts.as_slice(), [y, m, d] if digits(y, 4, 4) && digits(m, 1, 2) && digits(d, 1, 2))
        && (rest.is_empty() || (time.contains(':') && time.starts_with(|c: char| c.is_ascii_digit())))
}

/// Decimal, octal, hexadecimal, binary, base 60 (`22:30`), with underscores, with a bare point.
fn is_number_elsewhere(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') || !unsigned.bytes().any(|b| b.is_ascii_digit())
    {
        return false;
    }
    let all = |s: &str, ok: fn(u8) -> bool| !s.is_empty() && s.bytes().all(|b| ok(b) || b == b'_');
    if let Some(hex) = unsigned.strip_prefix("0x") {
        return all(hex, |b| b.is_ascii_hexdigit());
    }
    if let Some(octal) = unsigned.strip_prefix("0o") {
        return all(octal, |b| b.is_ascii_digit());
    }
    if let Some(binary) = unsigned.strip_prefix("0b") {
        return all(binary, |b| matches!(b, b'0' | b'1'));
    }
    if let Some((first, rest)) = unsigned.split_once(':') {
        let sixty = |part: &str| matches!(part.len(), 1 | 2) && part.parse::<u8>().is_ok_and(|n| n < 60);
        let rest = rest.split_once('.').map_or(rest, |(whole, _)| whole);
        return all(first, |b| b.is_ascii_digit()) && rest.split(':').all(sixty);
    }
    let (mantissa, exponent) = unsigned.split_once('e').map_or((unsigned, None), |(m, e)| (m, Some(e)));
    let exponent = exponent.map(|e| e.strip_prefix(['-', '+']).unwrap_or(e));
    let points = mantissa.bytes().filter(|b| *b == b'.').count();
    points <= 1
        && all(mantissa, |b| b.is_ascii_digit() || b == b'.')
        && exponent.is_none_or(|e| all(e, |b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_have_one_spelling() {
        assert_eq!(integer("0"), Ok(0));
        assert_eq!(integer("-12"), Ok(-12));
        for text in ["", "-", "+1", "007", "1_000", "0x1f", "1.0", "1e3", " 1", "١"] {
            assert_eq!(integer(text), Err(NumberError::Not), "{text}");
        }
        assert_eq!(integer(&"9".repeat(60)), Err(NumberError::TooLarge));
    }

    #[test]
    fn numbers_are_finite_and_zero_only_where_written() {
        assert_eq!(float("2.0"), Ok(2.0));
        assert_eq!(float("-1.5e-3"), Ok(-0.0015));
        assert_eq!(float("0.0e5"), Ok(0.0));
        assert_eq!(float("1e999"), Err(NumberError::TooLarge));
        assert_eq!(float("1e-999"), Err(NumberError::TooSmall));
        for text in [".nan", "NaN", "nan", "inf", ".5", "5.", "1e", "1.e3", "0x10", "01.5", ""] {
            assert_eq!(float(text), Err(NumberError::Not), "{text}");
        }
    }

    #[test]
    fn what_other_tools_read_is_known() {
        for text in ["yes", "No", "ON", "off", "y", "N", "true", "False"] {
            assert_eq!(elsewhere(text), Some("a boolean"), "{text}");
        }
        for text in
            ["22:30", "190:20:30", "42", "-1", "1.0", "1_000", "0x1F", "0o17", "017", "1e3", ".5", ".inf", ".NaN"]
        {
            assert_eq!(elsewhere(text), Some("a number"), "{text}");
        }
        for text in ["2024-01-31", "2024-1-3T10:00:00Z", "2024-01-31 10:00:00"] {
            assert_eq!(elsewhere(text), Some("a date"), "{text}");
        }
        for text in
            ["60s", "4d", "1/s", "256KiB", "yess", "yEs", "email", "1.2.3", "22:60", "10.0.0.1", ".", "-", "e3", "a:1"]
        {
            assert_eq!(elsewhere(text), None, "{text}");
        }
    }
}
