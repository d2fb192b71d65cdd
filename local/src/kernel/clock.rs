//! The engine's one clock: real time plus an offset that can be jumped, stepped and paused.
//!
//! In: tokio's clock, so that under a paused runtime the same clock is virtual. Guaranteed: whoever
//! sleeps wakes when the clock reaches the moment, however it got there.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::Time;

/// A handle to the clock; clones are the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    start: Instant,
    /// What the clock showed at `start`, moved by every jump.
    base: Cell<Time>,
    paused: Cell<Option<Time>>,
    changed: Notify,
    sleepers: RefCell<BTreeMap<(Time, u64), Sleep>>,
    next: Cell<u64>,
}

/// What a sleeper waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sleep {
    /// Work that goes on then: a delay, a visibility timeout, a retry.
    Work,
    /// What would go on for ever: a recurring schedule, a long poll, an expiry.
    Background,
}

impl Clock {
    /// A clock that shows `now` and runs as tokio's clock does. Must be called within a runtime.
    pub fn new(now: Time) -> Self {
        Self(Rc::new(Inner {
            start: Instant::now(),
            base: Cell::new(now),
            paused: Cell::new(None),
            changed: Notify::new(),
            sleepers: RefCell::default(),
            next: Cell::new(0),
        }))
    }

    /// A clock that shows the system's time.
    pub fn system() -> Self {
        let now = jiff::Timestamp::now().as_millisecond();
        Self::new(Time::from_millis(now))
    }

    /// The moment that it is.
    pub fn now(&self) -> Time {
        self.0.paused.get().unwrap_or_else(|| self.0.base.get() + self.0.start.elapsed())
    }

    /// Sleeps until the clock shows `moment`.
    pub async fn sleep_until(&self, moment: Time) {
        self.wait(moment, Sleep::Work).await;
    }

    /// Sleeps for `duration` of this clock.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now() + duration).await;
    }

    /// As [`sleep_until`](Self::sleep_until), for what is no work to wait for: a flow is idle although
    /// such a sleeper is left.
    pub async fn idle_until(&self, moment: Time) {
        self.wait(moment, Sleep::Background).await;
    }

    /// When the next sleeper with work wakes, if there is one.
    pub fn next_work(&self) -> Option<Time> {
        let sleepers = self.0.sleepers.borrow();
        sleepers.iter().find(|(_, sleep)| **sleep == Sleep::Work).map(|((moment, _), _)| *moment)
    }

    /// When the next sleeper of any kind wakes, if there is one.
    pub fn next_wake(&self) -> Option<Time> {
        self.0.sleepers.borrow().keys().next().map(|(moment, _)| *moment)
    }

    /// Whether time stands still.
    pub fn is_paused(&self) -> bool {
        self.0.paused.get().is_some()
    }

    /// Lets time stand still until [`resume`](Self::resume).
    pub fn pause(&self) {
        let now = self.now();
        self.0.paused.set(Some(now));
        self.0.changed.notify_waiters();
    }

    /// Lets time run on from where it stood.
    pub fn resume(&self) {
        if let Some(now) = self.0.paused.take() {
            self.0.base.set(now - self.0.start.elapsed());
            self.0.changed.notify_waiters();
        }
    }

    /// Moves the clock forward at once: whoever would have woken meanwhile wakes now.
    pub fn jump(&self, by: Duration) {
        match self.0.paused.get() {
            Some(now) => self.0.paused.set(Some(now + by)),
            None => self.0.base.set(self.0.base.get() + by),
        }
        self.0.changed.notify_waiters();
    }

    /// Moves the clock forward to `moment`, never back.
    pub fn jump_to(&self, moment: Time) {
        self.jump(moment.since(self.now()));
    }

    async fn wait(&self, moment: Time, sleep: Sleep) {
        let _registered = Registered::new(&self.0, moment, sleep);
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let now = self.now();
            if now >= moment {
                return;
            }
            if self.is_paused() {
                changed.await;
            } else {
                tokio::select! {
                    biased;
                    () = changed => {}
                    () = tokio::time::sleep(moment.since(now)) => {}
                }
            }
        }
    }
}

/// A sleeper's entry, taken out when it wakes or is dropped.
struct Registered<'a> {
    inner: &'a Inner,
    key: (Time, u64),
}

impl<'a> Registered<'a> {
    fn new(inner: &'a Inner, moment: Time, sleep: Sleep) -> Self {
        let number = inner.next.get();
        inner.next.set(number.wrapping_add(1));
        inner.sleepers.borrow_mut().insert((moment, number), sleep);
        Self { inner, key: (moment, number) }
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.inner.sleepers.borrow_mut().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test(start_paused = true)]
    async fn a_sleeper_wakes_at_its_moment_of_virtual_time() {
        let clock = Clock::new(Time::EPOCH);
        clock.sleep(HOUR).await;
        assert_eq!(clock.now(), Time::EPOCH + HOUR);
    }

    #[tokio::test]
    async fn a_jump_wakes_who_slept_in_real_time() {
        let clock = Clock::new(Time::EPOCH);
        let sleeper = clock.sleep(HOUR);
        tokio::pin!(sleeper);
        assert_eq!((&mut sleeper).now_or_never(), None);
        assert_eq!(clock.next_work(), clock.next_wake());
        clock.jump(HOUR);
        sleeper.await;
        assert_eq!(clock.next_wake(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_paused_clock_stands_and_goes_on_from_there() {
        let clock = Clock::new(Time::EPOCH);
        clock.pause();
        tokio::time::sleep(HOUR).await;
        assert_eq!(clock.now(), Time::EPOCH);
        clock.jump(HOUR);
        clock.resume();
        assert_eq!(clock.now(), Time::EPOCH + HOUR);
        clock.sleep(HOUR).await;
        assert_eq!(clock.now(), Time::EPOCH + HOUR + HOUR);
    }

    #[tokio::test(start_paused = true)]
    async fn background_is_no_work() {
        let clock = Clock::new(Time::EPOCH);
        let sleeper = clock.idle_until(Time::EPOCH + HOUR);
        tokio::pin!(sleeper);
        assert_eq!((&mut sleeper).now_or_never(), None);
        assert_eq!((clock.next_work(), clock.next_wake()), (None, Some(Time::EPOCH + HOUR)));
    }
}
