//! The access keys that the engine gave out, and who is behind each.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Caller, Random};

/// What a client signs with. Good for this engine alone, and only as long as it runs.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_key: String,
    /// `AWS_SESSION_TOKEN`: there for a role, not for the account.
    pub session_token: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

/// The keys; clones are the same.
#[derive(Clone, Debug)]
pub struct Keys {
    random: Random,
    given: Rc<RefCell<BTreeMap<String, (Credentials, Caller)>>>,
}

impl Keys {
    /// No keys yet.
    pub fn new(random: Random) -> Self {
        Self { random, given: Rc::default() }
    }

    /// Makes a key for a caller.
    pub fn give(&self, caller: Caller) -> Credentials {
        let temporary = matches!(caller, Caller::Role { .. });
        let prefix = if temporary { "ASIA" } else { "AKIA" };
        let credentials = Credentials {
            access_key: format!("{prefix}{}", self.random.alphanumeric(16).to_uppercase()),
            secret_key: self.random.alphanumeric(40),
            session_token: temporary.then(|| self.random.alphanumeric(64)),
        };
        self.given.borrow_mut().insert(credentials.access_key.clone(), (credentials.clone(), caller));
        credentials
    }

    /// From now on nobody gets in with this key.
    pub fn revoke(&self, access_key: &str) {
        self.given.borrow_mut().remove(access_key);
    }

    /// The key with this public half, and who was given it.
    pub fn find(&self, access_key: &str) -> Option<(Credentials, Caller)> {
        self.given.borrow().get(access_key).cloned()
    }
}
