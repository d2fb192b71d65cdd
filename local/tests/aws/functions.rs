//! Functions in this process, for tests of what invokes them.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use aws_sdk_lambda::types::{FunctionCode, Runtime};
use local::engine::Engine;
use local::kernel::{Caller, Happening, World};
use local::services::lambda::{Context, FunctionError};
use serde_json::{Value, json};

use crate::world::Test;

pub(crate) const ROLE: &str = "arn:aws:iam::000000000000:role/orders";

/// An engine's clients, and functions in this process.
pub(crate) struct Flow {
    pub(crate) engine: Engine,
    pub(crate) lambda: aws_sdk_lambda::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
}

/// What a function was invoked with, in order.
#[derive(Clone, Default)]
pub(crate) struct Calls(Rc<RefCell<Vec<(Value, Context)>>>);

impl Calls {
    pub(crate) fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// The events so far, which are forgotten.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.0.take().into_iter().map(|(event, _)| event).collect()
    }

    pub(crate) fn contexts(&self) -> Vec<Context> {
        self.0.borrow().iter().map(|(_, context)| context.clone()).collect()
    }
}

impl Flow {
    /// An engine with a role that may do all.
    pub(crate) async fn new(test: Test) -> Self {
        let flow = Self::again(test);
        let policy = |statement: Value| json!({"Version": "2012-10-17", "Statement": statement}).to_string();
        let trust = policy(json!({
            "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole",
        }));
        let all = policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
        for (operation, input) in [
            ("CreateRole", json!({"RoleName": "orders", "AssumeRolePolicyDocument": trust})),
            ("PutRolePolicy", json!({"RoleName": "orders", "PolicyName": "all", "PolicyDocument": all})),
        ] {
            flow.world().bus.request(Caller::Account, "iam", operation, input).await.unwrap();
        }
        flow
    }

    /// An engine that goes on: nothing is awaited before its functions are put in place.
    pub(crate) fn again(test: Test) -> Self {
        Self {
            lambda: aws_sdk_lambda::Client::new(&test.sdk),
            sqs: aws_sdk_sqs::Client::new(&test.sdk),
            dynamodb: aws_sdk_dynamodb::Client::new(&test.sdk),
            engine: test.engine,
        }
    }

    pub(crate) fn world(&self) -> &World {
        self.engine.world()
    }

    pub(crate) async fn pass(&self, seconds: u64) {
        self.world().clock.sleep(Duration::from_secs(seconds)).await;
    }

    /// What is told from now on of these kinds.
    pub(crate) fn told(&self, kinds: &'static [&'static str]) -> Rc<RefCell<Vec<Happening>>> {
        let told = Rc::new(RefCell::new(Vec::new()));
        let heard = Rc::clone(&told);
        self.world().log.listen(move |happening| {
            if kinds.contains(&happening.what) {
                heard.borrow_mut().push(happening.clone());
            }
        });
        told
    }

    /// Creates a function that runs in this process.
    pub(crate) async fn function<F>(&self, name: &str, handler: impl Fn(Value) -> F + 'static) -> Calls
    where
        F: Future<Output = Result<Value, FunctionError>> + 'static,
    {
        let calls = self.put(name, handler);
        self.create(name).send().await.unwrap();
        calls
    }

    /// Puts a function of this process in place of what ran under its name.
    pub(crate) fn put<F>(&self, name: &str, handler: impl Fn(Value) -> F + 'static) -> Calls
    where
        F: Future<Output = Result<Value, FunctionError>> + 'static,
    {
        let calls = Calls::default();
        let seen = calls.clone();
        self.engine.functions().put(name, move |_, event: Value, context| {
            seen.0.borrow_mut().push((event.clone(), context));
            handler(event)
        });
        calls
    }

    pub(crate) fn create(
        &self,
        name: &str,
    ) -> aws_sdk_lambda::operation::create_function::builders::CreateFunctionFluentBuilder {
        let code = FunctionCode::builder().s3_bucket("eventloom").s3_key("/in/this/process").build();
        let create = self.lambda.create_function().function_name(name).role(ROLE).handler(name);
        create.runtime(Runtime::Providedal2023).code(code)
    }
}

/// The error of a function that fails.
pub(crate) fn sad() -> FunctionError {
    FunctionError::new("Sad", "as asked")
}
