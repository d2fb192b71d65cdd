//! The handler `take_payment`: the step `pay` of the workflow `fulfil_order`.

use generated::handlers::{TakePayment, TakePaymentCx};
use generated::{OrderPlaced, Payment};
use runtime::Error;

/// Yours to write: `take_payment` below.
#[derive(Debug)]
pub struct Handler;

impl TakePayment for Handler {
    async fn take_payment(_cx: &TakePaymentCx<'_>, _event: OrderPlaced) -> Result<Payment, Error> {
        Err(Error::not_written("take_payment"))
    }
}
