//! What was deployed, as the engine's file keeps it.
//!
//! Guaranteed: a resource is on record before it is made, and until it is gone.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::types::{Made, Properties};
use crate::kernel::{Store, StoreError, Table};

/// Where a resource stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    /// It may be there, in part or whole.
    Making,
    /// It is as its one set of properties says.
    Made,
    /// It is there, and is being changed.
    Changing,
}

/// A resource, as it was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// `AWS::SQS::Queue`
    pub(super) kind: String,
    pub(super) state: State,
    /// What it was made under, unless the service draws its id.
    pub(super) name: String,
    pub(super) made: Made,
    /// What it may be like: the last is what it is to be.
    pub(super) maybe: Vec<Properties>,
    /// When it was made, among all: what was made later goes earlier.
    pub(super) order: u64,
    pub(super) retain: bool,
    pub(super) retain_replaced: bool,
    pub(super) metadata: Value,
    /// What is to take its place, as soon as it is made.
    #[serde(default)]
    pub(super) next: Option<Box<Record>>,
}

/// A resource that is to go when all others are as they should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Leaving {
    /// Its stack and its logical id.
    pub(super) stack: String,
    pub(super) logical: String,
    pub(super) record: Record,
    /// Whether it is only forgotten.
    pub(super) retained: bool,
}

/// A stack, as it was brought up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct StackRecord {
    /// Its ARN.
    pub(super) id: String,
    pub(super) outputs: BTreeMap<String, String>,
    pub(super) exports: BTreeMap<String, String>,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Records {
    stacks: Kept<StackRecord>,
    /// By the stack's path and the logical id.
    resources: Kept<Record>,
    leaving: Kept<Leaving>,
    order: Cell<u64>,
}

/// Records of one kind, here and in the file.
#[derive(Debug)]
struct Kept<T> {
    table: Table,
    all: RefCell<BTreeMap<String, Rc<T>>>,
}

impl<T: Clone + PartialEq + Serialize + for<'a> Deserialize<'a>> Kept<T> {
    fn load(store: &Store, name: &'static str) -> Result<Self, StoreError> {
        let table = store.table(name);
        let all = table.load()?.into_iter().map(|(key, record)| (key, Rc::new(record)));
        let all = RefCell::new(all.collect());
        Ok(Self { table, all })
    }

    fn get(&self, key: &str) -> Option<Rc<T>> {
        self.all.borrow().get(key).cloned()
    }

    fn put(&self, key: &str, record: T) {
        let same = self.all.borrow().get(key).is_some_and(|is| **is == record);
        if !same {
            self.table.put(key, &record);
            self.all.borrow_mut().insert(key.to_owned(), Rc::new(record));
        }
    }

    fn take(&self, key: &str) -> Option<T> {
        let taken = self.all.borrow_mut().remove(key)?;
        self.table.delete(key);
        Some(Rc::unwrap_or_clone(taken))
    }
}

/// `main/Queue`; a logical id has no slash.
pub(super) fn key(stack: &str, logical: &str) -> String {
    format!("{stack}/{logical}")
}

impl Records {
    pub(super) fn load(store: &Store) -> Result<Self, StoreError> {
        let resources: Kept<Record> = Kept::load(store, "cloudformation.resources")?;
        let leaving: Kept<Leaving> = Kept::load(store, "cloudformation.leaving")?;
        let orders =
            |record: &Rc<Record>| record.next.as_ref().map_or(record.order, |next| next.order.max(record.order));
        let of_resources = resources.all.borrow().values().map(orders).max().unwrap_or(0);
        let of_leaving = leaving.all.borrow().values().map(|leaving| leaving.record.order).max().unwrap_or(0);
        let order = Cell::new(of_resources.max(of_leaving));
        Ok(Self { stacks: Kept::load(store, "cloudformation.stacks")?, resources, leaving, order })
    }

    /// A number that is larger than all before it.
    pub(super) fn next_order(&self) -> u64 {
        self.order.set(self.order.get() + 1);
        self.order.get()
    }

    pub(super) fn stack(&self, path: &str) -> Option<StackRecord> {
        self.stacks.get(path).map(Rc::unwrap_or_clone)
    }

    pub(super) fn put_stack(&self, path: &str, record: StackRecord) {
        self.stacks.put(path, record);
    }

    /// Forgets the stacks that are not among these.
    pub(super) fn keep_stacks(&self, keep: impl Fn(&str) -> bool) {
        let gone: Vec<String> = self.stacks.all.borrow().keys().filter(|path| !keep(path)).cloned().collect();
        for path in gone {
            self.stacks.take(&path);
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<Rc<Record>> {
        self.resources.get(key)
    }

    pub(super) fn put(&self, key: &str, record: Record) {
        self.resources.put(key, record);
    }

    pub(super) fn take(&self, key: &str) -> Option<Record> {
        self.resources.take(key)
    }

    pub(super) fn keys(&self) -> Vec<String> {
        self.resources.all.borrow().keys().cloned().collect()
    }

    /// From now on this is to go.
    pub(super) fn leave(&self, key: &str, record: Record, retained: bool) {
        let (stack, logical) = key.rsplit_once('/').unwrap_or_default();
        let leaving = Leaving { stack: stack.to_owned(), logical: logical.to_owned(), record, retained };
        self.leaving.put(&format!("{:020}", leaving.record.order), leaving);
    }

    /// What is to go, the latest first.
    pub(super) fn leaving(&self) -> Vec<(String, Rc<Leaving>)> {
        self.leaving.all.borrow().iter().rev().map(|(key, leaving)| (key.clone(), Rc::clone(leaving))).collect()
    }

    /// From now on nobody can say how much of it is there.
    pub(super) fn going(&self, key: &str) {
        if let Some(leaving) = self.leaving.get(key) {
            let mut leaving = Leaving::clone(&leaving);
            leaving.record.state = State::Making;
            self.leaving.put(key, leaving);
        }
    }

    /// It is gone, or stays after all.
    pub(super) fn left(&self, key: &str) -> Option<Leaving> {
        self.leaving.take(key)
    }

    /// All that is on record, with the key of what it is or was: also what is made and what is to go.
    pub(super) fn each(&self, mut visit: impl FnMut(&str, &Record)) {
        for (key, record) in &*self.resources.all.borrow() {
            visit(key, record);
            if let Some(next) = &record.next {
                visit(key, next);
            }
        }
        for leaving in self.leaving.all.borrow().values() {
            visit(&key(&leaving.stack, &leaving.logical), &leaving.record);
        }
    }
}
