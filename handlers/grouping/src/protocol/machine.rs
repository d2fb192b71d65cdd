//! The step function: a protocol written as one would tell it, run one call at a time.
//!
//! In: a step with what it knows, and the answers to what it asked, one after the other. Out: the next
//! question, or the end. A step is an `async` function that awaits nothing but its own questions, so
//! it needs no executor: giving an answer runs it to the next question.
//!
//! Guaranteed: what a step asks depends on the step, the time it was given and the answers alone. So
//! a process is the value `(step, now, answers)`: run again from the start it comes to the same
//! question, and the explorer copies a process by copying that.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::{End, Fault, Step};
use crate::config::Config;
use crate::ids::{HeadName, Id, Key};
use crate::message::{Message, Outgoing};
use crate::store::{Item, Write};

/// What the protocol asks of the world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// Read these items, each as it is now (strongly consistent), at no common moment.
    Read(Vec<Key>),
    /// Do this write, and say what the item was or is.
    Write(Write),
    /// Put this message into its queue.
    Send(Message),
    /// The heads of a bucket whose `sweep_at` is at most this; an index, so it may lag.
    Find {
        /// The bucket.
        bucket: &'static str,
        /// Milliseconds since 1970.
        until: u64,
    },
    /// Which of these members drop out, for `suppress_if` holds of them: their ids and payloads.
    Judge(Vec<(Id, Arc<str>)>),
    /// Give this to whatever the grouper sends to.
    Deliver(Outgoing),
}

/// What the world says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// To [`Ask::Read`]: the items in the order of the keys.
    Items(Vec<Option<Item>>),
    /// To [`Ask::Write`]: done; the item as it is now (`ALL_NEW`).
    Applied(Item),
    /// To [`Ask::Write`]: the condition failed on this (`ALL_OLD`), or on no item. It proves nothing about who did
    /// what: after a lost answer the SDK repeats a write and fails on its own effect.
    Refused(Option<Item>),
    /// To [`Ask::Send`] and [`Ask::Deliver`].
    Done,
    /// To [`Ask::Find`].
    Found(Vec<HeadName>),
    /// To [`Ask::Judge`]: those that drop out.
    Judged(BTreeSet<Id>),
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Ask this, and give the answer to [`Run::answer`].
    Ask(Ask),
    /// Nothing: the message is done with, or has failed and comes again.
    End(Result<(), Fault>),
}

/// What a step ends with.
pub(super) enum Go {
    /// Another step, which knows all that is still needed.
    On(Step),
    /// The message is done with.
    End(End),
}

/// The result of a step.
pub(super) type Went = Result<Go, Fault>;

#[derive(Default)]
struct Slot {
    ask: Option<Ask>,
    answer: Option<Answer>,
}

/// What a step works with: its questions, the time, the configuration.
#[derive(Clone)]
pub(super) struct Cx {
    slot: Rc<RefCell<Slot>>,
    /// The time at which the message was taken, in milliseconds since 1970: of the invocation, not of the machine.
    pub(super) now: u64,
    /// The grouper's options.
    pub(super) config: Arc<Config>,
}

/// What became of a write.
pub(super) enum Written {
    /// Done; the item as it is now.
    Applied(Item),
    /// The condition failed; the item that is there.
    Refused(Option<Item>),
}

impl Cx {
    async fn ask(&self, ask: Ask) -> Answer {
        self.slot.borrow_mut().ask = Some(ask);
        poll_fn(|_| match self.slot.borrow_mut().answer.take() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }

    pub(super) async fn read_all(&self, keys: Vec<Key>) -> Result<Vec<Option<Item>>, Fault> {
        let wanted = keys.len();
        match self.ask(Ask::Read(keys)).await {
            Answer::Items(items) if items.len() == wanted => Ok(items),
            _ => Err(Fault::Answer("items")),
        }
    }

    pub(super) async fn read(&self, key: Key) -> Result<Option<Item>, Fault> {
        Ok(self.read_all(vec![key]).await?.pop().flatten())
    }

    pub(super) async fn write(&self, write: Write) -> Result<Written, Fault> {
        match self.ask(Ask::Write(write)).await {
            Answer::Applied(item) => Ok(Written::Applied(item)),
            Answer::Refused(item) => Ok(Written::Refused(item)),
            _ => Err(Fault::Answer("an image")),
        }
    }

    pub(super) async fn send(&self, message: Message) -> Result<(), Fault> {
        self.done(Ask::Send(message)).await
    }

    pub(super) async fn deliver(&self, outgoing: Outgoing) -> Result<(), Fault> {
        self.done(Ask::Deliver(outgoing)).await
    }

    async fn done(&self, ask: Ask) -> Result<(), Fault> {
        match self.ask(ask).await {
            Answer::Done => Ok(()),
            _ => Err(Fault::Answer("done")),
        }
    }

    pub(super) async fn judge(&self, members: Vec<(Id, Arc<str>)>) -> Result<BTreeSet<Id>, Fault> {
        match self.ask(Ask::Judge(members)).await {
            Answer::Judged(out) => Ok(out),
            _ => Err(Fault::Answer("those that drop out")),
        }
    }

    pub(super) async fn find(&self, bucket: &'static str, until: u64) -> Result<Vec<HeadName>, Fault> {
        match self.ask(Ask::Find { bucket, until }).await {
            Answer::Found(heads) => Ok(heads),
            _ => Err(Fault::Answer("heads")),
        }
    }
}

/// A message on its way through the protocol.
pub struct Run {
    step: Step,
    cx: Cx,
    future: Pin<Box<dyn Future<Output = Went>>>,
    answered: usize,
}

impl Run {
    /// Begins with `step`, at `now` in milliseconds since 1970; the first question is there.
    #[must_use]
    pub fn start(step: Step, now: u64, config: &Arc<Config>) -> (Self, Next) {
        let cx = Cx { slot: Rc::default(), now, config: config.clone() };
        let future = super::walk(cx.clone(), step.clone());
        let mut run = Self { step, cx, future, answered: 0 };
        let next = run.go_on();
        (run, next)
    }

    /// Takes the answer to the last question.
    #[must_use]
    pub fn answer(&mut self, answer: Answer) -> Next {
        self.cx.slot.borrow_mut().answer = Some(answer);
        self.answered = self.answered.saturating_add(1);
        self.go_on()
    }

    /// The step that it is in.
    #[must_use]
    pub fn step(&self) -> &Step {
        &self.step
    }

    /// How many answers this step has had.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.answered
    }

    fn go_on(&mut self) -> Next {
        loop {
            match self.future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Pending => match self.cx.slot.borrow_mut().ask.take() {
                    Some(ask) => return Next::Ask(ask),
                    None => return Next::End(Err(Fault::Answer("one answer for one question"))),
                },
                Poll::Ready(Err(fault)) => return Next::End(Err(fault)),
                Poll::Ready(Ok(Go::End(End))) => return Next::End(Ok(())),
                Poll::Ready(Ok(Go::On(step))) => {
                    self.future = super::walk(self.cx.clone(), step.clone());
                    self.step = step;
                    self.answered = 0;
                }
            }
        }
    }
}
