//! A service that records its calls: what stands under another service's name when that one is not what is
//! tested.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use futures_util::future::{FutureExt, LocalBoxFuture};
use local::kernel::{AwsError, Call, Service};
use serde_json::{Value, json};

/// Answers each call with the next of the answers that were laid down, and then with an empty output.
#[derive(Debug, Default)]
pub(crate) struct Fake {
    calls: RefCell<Vec<Call>>,
    answers: RefCell<VecDeque<AwsError>>,
}

impl Fake {
    /// The next call fails so, after those that were laid down before.
    pub(crate) fn fail(&self, error: AwsError) {
        self.answers.borrow_mut().push_back(error);
    }

    /// The calls so far, which are forgotten.
    pub(crate) fn take(&self) -> Vec<Call> {
        self.calls.take()
    }

    /// The inputs of the calls so far, which are forgotten.
    pub(crate) fn inputs(&self) -> Vec<Value> {
        self.take().into_iter().map(|call| call.input).collect()
    }
}

impl Service for Fake {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        self.calls.borrow_mut().push(call);
        let answer = self.answers.borrow_mut().pop_front().map_or(Ok(json!({})), Err);
        async move { answer }.boxed_local()
    }
}
