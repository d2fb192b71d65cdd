//! The sandboxes of one function: how many run, which are warm, and how often they died.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::sandbox::Sandbox;
use crate::kernel::Time;

/// Sandboxes of a function at once. AWS starts as many as the concurrency allows; on one machine the
/// invocations beyond these wait for one of them.
const SANDBOXES: usize = 32;
/// Warm sandboxes that are kept.
const IDLE: usize = 10;
/// Deaths in a row after which the next start waits.
const DEATHS: u32 = 3;
/// The longest wait before a start.
const LONGEST: Duration = Duration::from_secs(30);

/// The sandboxes of one function.
#[derive(Debug)]
pub(super) struct Pool {
    running: Cell<u32>,
    idle: RefCell<Vec<Box<dyn Sandbox>>>,
    /// Counts the versions of the function: a sandbox of an older one is not kept.
    generation: Cell<u64>,
    deaths: Cell<u32>,
    died: Cell<Time>,
    pub(super) places: Semaphore,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            running: Cell::default(),
            idle: RefCell::default(),
            generation: Cell::default(),
            deaths: Cell::default(),
            died: Cell::new(Time::EPOCH),
            places: Semaphore::new(SANDBOXES),
        }
    }
}

impl Pool {
    pub(super) fn running(&self) -> u32 {
        self.running.get()
    }

    /// Counts one invocation more, until the guard is dropped.
    pub(super) fn begin(&self) -> Running<'_> {
        self.running.set(self.running.get() + 1);
        Running(&self.running)
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation.get()
    }

    /// The sandbox that was used last, if one is warm.
    pub(super) fn warm(&self) -> Option<Box<dyn Sandbox>> {
        let mut idle = self.idle.borrow_mut();
        std::iter::from_fn(|| idle.pop()).find(|sandbox| sandbox.is_alive())
    }

    /// Takes a sandbox back for the next invocation, if there may be one.
    pub(super) fn keep(&self, sandbox: Box<dyn Sandbox>, generation: u64) {
        self.deaths.set(0);
        let mut idle = self.idle.borrow_mut();
        if generation == self.generation.get() && sandbox.is_alive() && idle.len() < IDLE {
            idle.push(sandbox);
        }
    }

    /// The function is another: warm sandboxes end now, the others with their invocation.
    pub(super) fn renew(&self) {
        self.generation.set(self.generation.get() + 1);
        self.deaths.set(0);
        let ended = self.idle.take();
        drop(ended);
    }

    /// A sandbox died; how many did so in a row.
    pub(super) fn died(&self, now: Time) -> u32 {
        self.deaths.set(self.deaths.get().saturating_add(1));
        self.died.set(now);
        self.deaths.get()
    }

    /// When the next sandbox may start: a function that only crashes is not started in a tight loop.
    pub(super) fn next_start(&self) -> Time {
        let Some(over) = self.deaths.get().checked_sub(DEATHS) else { return Time::EPOCH };
        self.died.get() + Duration::from_secs(1 << over.min(5)).min(LONGEST)
    }
}

/// An invocation that runs.
#[derive(Debug)]
pub(super) struct Running<'a>(&'a Cell<u32>);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_only_crashes_starts_ever_later() {
        let pool = Pool::default();
        let waits = std::iter::repeat_with(|| {
            pool.died(Time::EPOCH);
            pool.next_start().since(Time::EPOCH).as_secs()
        });
        assert_eq!(waits.take(10).collect::<Vec<_>>(), [0, 0, 1, 2, 4, 8, 16, 30, 30, 30]);
        pool.renew();
        assert_eq!(pool.next_start(), Time::EPOCH);
    }
}
