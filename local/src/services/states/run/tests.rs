//! The machine driven by hand: time, chance, answers and kills are the test's.

mod failures;
mod flow;
mod generated;
mod kills;
mod limits;
mod many;
mod patience;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::asl::{Machine, read};
use super::super::data::{Data, Failure};
use super::*;
use crate::kernel::{Random, Time};

/// When every play begins.
const START: Time = Time::from_millis(1_767_225_600_000);

/// One execution, and all that was seen of it.
struct Play {
    machine: Machine,
    about: About,
    run: Run,
    random: Random,
    now: Time,
    history: Vec<HistoryEvent>,
    /// Made and not answered.
    open: BTreeMap<(u64, u64), Call>,
    ended: Option<Ending>,
    more: bool,
    steps: usize,
}

/// What the services do with a call; `None` never answers.
type Answer = Option<Result<Value, Failure>>;

fn play(definition: &Value, input: Value) -> Play {
    let machine = read(&definition.to_string(), false).unwrap_or_else(|found| panic!("{found:?}"));
    let arn = "arn:aws:states:eu-west-1:123456789012:execution:m:e".to_owned();
    let about = About {
        arn,
        name: "e".to_owned(),
        machine_arn: "arn:aws:states:eu-west-1:123456789012:stateMachine:m".to_owned(),
        machine_name: "m".to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/r".to_owned(),
        region: "eu-west-1".to_owned(),
        input: Data::from(input),
        started: START,
        keeps_history: true,
    };
    let deadline = machine.timeout.map(|seconds| START + std::time::Duration::from_secs(seconds));
    let run = Run::new(&machine, &about, deadline);
    let (random, history, open) = (Random::seeded(1), Vec::new(), BTreeMap::new());
    Play { machine, about, run, random, now: START, history, open, ended: None, more: false, steps: 0 }
}

/// A machine of JSONata of these states, the first of which is `a`.
fn jsonata(states: Value) -> Value {
    json!({ "QueryLanguage": "JSONata", "StartAt": "a", "States": states })
}

fn json_path(states: Value) -> Value {
    json!({ "StartAt": "a", "States": states })
}

/// A Task that invokes the function `name` with its input, with further fields.
fn task(name: &str, more: Value) -> Value {
    let mut task = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": { "FunctionName": name, "Payload": "{% $states.input %}" },
    });
    task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    task
}

fn failed(name: &str) -> Answer {
    Some(Err(Failure::new(name, "because")))
}

/// The function that a call invokes, and with what.
fn invoked(call: &Call) -> (&str, &Value) {
    (call.arguments["FunctionName"].as_str().unwrap(), &call.arguments["Payload"])
}

impl Play {
    fn express(mut self) -> Self {
        self.about.keeps_history = false;
        self
    }

    /// Lets an event happen; gives whether it was waited for.
    fn step(&mut self, event: Event) -> bool {
        self.steps += 1;
        let out = advance(&self.machine, &self.about, &mut self.run, event, self.now, &self.random);
        self.history.extend(out.events);
        self.open.extend(out.calls.into_iter().map(|call| ((call.thread, call.task), call)));
        self.more = out.more;
        self.ended = out.ended;
        out.heard
    }

    fn answer(&mut self, call: &Call, result: Result<Value, Failure>) -> bool {
        self.open.remove(&(call.thread, call.task));
        self.step(Event::Answer { thread: call.thread, task: call.task, result })
    }

    /// The only call that is open.
    fn call(&self) -> Call {
        assert_eq!(self.open.len(), 1, "{:?}", self.open);
        self.open.values().next().unwrap().clone()
    }

    /// As if the engine was killed here and started again: nothing is left but what is written down.
    fn restart(&mut self) {
        let written = serde_json::to_string(&self.run).unwrap();
        let threads: Vec<(u64, String)> =
            self.run.threads.iter().map(|(id, thread)| (*id, serde_json::to_string(thread).unwrap())).collect();
        self.about = serde_json::from_str(&serde_json::to_string(&self.about).unwrap()).unwrap();
        self.run = serde_json::from_str(&written).unwrap();
        for (id, thread) in threads {
            self.run.restore(id, serde_json::from_str(&thread).unwrap());
        }
        let open = self.run.open_calls(&self.machine);
        self.open = open.into_iter().map(|call| ((call.thread, call.task), call)).collect();
    }

    /// Goes to the next moment at which something happens by itself.
    fn skip(&mut self) {
        let next = self.run.next_work().into_iter().chain(self.run.next_deadline()).min();
        self.now = self.now.max(next.expect("an execution that has not ended waits for something"));
        self.step(Event::Tick);
    }

    /// Goes on until it ends, with the services answering so; killed and started again before the steps that
    /// `kill` names.
    fn go(&mut self, kill: impl Fn(usize) -> bool, mut services: impl FnMut(&Call) -> Answer) -> Ending {
        self.step(Event::Tick);
        let mut silent = std::collections::BTreeSet::new();
        let mut restarted = false;
        loop {
            if let Some(ending) = self.ended.take() {
                return ending;
            }
            restarted = !restarted && kill(self.steps);
            if restarted {
                self.restart();
                self.step(Event::Tick);
                continue;
            }
            let call = self.open.values().find(|call| !silent.contains(&call.task)).cloned();
            match call {
                Some(call) => match services(&call) {
                    Some(result) => drop(self.answer(&call, result)),
                    None => drop(silent.insert(call.task)),
                },
                None if self.more => drop(self.step(Event::Tick)),
                None => self.skip(),
            }
        }
    }

    fn end(&mut self, services: impl FnMut(&Call) -> Answer) -> Ending {
        self.go(|_| false, services)
    }

    /// Its output, without any call answered but by `services`.
    fn output(&mut self, services: impl FnMut(&Call) -> Answer) -> Value {
        match self.end(services) {
            Ending::Succeeded(output) => output.into_value(),
            other => panic!("{other:?}"),
        }
    }

    fn failure(&mut self, services: impl FnMut(&Call) -> Answer) -> Failure {
        match self.end(services) {
            Ending::Failed(failure) => failure,
            other => panic!("{other:?}"),
        }
    }

    /// The types of the history's events.
    fn types(&self) -> Vec<String> {
        self.rendered().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    }

    fn rendered(&self) -> Vec<Value> {
        self.history.iter().zip(1..).map(|(event, id)| event.render(id, false)).collect()
    }

    /// The names of the states in the order in which they were entered.
    fn entered(&self) -> Vec<String> {
        let name = |event: &HistoryEvent| match &event.details {
            Details::Entered { name, .. } => Some(name.clone()),
            _ => None,
        };
        self.history.iter().filter_map(name).collect()
    }

    /// How long after the start it is.
    fn seconds(&self) -> f64 {
        self.now.since(START).as_secs_f64()
    }
}

/// Nothing is called.
fn nothing(call: &Call) -> Answer {
    panic!("{call:?}")
}
