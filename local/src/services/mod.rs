//! AWS's services, each a state machine in a file or folder of its own.
//!
//! Each has a `NAME` (as ARNs and signatures spell it), a `PROTOCOL` where clients can call it, and
//! `start(&World)`, which loads its records and begins its tasks. A service stands
//! on the [`kernel`](crate::kernel): it calls another over the [`Bus`](crate::kernel::Bus), by AWS's own operation
//! names, and reaches into nobody's state. Lambda has the form of a function's address from API Gateway, whose
//! payloads are the same.

pub mod dynamodb;
pub mod gateway;
pub mod iam;
pub mod kms;
pub mod lambda;
mod mappings;
pub mod scheduler;
pub mod secrets;
pub mod ses;
pub mod sns;
pub mod sqs;
pub mod states;
pub mod sts;

use std::rc::Rc;

use crate::faults::Faults;
use crate::kernel::{Service, StoreError, World};
use crate::wire::Protocol;

/// A service that has started.
#[derive(Debug)]
pub struct Started {
    /// As ARNs and signatures name it.
    pub name: &'static str,
    /// How clients call it; `None` for what only CloudFormation calls.
    pub protocol: Option<Protocol>,
    /// The service.
    pub service: Rc<dyn Service>,
}

/// Starts every service of the engine; `functions` run in this process, queues misbehave as `faults` says. Must be called within a
/// [`tokio::task::LocalSet`].
pub fn start(
    world: &World,
    functions: &lambda::Functions,
    gateway: &Rc<gateway::Gateway>,
    faults: &Faults,
) -> Result<Vec<Started>, StoreError> {
    let (tables, streams) = dynamodb::start(world)?;
    let lambda = lambda::Lambda::start(world, functions)?;
    let sqs = sqs::start(world)?;
    sqs.set_chaos(Some(Rc::new(faults.clone())));
    let gateway = || Rc::clone(gateway) as Rc<dyn Service>;
    Ok(vec![
        Started { name: gateway::CONTROL, protocol: None, service: gateway() },
        Started { name: gateway::NAME, protocol: Some(gateway::PROTOCOL), service: gateway() },
        Started { name: dynamodb::NAME, protocol: Some(dynamodb::PROTOCOL), service: tables },
        Started { name: dynamodb::STREAMS_NAME, protocol: Some(dynamodb::STREAMS_PROTOCOL), service: streams },
        Started { name: iam::NAME, protocol: Some(iam::PROTOCOL), service: iam::Iam::start(world)? },
        Started { name: kms::NAME, protocol: Some(kms::PROTOCOL), service: kms::Kms::start(world)? },
        Started { name: lambda::NAME, protocol: Some(lambda::PROTOCOL), service: lambda },
        Started { name: scheduler::NAME, protocol: Some(scheduler::PROTOCOL), service: scheduler::start(world)? },
        Started { name: secrets::NAME, protocol: Some(secrets::PROTOCOL), service: secrets::Secrets::start(world)? },
        Started { name: ses::NAME, protocol: Some(ses::PROTOCOL), service: ses::Ses::start(world)? },
        Started { name: sns::NAME, protocol: Some(sns::PROTOCOL), service: sns::Sns::start(world)? },
        Started { name: sqs::NAME, protocol: Some(sqs::PROTOCOL), service: sqs },
        Started { name: states::NAME, protocol: Some(states::PROTOCOL), service: states::start(world)? },
        Started { name: sts::NAME, protocol: Some(sts::PROTOCOL), service: sts::Sts::start(world) },
    ])
}
