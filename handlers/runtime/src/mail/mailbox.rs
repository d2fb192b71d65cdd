//! Addresses, and the names before them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Bytes of an address, without the angle brackets of a path of 256.
/// <https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.3>
const ADDRESS: usize = 254;
/// Bytes of text in one encoded word, which has 75 characters.
/// <https://www.rfc-editor.org/rfc/rfc2047#section-2>
const WORD: usize = 45;

/// Whether a text is one bare address that SES takes: in ASCII, with nothing that a header or a list of addresses
/// would read otherwise.
pub(super) fn is_address(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>()[]\\,;:@\"".contains(&byte))
            && !part.starts_with('.')
            && !part.ends_with('.')
            && !part.contains("..")
    };
    text.len() <= ADDRESS && text.split_once('@').is_some_and(|(user, domain)| part(user) && part(domain))
}

/// The bare address in `Name <a@b.example>`.
pub(super) fn bare(text: &str) -> &str {
    match text.rsplit_once('<') {
        Some((_, rest)) => rest.trim_end().trim_end_matches('>'),
        None => text.trim(),
    }
}

/// An address with a name as a header has it: a name that is not plain is quoted, or encoded.
pub(super) fn mailbox(text: &str) -> String {
    let Some((name, rest)) = text.rsplit_once('<') else { return text.to_owned() };
    let name = name.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" !#$%&'*+-/=?^_`{|}~".contains(&byte);
    let quoted = name.len() > 1 && name.starts_with('"') && name.ends_with('"');
    match name {
        "" => text.to_owned(),
        name if !name.is_ascii() => format!("{} <{rest}", encoded(name)),
        name if quoted || name.bytes().all(plain) => text.to_owned(),
        name => format!("\"{}\" <{rest}", name.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

fn encoded(name: &str) -> String {
    let mut words = vec![String::new()];
    for char in name.chars() {
        match words.last_mut() {
            Some(word) if word.len() + char.len_utf8() <= WORD => word.push(char),
            _ => words.push(char.to_string()),
        }
    }
    let words: Vec<String> = words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word))).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_address_and_nothing_else() {
        for right in ["a@b.example", "a.b+c@d-e.example", "o'neil@x.example", "a@localhost"] {
            assert!(is_address(right), "{right}");
        }
        for wrong in [
            "",
            "a",
            "@b",
            "a@",
            "a@b@c",
            "a@b, c@d",
            "a b@c",
            "a@b\r\nBcc: c@d",
            "a@b\n",
            "a@b\0",
            "<a@b>",
            "A <a@b>",
            "a@b;c@d",
            "\"a\"@b",
            "ə@b.example",
            "a@ə.example",
            ".a@b",
            "a..b@c",
            "a@b.",
            "a(x)@b",
            "a@[127.0.0.1]",
        ] {
            assert!(!is_address(wrong), "{wrong:?}");
        }
        assert!(!is_address(&format!("{}@b.example", "a".repeat(300))));
    }

    #[test]
    fn a_name_is_quoted_or_encoded_where_it_must_be() {
        assert_eq!(mailbox("a@b.example"), "a@b.example");
        assert_eq!(mailbox("Everi <a@b.example>"), "Everi <a@b.example>");
        assert_eq!(mailbox("Everi, Inc. <a@b.example>"), "\"Everi, Inc.\" <a@b.example>");
        assert_eq!(mailbox("\"Everi, Inc.\" <a@b.example>"), "\"Everi, Inc.\" <a@b.example>");
        assert_eq!(mailbox("Rüstəm <a@b.example>"), "=?UTF-8?B?UsO8c3TJmW0=?= <a@b.example>");
        let long = mailbox(&format!("{} <a@b.example>", "ə".repeat(60)));
        assert!(long.split(' ').all(|word| word.len() <= 75), "{long}");
    }

    #[test]
    fn the_address_behind_a_name_is_found() {
        assert_eq!(bare("Everi <a@b.example>"), "a@b.example");
        assert_eq!(bare(" a@b.example "), "a@b.example");
    }
}
