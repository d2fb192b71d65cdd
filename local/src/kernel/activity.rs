//! Whether anything is being done.

use std::cell::Cell;
use std::rc::Rc;

use tokio::sync::Notify;

/// Counts the work that is going on: calls, deliveries, invocations, executions between two waits.
#[derive(Clone, Debug, Default)]
pub struct Activity(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    count: Cell<i64>,
    begun: Cell<u64>,
    quiet: Notify,
}

impl Activity {
    /// Says that work goes on until the guard is dropped.
    #[must_use = "the work ends when the guard is dropped"]
    pub fn begin(&self) -> Busy {
        self.0.count.set(self.0.count.get().saturating_add(1));
        self.0.begun.set(self.0.begun.get().wrapping_add(1));
        Busy(Rc::clone(&self.0))
    }

    /// How much work has ever begun: two equal answers with quiet in between mean that nothing was done.
    pub fn begun(&self) -> u64 {
        self.0.begun.get()
    }

    /// Says that work which has begun only waits for more to come, until the guard is dropped: a long poll
    /// within a call. Must be held within the [`Busy`] of that work.
    #[must_use = "the work goes on when the guard is dropped"]
    pub fn rest(&self) -> Rest {
        self.0.finish();
        Rest(Rc::clone(&self.0))
    }

    /// Whether nothing goes on.
    pub fn is_quiet(&self) -> bool {
        self.0.count.get() <= 0
    }

    /// Waits until nothing goes on.
    pub async fn quiet(&self) {
        loop {
            let quiet = self.0.quiet.notified();
            tokio::pin!(quiet);
            quiet.as_mut().enable();
            if self.is_quiet() {
                return;
            }
            quiet.await;
        }
    }
}

/// Work that goes on.
#[derive(Debug)]
pub struct Busy(Rc<Inner>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.finish();
    }
}

/// Work that waits.
#[derive(Debug)]
pub struct Rest(Rc<Inner>);

impl Drop for Rest {
    fn drop(&mut self) {
        self.0.count.set(self.0.count.get().saturating_add(1));
    }
}

impl Inner {
    fn finish(&self) {
        self.count.set(self.count.get().saturating_sub(1));
        if self.count.get() <= 0 {
            self.quiet.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_rests_is_not_at_work() {
        let activity = Activity::default();
        let work = activity.begin();
        let wait = activity.rest();
        assert!(activity.is_quiet());
        drop(wait);
        assert!(!activity.is_quiet());
        drop(work);
        assert!(activity.is_quiet());
    }
}
