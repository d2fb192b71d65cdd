//! Scalars that are text of a known form.

use super::{Invalid, text_scalar};

text_scalar! {
    /// A ULID in its canonical form: 26 characters of Crockford's base 32, in capitals, at most
    /// `7ZZZ…` (<https://github.com/ulid/spec>). Its order as text is its order in time.
    Ulid, ulid, { "type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}$" }
}

text_scalar! {
    /// A UUID in its canonical form, in either case (RFC 9562, section 4).
    Uuid, uuid, { "type": "string", "format": "uuid" }
}

text_scalar! {
    /// An address of email: one `@` with text around it, at most 254 bytes (RFC 5321, section
    /// 4.5.3.1.3), no space and no control character, so that it cannot break a header.
    Email, email, { "type": "string", "format": "email" }
}

text_scalar! {
    /// An absolute URL: a scheme, a colon and the rest, without spaces and control characters
    /// (RFC 3986, section 3).
    Url, url, { "type": "string", "format": "uri" }
}

text_scalar! {
    /// An exact decimal number as text: as many as 38 digits, which is what a DynamoDB number holds.
    Decimal, decimal, { "type": "string", "pattern": r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$" }
}

fn ulid(text: &str) -> Result<(), Invalid> {
    let base32 =
        |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'H' | b'J' | b'K' | b'M' | b'N' | b'P'..=b'T' | b'V'..=b'Z');
    let fits = text.len() == 26 && text.starts_with(|first| matches!(first, '0'..='7')) && text.bytes().all(base32);
    fits.then_some(()).ok_or_else(|| Invalid::new("is no ULID"))
}

fn uuid(text: &str) -> Result<(), Invalid> {
    let fits = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    fits.then_some(()).ok_or_else(|| Invalid::new("is no UUID"))
}

fn email(text: &str) -> Result<(), Invalid> {
    let fits = text.len() <= 254
        && !text.contains(|char: char| char.is_whitespace() || char.is_control())
        && text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
    fits.then_some(()).ok_or_else(|| Invalid::new("is no address of email"))
}

fn url(text: &str) -> Result<(), Invalid> {
    let scheme = |scheme: &str| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    };
    let fits = !text.contains(|char: char| char.is_whitespace() || char.is_control())
        && text.split_once(':').is_some_and(|(before, rest)| scheme(before) && !rest.is_empty());
    fits.then_some(()).ok_or_else(|| Invalid::new("is no absolute URL"))
}

fn decimal(text: &str) -> Result<(), Invalid> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let fits = digits(whole) && digits(fraction) && (whole == "0" || !whole.starts_with('0')) && unsigned.len() <= 39;
    fits.then_some(()).ok_or_else(|| Invalid::new("is no decimal number of at most 38 digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(new: impl Fn(&str) -> Result<(), Invalid>, texts: &[&str]) -> Vec<String> {
        texts.iter().filter(|text| new(text).is_ok()).map(ToString::to_string).collect()
    }

    #[test]
    fn a_ulid_is_26_capitals_of_base_32_within_128_bits() {
        let texts = [
            "01J9ZC1X8Q4T5W6Y7Z8A9B0C1D",
            "81J9ZC1X8Q4T5W6Y7Z8A9B0C1D",
            "01J9ZC1X8Q4T5W6Y7Z8A9B0CUD",
            "01j9zc1x8q4t5w6y7z8a9b0c1d",
            "",
        ];
        assert_eq!(split(ulid, &texts), ["01J9ZC1X8Q4T5W6Y7Z8A9B0C1D"]);
    }

    #[test]
    fn a_uuid_has_its_hyphens_in_place() {
        let texts = ["f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "f81d4fae7dec-11d0-a765-00a0c91e6bf6-", "f81d4fae"];
        assert_eq!(split(uuid, &texts), ["f81d4fae-7dec-11d0-a765-00a0c91e6bf6"]);
    }

    #[test]
    fn an_address_cannot_break_a_header() {
        let texts = ["a@b.az", "a@b\r\nBcc: c@d", "a b@c", "@b", "a@", "a@b@c", "a"];
        assert_eq!(split(email, &texts), ["a@b.az"]);
    }

    #[test]
    fn a_url_has_a_scheme() {
        let texts = ["https://everi.example/u/1", "/u/1", "1a:b", "a:", "java script:x"];
        assert_eq!(split(url, &texts), ["https://everi.example/u/1"]);
    }

    #[test]
    fn a_decimal_has_no_needless_zero_and_no_exponent() {
        let texts = ["-0.10", "12", "012", "1.", ".5", "1e3", "+1", "", "-"];
        assert_eq!(split(decimal, &texts), ["-0.10", "12"]);
    }
}
