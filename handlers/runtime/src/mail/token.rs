//! The token of an unsubscribe link: who no longer wants which mail, signed by the mail that it stands in.
//!
//! `v1.USER.SINK.TAG`, each of the three in base 64 for URLs; the tag is HMAC-SHA-256 over what it is for, the flow, the sink
//! and the user, apart by NUL. It does not expire: a link must work for as long as the law asks after the mail was sent (30
//! days in the United States), and an older one that still works harms nobody. A new signing secret ends those of the one
//! before the last.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::hmac;

/// Characters of the longest token that is looked at: a header's link is shorter.
const LONGEST: usize = 1024;
const VERSION: &str = "v1";

/// Who, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) user: String,
    pub(super) sink: String,
}

/// A token as it came: nobody knows yet whether it is true.
#[derive(Debug)]
pub(super) struct Claimed {
    token: Token,
    tag: Vec<u8>,
}

impl Token {
    pub(super) fn signed(&self, secret: &str, flow: &str) -> String {
        let tag = hmac::sign(&key(secret), &self.bytes(flow));
        format!("{VERSION}.{}.{}.{}", BASE64.encode(&self.user), BASE64.encode(&self.sink), BASE64.encode(tag))
    }

    /// Names of a flow hold no NUL, and the user comes last: no two tokens have the same bytes.
    fn bytes(&self, flow: &str) -> Vec<u8> {
        ["eventloom unsubscribe", VERSION, flow, &self.sink, &self.user].join("\0").into_bytes()
    }
}

fn key(secret: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes())
}

impl Claimed {
    /// Reads what has a token's form.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let mut parts = text.split('.');
        if parts.next()? != VERSION {
            return None;
        }
        let mut part = || BASE64.decode(parts.next()?).ok();
        let (user, sink, tag) = (part()?, part()?, part()?);
        let (user, sink) = (String::from_utf8(user).ok()?, String::from_utf8(sink).ok()?);
        let whole = parts.next().is_none() && !user.is_empty() && !sink.contains('\0');
        whole.then_some(Self { token: Token { user, sink }, tag })
    }

    /// The token, if this secret signed it: compared in constant time.
    pub(super) fn verified(&self, secret: &str, flow: &str) -> Option<&Token> {
        hmac::verify(&key(secret), &self.token.bytes(flow), &self.tag).ok()?;
        Some(&self.token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(user: &str, sink: &str) -> Token {
        Token { user: user.to_owned(), sink: sink.to_owned() }
    }

    fn holds(text: &str, secret: &str, flow: &str) -> Option<Token> {
        Claimed::read(text)?.verified(secret, flow).cloned()
    }

    #[test]
    fn a_token_says_who_and_what() {
        for user in ["agshin", "ə/\0&=?", &"x".repeat(300)] {
            let made = token(user, "email").signed("key", "everi");
            assert!(made.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "{made}");
            assert_eq!(holds(&made, "key", "everi"), Some(token(user, "email")));
        }
    }

    #[test]
    fn another_secret_or_another_flow_signs_nothing() {
        let made = token("agshin", "email").signed("key", "everi");
        assert_eq!(holds(&made, "other", "everi"), None);
        assert_eq!(holds(&made, "key", "orders"), None);
        assert_eq!(holds(&made, "", "everi"), None);
    }

    #[test]
    fn a_token_with_any_character_changed_or_cut_off_is_no_token() {
        let made = token("agshin", "email").signed("key", "everi");
        for end in 0..made.len() {
            assert_eq!(holds(made.get(..end).unwrap(), "key", "everi"), None, "cut at {end}");
        }
        for place in 0..made.len() {
            for put in [b'A', b'b', b'.', b'_', b'9'] {
                let mut changed = made.clone().into_bytes();
                if changed[place] != put {
                    changed[place] = put;
                    let changed = String::from_utf8(changed).unwrap();
                    assert_eq!(holds(&changed, "key", "everi"), None, "{changed}");
                }
            }
        }
        assert_eq!(holds(&format!("{made}."), "key", "everi"), None);
        assert_eq!(holds(&format!("{made}.x"), "key", "everi"), None);
    }

    #[test]
    fn the_tag_of_one_user_is_none_for_another() {
        let (mine, other) = (token("agshin", "email").signed("k", "f"), token("rustam", "email").signed("k", "f"));
        let tag = mine.rsplit('.').next().unwrap();
        let forged = format!("{}.{tag}", other.rsplit_once('.').unwrap().0);
        assert_eq!(holds(&forged, "k", "f"), None);
        // What one part ends with is not what the next begins with.
        assert_ne!(token("b", "a\0x").bytes("f"), token("x\0b", "a").bytes("f").split_last().unwrap().1);
        assert!(Claimed::read(&token("b", "a\0x").signed("k", "f")).is_none());
    }

    #[test]
    fn what_has_no_tokens_form_is_not_read() {
        for text in
            ["", ".", "...", "v1", "v1...", "v2.YQ.YQ.YQ", "v1.YQ.YQ", "v1.YQ==.YQ.YQ", "v1.Y Q.YQ.YQ", "<script>"]
        {
            assert!(Claimed::read(text).is_none(), "{text}");
        }
        assert!(Claimed::read(&"v1.".repeat(100_000)).is_none());
    }
}
