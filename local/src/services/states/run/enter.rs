//! Entering a state and doing what it is there for, as far as it goes at once.

use std::time::Duration;

use serde_json::Value;

use super::super::asl::{Choice, Kind, Pattern, Resource, State, Task, Until};
use super::super::data::{Data, Failure, within_limit};
use super::super::query::{Language, Template, timestamp};
use super::super::token;
use super::sight::{Beside, put, wrong};
use super::step::{LOST, Step, limited};
use super::{Call, Details, Stage, Thread, Work};
use crate::kernel::Time;

impl Step<'_> {
    /// Enters the state that a thread is at.
    pub(super) fn enter(&mut self, id: u64) {
        let now = self.now;
        self.change(id, |thread| {
            thread.entered = now;
            thread.retries.clear();
            thread.stage = Stage::Entered;
        });
        let Some((thread, state)) = self.at(id) else {
            self.fail_all(Failure::runtime(LOST));
            return;
        };
        let (kind, name) = (state.kind.name().to_owned(), thread.state.clone());
        self.tell(id, Details::Entered { kind, name, input: thread.input });
        self.perform(id);
    }

    /// Does what the state is there for; once more, after a failure.
    pub(super) fn perform(&mut self, id: u64) {
        let Some((thread, state)) = self.at(id) else { return };
        let done = match &state.kind {
            Kind::Pass { result } => self.pass(&thread, state, result.as_ref()).map(Some),
            Kind::Succeed => self.select(&thread, &state.flow.input, &thread.input).map(Some),
            Kind::Choice { choices, default } => {
                self.choose(id, &thread, state, choices, default.as_deref()).map(|()| None)
            }
            Kind::Wait(until) => self.wait(id, &thread, state, until).map(|()| None),
            Kind::Task(task) => self.schedule(id, &thread, state, task).map(|()| None),
            Kind::Parallel(branches) => self.split(id, &thread, state, branches.len()).map(|()| None),
            Kind::Map(map) => self.map(id, &thread, state, map).map(|()| None),
            Kind::Fail { error, cause } => Err(self.failure(&thread, error.as_ref(), cause.as_ref())),
        };
        match done {
            Ok(Some(result)) => self.finish(id, &result),
            Ok(None) => {}
            Err(failure) => self.fail(id, failure),
        }
    }

    fn pass(&self, thread: &Thread, state: &State, result: Option<&Value>) -> Result<Data, Failure> {
        let arguments = self.arguments(thread, &state.flow, None)?;
        Ok(result.map_or(arguments, |result| Data::from(result.clone())))
    }

    fn failure(&self, thread: &Thread, error: Option<&Template>, cause: Option<&Template>) -> Failure {
        let text = |template: Option<&Template>, field: &str| -> Result<Option<String>, Failure> {
            let Some(template) = template else { return Ok(None) };
            let value = self.see(thread, &thread.input, Beside::default(), |sight| template.evaluate(sight, field))?;
            match value {
                Value::String(text) => Ok(Some(text)),
                other => Err(wrong(template, &format!("The value of the field '{field}' is no text: {other}"))),
            }
        };
        match (text(error, "Error"), text(cause, "Cause")) {
            (Ok(error), Ok(cause)) => Failure::told(error, cause),
            (Err(failure), _) | (_, Err(failure)) => failure,
        }
    }

    fn choose(
        &mut self,
        id: u64,
        thread: &Thread,
        state: &State,
        choices: &[Choice],
        default: Option<&str>,
    ) -> Result<(), Failure> {
        let input = self.select(thread, &state.flow.input, &thread.input)?;
        let chosen = self.see(thread, &input, Beside::default(), |sight| {
            for choice in choices {
                if choice.rule.holds(sight)? {
                    return Ok(Some(choice));
                }
            }
            Ok(None)
        })?;
        let (next, flow, assign) = match (chosen, default) {
            (Some(choice), _) => {
                let mut flow = state.flow.clone();
                // A rule's own output is instead of the state's.
                flow.template = choice.output.clone().or(flow.template);
                (choice.next.clone(), flow, choice.assign.as_ref())
            }
            (None, Some(default)) => (default.to_owned(), state.flow.clone(), state.assign.as_ref()),
            (None, None) => {
                let cause = format!("No choice matched in the state '{}', and it has no Default.", thread.state);
                return Err(Failure::new("States.NoChoiceMatched", cause));
            }
        };
        let (output, assigned) = self.output(thread, &flow, assign, (&input, false))?;
        let (output, assigned) = limited(thread, output, assigned)?;
        self.leave(id, Some(next), output, assigned);
        Ok(())
    }

    fn wait(&mut self, id: u64, thread: &Thread, state: &State, until: &Until) -> Result<(), Failure> {
        let input = self.select(thread, &state.flow.input, &thread.input)?;
        let until = match until {
            Until::Seconds(seconds) => {
                let seconds = self.whole(thread, Some(seconds), &input, "Seconds")?.unwrap_or_default();
                self.now + Duration::from_secs(seconds)
            }
            Until::Timestamp(template) => {
                let field = "Timestamp";
                let value = self.see(thread, &input, Beside::default(), |sight| template.evaluate(sight, field))?;
                let moment = value.as_str().and_then(timestamp);
                let moment = moment.ok_or_else(|| wrong(template, &format!("{value} is no timestamp of RFC 3339")))?;
                Time::from_millis(moment.as_millisecond())
            }
        };
        self.change(id, |thread| thread.stage = Stage::Waiting { until });
        if until <= self.now {
            self.waited(id);
        }
        Ok(())
    }

    /// A Wait is over.
    pub(super) fn waited(&mut self, id: u64) {
        let Some((thread, state)) = self.at(id) else { return };
        match self.select(&thread, &state.flow.input, &thread.input) {
            Ok(input) => self.finish(id, &input),
            Err(failure) => self.fail(id, failure),
        }
    }

    /// Calls what a Task calls.
    fn schedule(&mut self, id: u64, thread: &Thread, state: &State, task: &Task) -> Result<(), Failure> {
        self.run.next_task += 1;
        let number = self.run.next_task;
        let waits = task.resource.pattern() == Pattern::Token;
        let token = waits.then(|| token::make(&self.about.arn, id, self.random));
        let arguments = self.arguments(thread, &state.flow, token.as_deref())?;
        within_limit(&arguments, &format!("The state '{}'", thread.state))?;
        let input = self.select(thread, &state.flow.input, &thread.input)?;
        let timeout = self.seconds(thread, task.timeout.as_ref(), &input, "TimeoutSeconds")?;
        let heartbeat = self.seconds(thread, task.heartbeat.as_ref(), &input, "HeartbeatSeconds")?;
        let (now, after) = (self.now, |seconds: u64| Duration::from_secs(seconds));
        let work = Work {
            task: number,
            arguments: arguments.clone(),
            token,
            deadline: timeout.map(|seconds| now + after(seconds)),
            heartbeat: heartbeat.map(|seconds| i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX)),
            heartbeat_due: heartbeat.map(|seconds| now + after(seconds)),
            timeouts: (timeout, heartbeat),
            submitted: false,
        };
        match &task.resource {
            Resource::Function(resource) => {
                let (resource, input) = (resource.clone(), arguments.clone());
                self.tell(id, Details::FunctionScheduled { resource, input, timeout });
                self.tell(id, Details::FunctionStarted);
            }
            Resource::Action { .. } => {
                let names = task.resource.names();
                let (parameters, region) = (arguments.clone(), self.about.region.clone());
                let timeouts = work.timeouts;
                self.tell(id, Details::TaskScheduled { task: names.clone(), region, parameters, timeouts });
                self.tell(id, Details::TaskStarted { task: names });
            }
        }
        self.change(id, |thread| thread.stage = Stage::Working(work));
        self.out.calls.push(Call { thread: id, task: number, resource: task.resource.clone(), arguments });
        Ok(())
    }

    /// A call was answered; for some tasks that is only the beginning.
    pub(super) fn answered(&mut self, id: u64, result: Result<Value, Failure>) {
        let Some((thread, state)) = self.at(id) else { return };
        let (Kind::Task(task), Stage::Working(_)) = (&state.kind, &thread.stage) else { return };
        match (task.resource.pattern(), result) {
            (Pattern::Token, Ok(output)) => {
                self.tell(id, Details::TaskSubmitted { task: task.resource.names(), output: Data::from(output) });
                self.change(id, |thread| {
                    if let Stage::Working(work) = &mut thread.stage {
                        work.submitted = true;
                    }
                });
            }
            (_, result) => self.task_ended(id, result),
        }
    }

    /// A task came to its end.
    pub(super) fn task_ended(&mut self, id: u64, result: Result<Value, Failure>) {
        let Some((_, state)) = self.at(id) else { return };
        let Kind::Task(task) = &state.kind else { return };
        let function = matches!(task.resource, Resource::Function(_));
        let names = task.resource.names();
        let whose = format!("The state/task '{}'", if function { &names.1 } else { &names.0 });
        let result = result.and_then(|value| within_limit(&value, &whose).map(|()| Data::from(value)));
        let details = match result.clone() {
            Ok(output) if function => Details::FunctionSucceeded { output },
            Ok(output) => Details::TaskSucceeded { task: names, output },
            Err(failure) if function => Details::FunctionFailed(failure),
            Err(failure) => Details::TaskFailed { task: names, failure },
        };
        self.tell(id, details);
        match result {
            Ok(result) => self.finish(id, &result),
            Err(failure) => self.fail(id, failure),
        }
    }

    pub(super) fn heartbeat(&mut self, id: u64) {
        let now = self.now;
        self.change(id, |thread| {
            if let Stage::Working(work) = &mut thread.stage {
                let every = work.heartbeat.map(|every| Duration::from_millis(every.unsigned_abs()));
                work.heartbeat_due = every.map(|every| now + every);
            }
        });
    }

    /// A task took too long, or gave no sign of life for too long.
    pub(super) fn out_of_patience(&mut self, id: u64) {
        let Some((thread, state)) = self.at(id) else { return };
        let (Kind::Task(task), Stage::Working(work)) = (&state.kind, &thread.stage) else { return };
        let late = work.deadline.is_some_and(|deadline| deadline <= self.now);
        let failure = Failure::timeout(!late);
        let details = match &task.resource {
            Resource::Function(_) => Details::FunctionTimedOut(failure.clone()),
            Resource::Action { .. } => Details::TaskTimedOut { task: task.resource.names(), failure: failure.clone() },
        };
        self.tell(id, details);
        self.fail(id, failure);
    }

    /// What a failure leaves for the state that catches it.
    pub(super) fn caught(
        &self,
        thread: &Thread,
        state: &State,
        catch: &super::super::asl::Catch,
        failure: &Failure,
    ) -> Result<(Data, Option<Data>), Failure> {
        let error = failure.output();
        let (output, assigned) = match state.flow.language {
            Language::Jsonata => {
                let beside = Beside { error: Some(&error), ..Beside::default() };
                self.see(thread, &thread.input, beside, |sight| {
                    let output =
                        catch.output.as_ref().map(|output| output.evaluate(sight, "Catch/Output")).transpose()?;
                    let assigned =
                        catch.assign.as_ref().map(|assign| assign.evaluate(sight, "Catch/Assign")).transpose()?;
                    Ok::<_, Failure>((output, assigned))
                })?
            }
            Language::JsonPath => {
                let assigned = catch.assign.as_ref().map(|assign| {
                    self.see(thread, &error, Beside::default(), |sight| assign.evaluate(sight, "Catch/Assign"))
                });
                (None, assigned.transpose()?)
            }
        };
        let output = match output {
            Some(output) => Data::from(output),
            None => put(&catch.place, &thread.input, Data::from(error))?,
        };
        limited(thread, output, assigned.map(Data::from))
    }
}
