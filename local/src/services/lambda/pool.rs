//! The sandboxes of one function: how many run, which are warm, and how often they died.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};

use super::sandbox::Sandbox;
use crate::kernel::Time;

/// Sandboxes of a function at once. AWS starts as many as the concurrency allows; on one machine the
/// invocations beyond these wait for one of them.
pub(super) const SANDBOXES: usize = 32;
/// How long a warm sandbox is kept for the next invocation; AWS says "some time".
const WARM: Duration = Duration::from_secs(5 * 60);
/// Deaths in a row after which the next start waits.
const DEATHS: u32 = 3;
/// The longest wait before a start.
const LONGEST: Duration = Duration::from_secs(30);

/// The sandboxes of one function.
#[derive(Debug)]
pub(super) struct Pool {
    running: Cell<u32>,
    /// Since when each is idle: the one that was used last is the last.
    idle: RefCell<VecDeque<(Time, Box<dyn Sandbox>)>>,
    /// Whether somebody ends sandboxes that are idle for too long.
    swept: Cell<bool>,
    /// Counts the versions of the function: a sandbox of an older one is not kept.
    generation: Cell<u64>,
    deaths: Cell<u32>,
    died: Cell<Time>,
    /// The function has become another.
    renewed: Notify,
    /// Whether a function that only crashes is being tried.
    tried: Cell<bool>,
    trial_over: Notify,
    pub(super) places: Semaphore,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            running: Cell::default(),
            idle: RefCell::default(),
            swept: Cell::default(),
            generation: Cell::default(),
            deaths: Cell::default(),
            died: Cell::new(Time::EPOCH),
            renewed: Notify::new(),
            tried: Cell::default(),
            trial_over: Notify::new(),
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
        std::iter::from_fn(|| idle.pop_back()).map(|(_, sandbox)| sandbox).find(|sandbox| sandbox.is_alive())
    }

    /// Takes a sandbox back for the next invocation, if there may be one.
    pub(super) fn keep(&self, sandbox: Box<dyn Sandbox>, generation: u64, now: Time) {
        if generation == self.generation.get() && sandbox.is_alive() {
            self.deaths.set(0);
            self.idle.borrow_mut().push_back((now, sandbox));
        }
    }

    /// Whether nobody ends idle sandboxes so far; whoever asks does it from now on.
    pub(super) fn sweep(&self) -> bool {
        !self.swept.replace(true)
    }

    /// Ends what is idle for too long, and says when to look again: never, if nothing is idle.
    pub(super) fn end_idle(&self, now: Time) -> Option<Time> {
        let mut idle = self.idle.borrow_mut();
        let ended = idle.iter().take_while(|(since, _)| *since + WARM <= now).count();
        let ended: Vec<_> = idle.drain(..ended).collect();
        let next = idle.front().map(|(since, _)| *since + WARM);
        self.swept.set(next.is_some());
        drop(idle);
        drop(ended);
        next
    }

    /// The function is another: warm sandboxes end now, the others with their invocation.
    pub(super) fn renew(&self) {
        self.generation.set(self.generation.get() + 1);
        self.deaths.set(0);
        let ended = self.idle.take();
        drop(ended);
        self.renewed.notify_waiters();
    }

    /// Waits until the function is another.
    pub(super) async fn renewed(&self) {
        self.renewed.notified().await;
    }

    /// A sandbox died; how many of this function did so in a row.
    pub(super) fn died(&self, generation: u64, now: Time) -> u32 {
        if generation != self.generation.get() {
            return 0;
        }
        self.deaths.set(self.deaths.get().saturating_add(1));
        self.died.set(now);
        self.deaths.get()
    }

    /// Whether it is told now that this function only crashes: once, until it lives or is another.
    pub(super) const fn begins_to_loop(deaths: u32) -> bool {
        deaths == DEATHS
    }

    /// Whether this function only crashes.
    pub(super) fn is_looping(&self) -> bool {
        self.deaths.get() >= DEATHS
    }

    /// Tries a function that only crashes, if nobody else does: what waits for it waits for one start.
    pub(super) fn trial(&self) -> Option<Trial<'_>> {
        (!self.tried.replace(true)).then_some(Trial(self))
    }

    /// Waits until a trial is over.
    pub(super) async fn trial_over(&self) {
        self.trial_over.notified().await;
    }

    /// When the next sandbox may start: a function that only crashes is not started in a tight loop.
    pub(super) fn next_start(&self) -> Time {
        let Some(over) = self.deaths.get().checked_sub(DEATHS) else { return Time::EPOCH };
        self.died.get() + Duration::from_secs(1 << over.min(5)).min(LONGEST)
    }
}

/// The one start of a function that only crashes.
#[derive(Debug)]
pub(super) struct Trial<'a>(&'a Pool);

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        self.0.tried.set(false);
        self.0.trial_over.notify_waiters();
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
    use std::rc::Rc;

    use futures_util::future::LocalBoxFuture;

    use super::super::Payload;
    use super::super::sandbox::{FunctionError, Invocation};
    use super::*;

    #[test]
    fn a_function_that_only_crashes_starts_ever_later() {
        let pool = Pool::default();
        let waits = std::iter::repeat_with(|| {
            pool.died(0, Time::EPOCH);
            pool.next_start().since(Time::EPOCH).as_secs()
        });
        assert_eq!(waits.take(10).collect::<Vec<_>>(), [0, 0, 1, 2, 4, 8, 16, 30, 30, 30]);
        pool.renew();
        assert_eq!(pool.next_start(), Time::EPOCH);
    }

    #[derive(Debug)]
    struct Idle(Rc<Cell<u32>>);

    impl Drop for Idle {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }

    impl Sandbox for Idle {
        fn invoke<'a>(&'a self, _: &'a Invocation) -> LocalBoxFuture<'a, Result<Payload, FunctionError>> {
            Box::pin(std::future::ready(Ok(Payload::default())))
        }

        fn is_alive(&self) -> bool {
            true
        }
    }

    #[test]
    fn the_sandbox_that_was_used_last_is_used_next_and_the_others_end() {
        let (pool, ended) = (Pool::default(), Rc::new(Cell::new(0)));
        let minute = |minutes: u64| Time::EPOCH + Duration::from_secs(60 * minutes);
        for minutes in 0..3 {
            pool.keep(Box::new(Idle(Rc::clone(&ended))), 0, minute(minutes));
        }
        assert!(pool.sweep() && !pool.sweep());
        let used = pool.warm().unwrap();
        pool.keep(used, 0, minute(5));
        assert_eq!((pool.end_idle(minute(6)), ended.get()), (Some(minute(10)), 2));
        assert_eq!((pool.end_idle(minute(10)), ended.get()), (None, 3));
        assert!(pool.sweep() && pool.warm().is_none());
    }

    #[test]
    fn a_sandbox_of_a_function_that_has_become_another_ends() {
        let (pool, ended) = (Pool::default(), Rc::new(Cell::new(0)));
        let sandbox = || Box::new(Idle(Rc::clone(&ended)));
        pool.keep(sandbox(), pool.generation(), Time::EPOCH);
        let before = pool.generation();
        pool.renew();
        pool.keep(sandbox(), before, Time::EPOCH);
        assert_eq!((pool.warm().is_none(), ended.get()), (true, 2));
        assert_eq!(pool.died(before, Time::EPOCH), 0, "what died is not the function that is");
    }
}
