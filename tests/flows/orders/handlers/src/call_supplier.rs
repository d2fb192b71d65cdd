//! The handler `call_supplier`: the step `rush` of the workflow `restock`.

use generated::handlers::{CallSupplier, CallSupplierInput};
use runtime::{Error, Invocation};

/// Yours to write: `call_supplier` below.
#[derive(Debug)]
pub struct Handler;

impl CallSupplier for Handler {
    async fn call_supplier(_cx: &Invocation, _event: CallSupplierInput) -> Result<(), Error> {
        Err(Error::not_written("call_supplier"))
    }
}
