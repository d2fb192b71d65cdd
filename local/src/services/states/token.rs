//! Task tokens: texts that say, to the engine alone, which task of which execution they are of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::kernel::Random;

/// A token of a thread of an execution that nobody can guess.
pub(super) fn make(execution: &str, thread: u64, random: &Random) -> String {
    STANDARD.encode(format!("{thread} {} {execution}", random.hex(32)))
}

/// The execution and the thread that a token is of.
pub(super) fn parse(token: &str) -> Option<(String, u64)> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let mut parts = text.splitn(3, ' ');
    let (thread, _secret, execution) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
    Some((execution.to_owned(), thread))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_any_other_text_is_not() {
        let token = make("arn:aws:states:eu-west-1:123456789012:execution:m:e", 7, &Random::seeded(1));
        assert_eq!(parse(&token), Some(("arn:aws:states:eu-west-1:123456789012:execution:m:e".to_owned(), 7)));
        for text in ["", "x", "!!", "YQ=="] {
            assert_eq!(parse(text), None);
        }
    }
}
