//! What has happened, and what must hold of it: the invariants.
//!
//! In: every write, message and delivery, as it happens. Out: the first invariant that it breaks.

use std::collections::{BTreeMap, BTreeSet};

use grouping::store::{Attribute, Item, Value};
use grouping::{Accept, Epoch, Id, Key, Message, Out, Outgoing, Revision, Step, Timer, Window};

use crate::scenario::Scenario;
use crate::world::{World, number};

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// Which: as `docs/guarantee.md` names it.
    pub(crate) invariant: &'static str,
    /// How.
    pub(crate) how: String,
}

impl Broken {
    pub(crate) fn new(invariant: &'static str, how: impl Into<String>) -> Self {
        Self { invariant, how: how.into() }
    }
}

type Checked = Result<(), Broken>;

fn must(holds: bool, invariant: &'static str, how: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(Broken::new(invariant, how())) }
}

/// What has happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct History {
    /// The highest number of an event that has come, where events are alike.
    pub(crate) begun: usize,
    pub(crate) acknowledged: BTreeSet<Id>,
    /// Events whose cancellation was acknowledged.
    cancelled: BTreeSet<Id>,
    windows: BTreeMap<Epoch, Opened>,
    rotated: BTreeMap<Epoch, Rotated>,
    /// Groups that are written down, and whether they tell of nobody.
    frozen: BTreeMap<Id, bool>,
    enqueued: BTreeSet<(Id, Revision)>,
    sent: BTreeMap<(Id, Revision), (Outgoing, u8)>,
    /// What the receiver has, by the name under which it knows a repetition.
    received: BTreeMap<String, Revision>,
    /// What a client shows of each group: the highest revision, and whether it was taken back.
    shown: BTreeMap<Id, (Revision, bool)>,
}

/// A window that was opened.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Opened {
    first: Id,
    began: u64,
    last: u64,
}

/// A window that was closed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Rotated {
    group: Id,
    ids: BTreeSet<Id>,
    dead: BTreeSet<Id>,
}

impl History {
    fn delivered(&mut self, outgoing: &Outgoing, scenario: &Scenario) -> Checked {
        let name = (outgoing.group, outgoing.revision);
        let (_, times) = self.sent.entry(name).or_insert_with(|| (outgoing.clone(), 0));
        *times = times.saturating_add(1);
        let groups = self.sent.keys().filter(|(_, revision)| *revision == Revision::Close).count() as u64;
        let most = scenario.config.throttle.map_or(u64::MAX, |throttle| throttle.n);
        must(scenario.config.preview || groups <= most, "throttle", || format!("{groups} groups are let through"))?;
        let (first, times) = self.sent.entry(name).or_insert_with(|| (outgoing.clone(), 0));
        must(first == outgoing, "I5", || format!("another content of {name:?}"))?;
        must(*times == 1 || !scenario.sends_once, "once", || format!("{name:?} is sent again without need"))?;
        if self.received.insert(outgoing.dedupe(), outgoing.revision).is_none() {
            let shown = self.shown.entry(outgoing.group).or_insert((outgoing.revision, outgoing.withdrawn));
            if shown.0 <= outgoing.revision {
                *shown = (outgoing.revision, outgoing.withdrawn);
            }
        }
        Ok(())
    }
}

fn ids(item: &Item, attribute: Attribute) -> BTreeSet<Id> {
    match item.get(&attribute) {
        Some(Value::Ids(ids)) => ids.clone(),
        _ => BTreeSet::new(),
    }
}

impl World {
    fn dead(&self, event: &Id) -> bool {
        self.items.get(&Key::Mark(*event)).is_some_and(|mark| mark.contains_key(&Attribute::Dead))
            || self.history.cancelled.contains(event)
    }

    fn head<'a>(&'a self, scenario: &Scenario) -> Option<&'a Item> {
        self.items.get(&Key::Head(scenario.head.clone())).map(std::ops::Deref::deref)
    }

    /// A write was done.
    pub(crate) fn written(
        &mut self,
        key: &Key,
        before: Option<&Item>,
        after: &Item,
        now: u64,
        scenario: &Scenario,
    ) -> Checked {
        match key {
            Key::Head(_) => self.head_written(before, after, now, scenario),
            Key::Mark(event) => {
                let dead = |item: &Item| item.contains_key(&Attribute::Dead);
                let alive = |item: &Item| number(item, Attribute::Ttl).is_some_and(|ttl| ttl * 1_000 > now);
                must(!before.is_some_and(|mark| dead(mark) && alive(mark)) || dead(after), "I8", || {
                    format!("the cancelled event {event} is alive again")
                })
            }
            Key::Group(group) => self.group_written(*group, before, after, scenario),
            Key::Delivery(..) | Key::Throttle { .. } => Ok(()),
        }
    }

    fn head_written(&mut self, before: Option<&Item>, after: &Item, now: u64, scenario: &Scenario) -> Checked {
        let epoch = number(after, Attribute::Epoch).unwrap_or_default();
        let closed = |epoch: &Epoch| self.history.rotated.contains_key(epoch);
        must(!closed(&epoch), "I3", || format!("the closed window {epoch} is open again"))?;
        let old = before.and_then(|head| number(head, Attribute::Epoch));
        let newest = self.history.rotated.keys().next_back();
        must(old.is_none_or(|old| old <= epoch) && newest.is_none_or(|newest| *newest < epoch), "I3", || {
            format!("the window {epoch} comes after a later one")
        })?;
        if let (Some(before), Some(old)) = (before, old)
            && old < epoch
        {
            self.rotate(before, after, old, now, scenario)?;
        }
        let held = before.map(|head| ids(head, Attribute::Ids)).unwrap_or_default();
        if let Some(event) = ids(after, Attribute::Ids).difference(&held).next().copied() {
            self.history.with(|history| {
                let window = history.windows.entry(epoch);
                window.or_insert(Opened { first: event, began: now, last: now }).last = now;
            });
        }
        let cap = scenario.config.cap();
        must(ids(after, Attribute::Ids).len() as u64 <= cap, "cap", || format!("the window {epoch} holds too much"))
    }

    fn rotate(&mut self, before: &Item, after: &Item, epoch: Epoch, now: u64, scenario: &Scenario) -> Checked {
        let members = ids(before, Attribute::Ids);
        must(number(before, Attribute::PrevEpoch).is_none(), "I1", || {
            format!("the window {epoch} takes the place of one that is not written down")
        })?;
        must(
            number(after, Attribute::PrevEpoch) == Some(epoch) && ids(after, Attribute::Prev) == members,
            "I1",
            || format!("the window {epoch} is forgotten when it closes"),
        )?;
        let full = members.len() as u64 >= scenario.config.cap();
        let over = self.history.windows.get(&epoch).is_none_or(|window| match scenario.config.window {
            Window::Session { gap, .. } if now >= window.last + gap => true,
            _ => now >= scenario.config.window.dues(window.began).hard,
        });
        must(full || over, "I7", || format!("the window {epoch} closes before its time"))?;
        let dead = members.iter().filter(|event| self.dead(event)).copied().collect();
        let rotated = Rotated { group: scenario.head.group(epoch), ids: members, dead };
        self.history.with(|history| history.rotated.insert(epoch, rotated));
        Ok(())
    }

    fn group_written(&mut self, group: Id, before: Option<&Item>, after: &Item, scenario: &Scenario) -> Checked {
        must(before.is_none_or(|before| before == after), "I2", || format!("the group {group} changes"))?;
        let members = ids(after, Attribute::Members);
        let rotated = self.history.rotated.values().find(|rotated| rotated.group == group);
        let Some(rotated) = rotated else {
            return Err(Broken::new("I2", format!("the group {group} is of no closed window")));
        };
        must(members.is_disjoint(&rotated.dead), "I8", || format!("a cancelled event is in the group {group}"))?;
        let expected = rotated.ids.iter().filter(|event| !self.dead(event)).copied().collect::<BTreeSet<_>>();
        let shown = self.history.enqueued.contains(&(group, Revision::Preview));
        let suppressed = scenario.config.suppresses && self.deployed && !shown;
        let empty = after.contains_key(&Attribute::Empty);
        must(empty == members.is_empty() || suppressed, "I2", || format!("the group {group} tells of nobody"))?;
        must(members.is_subset(&rotated.ids) && members.is_superset(&expected), "I2", || {
            format!("the group {group} is not what its window held")
        })?;
        self.history.with(|history| history.frozen.insert(group, empty));
        Ok(())
    }

    /// A message was put into a queue.
    pub(crate) fn sent(&mut self, message: &Message) -> Checked {
        let Message::Out(out) = message else { return Ok(()) };
        let Out { group, .. } = out;
        let revision = out.revision();
        if !self.history.enqueued.contains(&(*group, revision)) {
            self.history.with(|history| history.enqueued.insert((*group, revision)));
        }
        Ok(())
    }

    /// Something left the grouper.
    pub(crate) fn delivered(&mut self, outgoing: &Outgoing, scenario: &Scenario) -> Checked {
        self.history.with(|history| history.delivered(outgoing, scenario))
    }

    /// A message is done with.
    pub(crate) fn acknowledged(&mut self, message: &Step, now: u64, scenario: &Scenario) -> Checked {
        match message {
            Step::Accept(Accept { event, .. }) => {
                if !self.history.acknowledged.contains(event) {
                    self.history.with(|history| history.acknowledged.insert(*event));
                }
                self.previewed(event, scenario)
            }
            Step::Cancel { event } => {
                self.history.with(|history| history.cancelled.insert(*event));
                Ok(())
            }
            Step::Timer(Timer { epoch: Some(epoch), .. }) => {
                let open = self.head(scenario).is_some_and(|head| number(head, Attribute::Epoch) == Some(*epoch));
                let over = self
                    .history
                    .windows
                    .get(epoch)
                    .is_some_and(|window| now >= scenario.config.window.dues(window.began).hard);
                must(!(open && over), "I7", || format!("the window {epoch} is open for longer than it may be"))
            }
            _ => Ok(()),
        }
    }

    /// The first event of an open window has its preview on the way when it is acknowledged.
    fn previewed(&self, event: &Id, scenario: &Scenario) -> Checked {
        let previews = scenario.config.preview && scenario.deploys.is_none();
        let Some(head) = self.head(scenario).filter(|_| previews && !self.dead(event)) else {
            return Ok(());
        };
        let epoch = number(head, Attribute::Epoch).unwrap_or_default();
        let first = self.history.windows.get(&epoch).is_some_and(|window| window.first == *event);
        let there = self.history.enqueued.contains(&(scenario.head.group(epoch), Revision::Preview));
        must(!first || there, "preview", || format!("the first event of the window {epoch} is not shown"))
    }

    /// What must hold in every state.
    pub(crate) fn check(&self, scenario: &Scenario) -> Checked {
        let empty = Item::new();
        let head = self.head(scenario).unwrap_or(&empty);
        let (open, prev) = (ids(head, Attribute::Ids), number(head, Attribute::PrevEpoch));
        for event in &scenario.events {
            let closed = self.history.rotated.values().filter(|rotated| rotated.ids.contains(event)).count();
            let times = closed + usize::from(open.contains(event));
            must(times <= 1, "I1", || format!("the event {event} is in {times} windows"))?;
            let safe = times == 1 || self.dead(event) || !self.history.acknowledged.contains(event);
            must(safe, "I1", || format!("the event {event} was acknowledged and is nowhere"))?;
        }
        for (epoch, rotated) in &self.history.rotated {
            let kept = prev == Some(*epoch) || self.history.frozen.contains_key(&rotated.group);
            must(kept, "I1", || format!("the window {epoch} was forgotten before it was written down"))?;
            let told = prev == Some(*epoch) || self.told(rotated, scenario);
            must(told, "I4", || format!("the window {epoch} was forgotten before it was enqueued"))?;
        }
        let swept = head.contains_key(&Attribute::SweepAt) || (open.is_empty() && prev.is_none());
        must(swept, "I4", || "the sweep would not find the window".to_owned())?;
        let acknowledged = open.iter().any(|event| self.history.acknowledged.contains(event) && !self.dead(event));
        let epoch = number(head, Attribute::Epoch).filter(|_| !open.is_empty());
        let shown = |epoch| self.history.enqueued.contains(&(scenario.head.group(epoch), Revision::Preview));
        let waits = acknowledged || epoch.is_some_and(shown);
        let armed = !waits || self.timer_lost(scenario) || self.has_timer(epoch);
        must(armed, "I4", || "no timer is on its way for an open window".to_owned())?;
        if self.quiet() && !self.can_tick(scenario) { self.ended(scenario) } else { Ok(()) }
    }

    /// Whether all was enqueued that a closed window has to say.
    fn told(&self, rotated: &Rotated, scenario: &Scenario) -> bool {
        let empty = self.history.frozen.get(&rotated.group).copied().unwrap_or_default();
        let enqueued = |revision| self.history.enqueued.contains(&(rotated.group, revision));
        enqueued(Revision::Close) || (empty && !(scenario.config.preview && enqueued(Revision::Preview)))
    }

    fn timer_lost(&self, scenario: &Scenario) -> bool {
        self.faults.lost_timers < scenario.faults.lost_timers
    }

    fn has_timer(&self, of: Option<Epoch>) -> bool {
        let is = |step: &Step| matches!(step, Step::Timer(timer) if timer.epoch == of || timer.epoch.is_none());
        self.queue.keys().any(|waiting| is(&waiting.step))
            || self.processes.iter().any(|process| is(&process.message.step))
    }

    fn can_tick(&self, scenario: &Scenario) -> bool {
        self.actions(scenario).iter().any(|action| !action.is_fault())
    }

    /// What must hold when nothing more happens.
    fn ended(&self, scenario: &Scenario) -> Checked {
        let head = self.head(scenario);
        let rest = head.is_some_and(|head| head.contains_key(&Attribute::Ids) || head.contains_key(&Attribute::Prev));
        must(!rest, "I6", || "nothing will ever close the window".to_owned())?;
        // At most once: who crashed may have been about to send.
        let may_lose = scenario.config.at_most_once && self.faults.crashes < scenario.faults.crashes;
        if !scenario.deliver || may_lose {
            return Ok(());
        }
        let told = self.history.frozen.values().filter(|empty| !**empty).count() as u64;
        let shown = self.history.shown.len() as u64;
        let enough = scenario.config.throttle.is_none_or(|throttle| shown >= told.min(throttle.n));
        must(enough, "throttle", || format!("{shown} of {told} groups are shown"))?;
        for (group, empty) in &self.history.frozen {
            let shown = self.history.shown.get(group);
            if scenario.config.throttle.is_some() && !scenario.config.preview && shown.is_none() {
                continue;
            }
            must(*empty || shown == Some(&(Revision::Close, false)), "I6", || {
                format!("the group {group} is never shown whole")
            })?;
            must(!*empty || shown.is_none_or(|(_, withdrawn)| *withdrawn), "I8", || {
                format!("what is shown of the group {group} was cancelled")
            })?;
        }
        Ok(())
    }
}
