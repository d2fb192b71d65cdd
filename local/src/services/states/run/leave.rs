//! Leaving a state, well or not: the next one, another try, a catch, or the end of the scope.

use std::time::Duration;

use super::super::asl::{Retry, State};
use super::super::data::{Data, Failure};
use super::step::Step;
use super::{Details, Ending, Stage, Thread};

impl Step<'_> {
    /// Leaves a state with its output.
    pub(super) fn leave(&mut self, id: u64, next: Option<String>, output: Data, assigned: Option<Data>) {
        let Some((thread, state)) = self.at(id) else { return };
        let (kind, name) = (state.kind.name().to_owned(), thread.state);
        self.tell(id, Details::Exited { kind, name, output: output.clone(), assigned: assigned.clone() });
        let Some(next) = next else {
            self.scope_ended(id, output);
            return;
        };
        self.change(id, |thread| {
            if let Some(assigned) = &assigned {
                thread.assign(assigned);
            }
            thread.state = next;
            thread.input = output;
            thread.stage = Stage::Ready;
        });
    }

    fn scope_ended(&mut self, id: u64, output: Data) {
        match self.run.threads.get(&id).and_then(|thread| thread.parent) {
            Some((parent, index)) => self.child_ended(parent, id, index, output),
            None => {
                let details = Details::ExecutionSucceeded { output: output.clone() };
                self.end(Ending::Succeeded(output), details);
            }
        }
    }

    /// A state failed by itself.
    pub(super) fn fail(&mut self, id: u64, failure: Failure) {
        if self.out.ended.is_some() {
            return;
        }
        self.tell_evaluation(id, &failure);
        self.failed(id, &failure);
    }

    fn tell_evaluation(&mut self, id: u64, failure: &Failure) {
        if failure.name() == "States.QueryEvaluationError"
            && let Some((Thread { state, .. }, _)) = self.at(id)
        {
            self.tell(id, Details::EvaluationFailed { state, failure: failure.clone() });
        }
    }

    /// A state failed, by itself or through a state within it: it is tried again, or the failure is caught,
    /// or its scope fails.
    pub(super) fn failed(&mut self, id: u64, failure: &Failure) {
        let Some((thread, state)) = self.at(id) else { return };
        if self.tried_again(id, &thread, state, failure) {
            return;
        }
        let Some(catch) = state.catch.iter().find(|catch| failure.is_among(&catch.errors)) else {
            self.scope_failed(id, failure);
            return;
        };
        match self.caught(&thread, state, catch, failure) {
            Ok((output, assigned)) => self.leave(id, Some(catch.next.clone()), output, assigned),
            Err(failure) => {
                self.tell_evaluation(id, &failure);
                self.scope_failed(id, &failure);
            }
        }
    }

    fn tried_again(&mut self, id: u64, thread: &Thread, state: &State, failure: &Failure) -> bool {
        let found = state.retry.iter().enumerate().find(|(_, retry)| failure.is_among(&retry.errors));
        let Some((index, retry)) = found else { return false };
        let tried = thread.retries.get(&index).copied().unwrap_or(0);
        if tried >= retry.attempts {
            return false;
        }
        let until = self.now + self.delay(retry, tried);
        self.change(id, |thread| {
            thread.retries.insert(index, tried + 1);
            thread.stage = Stage::Retrying { until };
        });
        true
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "seconds below 10^8 times a rate; what is beyond any number is cut to a year's wait"
    )]
    fn delay(&self, retry: &Retry, tried: u64) -> Duration {
        let longest = retry.max_delay.unwrap_or(31_622_400) as f64;
        let seconds = (retry.interval as f64 * retry.backoff.powf(tried as f64)).min(longest);
        let share = if retry.jitter { self.random.fraction() } else { 1.0 };
        Duration::from_millis((seconds * share * 1000.0) as u64)
    }

    fn scope_failed(&mut self, id: u64, failure: &Failure) {
        match self.run.threads.get(&id).and_then(|thread| thread.parent) {
            Some((parent, index)) => self.child_failed(parent, id, index, failure),
            None => self.fail_all(failure.clone()),
        }
    }
}
