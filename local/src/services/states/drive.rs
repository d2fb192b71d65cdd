//! The thin part around a run: feeds it events, makes its calls, wakes it at its times.

use std::rc::Rc;

use serde_json::json;

use super::States;
use super::data::Failure;
use super::record::{Execution, Status};
use super::run::{Call, Event, advance};
use crate::kernel::{Outcome, Time};

impl States {
    /// Lets an event happen to an execution; gives whether it was waited for.
    pub(super) fn feed(self: &Rc<Self>, execution: &Rc<Execution>, event: Event) -> bool {
        let mut out = {
            let mut progress = execution.progress.borrow_mut();
            if progress.status != Status::Running {
                return false;
            }
            let (now, random) = (self.world.clock.now(), &self.world.random);
            let about = &execution.begun.about;
            let mut out = advance(&execution.revision.machine, about, &mut progress.run, event, now, random);
            if let Some(ending) = out.ended.take() {
                progress.end(ending, now);
            }
            out
        };
        self.write(execution, &out);
        execution.history.borrow_mut().append(&mut out.events);
        for call in out.calls {
            self.spawn_call(execution, call, false);
        }
        if out.more {
            self.spawn_turn(execution);
        }
        execution.changed.notify_one();
        execution.moved.notify_waiters();
        if execution.status() == Status::Running {
            if self.is_deleting(execution) {
                // A machine that is being deleted makes no further transition.
                return self.feed(execution, Event::Stop(Failure::told(None, None))) || out.heard;
            }
        } else {
            self.ended(execution);
        }
        out.heard
    }

    /// Begins an execution, and what wakes it.
    pub(super) fn begin(self: &Rc<Self>, execution: &Rc<Execution>) {
        self.feed(execution, Event::Tick);
        self.spawn_timer(execution);
    }

    /// Goes on with an execution after the engine was started again.
    pub(super) fn resume(self: &Rc<Self>, execution: &Rc<Execution>) {
        let calls = execution.progress.borrow().run.open_calls(&execution.revision.machine);
        for call in calls {
            self.spawn_call(execution, call, true);
        }
        self.spawn_turn(execution);
        self.spawn_timer(execution);
    }

    fn spawn_turn(self: &Rc<Self>, execution: &Rc<Execution>) {
        let (states, execution, busy) = (Rc::clone(self), Rc::clone(execution), self.world.activity.begin());
        tokio::task::spawn_local(async move {
            tokio::task::yield_now().await;
            states.feed(&execution, Event::Tick);
            drop(busy);
        });
    }

    fn spawn_timer(self: &Rc<Self>, execution: &Rc<Execution>) {
        if execution.status() != Status::Running {
            return;
        }
        let (states, execution) = (Rc::clone(self), Rc::clone(execution));
        tokio::task::spawn_local(async move {
            while execution.status() == Status::Running {
                let (work, deadline) = {
                    let progress = execution.progress.borrow();
                    (progress.run.next_work(), progress.run.next_deadline())
                };
                let clock = &states.world.clock;
                tokio::select! {
                    biased;
                    () = execution.changed.notified() => continue,
                    () = at(work, |time| clock.sleep_until(time)) => {}
                    () = at(deadline, |time| clock.idle_until(time)) => {}
                }
                states.feed(&execution, Event::Tick);
                if !states.kept(&execution).await {
                    return;
                }
            }
        });
    }

    fn spawn_call(self: &Rc<Self>, execution: &Rc<Execution>, call: Call, again: bool) {
        let (states, execution, busy) = (Rc::clone(self), Rc::clone(execution), self.world.activity.begin());
        tokio::task::spawn_local(async move {
            // That the call is made is on disk before it is made.
            if !states.kept(&execution).await {
                return;
            }
            // From here on the bus says how long there is work: waiting for another execution is none.
            drop(busy);
            let result = states.task(&execution, &call, again).await;
            states.feed(&execution, Event::Answer { thread: call.thread, task: call.task, result });
            // A call whose answer is on disk is not made again.
            states.kept(&execution).await;
        });
    }

    /// Waits until what happened to an execution is on disk. If that fails, the engine is at its end.
    async fn kept(&self, execution: &Execution) -> bool {
        !execution.durable || self.world.store.durable().await.is_ok()
    }

    /// An execution has ended.
    fn ended(&self, execution: &Rc<Execution>) {
        execution.ended.notify_waiters();
        let about = &execution.begun.about;
        let (status, stopped, failure) = {
            let progress = execution.progress.borrow();
            (progress.status, progress.stopped, progress.failure.clone())
        };
        let (what, outcome) = match status {
            Status::Succeeded => ("succeeded", Outcome::Done),
            Status::Aborted => ("stopped", Outcome::Failed),
            Status::TimedOut => ("timed_out", Outcome::Failed),
            Status::Failed | Status::Running => ("failed", Outcome::Failed),
        };
        self.world.log.tell(super::NAME, &about.machine_name, what, outcome, || {
            let failure = failure.unwrap_or(Failure::told(None, None));
            let millis = stopped.unwrap_or(about.started).since(about.started).as_millis();
            json!({ "execution": about.name, "error": failure.error, "cause": failure.cause, "ms": millis })
        });
        if about.keeps_history {
            let stopped = stopped.unwrap_or(about.started);
            self.executions.borrow_mut().ended.push_back((stopped, about.arn.clone()));
        } else {
            self.unknow(execution);
        }
        self.finish_deletion(execution);
    }
}

/// Sleeps until a moment; for ever, if there is none.
async fn at<F: Future<Output = ()>>(moment: Option<Time>, sleep: impl FnOnce(Time) -> F) {
    match moment {
        Some(moment) => sleep(moment).await,
        None => std::future::pending().await,
    }
}
