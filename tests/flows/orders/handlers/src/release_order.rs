//! The handler `release_order`: the step `give_up` of the workflow `fulfil_order`.
//!
//! Gives back the money and the goods

use generated::OrderPlaced;
use generated::handlers::{ReleaseOrder, ReleaseOrderCx};
use runtime::Error;

/// Yours to write: `release_order` below.
#[derive(Debug)]
pub struct Handler;

impl ReleaseOrder for Handler {
    async fn release_order(_cx: &ReleaseOrderCx<'_>, _event: OrderPlaced) -> Result<(), Error> {
        Err(Error::not_written("release_order"))
    }
}
