//! CloudFormation: templates become resources, and stay what the templates say.

mod dump;
mod generated;
mod kinds;
mod nested;
mod stopped;
mod updates;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

use futures_util::future::{FutureExt, LocalBoxFuture};
use local::cloudformation::{DeployError, Deployed, Sources, Stacks};
use local::kernel::{AwsError, Call, Caller, Interceptor, Service, World};
use serde_json::{Value, json};

use crate::world::Test;

/// An engine and its stacks.
pub(crate) struct Cloud {
    pub(crate) test: Test,
    pub(crate) stacks: Stacks,
    pub(crate) tap: Rc<Tap>,
}

/// Sees the account's calls, and may let one of them be the last.
#[derive(Debug, Default)]
pub(crate) struct Tap {
    calls: RefCell<Vec<String>>,
    /// After how many calls all stands still; and whether the last of them still has its effect.
    last: Cell<Option<(usize, bool)>>,
    stopped: tokio::sync::Notify,
    /// The calls whose answer is a failure, with whether they have their effect before.
    failing: RefCell<Vec<(&'static str, bool)>>,
}

impl Interceptor for Tap {
    fn intercept(
        self: Rc<Self>,
        name: &'static str,
        service: Rc<dyn Service>,
        call: Call,
    ) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        async move {
            if call.caller != Caller::Account {
                return service.call(call).await;
            }
            let operation = format!("{name}:{}", call.operation);
            self.calls.borrow_mut().push(operation.clone());
            if let Some((last, effect)) = self.last.get()
                && self.calls.borrow().len() >= last
            {
                if effect {
                    let _ = service.call(call).await;
                }
                self.stopped.notify_one();
                return std::future::pending().await;
            }
            let failing = self.failing.borrow().iter().position(|(failing, _)| *failing == operation);
            if let Some(at) = failing {
                let (_, effect) = self.failing.borrow_mut().remove(at);
                if effect {
                    let _ = service.call(call).await;
                }
                return Err(AwsError::internal("the answer is lost"));
            }
            service.call(call).await
        }
        .boxed_local()
    }
}

impl Tap {
    /// The calls so far, which are forgotten.
    pub(crate) fn take(&self) -> Vec<String> {
        self.calls.take()
    }

    /// The call of this number is not answered, nor one after it.
    pub(crate) fn hold(&self, call: usize) {
        self.take();
        self.last.set(Some((call, false)));
    }

    /// Calls are answered again.
    pub(crate) fn release(&self) {
        self.last.set(None);
        self.take();
    }

    /// The next call of this operation fails.
    pub(crate) fn fail(&self, operation: &'static str, after_its_effect: bool) {
        self.failing.borrow_mut().push((operation, after_its_effect));
    }
}

impl Cloud {
    pub(crate) fn new(test: Test) -> Self {
        let world = test.engine.world();
        let tap = Rc::new(Tap::default());
        world.bus.intercept(tap.clone());
        let stacks = Stacks::load(world).unwrap();
        Self { test, stacks, tap }
    }

    pub(crate) fn world(&self) -> &World {
        self.test.engine.world()
    }

    /// Deploys one template without parameters.
    pub(crate) async fn deploy(&self, template: &Value) -> Result<Deployed, DeployError> {
        self.stacks.deploy(&Sources::one("main", template.to_string()), &BTreeMap::new()).await
    }

    /// As [`deploy`](Self::deploy), and all is well.
    pub(crate) async fn up(&self, template: &Value) -> Deployed {
        let deployed = self.deploy(template).await.unwrap();
        assert_eq!(deployed.left, []);
        deployed
    }

    /// What is wrong with a template.
    pub(crate) async fn problems(&self, template: &Value) -> Vec<String> {
        let error = self.deploy(template).await.unwrap_err();
        error.problems().iter().map(ToString::to_string).collect()
    }

    /// Deploys, and stops before the answer of a call is given: whether it came that far.
    pub(crate) async fn stop(&self, template: &Value, last: usize, effect: bool) -> bool {
        self.tap.take();
        self.tap.last.set(Some((last, effect)));
        let stopped = tokio::select! {
            biased;
            () = self.tap.stopped.notified() => true,
            deployed = self.deploy(template) => { deployed.unwrap(); false }
        };
        self.tap.last.set(None);
        self.tap.take();
        stopped
    }

    /// A call as the account makes it.
    pub(crate) async fn call(&self, service: &str, operation: &str, input: Value) -> Result<Value, AwsError> {
        self.world().bus.request(Caller::Account, service, operation, input).await
    }
}

/// The physical id of a resource.
pub(crate) fn id<'a>(deployed: &'a Deployed, logical: &str) -> &'a str {
    let found = deployed.resources.iter().find(|resource| resource.logical_id == logical);
    assert!(found.is_some(), "there is no {logical}");
    &found.unwrap().physical_id
}

/// A program that functions are made of; none of them runs.
pub(crate) fn code() -> String {
    let path: PathBuf = std::env::temp_dir().join(format!("eventloom-code-{}", std::process::id()));
    if !path.exists() {
        let fresh = path.with_extension(format!("{:?}", std::thread::current().id()));
        std::fs::write(&fresh, "#!/bin/sh\n").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        std::fs::rename(fresh, &path).unwrap();
    }
    path.to_string_lossy().into_owned()
}

pub(crate) fn resource(kind: &str, properties: Value) -> Value {
    json!({"Type": kind, "Properties": properties})
}

pub(crate) fn template(resources: Value) -> Value {
    json!({"Resources": resources})
}
