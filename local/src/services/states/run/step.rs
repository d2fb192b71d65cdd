//! The one function of a run: an event goes in, and all that follows from it is done.

use std::collections::VecDeque;
use std::mem;

use super::super::asl::{Kind, Machine, State};
use super::super::data::{Data, Failure, VARIABLES, size, within_limit};
use super::{
    About, Call, Details, EVENTS, EXPRESS_EVENTS, Ending, Event, HistoryEvent, Out, Run, Stage, Thread, Work, state,
};
use crate::kernel::{Random, Time};

/// How many states one step enters at most before others have their turn.
const TURN: usize = 500;

/// Why an execution ends whose definition is another than the one it began with.
pub(super) const LOST: &str = "the definition does not have the state that the execution is in";

/// One step of a run, with all that it needs.
pub(super) struct Step<'a> {
    pub(super) machine: &'a Machine,
    pub(super) about: &'a About,
    pub(super) run: &'a mut Run,
    pub(super) now: Time,
    pub(super) random: &'a Random,
    pub(super) ready: VecDeque<u64>,
    /// There is no room for a further event but that of the end.
    pub(super) full: bool,
    pub(super) out: Out,
}

/// Lets an event happen to a run.
pub(in super::super) fn advance(
    machine: &Machine,
    about: &About,
    run: &mut Run,
    event: Event,
    now: Time,
    random: &Random,
) -> Out {
    let mut step = Step { machine, about, run, now, random, ready: VecDeque::new(), full: false, out: Out::default() };
    if step.run.events == 0 {
        step.record(0, Details::ExecutionStarted { input: about.input.clone(), role: about.role_arn.clone() });
        step.out.changed.insert(0);
    }
    step.happen(event);
    step.go_on();
    let Step { run, mut out, .. } = step;
    // A branch may have failed in the same step in which another one's call was to be made.
    out.calls.retain(|call| run.awaits(call));
    out
}

impl Run {
    fn work(&self, thread: u64) -> Option<&Work> {
        match &self.threads.get(&thread)?.stage {
            Stage::Working(work) => Some(work),
            _ => None,
        }
    }

    /// Whether the answer to a call is still waited for.
    pub(in super::super) fn awaits(&self, call: &Call) -> bool {
        self.work(call.thread).is_some_and(|work| work.task == call.task)
    }
}

impl<'a> Step<'a> {
    fn happen(&mut self, event: Event) {
        match event {
            Event::Tick => self.tick(),
            Event::Answer { thread, task, result } => {
                if self.run.work(thread).is_some_and(|work| work.task == task && !work.submitted) {
                    self.out.heard = true;
                    self.answered(thread, result);
                }
            }
            Event::Token { thread, token, result } => {
                if self.run.work(thread).is_some_and(|work| work.token.as_ref() == Some(&token)) {
                    self.out.heard = true;
                    self.task_ended(thread, result);
                }
            }
            Event::Heartbeat { thread, token } => {
                if self.run.work(thread).is_some_and(|work| work.token.as_ref() == Some(&token)) {
                    self.out.heard = true;
                    self.heartbeat(thread);
                }
            }
            Event::Stop(failure) => {
                self.end(Ending::Aborted(failure.clone()), Details::ExecutionAborted(failure));
            }
        }
    }

    fn tick(&mut self) {
        let ready = |(id, thread): (&u64, &Thread)| matches!(thread.stage, Stage::Ready).then_some(*id);
        self.ready = self.run.threads.iter().filter_map(ready).collect();
        if self.run.deadline.is_some_and(|deadline| deadline <= self.now) {
            self.end(Ending::TimedOut, Details::ExecutionTimedOut);
            return;
        }
        while let Some(id) = self.next_due() {
            match self.at(id).map(|(thread, _)| thread.stage) {
                Some(Stage::Waiting { .. }) => {
                    self.change(id, |thread| thread.stage = Stage::Entered);
                    self.waited(id);
                }
                Some(Stage::Retrying { .. }) => {
                    self.change(id, |thread| thread.stage = Stage::Entered);
                    self.perform(id);
                }
                Some(Stage::Working(_)) => self.out_of_patience(id),
                _ => self.fail_all(Failure::runtime(LOST)),
            }
            if self.out.ended.is_some() {
                return;
            }
        }
    }

    fn next_due(&self) -> Option<u64> {
        let due = &self.run.due;
        let first = due.work.first().into_iter().chain(due.idle.first()).min()?;
        (first.0 <= self.now).then_some(first.1)
    }

    /// Enters what is ready until nothing is, or it is the others' turn.
    fn go_on(&mut self) {
        for _ in 0..TURN {
            self.end_if_full();
            if self.out.ended.is_some() {
                return;
            }
            let Some(id) = self.ready.pop_front() else { return };
            if self.run.threads.get(&id).is_some_and(|thread| matches!(thread.stage, Stage::Ready)) {
                self.enter(id);
            }
        }
        self.end_if_full();
        self.out.more = self.out.ended.is_none() && !self.ready.is_empty();
    }

    fn end_if_full(&mut self) {
        if self.full && self.about.keeps_history {
            let cause = format!("The execution reached the maximum number of history events ({EVENTS}).");
            self.fail_all(Failure::runtime(cause));
        } else if self.full {
            self.end(Ending::TimedOut, Details::ExecutionTimedOut);
        }
    }

    /// Ends the whole execution as failed.
    pub(super) fn fail_all(&mut self, failure: Failure) {
        self.end(Ending::Failed(failure.clone()), Details::ExecutionFailed(failure));
    }

    /// Ends the execution; nothing of it goes on.
    pub(super) fn end(&mut self, ending: Ending, details: Details) {
        if self.out.ended.is_some() {
            return;
        }
        // What comes from outside follows on no event.
        let last = match ending {
            Ending::Succeeded(_) | Ending::Failed(_) => self.run.threads.get(&0).map_or(0, |thread| thread.last),
            Ending::TimedOut | Ending::Aborted(_) => 0,
        };
        self.abort_below(0, false);
        self.record(last, details);
        self.out.changed.extend(mem::take(&mut self.run.threads).into_keys());
        self.run.due = super::Due::default();
        self.out.ended = Some(ending);
    }

    /// Writes an event down behind another one. The last place is kept for the end of the execution.
    pub(super) fn record(&mut self, previous: u64, details: Details) -> u64 {
        let most = if self.about.keeps_history { EVENTS } else { EXPRESS_EVENTS };
        if self.run.events + 1 >= most && !details.is_end() {
            self.full = true;
            return previous;
        }
        self.run.events += 1;
        if self.about.keeps_history {
            self.out.events.push(HistoryEvent { at: self.now, previous, details });
        }
        self.run.events
    }

    /// Writes an event of a thread down.
    pub(super) fn tell(&mut self, id: u64, details: Details) {
        let previous = self.run.threads.get(&id).map_or(0, |thread| thread.last);
        let last = self.record(previous, details);
        if let Some(thread) = self.run.threads.get_mut(&id) {
            thread.last = last;
        }
    }

    /// Changes a thread, and notes when it goes on by itself.
    pub(super) fn change(&mut self, id: u64, change: impl FnOnce(&mut Thread)) {
        if let Some(thread) = self.run.threads.get_mut(&id) {
            self.run.due.take(id, thread);
            change(thread);
            self.run.due.put(id, thread);
            if matches!(thread.stage, Stage::Ready) {
                self.ready.push_back(id);
            }
            self.out.changed.insert(id);
        }
    }

    /// Takes a thread out.
    pub(super) fn remove(&mut self, id: u64) -> Option<Thread> {
        let thread = self.run.threads.remove(&id)?;
        self.run.due.take(id, &thread);
        self.out.changed.insert(id);
        Some(thread)
    }

    /// A thread with the state that it is in.
    pub(super) fn at(&self, id: u64) -> Option<(Thread, &'a State)> {
        let thread = self.run.threads.get(&id)?;
        Some((thread.clone(), state(self.machine, thread)?))
    }

    /// A state came to its result.
    pub(super) fn finish(&mut self, id: u64, result: &Data) {
        let Some((thread, state)) = self.at(id) else { return };
        let works = matches!(state.kind, Kind::Task(_) | Kind::Parallel(_) | Kind::Map(_));
        let output = self.output(&thread, &state.flow, state.assign.as_ref(), (result, works));
        let next = match &state.next {
            super::super::asl::Next::State(next) => Some(next.clone()),
            super::super::asl::Next::End => None,
        };
        match output.and_then(|(output, assigned)| limited(&thread, output, assigned)) {
            Ok((output, assigned)) => self.leave(id, next, output, assigned),
            Err(failure) => self.fail(id, failure),
        }
    }
}

/// Refuses an output or variables that are too large to go on.
pub(super) fn limited(thread: &Thread, output: Data, assigned: Option<Data>) -> Result<(Data, Option<Data>), Failure> {
    let whose = format!("The state '{}'", thread.state);
    within_limit(&output, &whose)?;
    if let Some(assigned) = &assigned {
        within_limit(assigned, &whose)?;
        let mut after = thread.clone();
        after.assign(assigned);
        if size(&after.variables) > VARIABLES {
            let cause = format!("{whose} assigns variables that exceed the maximum number of bytes service limit.");
            return Err(Failure::new("States.DataLimitExceeded", cause));
        }
    }
    Ok((output, assigned))
}
