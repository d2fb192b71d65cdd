//! A world in which everything goes wrong that can: a table, queues, a clock, and processes that take
//! one step at a time.
//!
//! In: a world. Out: all that can happen in it next ([`World::actions`]), and the world after one of
//! these ([`World::after`]). A world is a value; two that are equal have the same future.

use std::collections::BTreeMap;
use std::sync::Arc;

use grouping::store::{Attribute, Item, Value, evaluate};
use grouping::{Answer, Ask, Config, Fault, Id, Key, Message, Next, Run, Step, Timer};

use crate::hashed::Hashed;
use crate::history::{Broken, History};
use crate::scenario::{Faults, Scenario};

/// One state of everything.
#[derive(Clone, Hash)]
pub(crate) struct World {
    /// Milliseconds since 1970.
    pub(crate) now: u64,
    /// The table.
    pub(crate) items: BTreeMap<Key, Hashed<Item>>,
    /// What waits in the queues, and how often.
    pub(crate) queue: BTreeMap<Hashed<Waiting>, u8>,
    /// In order, so that it makes no difference who is who.
    pub(crate) processes: Vec<Hashed<Process>>,
    /// What may still go wrong.
    pub(crate) faults: Faults,
    /// Whether the options have changed.
    pub(crate) deployed: bool,
    /// What has happened, for the invariants.
    pub(crate) history: Hashed<History>,
}

/// A message in a queue.
#[derive(Clone, Debug, Hash)]
pub(crate) struct Waiting {
    /// What it begins.
    pub(crate) step: Step,
    /// Not before then.
    pub(crate) at: u64,
}

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
    ask: Ask,
}

/// What a process has from its beginning.
struct Begun {
    message: Waiting,
    now: u64,
    deployed: bool,
}

/// Something that can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A process takes the message at this place.
    Take(usize),
    /// The process at this place gets the answer to what it asks.
    Step(usize),
    /// The clock goes on to the next moment that makes a difference.
    Tick,
    /// The sweep comes by.
    Sweep,
    /// DynamoDB deletes the item at this place, whose time is over.
    Expire(usize),
    /// Whatever begins from now on has other options.
    Deploy,
    /// Fault: the process at this place is gone, and its message comes again.
    Crash(usize),
    /// Fault: what the process at this place asks is done, but the answer is lost, so it asks again.
    LoseAnswer(usize),
    /// Fault: the message at this place is there twice.
    Duplicate(usize),
    /// Fault: the timer at this place is gone.
    LoseTimer(usize),
}

impl Action {
    /// Whether it is one that need not happen for all to end well.
    pub(crate) fn is_fault(self) -> bool {
        matches!(self, Self::Crash(_) | Self::LoseAnswer(_) | Self::Duplicate(_) | Self::LoseTimer(_) | Self::Expire(_) | Self::Deploy)
    }
}

impl Process {
    /// Whether a lost answer to what it asks makes a difference. Of what was given to a destination nobody knows
    /// whether it came: there is no repetition where it is sent once.
    fn has_effect(&self, scenario: &Scenario) -> bool {
        match self.ask {
            Ask::Read(_) | Ask::Find { .. } | Ask::Judge(_) => false,
            Ask::Deliver(_) => !scenario.sends_once,
            Ask::Write(_) | Ask::Send(_) => true,
        }
    }
}

impl World {
    /// How it begins.
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let mut queue = BTreeMap::new();
        for step in &scenario.messages {
            *queue.entry(Hashed::new(Waiting { step: step.clone(), at: scenario.begin })).or_insert(0) += 1;
        }
        Self {
            now: scenario.begin,
            items: BTreeMap::new(),
            queue,
            processes: Vec::new(),
            faults: scenario.faults,
            deployed: false,
            history: Hashed::new(History::default()),
        }
    }

    /// Whether nothing is left to do.
    pub(crate) fn quiet(&self) -> bool {
        self.queue.is_empty() && self.processes.is_empty()
    }

    /// All that can happen next.
    pub(crate) fn actions(&self, scenario: &Scenario) -> Vec<Action> {
        let mut actions = (0..self.processes.len()).map(Action::Step).collect::<Vec<_>>();
        let room = self.processes.len() < scenario.processes;
        for (place, waiting) in self.queue.keys().enumerate() {
            if room && waiting.at <= self.now && self.in_turn(&waiting.step, scenario) {
                actions.push(Action::Take(place));
            }
            if self.faults.duplicates > 0 && scenario.may_duplicate(&waiting.step) {
                actions.push(Action::Duplicate(place));
            }
            if self.faults.lost_timers > 0 && matches!(waiting.step, Step::Timer(Timer { epoch: Some(_), .. })) {
                actions.push(Action::LoseTimer(place));
            }
        }
        if (self.processes.is_empty() || !scenario.quick) && self.next_moment(scenario).is_some() {
            actions.push(Action::Tick);
        }
        if room && scenario.sweep && (self.processes.is_empty() || !scenario.quick) && self.can_sweep() {
            actions.push(Action::Sweep);
        }
        if scenario.deploys.is_some() && !self.deployed {
            actions.push(Action::Deploy);
        }
        if scenario.expire {
            let expired = self.items.values().enumerate().filter(|(_, item)| self.expired(item));
            actions.extend(expired.map(|(place, _)| Action::Expire(place)));
        }
        for (place, process) in self.processes.iter().enumerate() {
            if self.faults.crashes > 0 {
                actions.push(Action::Crash(place));
            }
            if self.faults.lost_answers > 0 && process.has_effect(scenario) {
                actions.push(Action::LoseAnswer(place));
            }
        }
        actions
    }

    /// Of events that are alike, none comes before those of lower numbers.
    fn in_turn(&self, step: &Step, scenario: &Scenario) -> bool {
        match step {
            Step::Accept(accept) if scenario.alike => {
                let before = scenario.events.iter().take_while(|event| **event != accept.event);
                before.count() <= self.history.begun
            }
            _ => true,
        }
    }

    /// The time goes on; what came from outside and was acknowledged does not come again after its horizon.
    fn tick(&mut self, scenario: &Scenario) {
        let Some(moment) = self.next_moment(scenario) else { return };
        self.now = moment;
        if scenario.horizon.is_some_and(|horizon| horizon < moment) {
            let late = |step: &Step| {
                matches!(step, Step::Accept(accept) if self.history.acknowledged.contains(&accept.event))
            };
            self.queue.retain(|waiting, _| !late(&waiting.step));
        }
    }

    /// Whether the time stands still for a message: where things expire, timers are not late by more than a lifetime
    /// allows for, and no event comes for the first time after its horizon.
    fn waits_for(&self, moment: u64, scenario: &Scenario) -> bool {
        let Some(horizon) = scenario.horizon else { return false };
        self.queue.keys().any(|waiting| match &waiting.step {
            Step::Accept(accept) => horizon < moment && !self.history.acknowledged.contains(&accept.event),
            _ => waiting.at <= self.now,
        })
    }

    fn expired(&self, item: &Item) -> bool {
        matches!(item.get(&Attribute::Ttl), Some(Value::Number(ttl)) if ttl * 1_000 <= self.now)
    }

    /// Whether a sweep would find something that nothing else does: one too many is no more than another timer.
    fn can_sweep(&self) -> bool {
        let due = |item: &Hashed<Item>| number(item, Attribute::SweepAt).is_some_and(|at| at <= self.now);
        let on_its_way = |step: &Step| matches!(step, Step::Sweep { .. } | Step::Timer(_));
        self.items.values().any(due)
            && !self.queue.keys().any(|waiting| on_its_way(&waiting.step))
            && !self.processes.iter().any(|process| on_its_way(&process.message.step))
    }

    /// The next moment at which a comparison with the clock comes out otherwise.
    fn next_moment(&self, scenario: &Scenario) -> Option<u64> {
        let mut moments = scenario.moments.clone();
        moments.extend(self.queue.keys().map(|waiting| waiting.at));
        for item in self.items.values() {
            let of = |attribute| number(item, attribute);
            moments.extend([Attribute::SoftDue, Attribute::HardDue, Attribute::SweepAt].into_iter().filter_map(of));
            moments.extend(of(Attribute::Lease).map(|lease| lease + 1));
            if scenario.expire {
                moments.extend(of(Attribute::Ttl).map(|ttl| ttl * 1_000));
            }
        }
        let next = moments.into_iter().filter(|moment| *moment > self.now).min()?;
        (!self.waits_for(next, scenario)).then_some(next)
    }

    /// The world after `action`.
    pub(crate) fn after(&self, action: Action, scenario: &Scenario) -> Result<Self, Broken> {
        let mut world = self.clone();
        match action {
            Action::Take(place) => {
                let waiting = world.take_message(place);
                world.begin(waiting, scenario)?;
            }
            Action::Sweep => {
                let waiting = Waiting { step: Step::Sweep { bucket: scenario.bucket }, at: world.now };
                world.begin(waiting, scenario)?;
            }
            Action::Step(place) => {
                let process = world.processes.remove(place);
                world.step(&process, scenario)?;
            }
            Action::Tick => world.tick(scenario),
            Action::Deploy => world.deployed = true,
            Action::Expire(place) => {
                if let Some(key) = self.items.keys().nth(place) {
                    world.items.remove(key);
                }
            }
            Action::Crash(place) => {
                world.faults.crashes -= 1;
                let process = world.processes.remove(place);
                world.give_back(&process.message);
            }
            Action::LoseAnswer(place) => {
                world.faults.lost_answers -= 1;
                let process = world.processes[place].clone();
                world.perform(&process, scenario)?;
            }
            Action::Duplicate(place) => {
                world.faults.duplicates -= 1;
                if let Some(count) = world.queue.values_mut().nth(place) {
                    *count += 1;
                }
            }
            Action::LoseTimer(place) => {
                world.faults.lost_timers -= 1;
                world.take_message(place);
            }
        }
        world.processes.sort();
        world.drop_stale_timers(scenario);
        world.check(scenario)?;
        Ok(world)
    }

    /// A timer of a window that is closed and written down does nothing; left out, half of all worlds are.
    fn drop_stale_timers(&mut self, scenario: &Scenario) {
        let head = self.items.get(&Key::Head(scenario.head.clone()));
        let Some(open) = head.and_then(|head| number(head, Attribute::Epoch)) else { return };
        if head.is_some_and(|head| !head.contains_key(&Attribute::PrevEpoch)) {
            let stale = |step: &Step| matches!(step, Step::Timer(Timer { epoch: Some(epoch), .. }) if *epoch < open);
            self.queue.retain(|waiting, _| !stale(&waiting.step));
        }
    }

    fn take_message(&mut self, place: usize) -> Waiting {
        let waiting = self.queue.keys().nth(place).expect("a place in the queue").clone();
        let count = self.queue.remove(&waiting).unwrap_or(1);
        if count > 1 {
            self.queue.insert(waiting.clone(), count - 1);
        }
        (*waiting).clone()
    }

    fn give_back(&mut self, message: &Waiting) {
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

    fn begin(&mut self, message: Waiting, scenario: &Scenario) -> Result<(), Broken> {
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
    fn step(&mut self, process: &Process, scenario: &Scenario) -> Result<(), Broken> {
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
            Next::End(Err(fault)) => Err(Broken::new("no fault", format!("{fault}"))),
        }
    }

    /// Does what a process asks.
    fn perform(&mut self, process: &Process, scenario: &Scenario) -> Result<Answer, Broken> {
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

/// The attribute as a number.
pub(crate) fn number(item: &Item, attribute: Attribute) -> Option<u64> {
    match item.get(&attribute) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    }
}

/// The configuration, shared as the step function wants it.
pub(crate) type Shared = Arc<Config>;

/// What a process is about to do, for a person.
pub(crate) fn describe(world: &World, action: Action) -> String {
    let process = |place: usize| &world.processes[place];
    let waiting = |place: usize| world.queue.keys().nth(place).expect("a place in the queue");
    match action {
        Action::Take(place) => format!("take       {:?}", waiting(place).step),
        Action::Step(place) => format!("step       {:?}", process(place).ask),
        Action::Tick => "tick".to_owned(),
        Action::Sweep => "sweep".to_owned(),
        Action::Deploy => "deploy".to_owned(),
        Action::Expire(place) => format!("expire     {:?}", world.items.keys().nth(place)),
        Action::Crash(place) => format!("CRASH      at {:?}", process(place).ask),
        Action::LoseAnswer(place) => format!("LOST       answer to {:?}", process(place).ask),
        Action::Duplicate(place) => format!("DUPLICATE  {:?}", waiting(place).step),
        Action::LoseTimer(place) => format!("LOST       timer {:?}", waiting(place).step),
    }
}
