//! AWS's services, each a state machine in a file or folder of its own.
//!
//! Each has a `NAME` (as ARNs and signatures spell it), a `PROTOCOL` where clients can call it, and
//! `start(&World)`, which loads its records and begins its tasks. A service knows the
//! [`kernel`](crate::kernel) alone: it calls another over the [`Bus`](crate::kernel::Bus), by AWS's own
//! operation names.

pub mod lambda;
mod mappings;
pub mod gateway;
pub mod sqs;
#[expect(dead_code, unused_imports, reason = "definitions are read and checked; what runs them is not there yet")]
mod states;

use std::rc::Rc;

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

/// Starts every service of the engine; `functions` run in this process. Must be called within a
/// [`tokio::task::LocalSet`].
pub fn start(world: &World, functions: &lambda::Functions) -> Result<Vec<Started>, StoreError> {
    let lambda = lambda::Lambda::start(world, functions)?;
    Ok(vec![
        Started { name: lambda::NAME, protocol: Some(lambda::PROTOCOL), service: lambda },
        Started { name: sqs::NAME, protocol: Some(sqs::PROTOCOL), service: sqs::start(world)? },
    ])
}
