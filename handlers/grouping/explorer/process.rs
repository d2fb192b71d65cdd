//! A process: an invocation of a handler, on its way through one message.
//!
//! A step of the protocol cannot be copied while it waits, but it can be run again from its start over
//! the answers that it had. So a process is these answers.

use grouping::store::{Attribute, Item, Value, evaluate};
use grouping::{Answer, Ask, Fault, Id, Key, Message, Next, Run, Step};

use crate::hashed::Hashed;
use crate::history::Broken;
use crate::scenario::Scenario;
use crate::world::{Waiting, World, number};

/// An invocation on its way through a message.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Process {
    /// What it took.
    pub(crate) message: Waiting,
    /// When: the only time that it knows.
    pub(crate) now: u64,
    /// With which options.
    deployed: bool,
    /// The step that it is in, and the answers that it had there.
    pub(crate) step: Step,
    answers: Vec<Answer>,
    /// Of a read of several items: those that it has.
    reading: Vec<Option<Hashed<Item>>>,
    /// What it asks; follows from the above.
    pub(crate) ask: Ask,
}

/// What a process has from its beginning.
struct Begun {
    message: Waiting,
    now: u64,
    deployed: bool,
}

impl Process {
    /// Whether a lost answer to what it asks makes a difference. Of what was given to a destination nobody knows
    /// whether it came: there is no repetition where it is sent once.
    pub(crate) fn has_effect(&self, scenario: &Scenario) -> bool {
        match self.ask {
            Ask::Read(_) | Ask::Find { .. } | Ask::Judge(_) => false,
            Ask::Deliver(_) => !scenario.sends_once,
            Ask::Write(_) | Ask::Send(_) => true,
        }
    }
}

impl World {
    /// The message comes again.
    pub(crate) fn give_back(&mut self, message: &Waiting) {
        let owner = |step: &Step| match step {
            // The next try is another owner.
            Step::Deliver { out, .. } => Step::Deliver { out: out.clone(), owner: Id([0; 16]) },
            step => step.clone(),
        };
        if !matches!(message.step, Step::Sweep { .. }) {
            self.put(Waiting { step: owner(&message.step), at: message.at });
        }
    }

    fn put(&mut self, waiting: Waiting) {
        *self.queue.entry(Hashed::new(waiting)).or_insert(0) += 1;
    }

    /// A process takes a message.
    pub(crate) fn begin(&mut self, message: Waiting, scenario: &Scenario) -> Result<(), Broken> {
        let step = match &message.step {
            Step::Deliver { out, .. } => Step::Deliver { out: out.clone(), owner: self.new_owner() },
            step => step.clone(),
        };
        if let Step::Accept(accept) = &step {
            let number = scenario.events.iter().take_while(|event| **event != accept.event).count() + 1;
            if scenario.alike && self.history.begun < number {
                self.history.with(|history| history.begun = number);
            }
        }
        let message = Waiting { step: step.clone(), at: message.at };
        self.go_on(Begun { message, now: self.now, deployed: self.deployed }, step, Vec::new(), scenario)
    }

    /// An owner that nobody is and no item knows.
    fn new_owner(&self) -> Id {
        let known = |owner: &Id| {
            let stored = |item: &Hashed<Item>| item.get(&Attribute::Owner) == Some(&Value::Id(*owner));
            self.items.values().any(stored)
                || self.processes.iter().any(
                    |process| matches!(&process.message.step, Step::Deliver { owner: other, .. } if other == owner),
                )
        };
        (1..=u8::MAX).map(|number| Id([number; 16])).find(|owner| !known(owner)).expect("few owners")
    }

    /// Answers what a process asks, and lets it come to its next question.
    pub(crate) fn step(&mut self, process: &Process, scenario: &Scenario) -> Result<(), Broken> {
        if let Ask::Read(keys) = &process.ask {
            // Several items are read one after the other.
            let mut reading = process.reading.clone();
            reading.extend(keys.get(reading.len()).map(|key| self.items.get(key).cloned()));
            if reading.len() < keys.len() {
                self.processes.push(Hashed::new(Process { reading, ..process.clone() }));
                return Ok(());
            }
            let items = reading.into_iter().map(|item| item.map(|item| Item::clone(&item))).collect();
            return self.answer(process, Answer::Items(items), scenario);
        }
        let answer = self.perform(process, scenario)?;
        self.answer(process, answer, scenario)
    }

    fn answer(&mut self, process: &Process, answer: Answer, scenario: &Scenario) -> Result<(), Broken> {
        let answers = process.answers.iter().cloned().chain([answer]).collect();
        let begun = Begun { message: process.message.clone(), now: process.now, deployed: process.deployed };
        self.go_on(begun, process.step.clone(), answers, scenario)
    }

    /// Runs a step from its start over the answers that it had.
    fn go_on(&mut self, begun: Begun, step: Step, answers: Vec<Answer>, scenario: &Scenario) -> Result<(), Broken> {
        let Begun { message, now, deployed } = begun;
        let config = scenario.deploys.as_ref().filter(|_| deployed).unwrap_or(&scenario.config);
        let (mut run, mut next) = Run::start(step, now, config);
        for answer in &answers {
            next = run.answer(answer.clone());
        }
        match next {
            Next::Ask(ask) => {
                let answers = if run.answered() == 0 { Vec::new() } else { answers };
                let step = run.step().clone();
                let process = Process { message, now, deployed, step, answers, reading: Vec::new(), ask };
                self.processes.push(Hashed::new(process));
                Ok(())
            }
            Next::End(Ok(())) => self.acknowledged(&message.step, now, scenario),
            Next::End(Err(Fault::Busy)) => {
                self.give_back(&message);
                Ok(())
            }
            Next::End(Err(fault)) => Err(Broken::new("fault", format!("{fault}"))),
        }
    }

    /// Does what a process asks.
    pub(crate) fn perform(&mut self, process: &Process, scenario: &Scenario) -> Result<Answer, Broken> {
        match &process.ask {
            Ask::Read(keys) => {
                let items = keys.iter().map(|key| self.items.get(key).map(|item| Item::clone(item)));
                Ok(Answer::Items(items.collect()))
            }
            Ask::Write(write) => {
                let before = self.items.get(&write.key).cloned();
                let Some(after) = evaluate::write(before.as_deref(), write) else {
                    return Ok(Answer::Refused(before.map(|item| Item::clone(&item))));
                };
                self.items.insert(write.key.clone(), Hashed::new(after.clone()));
                self.written(&write.key, before.as_deref(), &after, process.now, scenario)?;
                Ok(Answer::Applied(after))
            }
            Ask::Send(message) => {
                self.sent(message)?;
                match message {
                    Message::Later(out, at) => {
                        let step = Step::Deliver { out: out.clone(), owner: Id([0; 16]) };
                        self.put(Waiting { step, at: *at });
                    }
                    Message::Timer(timer) => self.put(Waiting { step: Step::Timer(timer.clone()), at: timer.at }),
                    Message::Out(out) if scenario.deliver => {
                        let step = Step::Deliver { out: out.clone(), owner: Id([0; 16]) };
                        self.put(Waiting { step, at: self.now });
                    }
                    Message::Out(_) => {}
                }
                Ok(Answer::Done)
            }
            Ask::Deliver(outgoing) => {
                self.delivered(outgoing, scenario)?;
                Ok(Answer::Done)
            }
            // The condition holds of whoever is asked after the moment that is called a deployment here.
            Ask::Judge(members) => {
                let out = members.iter().map(|(event, _)| *event).filter(|_| self.deployed);
                Ok(Answer::Judged(out.collect()))
            }
            Ask::Find { until, .. } => {
                let due = |item: &Hashed<Item>| number(item, Attribute::SweepAt).is_some_and(|at| at <= *until);
                let heads = self.items.iter().filter(|(_, item)| due(item)).filter_map(|(key, _)| match key {
                    Key::Head(name) => Some(name.clone()),
                    _ => None,
                });
                Ok(Answer::Found(heads.collect()))
            }
        }
    }
}
