//! One queue: the pure state machine of its messages.
//!
//! In: the moment, and what is asked. Out: what is delivered or refused, and in [`Queue::changes`] the
//! records that must be written for it. Guaranteed: a message that is in flight is not delivered again
//! before its timeout (unless chaos says so); messages of a FIFO queue's group are delivered in the order
//! they were sent, and none while another of the group is in flight. Each operation costs O(log n).

mod fifo;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use self::fifo::{Attempts, Dedupe, Groups};
pub(super) use self::fifo::{DEDUPE_WINDOW, DedupeKey, Deduped};
use super::chaos::Mischief;
use super::message::Content;
use super::settings::Settings;
use crate::kernel::{Random, Time};

/// Messages in flight at most, of either kind of queue. Source: "Amazon SQS standard queue quotas",
/// "FIFO queue quotas".
pub(super) const MAX_IN_FLIGHT: usize = 120_000;

/// How long a receipt can hide its message in all: 12 hours.
pub(super) const MAX_VISIBILITY: Duration = Duration::from_secs(43_200);

/// What changes of a message while it is in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// How often it was received from this queue: the number of its newest receipt.
    pub(super) receives: u32,
    /// When it was first received.
    pub(super) first: Option<Time>,
    /// When it was last received.
    pub(super) received: Time,
    /// When it can be received (again).
    pub(super) visible: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Ready,
    Delayed,
    InFlight,
}

#[derive(Clone, Debug)]
struct Message {
    content: Rc<Content>,
    state: State,
    phase: Phase,
}

/// A message that was received.
#[derive(Clone, Debug)]
pub(super) struct Delivered {
    pub(super) number: u64,
    pub(super) content: Rc<Content>,
    pub(super) state: State,
}

/// What a receive gave.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub(super) delivered: Vec<Delivered>,
    /// Messages that were received too often, taken out: their way goes to the dead-letter queue.
    pub(super) dead: Vec<Rc<Content>>,
    /// Whether too many are in flight.
    pub(super) over_limit: bool,
}

/// How to receive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) most: usize,
    pub(super) visibility: Duration,
    /// After how many receives a message is dead, if there is a queue to take it.
    pub(super) max_receives: Option<u32>,
    pub(super) mischief: Mischief,
}

/// Why a receipt is not honoured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The message is not in the queue any more.
    Gone,
    /// It has been received again, or may be.
    Expired,
    /// It is not in flight.
    NotInFlight,
    /// It would be hidden for more than [`MAX_VISIBILITY`].
    TooLong,
}

/// A record that must be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A message came.
    Came(u64),
    /// A message's state changed.
    Moved(u64),
    /// A message went.
    Went(u64),
    /// An id of deduplication is held.
    Held(DedupeKey),
    /// It is no more.
    Released(DedupeKey),
}

/// The messages of one queue.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) settings: Settings,
    messages: BTreeMap<u64, Message>,
    ready: BTreeSet<u64>,
    /// Delayed and in flight, by when they are visible.
    hidden: BTreeSet<(Time, u64)>,
    /// All, by when their retention began.
    kept: BTreeSet<(Time, u64)>,
    in_flight: usize,
    /// The number given last.
    last: u64,
    groups: Groups,
    dedupe: Dedupe,
    attempts: Attempts,
    changes: Vec<Change>,
}

impl Queue {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            messages: BTreeMap::new(),
            ready: BTreeSet::new(),
            hidden: BTreeSet::new(),
            kept: BTreeSet::new(),
            in_flight: 0,
            last: 0,
            groups: Groups::default(),
            dedupe: Dedupe::default(),
            attempts: Attempts::default(),
            changes: Vec::new(),
        }
    }

    /// Puts back a message that was written before a restart.
    pub(super) fn restore(&mut self, number: u64, content: Content, state: Option<State>) {
        self.last = self.last.max(number);
        let state = state.unwrap_or_else(|| initial(&content));
        self.insert(number, Rc::new(content), state);
    }

    /// Puts back a held id of deduplication.
    pub(super) fn restore_held(&mut self, key: DedupeKey, held: Deduped) {
        self.last = self.last.max(held.number);
        self.dedupe.hold(key, held);
    }

    /// The records to write since this was last asked.
    pub(super) fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    pub(super) fn message(&self, number: u64) -> Option<(&Content, &State)> {
        self.messages.get(&number).map(|message| (&*message.content, &message.state))
    }

    /// The numbers of all messages.
    pub(super) fn numbers(&self) -> Vec<u64> {
        self.messages.keys().copied().collect()
    }

    pub(super) fn held(&self, key: &DedupeKey) -> Option<&Deduped> {
        self.dedupe.get(key)
    }

    /// The ids of deduplication that are held.
    pub(super) fn all_held(&self) -> Vec<DedupeKey> {
        self.dedupe.keys()
    }

    /// Messages that can be received, are delayed, are in flight.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        (self.ready.len(), self.hidden.len() - self.in_flight, self.in_flight)
    }

    /// Whether a receive would find a message now.
    pub(super) fn has_visible(&self) -> bool {
        if self.settings.fifo { !self.groups.is_closed() } else { !self.ready.is_empty() }
    }

    /// When the next hidden message becomes visible.
    pub(super) fn next_visible(&self) -> Option<Time> {
        self.hidden.first().map(|(moment, _)| *moment)
    }

    /// When the next message has been kept long enough.
    pub(super) fn next_expiry(&self) -> Option<Time> {
        self.kept.first().map(|(enqueued, _)| *enqueued + self.retention())
    }

    fn retention(&self) -> Duration {
        Duration::from_secs(self.settings.retention.into())
    }

    /// Lets time have its effect: shows what is due, drops what is too old. Says how many were dropped.
    pub(super) fn settle(&mut self, now: Time) -> usize {
        let mut expired = 0;
        while let Some((enqueued, number)) = self.kept.first().copied()
            && enqueued + self.retention() <= now
        {
            self.remove(number);
            expired += 1;
        }
        while let Some((moment, number)) = self.hidden.first().copied()
            && moment <= now
        {
            self.place(number, Phase::Ready, moment);
        }
        for key in self.dedupe.release(now) {
            self.changes.push(Change::Released(key));
        }
        self.attempts.forget(now);
        expired
    }

    /// Takes a message in and gives it its number, which grows with time and is never used again.
    pub(super) fn send(&mut self, now: Time, content: Rc<Content>) -> u64 {
        let at_least = u64::try_from(now.millis()).unwrap_or(0) << 20;
        self.last = at_least.max(self.last + 1);
        let (number, state) = (self.last, initial(&content));
        self.insert(number, content, state);
        self.place_by_time(number, now);
        self.changes.push(Change::Came(number));
        number
    }

    /// Holds an id of deduplication for a message that was just sent.
    pub(super) fn hold(&mut self, key: DedupeKey, held: Deduped) {
        self.changes.push(Change::Held(key.clone()));
        self.dedupe.hold(key, held);
    }

    /// Receives messages. Time must have been [settled](Self::settle).
    pub(super) fn receive(&mut self, now: Time, ask: Ask, random: &Random) -> Received {
        let mut received = Received::default();
        while received.delivered.len() < ask.most {
            if self.in_flight >= MAX_IN_FLIGHT {
                received.over_limit = true;
                break;
            }
            let Some(number) = self.next(ask.mischief, random) else { break };
            let group = self.messages.get(&number).and_then(|message| message.content.group.clone());
            self.deliver(number, now, ask, &mut received);
            // The rest of the group comes with it, in order: it could not be received otherwise.
            if let Some(group) = group.filter(|_| self.settings.fifo) {
                let rest: Vec<u64> = self.groups.after(&group, number).take(ask.most).collect();
                for number in rest {
                    let ready = self.ready.contains(&number) && self.in_flight < MAX_IN_FLIGHT;
                    if !ready || received.delivered.len() >= ask.most {
                        break;
                    }
                    self.deliver(number, now, ask, &mut received);
                }
            }
        }
        received
    }

    fn next(&self, mischief: Mischief, random: &Random) -> Option<u64> {
        if self.settings.fifo {
            return self.groups.first_open();
        }
        let (first, last) = (*self.ready.first()?, *self.ready.last()?);
        if mischief == Mischief::Shuffle {
            let from = first + random.below(last - first + 1);
            return self.ready.range(from..).next().copied();
        }
        Some(first)
    }

    fn deliver(&mut self, number: u64, now: Time, ask: Ask, received: &mut Received) {
        let Some(message) = self.messages.get_mut(&number) else { return };
        if ask.max_receives.is_some_and(|most| message.state.receives >= most) {
            let mut content = Content::clone(&message.content);
            content.received_before += message.state.receives;
            received.dead.push(Rc::new(content));
            self.remove(number);
            return;
        }
        message.state.receives += 1;
        message.state.first.get_or_insert(now);
        message.state.received = now;
        let again = ask.mischief == Mischief::Duplicate && !self.settings.fifo;
        let until = if again { now } else { now + ask.visibility };
        self.place(number, Phase::InFlight, until);
        self.changes.push(Change::Moved(number));
        if let Some(Message { content, state, .. }) = self.messages.get(&number) {
            received.delivered.push(Delivered { number, content: Rc::clone(content), state: *state });
        }
    }

    /// Deletes a message by its receipt.
    pub(super) fn delete(&mut self, number: u64, receipt: u32) -> Result<(), Refusal> {
        let message = self.messages.get(&number).ok_or(Refusal::Gone)?;
        if message.state.receives != receipt || self.settings.fifo && message.phase != Phase::InFlight {
            return Err(Refusal::Expired);
        }
        self.remove(number);
        Ok(())
    }

    /// Hides a message that is in flight for another while, or shows it at once.
    pub(super) fn change_visibility(
        &mut self,
        number: u64,
        receipt: u32,
        now: Time,
        visibility: Duration,
    ) -> Result<(), Refusal> {
        let message = self.messages.get(&number).ok_or(Refusal::Gone)?;
        if message.state.receives != receipt {
            return Err(Refusal::Expired);
        }
        if message.phase != Phase::InFlight {
            return Err(if self.settings.fifo { Refusal::Expired } else { Refusal::NotInFlight });
        }
        if (now + visibility).since(message.state.received) > MAX_VISIBILITY {
            return Err(Refusal::TooLong);
        }
        let phase = if visibility.is_zero() { Phase::Ready } else { Phase::InFlight };
        self.place(number, phase, now + visibility);
        self.changes.push(Change::Moved(number));
        Ok(())
    }

    /// Drops all messages; says how many.
    pub(super) fn purge(&mut self) -> usize {
        let numbers = self.numbers();
        for number in &numbers {
            self.remove(*number);
        }
        numbers.len()
    }

    /// Takes out the first message that could be received.
    pub(super) fn take(&mut self) -> Option<Rc<Content>> {
        let number = if self.settings.fifo { self.groups.first_open()? } else { *self.ready.first()? };
        let content = self.messages.get(&number).map(|message| Rc::clone(&message.content));
        self.remove(number);
        content
    }

    /// The first message that could be received.
    pub(super) fn peek(&self) -> Option<&Content> {
        let number = if self.settings.fifo { self.groups.first_open()? } else { *self.ready.first()? };
        self.messages.get(&number).map(|message| &*message.content)
    }

    /// What a receive attempt with this id gave before, if none of it was touched since; hidden anew.
    pub(super) fn repeat(&mut self, attempt: &str, now: Time, visibility: Duration) -> Option<Vec<Delivered>> {
        let given = self.attempts.get(attempt)?.to_vec();
        let whole = given.iter().all(|(number, receipt, hidden)| {
            let message = self.messages.get(number);
            message.is_some_and(|Message { state, phase, .. }| {
                *phase == Phase::InFlight && (state.receives, state.visible) == (*receipt, *hidden)
            })
        });
        if !whole || given.is_empty() {
            return None;
        }
        for (number, ..) in &given {
            self.place(*number, Phase::InFlight, now + visibility);
            self.changes.push(Change::Moved(*number));
        }
        let delivered = given.iter().filter_map(|(number, ..)| {
            let Message { content, state, .. } = self.messages.get(number)?;
            Some(Delivered { number: *number, content: Rc::clone(content), state: *state })
        });
        Some(delivered.collect())
    }

    /// Keeps what a receive attempt gave.
    pub(super) fn attempted(&mut self, attempt: &str, now: Time, delivered: &[Delivered]) {
        let given = delivered.iter().map(|message| (message.number, message.state.receives, message.state.visible));
        self.attempts.keep(attempt, now + DEDUPE_WINDOW, given.collect());
    }

    fn insert(&mut self, number: u64, content: Rc<Content>, state: State) {
        self.kept.insert((content.enqueued, number));
        // Hidden until time is settled, so that a restart and a send begin alike.
        self.hidden.insert((state.visible, number));
        let phase = if state.receives == 0 { Phase::Delayed } else { Phase::InFlight };
        self.in_flight += usize::from(phase == Phase::InFlight);
        if let Some(group) = content.group.as_ref().filter(|_| self.settings.fifo) {
            self.groups.insert(group, number, phase == Phase::InFlight);
        }
        self.messages.insert(number, Message { content, state, phase });
        self.refresh(number);
    }

    fn place_by_time(&mut self, number: u64, now: Time) {
        if let Some(visible) = self.messages.get(&number).map(|message| message.state.visible)
            && visible <= now
        {
            self.place(number, Phase::Ready, visible);
        }
    }

    /// Moves a message to a phase, in every index.
    fn place(&mut self, number: u64, phase: Phase, visible: Time) {
        let Some(message) = self.messages.get_mut(&number) else { return };
        let (before, at) = (message.phase, message.state.visible);
        message.phase = phase;
        message.state.visible = visible;
        let group = message.content.group.clone().filter(|_| self.settings.fifo);
        if before == Phase::Ready {
            self.ready.remove(&number);
        } else {
            self.hidden.remove(&(at, number));
        }
        if phase == Phase::Ready {
            self.ready.insert(number);
        } else {
            self.hidden.insert((visible, number));
        }
        self.in_flight -= usize::from(before == Phase::InFlight);
        self.in_flight += usize::from(phase == Phase::InFlight);
        if let Some(group) = group {
            self.groups.fly(&group, before == Phase::InFlight, phase == Phase::InFlight);
            self.refresh_group(&group);
        }
    }

    fn remove(&mut self, number: u64) {
        let Some(message) = self.messages.remove(&number) else { return };
        self.kept.remove(&(message.content.enqueued, number));
        if message.phase == Phase::Ready {
            self.ready.remove(&number);
        } else {
            self.hidden.remove(&(message.state.visible, number));
        }
        let flew = message.phase == Phase::InFlight;
        self.in_flight -= usize::from(flew);
        if let Some(group) = message.content.group.as_ref().filter(|_| self.settings.fifo) {
            self.groups.remove(group, number, flew);
            self.refresh_group(group);
        }
        self.changes.push(Change::Went(number));
    }

    fn refresh(&mut self, number: u64) {
        if let Some(group) = self.messages.get(&number).and_then(|message| message.content.group.clone()) {
            self.refresh_group(&group);
        }
    }

    fn refresh_group(&mut self, group: &str) {
        let ready = &self.ready;
        self.groups.refresh(group, |head| ready.contains(&head));
    }
}

const fn initial(content: &Content) -> State {
    State { receives: 0, first: None, received: content.sent, visible: content.visible }
}
