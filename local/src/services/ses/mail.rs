//! Addresses and header values: what could smuggle a header into a mail is refused.

use crate::kernel::AwsError;

use super::bad_request;

/// The bare address in `a@b.example` or `Name <a@b.example>`.
pub(super) fn address(text: &str) -> Result<&str, AwsError> {
    header("address", text)?;
    let bare = match text.rsplit_once('<') {
        Some((_, rest)) => rest.trim_end().strip_suffix('>').unwrap_or_default(),
        None => text.trim(),
    };
    let plain = |part: &str| {
        !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control() || "<>,;:\"()[]@".contains(c))
    };
    match bare.split_once('@') {
        Some((name, domain)) if plain(name) && plain(domain) => Ok(bare),
        Some(_) => Err(bad_request("Illegal address")),
        None => Err(bad_request("Missing final '@domain'")),
    }
}

/// Refuses what does not stay on its line of a header.
pub(super) fn header(name: &str, value: &str) -> Result<(), AwsError> {
    if value.chars().any(char::is_control) {
        Err(bad_request(format!("Header {name} contains a line break or control character")))
    } else {
        Ok(())
    }
}

/// The domain of a bare address.
pub(super) fn domain(address: &str) -> &str {
    address.split_once('@').map_or("", |(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_name() {
        assert_eq!(address("a@b.example").unwrap(), "a@b.example");
        assert_eq!(address("Agshin & co <a+x@b.example>").unwrap(), "a+x@b.example");
        assert_eq!(domain("a@b.example"), "b.example");
    }

    #[test]
    fn no_header_can_be_smuggled_in() {
        for text in [
            "a@b.example\r\nBcc: c@d.example",
            "a@b\n",
            "a\u{0}@b",
            "Name\r\n <a@b.example>",
            "a",
            "<a@b",
            "@b",
            "a@b@c",
            "a@b, c@d",
        ] {
            assert_eq!(address(text).unwrap_err().code, "BadRequestException", "{text:?}");
        }
    }
}
