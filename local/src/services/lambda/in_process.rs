//! Functions that run in this process: for tests, and for simulation, where all is virtual.
//!
//! Guaranteed: one that panics fails its invocation, as a process that exits does, and nothing else.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::NAME;
use super::function::Function;
use super::payload::Payload;
use super::sandbox::{ANSWER, Context, FunctionError, Invocation, KILLED, RUN, Sandbox};
use crate::kernel::{Lives, Moment};

type Answer = LocalBoxFuture<'static, Result<Value, FunctionError>>;
type Handler = Rc<dyn Fn(String, Value, Context) -> Answer>;

/// The functions that run in this process; clones are the same.
#[derive(Clone, Default)]
pub struct Functions(Rc<RefCell<BTreeMap<String, Handler>>>);

impl Functions {
    /// From now on `handler` runs in place of a binary, with the function's name, the event and the context.
    /// `key` is a function's ARN or name, or the `Handler` of functions; the first of them that is put here
    /// is taken. After a restart, mappings and events go on as soon as something is awaited: what they need is
    /// put before.
    pub fn put<F>(&self, key: &str, handler: impl Fn(String, Value, Context) -> F + 'static)
    where
        F: Future<Output = Result<Value, FunctionError>> + 'static,
    {
        let handler: Handler = Rc::new(move |name, event, context| handler(name, event, context).boxed_local());
        self.0.borrow_mut().insert(key.to_owned(), handler);
    }

    /// Whether a function that has one of these names runs here.
    pub(super) fn any(&self, names: &[&str]) -> bool {
        let handlers = self.0.borrow();
        names.iter().any(|name| handlers.contains_key(*name))
    }

    /// The place where this function runs, if it runs here.
    pub(super) fn sandbox(&self, lives: &Lives, function: &Function) -> Option<InProcess> {
        let handlers = self.0.borrow();
        let names = [function.arn.as_str(), &function.name, &function.handler];
        let handler = names.iter().find_map(|name| handlers.get(*name).cloned())?;
        Some(InProcess { handler, name: function.name.clone(), lives: lives.clone() })
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.borrow().keys()).finish()
    }
}

/// A function in this process: as cheap as a call, so that none is kept.
pub(super) struct InProcess {
    handler: Handler,
    name: String,
    lives: Lives,
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("InProcess").field(&self.name).finish()
    }
}

impl Sandbox for InProcess {
    fn invoke<'a>(&'a self, invocation: &'a Invocation) -> LocalBoxFuture<'a, Result<Payload, FunctionError>> {
        async {
            let event = invocation.payload.value().cloned();
            let event = event.map_err(|error| FunctionError::new("Runtime.MalformedEvent", error.to_string()))?;
            let context = invocation.context.clone();
            let lived = self.lives.begin(&self.name, None);
            let life = lived.life();
            let killed = || FunctionError::exited(&invocation.context.request_id, KILLED);
            if life.is_struck(NAME, RUN, Moment::Before) {
                return Err(killed());
            }
            let run = AssertUnwindSafe(lived.within(async { (self.handler)(self.name.clone(), event, context).await }));
            let answer = tokio::select! {
                biased;
                () = life.ended() => return Err(killed()),
                answer = run.catch_unwind() => answer,
            };
            let answer = match answer {
                Ok(answer) => Payload::from_value(answer?),
                Err(_) => return Err(FunctionError::new("Runtime.ExitError", "the function panicked")),
            };
            life.rest();
            if life.is_struck(NAME, RUN, Moment::After) {
                return Err(killed());
            }
            if answer.bytes().len() > ANSWER { Err(FunctionError::too_large()) } else { Ok(answer) }
        }
        .boxed_local()
    }

    fn is_alive(&self) -> bool {
        true
    }
}
