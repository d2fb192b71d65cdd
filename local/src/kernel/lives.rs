//! The sandboxes in which functions run, each of which may die in the midst of what it does.
//!
//! In: who runs, by the key that it signs with, or by a name within this process. Out: whose call a call is,
//! and whether it is the caller's last. Guaranteed: a life that was ended makes no further call that has an
//! effect; calls of what is no function's end nobody.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use tokio::sync::Notify;

tokio::task_local! {
    /// The name of the life whose task this is.
    static NAME: Rc<str>;
}

/// When a life ends: beside which call, on which side of its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// The call has no effect.
    Before,
    /// The call has its effect, and the caller never hears of it.
    After,
}

/// Decides whose life ends.
pub trait Fate: fmt::Debug {
    /// Whether a life ends at this moment of its call of `service`. Call 0 is the invocation itself.
    fn strikes(&self, life: &Life, service: &str, operation: &str, moment: Moment) -> bool;
}

/// All lives; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Lives(Rc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    all: RefCell<BTreeMap<Rc<str>, Life>>,
    begun: Cell<u64>,
    fate: RefCell<Option<Rc<dyn Fate>>>,
}

/// One sandbox of a function; clones are the same.
#[derive(Clone, Debug)]
pub struct Life(Rc<Sandbox>);

#[derive(Debug)]
struct Sandbox {
    function: String,
    fate: Option<Rc<dyn Fate>>,
    calls: Cell<u32>,
    ended: Cell<bool>,
    gone: Cell<bool>,
    changed: Notify,
}

/// A life that lasts until this is dropped.
#[derive(Debug)]
pub struct Lived {
    name: Rc<str>,
    life: Life,
    lives: Lives,
}

impl Lives {
    /// From now on `fate` decides, for lives that begin.
    pub fn put(&self, fate: Rc<dyn Fate>) {
        *self.0.fate.borrow_mut() = Some(fate);
    }

    /// Begins a life of `function`, which is known by `key`, if it signs with one.
    pub fn begin(&self, function: &str, key: Option<&str>) -> Lived {
        let begun = self.0.begun.get() + 1;
        self.0.begun.set(begun);
        let name: Rc<str> = key.map_or_else(|| format!("#{begun}").into(), Into::into);
        let life = Life(Rc::new(Sandbox {
            function: function.to_owned(),
            fate: self.0.fate.borrow().clone(),
            calls: Cell::new(0),
            ended: Cell::new(false),
            gone: Cell::new(false),
            changed: Notify::new(),
        }));
        self.0.all.borrow_mut().insert(Rc::clone(&name), life.clone());
        Lived { name, life, lives: self.clone() }
    }

    /// The life of this key or name.
    pub fn find(&self, name: &str) -> Option<Life> {
        self.0.all.borrow().get(name).cloned()
    }

    /// The name of the life that this task belongs to.
    pub fn current() -> Option<String> {
        NAME.try_with(|name| name.to_string()).ok()
    }
}

impl Life {
    /// The function that runs in it.
    pub fn function(&self) -> &str {
        &self.0.function
    }

    /// The calls that its invocation has made so far.
    pub fn calls(&self) -> u32 {
        self.0.calls.get()
    }

    /// Counts a call more.
    pub fn count(&self) {
        self.0.calls.set(self.0.calls.get().saturating_add(1));
    }

    /// An invocation is over: the next one counts anew.
    pub fn rest(&self) {
        self.0.calls.set(0);
    }

    /// Asks fate; what it strikes is ended. What is ended already stays so.
    pub fn is_struck(&self, service: &str, operation: &str, moment: Moment) -> bool {
        let strikes = |fate: &Rc<dyn Fate>| fate.strikes(self, service, operation, moment);
        if !self.is_ended() && self.0.fate.as_ref().is_some_and(strikes) {
            self.0.ended.set(true);
            self.0.changed.notify_waiters();
        }
        self.is_ended()
    }

    /// Whether it must die.
    pub fn is_ended(&self) -> bool {
        self.0.ended.get()
    }

    /// Waits until it must die.
    pub async fn ended(&self) {
        self.until(|sandbox| sandbox.ended.get()).await;
    }

    /// Waits until it is dead.
    pub async fn gone(&self) {
        self.until(|sandbox| sandbox.gone.get()).await;
    }

    async fn until(&self, holds: impl Fn(&Sandbox) -> bool) {
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if holds(&self.0) {
                return;
            }
            changed.await;
        }
    }
}

impl Lived {
    /// The life itself.
    pub const fn life(&self) -> &Life {
        &self.life
    }

    /// Runs a task of it within this process: its calls are this life's.
    pub async fn within<T>(&self, task: impl Future<Output = T>) -> T {
        NAME.scope(Rc::clone(&self.name), task).await
    }
}

impl Drop for Lived {
    fn drop(&mut self) {
        self.lives.0.all.borrow_mut().remove(&self.name);
        self.life.0.gone.set(true);
        self.life.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Second;

    impl Fate for Second {
        fn strikes(&self, life: &Life, _: &str, _: &str, moment: Moment) -> bool {
            life.calls() == 2 && moment == Moment::After
        }
    }

    #[tokio::test]
    async fn a_life_ends_where_fate_says_and_is_gone_when_it_is_dropped() {
        let lives = Lives::default();
        lives.put(Rc::new(Second));
        let lived = lives.begin("orders", Some("AKIA"));
        let life = lives.find("AKIA").unwrap();
        life.count();
        assert!(!life.is_struck("sqs", "SendMessage", Moment::After));
        life.count();
        assert!(!life.is_struck("sqs", "SendMessage", Moment::Before));
        assert!(life.is_struck("sqs", "SendMessage", Moment::After));
        life.ended().await;
        assert!(life.is_struck("sqs", "SendMessage", Moment::Before), "it does not come back");
        drop(lived);
        life.gone().await;
        assert!(lives.find("AKIA").is_none());
    }

    #[tokio::test]
    async fn a_task_knows_whose_it_is() {
        let lives = Lives::default();
        let lived = lives.begin("orders", None);
        assert_eq!(Lives::current(), None);
        let name = lived.within(async { Lives::current() }).await.unwrap();
        assert_eq!(lives.find(&name).unwrap().function(), "orders");
    }
}
