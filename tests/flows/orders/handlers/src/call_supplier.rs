//! The handler `call_supplier`: the step `phone` of the workflow `restock`.

use generated::handlers::{CallSupplier, CallSupplierCx, CallSupplierInput};
use runtime::Error;

/// Yours to write: `call_supplier` below.
#[derive(Debug)]
pub struct Handler;

impl CallSupplier for Handler {
    async fn call_supplier(_cx: &CallSupplierCx<'_>, _event: CallSupplierInput) -> Result<(), Error> {
        Err(Error::not_written("call_supplier"))
    }
}
