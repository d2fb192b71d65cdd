//! The issuer's keys, kept from one invocation to the next.
//!
//! Guaranteed: the set is read again once it is an hour old, or when a token names a key that it has not, but never
//! twice within a minute; a set of at most a day serves on while the issuer cannot be reached.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;

use super::fetch;
use super::token::{self, Key, Token};
use crate::error::Error;
use crate::scalar::Timestamp;

/// From then on the set is read again.
const FRESH: Duration = Duration::from_secs(3600);
/// Until then it serves where it cannot be read again.
const LAST: Duration = Duration::from_secs(24 * 3600);
/// At most once in this time.
const PAUSE: Duration = Duration::from_secs(60);

/// What a function keeps of an issuer's keys.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<State>);

#[derive(Clone, Debug, Default)]
struct State {
    keys: Vec<Key>,
    /// When they were read.
    read: Option<Timestamp>,
    /// When they were last asked for.
    asked: Option<Timestamp>,
}

impl State {
    fn is_due(&self, token: &Token<'_>, now: Timestamp) -> bool {
        let may_ask = self.asked.is_none_or(|asked| now >= asked.plus(PAUSE));
        let is_old = self.read.is_none_or(|read| now >= read.plus(FRESH));
        // Without any keys nobody comes in: then each caller may be the one for whom the issuer is back.
        self.read.is_none() || (may_ask && (is_old || token.key(&self.keys).is_none()))
    }

    fn serves(&self, now: Timestamp) -> bool {
        self.read.is_some_and(|read| now < read.plus(LAST))
    }
}

impl Cache {
    /// The key of a token; none where the issuer has no such key.
    pub(super) async fn key(
        &self,
        config: &SdkConfig,
        url: &str,
        token: &Token<'_>,
        now: Timestamp,
    ) -> Result<Option<Key>, Error> {
        let mut state = self.state();
        if state.is_due(token, now) {
            state.asked = Some(now);
            match fetch::get(config, url).await.and_then(|set| token::keys(&set).map_err(Error::retry)) {
                Ok(keys) => (state.keys, state.read) = (keys, Some(now)),
                Err(error) if state.serves(now) => tracing::warn!(reason = %error, "the kept keys serve on"),
                Err(error) => return Err(error),
            }
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state.clone();
        }
        Ok(token.key(&state.keys).cloned())
    }

    fn state(&self) -> State {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn state(read: i64, asked: i64) -> State {
        let keys = token::keys(
            br#"{"keys":[{"kty":"RSA","kid":"k","n":"AQ","e":"AQAB"},{"kty":"RSA","kid":"l","n":"AQ","e":"AQAB"}]}"#,
        );
        let at = |millis| Some(Timestamp::from_millis(millis));
        State { keys: keys.unwrap(), read: at(read), asked: at(asked) }
    }

    fn due(state: &State, token: &str, now: i64) -> bool {
        state.is_due(&Token::read(token).unwrap(), Timestamp::from_millis(now))
    }

    /// `{"alg":"RS256","kid":"k"}` and `{"alg":"RS256","kid":"new"}`, without claims.
    const KNOWN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.e30.AA";
    const UNKNOWN: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6Im5ldyJ9.e30.AA";

    #[test]
    fn an_unknown_key_is_asked_for_once_a_minute() {
        assert!(!due(&state(0, 0), UNKNOWN, 59_999));
        assert!(due(&state(0, 0), UNKNOWN, 60_000));
        assert!(!due(&state(0, 60_000), UNKNOWN, 119_999));
        assert!(!due(&state(0, 0), KNOWN, 60_000));
    }

    #[test]
    fn a_set_is_read_again_after_an_hour_and_serves_for_a_day() {
        assert!(!due(&state(0, 0), KNOWN, HOUR - 1));
        assert!(due(&state(0, 0), KNOWN, HOUR));
        assert!(!due(&state(0, HOUR - 1), KNOWN, HOUR), "not twice within a minute");
        assert!(state(0, 0).serves(Timestamp::from_millis(24 * HOUR - 1)));
        assert!(!state(0, 0).serves(Timestamp::from_millis(24 * HOUR)));
    }

    #[test]
    fn without_keys_each_caller_asks() {
        assert!(due(&State { asked: Some(Timestamp::from_millis(0)), ..State::default() }, KNOWN, 1));
    }
}
