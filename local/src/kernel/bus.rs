//! How services call each other, and how all else calls them: one call, one answer.
//!
//! In: a caller, a service, an operation and its input in the shape of AWS's JSON. Out: the output in
//! that shape, or the service's error. Guaranteed: what a call changed is on disk before its answer is
//! given.
//!
//! **Invariant.** No service reaches into another's state: SNS sends to a queue as any client would,
//! under its own principal, so that the queue's policy judges it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::{Activity, AwsError, Caller, Store};

/// One call of one operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Who calls.
    pub caller: Caller,
    /// `SendMessage`.
    pub operation: String,
    /// The operation's input, with AWS's member names; binary data is base64, as AWS's JSON has it.
    pub input: Value,
}

/// A service: its operations.
pub trait Service: fmt::Debug {
    /// Answers one call. Authorization is the service's own task, since only it knows what is touched.
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>>;
}

/// What stands between a caller and a service: sees every call before and after its effect.
pub trait Interceptor: fmt::Debug {
    /// Answers the call, by `service` or instead of it.
    fn intercept(
        self: Rc<Self>,
        name: &'static str,
        service: Rc<dyn Service>,
        call: Call,
    ) -> LocalBoxFuture<'static, Result<Value, AwsError>>;
}

/// All services of an engine, by name; clones are the same.
#[derive(Clone, Debug)]
pub struct Bus {
    services: Rc<RefCell<BTreeMap<&'static str, Rc<dyn Service>>>>,
    interceptor: Rc<RefCell<Option<Rc<dyn Interceptor>>>>,
    store: Store,
    activity: Activity,
}

impl Bus {
    /// A bus without services.
    pub fn new(store: Store, activity: Activity) -> Self {
        Self { services: Rc::default(), interceptor: Rc::default(), store, activity }
    }

    /// Adds a service under the name that its ARNs and signatures have: `sqs`, `states`.
    pub fn put(&self, name: &'static str, service: Rc<dyn Service>) {
        self.services.borrow_mut().insert(name, service);
    }

    /// Whether there is a service of this name.
    pub fn has(&self, name: &str) -> bool {
        self.services.borrow().contains_key(name)
    }

    /// From now on every call goes through `interceptor`.
    pub fn intercept(&self, interceptor: Rc<dyn Interceptor>) {
        *self.interceptor.borrow_mut() = Some(interceptor);
    }

    /// Calls an operation of a service and waits until what it did is durable.
    pub async fn call(&self, service: &str, call: Call) -> Result<Value, AwsError> {
        let _busy = self.activity.begin();
        let answer = self.answer(service, call).await;
        self.store.durable().await.map_err(|error| AwsError::internal(error.to_string()))?;
        answer
    }

    async fn answer(&self, service: &str, call: Call) -> Result<Value, AwsError> {
        let found = self.services.borrow().get_key_value(service).map(|(name, found)| (*name, Rc::clone(found)));
        let Some((name, found)) = found else {
            return Err(AwsError::unsupported(service, &call.operation));
        };
        let interceptor = self.interceptor.borrow().clone();
        match interceptor {
            Some(interceptor) => interceptor.intercept(name, found, call).await,
            None => found.call(call).await,
        }
    }

    /// The call as a service makes it, on behalf of `caller`.
    pub async fn request(
        &self,
        caller: Caller,
        service: &str,
        operation: &str,
        input: Value,
    ) -> Result<Value, AwsError> {
        self.call(service, Call { caller, operation: operation.to_owned(), input }).await
    }
}
