//! The clock: which schedules are due, and what was missed.
//!
//! In: the line of schedules by the moment at which they are due. Out: deliveries. Guaranteed: a due time
//! that has passed is delivered, however the clock got there; of one schedule no more than the newest
//! [`MISSED`] at once.

use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Scheduler;
use super::deliver::{Delivery, deliver};
use super::input::{Mode, Settings, State};
use super::schedules::Schedule;
use crate::kernel::{Outcome, Time};

/// How many due times of one schedule are made up for.
const MISSED: usize = 100;

/// A due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Due {
    /// As the expression says.
    pub(super) scheduled: Time,
    /// As the flexible window was drawn.
    pub(super) at: Time,
}

/// Who is due, in order.
#[derive(Debug, Default)]
pub(super) struct Line {
    once: BTreeSet<(Time, String)>,
    again: BTreeSet<(Time, String)>,
}

impl Line {
    /// Takes out the first that is due.
    fn pop(&mut self, now: Time) -> Option<String> {
        let lines = [&mut self.once, &mut self.again];
        let line = lines.into_iter().find(|line| line.first().is_some_and(|(at, _)| *at <= now))?;
        line.pop_first().map(|(_, key)| key)
    }
}

/// Waits for what is due as long as the engine runs.
pub(super) async fn run(scheduler: Rc<Scheduler>) {
    let clock = scheduler.world.clock.clone();
    loop {
        let changed = scheduler.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        scheduler.fire();
        let first = |line: &BTreeSet<(Time, String)>| line.first().map(|(at, _)| *at);
        let (once, again) = {
            let line = scheduler.line.borrow();
            (first(&line.once), first(&line.again))
        };
        tokio::select! {
            biased;
            () = changed => {}
            () = async {
                match once {
                    Some(at) => clock.sleep_until(at).await,
                    None => std::future::pending().await,
                }
            } => {}
            () = async {
                match again {
                    Some(at) => clock.idle_until(at).await,
                    None => std::future::pending().await,
                }
            } => {}
        }
    }
}

impl Scheduler {
    /// Puts all that were loaded into the line.
    pub(super) fn begin(&self) {
        let schedules = self.schedules.borrow().clone();
        for (key, schedule) in &schedules {
            self.enter(key, schedule);
        }
    }

    /// A due time with its place in the flexible window; none while the schedule is disabled.
    pub(super) fn drawn(&self, settings: &Settings, scheduled: Option<Time>) -> Option<Due> {
        let scheduled = scheduled.filter(|_| settings.state == State::Enabled)?;
        let window = &settings.flexible_time_window;
        let late = match (window.mode, window.maximum_window_in_minutes) {
            (Mode::Flexible, Some(minutes)) => self.world.random.below(u64::from(minutes) * 60_000),
            _ => 0,
        };
        Some(Due { scheduled, at: scheduled + Duration::from_millis(late) })
    }

    pub(super) fn enter(&self, key: &str, schedule: &Schedule) {
        let Some(due) = schedule.due else { return };
        let mut line = self.line.borrow_mut();
        let is_once = schedule.settings.schedule_expression.starts_with("at(");
        let line = if is_once { &mut line.once } else { &mut line.again };
        line.insert((due.at, key.to_owned()));
        self.changed.notify_waiters();
    }

    pub(super) fn leave(&self, key: &str) {
        let due = self.schedules.borrow().get(key).and_then(|schedule| schedule.due);
        if let Some(due) = due {
            let place = (due.at, key.to_owned());
            let mut line = self.line.borrow_mut();
            line.once.remove(&place);
            line.again.remove(&place);
        }
    }

    /// Begins the delivery of all that is due.
    fn fire(self: &Rc<Self>) {
        let now = self.world.clock.now();
        loop {
            let next = self.line.borrow_mut().pop(now);
            let Some(key) = next else { return };
            let schedule = self.schedules.borrow().get(&key).cloned();
            if let Some(schedule) = schedule {
                self.fire_one(&key, &schedule, now);
            }
        }
    }

    fn fire_one(self: &Rc<Self>, key: &str, schedule: &Schedule, now: Time) {
        let rule = schedule.settings.rule(schedule.modified).ok();
        let (mut due, mut passed, mut skipped) = (schedule.due, VecDeque::new(), 0_u64);
        while let Some(this) = due
            && this.at <= now
        {
            passed.push_back(this.scheduled);
            if passed.len() > MISSED {
                passed.pop_front();
                skipped += 1;
            }
            let next = rule.as_ref().and_then(|rule| rule.after(this.scheduled));
            due = self.drawn(&schedule.settings, next);
        }
        self.put(key, Schedule { due, ..schedule.clone() });
        if skipped > 0 {
            self.tell(key, "skipped", Outcome::Failed, || json!({"due_times": skipped}));
        }
        let last = passed.len().saturating_sub(1);
        for (at, scheduled) in passed.into_iter().enumerate() {
            let delivery = Delivery {
                key: key.to_owned(),
                target: schedule.settings.target.clone(),
                scheduled,
                begun: now,
                next: now,
                attempts: 0,
                completes: (due.is_none() && at == last).then_some(schedule.modified),
            };
            let execution = self.world.random.uuid();
            self.tables.deliveries.put(&execution, &delivery);
            // From its moment on it is work, though its task runs later.
            let busy = Some(self.world.activity.begin());
            tokio::task::spawn_local(deliver(Rc::clone(self), execution, delivery, busy));
        }
    }
}
