//! AWS STS: who a caller is. Roles are taken on by the engine itself, which gives their sessions keys.

use std::rc::Rc;

use futures_util::future::{FutureExt, LocalBoxFuture};
use serde_json::{Value, json};

use crate::kernel::{AwsError, Call, Service, World};
use crate::wire::{Protocol, Query};

/// As ARNs and signatures name it.
pub const NAME: &str = "sts";

/// How clients call it.
pub const PROTOCOL: Protocol =
    Protocol::Query(Query { namespace: "https://sts.amazonaws.com/doc/2011-06-15/", maps: &[] });

/// The service, which has no state.
#[derive(Debug)]
pub struct Sts {
    world: World,
}

impl Sts {
    /// The service.
    pub fn start(world: &World) -> Rc<Self> {
        Rc::new(Self { world: world.clone() })
    }
}

impl Service for Sts {
    fn call(self: Rc<Self>, call: Call) -> LocalBoxFuture<'static, Result<Value, AwsError>> {
        let answer = if call.operation == "GetCallerIdentity" {
            // Nobody needs a permission to ask who they are.
            let account = &self.world.place.account;
            let arn = call.caller.identity(account);
            let user = arn.rsplit_once('/').map_or(&**account, |(_, session)| session);
            Ok(json!({"Arn": arn, "UserId": user, "Account": &**account}))
        } else {
            Err(AwsError::unsupported(NAME, &call.operation))
        };
        async move { answer }.boxed_local()
    }
}
