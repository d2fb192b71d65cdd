//! What an event may put into a mail's header.
//!
//! Guaranteed: one line of bounded length, whatever the event holds. A line break in a subject would begin another header,
//! and so a mail to other people; the characters that change the direction of text would make a subject read otherwise than
//! it is written.

use crate::error::Error;

/// Characters of a subject. An estimate: what no reader shows whole is of no use; a header's line has 998 bytes at most
/// (<https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1>), and SES folds what is encoded.
const SUBJECT: usize = 200;
/// Characters of a header of one's own.
/// <https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_MessageHeader.html>
const VALUE: usize = 870;

/// A text as a subject: its line breaks and control characters are spaces, several are one.
pub(super) fn subject(text: &str) -> Result<String, Error> {
    let plain: String = text.chars().map(|char| if is_active(char) { ' ' } else { char }).collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let line = words.join(" ");
    if line.is_empty() {
        return Err(Error::reject("the subject is empty"));
    }
    if line.chars().count() <= SUBJECT {
        return Ok(line);
    }
    let cut: String = line.chars().take(SUBJECT - 1).collect();
    Ok(format!("{}…", cut.trim_end()))
}

/// A link as a header's value, in angle brackets.
pub(super) fn link(url: &str) -> Result<String, Error> {
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"".contains(&byte));
    if plain && url.len() + 2 <= VALUE {
        return Ok(url.to_owned());
    }
    Err(Error::reject("the link to unsubscribe is too long for a header, or no link"))
}

/// Whether a character breaks a line, steers whoever shows it, or takes no room.
pub(super) fn is_active(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_subject_begins_another_header() {
        for injected in [
            "Hello\r\nBcc: everybody@else.example",
            "Hello\nBcc: everybody@else.example",
            "Hello\rBcc: everybody@else.example",
            "Hello\r\n\r\n<script>alert(1)</script>",
            "Hello\u{85}Bcc: everybody@else.example",
            "Hello\u{2028}Bcc: everybody@else.example",
            "Hello\u{2029}Bcc: everybody@else.example",
            "Hello\u{b}Bcc: x\u{c}y",
            "Hello\0Bcc: x",
            "\r\n\r\nHello",
            "Hello\r\n\tfolded",
            "Hello\u{1b}[31m",
            "Hello\u{202e}gnp.exe",
        ] {
            let line = subject(injected).unwrap();
            assert!(!line.chars().any(is_active), "{line:?}");
            assert!(line.starts_with("Hello"), "{line:?}");
        }
        assert_eq!(subject("a\r\nb").unwrap(), "a b");
    }

    #[test]
    fn a_subject_is_bounded_and_never_empty() {
        assert_eq!(subject(&"ə".repeat(200)).unwrap().chars().count(), 200);
        let long = subject(&"ə".repeat(100_000)).unwrap();
        assert_eq!(long.chars().count(), 200);
        assert!(long.ends_with('…'));
        for empty in ["", " ", "\r\n", "\u{200b}"] {
            assert!(subject(empty).unwrap_err().is_final());
        }
    }

    #[test]
    fn a_plain_subject_stays_as_it_is() {
        assert_eq!(subject("Rüstəm və 3 nəfər 👍").unwrap(), "Rüstəm və 3 nəfər 👍");
    }

    #[test]
    fn a_link_holds_no_more_than_a_link() {
        assert!(link("https://x.example/?t=v1.a.b").is_ok());
        for wrong in ["https://x.example/?t=a b", "https://x.example/>,<mailto:x", "https://x.example/\r\nBcc: x", "ə"]
        {
            assert!(link(wrong).is_err(), "{wrong:?}");
        }
        assert!(link(&format!("https://x.example/{}", "x".repeat(900))).is_err());
    }
}
