//! What happens, told to whoever listens: the terminal, the console, a test.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use serde::Serialize;
use serde_json::Value;

use super::{Clock, Time};

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As meant.
    Done,
    /// Not as meant, and it is tried again.
    Retried,
    /// Not as meant, and given up: refused, dead-lettered, dropped.
    Failed,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Happening {
    /// When.
    pub at: Time,
    /// `sqs`, `lambda`.
    pub service: &'static str,
    /// The resource's name, as `everi-notify`.
    pub resource: String,
    /// A verb in the past: `sent`, `delivered`, `invoked`.
    pub what: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// What else a reader wants to know: ids, durations in ms, reasons.
    pub detail: Value,
}

/// The place to tell what happens; clones are the same place.
#[derive(Clone)]
pub struct Log {
    clock: Clock,
    listeners: Rc<RefCell<Vec<Listener>>>,
}

type Listener = Rc<dyn Fn(&Happening)>;

impl Log {
    /// A log that nobody listens to.
    pub fn new(clock: Clock) -> Self {
        Self { clock, listeners: Rc::default() }
    }

    /// Calls `listener` for all that happens from now on.
    pub fn listen(&self, listener: impl Fn(&Happening) + 'static) {
        self.listeners.borrow_mut().push(Rc::new(listener));
    }

    /// Tells that something happened; `detail` is only made if somebody listens.
    pub fn tell(
        &self,
        service: &'static str,
        resource: &str,
        what: &'static str,
        outcome: Outcome,
        detail: impl FnOnce() -> Value,
    ) {
        let listeners = self.listeners.borrow().clone();
        if listeners.is_empty() {
            return;
        }
        let happening =
            Happening { at: self.clock.now(), service, resource: resource.to_owned(), what, outcome, detail: detail() };
        for listener in listeners {
            listener(&happening);
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("listeners", &self.listeners.borrow().len()).finish()
    }
}
