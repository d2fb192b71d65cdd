//! Parallel and Map: threads below a thread.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::asl::{Kind, Map, State};
use super::super::data::{Data, Failure};
use super::sight::{Beside, wrong};
use super::step::Step;
use super::{Children, Details, Stage, Thread, scope};

/// How many items of a Map are worked on at once where the definition sets no lower number ("Inline mode").
const CONCURRENCY: u64 = 40;

impl Step<'_> {
    /// Begins the branches of a Parallel.
    pub(super) fn split(&mut self, id: u64, thread: &Thread, state: &State, branches: usize) -> Result<(), Failure> {
        let input = self.arguments(thread, &state.flow, None)?;
        self.tell(id, Details::ParallelStarted);
        let total = u64::try_from(branches).unwrap_or(u64::MAX);
        let first = self.children(id, Children { total, begun: total, concurrency: total, ..Children::default() });
        for index in 0..branches {
            self.child(id, first, index, Stage::Ready, |_| (input.clone(), None));
        }
        Ok(())
    }

    /// Begins the items of a Map, as many as may be at once.
    pub(super) fn map(&mut self, id: u64, thread: &Thread, state: &State, map: &Map) -> Result<(), Failure> {
        let input = self.select(thread, &state.flow.input, &thread.input)?;
        let items = match &map.items {
            None => input.clone(),
            Some(items) => {
                Data::from(self.see(thread, &input, Beside::default(), |sight| items.evaluate(sight, "Items"))?)
            }
        };
        let Value::Array(items) = items.into_value() else {
            let cause = "The items of a Map state must be an array";
            return Err(map.items.as_ref().map_or_else(|| Failure::runtime(cause), |items| wrong(items, cause)));
        };
        let total = u64::try_from(items.len()).unwrap_or(u64::MAX);
        let concurrency = self.whole(thread, map.concurrency.as_ref(), &input, "MaxConcurrency")?.unwrap_or(0);
        let concurrency = if concurrency == 0 { CONCURRENCY } else { concurrency.min(CONCURRENCY) };
        let (tolerated, tolerates) = self.tolerated(thread, map, &input, total)?;
        self.tell(id, Details::MapStarted { length: total });
        let children = Children { total, concurrency, tolerated, tolerates, ..Children::default() };
        let first = self.children(id, children);
        for (index, item) in items.into_iter().enumerate() {
            let item = Data::from(item);
            self.child(id, first, index, Stage::Queued, |_| (Data::default(), Some((index, item))));
        }
        self.begin_items(id);
        Ok(())
    }

    /// How many items may fail, and whether the definition says so.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a share of a number of items that are in memory"
    )]
    fn tolerated(&self, thread: &Thread, map: &Map, input: &Value, total: u64) -> Result<(u64, bool), Failure> {
        let count = self.whole(thread, map.tolerated_count.as_ref(), input, "ToleratedFailureCount")?;
        let share = match &map.tolerated_percentage {
            None => None,
            Some(template) => {
                let field = "ToleratedFailurePercentage";
                let value = self.see(thread, input, Beside::default(), |sight| template.evaluate(sight, field))?;
                let share = value.as_f64().filter(|share| (0.0..=100.0).contains(share));
                let share = share.ok_or_else(|| wrong(template, &format!("{value} is no percentage")))?;
                Some((total as f64 * share / 100.0) as u64)
            }
        };
        // The one that is passed first makes the Map fail.
        let least = count.into_iter().chain(share).min();
        Ok((least.unwrap_or(0), least.is_some()))
    }

    /// Makes room for the threads below one; gives the first one's number.
    fn children(&mut self, id: u64, children: Children) -> u64 {
        let first = self.run.next_thread;
        self.run.next_thread += children.total;
        self.change(id, |thread| thread.stage = Stage::Children(Children { first, ..children }));
        first
    }

    fn child(
        &mut self,
        parent: u64,
        first: u64,
        index: usize,
        stage: Stage,
        given: impl FnOnce(&Thread) -> (Data, Option<(usize, Data)>),
    ) {
        let Some(above) = self.run.threads.get(&parent) else { return };
        let (input, item) = given(above);
        let mut path = above.scope.clone();
        path.push((above.state.clone(), index));
        let Some(inner) = scope(self.machine, &path) else { return };
        let thread = Thread {
            parent: Some((parent, index)),
            state: inner.start_at.clone(),
            scope: path,
            input,
            variables: above.variables.clone(),
            item: item.or_else(|| above.item.clone()),
            stage: Stage::Queued,
            retries: BTreeMap::new(),
            entered: self.now,
            last: above.last,
        };
        let id = first + u64::try_from(index).unwrap_or(u64::MAX);
        self.run.threads.insert(id, thread);
        self.change(id, |thread| thread.stage = stage);
    }

    /// Begins further items of a Map, or ends it if all have ended.
    fn begin_items(&mut self, parent: u64) {
        while let Some((above, state)) = self.at(parent) {
            let (Stage::Children(children), Kind::Map(map)) = (&above.stage, &state.kind) else { return };
            if children.ended == children.total {
                self.all_ended(parent);
                return;
            }
            let running = children.begun - children.ended;
            if children.begun == children.total || running >= children.concurrency {
                return;
            }
            let id = children.first + children.begun;
            self.change(parent, |thread| {
                if let Stage::Children(children) = &mut thread.stage {
                    children.begun += 1;
                }
            });
            self.begin_item(parent, &above, state, map, id);
        }
    }

    fn begin_item(&mut self, parent: u64, above: &Thread, state: &State, map: &Map, id: u64) {
        let Some(child) = self.run.threads.get(&id) else { return };
        let Some((index, item)) = child.item.clone() else { return };
        let input = match &map.selector {
            None => Ok(item),
            Some(selector) => {
                let mut seen = above.clone();
                seen.item = child.item.clone();
                self.select(above, &state.flow.input, &above.input).and_then(|input| {
                    let field = "ItemSelector";
                    let given = self.see(&seen, &input, Beside::default(), |sight| selector.evaluate(sight, field));
                    given.map(Data::from)
                })
            }
        };
        let started = self.record(above.last, Details::IterationStarted { name: above.state.clone(), index });
        match input {
            Ok(input) => self.change(id, |thread| {
                thread.last = started;
                thread.input = input;
                thread.stage = Stage::Ready;
            }),
            Err(failure) => {
                self.abort_below(parent, true);
                self.tell(parent, Details::MapFailed);
                self.fail(parent, failure);
            }
        }
    }

    /// A branch or an item ended well.
    pub(super) fn child_ended(&mut self, parent: u64, id: u64, index: usize, output: Data) {
        let Some((above, state)) = self.at(parent) else { return };
        let map = matches!(state.kind, Kind::Map(_));
        if map {
            self.tell(id, Details::IterationSucceeded { name: above.state, index });
        }
        self.change(id, |thread| thread.stage = Stage::Done(output));
        self.counted(parent, id, map);
    }

    /// A branch or an item failed.
    pub(super) fn child_failed(&mut self, parent: u64, id: u64, index: usize, failure: &Failure) {
        let Some((above, state)) = self.at(parent) else { return };
        let Stage::Children(children) = above.stage else { return };
        let map = matches!(state.kind, Kind::Map(_));
        self.abort_below(id, true);
        if map {
            self.tell(id, Details::IterationFailed { name: above.state, index });
        }
        if map && children.failed < children.tolerated {
            self.change(id, |thread| thread.stage = Stage::Failed);
            self.change(parent, |thread| {
                if let Stage::Children(children) = &mut thread.stage {
                    children.failed += 1;
                }
            });
            self.counted(parent, id, map);
            return;
        }
        let last = self.run.threads.get(&id).map_or(0, |thread| thread.last);
        self.change(id, |thread| thread.stage = Stage::Failed);
        self.change(parent, |thread| thread.last = last);
        self.abort_below(parent, true);
        self.tell(parent, if map { Details::MapFailed } else { Details::ParallelFailed });
        let failure = if children.tolerates {
            Failure::new(
                "States.ExceedToleratedFailureThreshold",
                "The specified tolerated failure threshold was exceeded",
            )
        } else {
            failure.clone()
        };
        self.failed(parent, &failure);
    }

    fn counted(&mut self, parent: u64, id: u64, map: bool) {
        let last = self.run.threads.get(&id).map_or(0, |thread| thread.last);
        let mut all = false;
        self.change(parent, |thread| {
            if let Stage::Children(children) = &mut thread.stage {
                children.ended += 1;
                all = children.ended == children.total;
            }
            if all {
                thread.last = last;
            }
        });
        if all {
            self.all_ended(parent);
        } else if map {
            self.begin_items(parent);
        }
    }

    /// All branches or items ended: their outputs, in order, are the result.
    fn all_ended(&mut self, parent: u64) {
        let Some((above, state)) = self.at(parent) else { return };
        let Stage::Children(children) = above.stage else { return };
        let mut outputs = Vec::new();
        for id in children.first..children.first + children.total {
            if let Some(Thread { stage: Stage::Done(output), .. }) = self.remove(id) {
                outputs.push(output.into_value());
            }
        }
        let map = matches!(state.kind, Kind::Map(_));
        self.tell(parent, if map { Details::MapSucceeded } else { Details::ParallelSucceeded });
        // No longer a thread with others below it, whatever its output's templates give.
        self.change(parent, |thread| thread.stage = Stage::Entered);
        self.finish(parent, &Data::from(Value::Array(outputs)));
    }

    /// Takes out all threads below one; `told` if the history says that they were aborted.
    pub(super) fn abort_below(&mut self, id: u64, told: bool) {
        let Some(Thread { stage: Stage::Children(children), state: name, .. }) = self.run.threads.get(&id) else {
            return;
        };
        let (range, name) = (children.first..children.first + children.total, name.clone());
        for child in range {
            self.abort_below(child, told);
            let state = self.at(child).map(|(thread, state)| (thread, state.kind.name()));
            if let Some((thread, kind)) = state.filter(|_| told)
                && !thread.has_ended()
                && !matches!(thread.stage, Stage::Queued | Stage::Ready)
            {
                self.tell(child, Details::Aborted { kind: kind.to_owned() });
                if let (Some((_, index)), true) = (thread.parent, self.is_map(id)) {
                    self.tell(child, Details::IterationAborted { name: name.clone(), index });
                }
            }
            self.remove(child);
        }
        self.change(id, |thread| thread.stage = Stage::Entered);
    }

    fn is_map(&self, id: u64) -> bool {
        matches!(self.at(id), Some((_, State { kind: Kind::Map(_), .. })))
    }
}
