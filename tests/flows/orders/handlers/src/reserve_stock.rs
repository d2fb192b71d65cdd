//! The handler `reserve_stock`: the step `reserve` of the workflow `fulfil_order`.

use generated::handlers::{ReserveStock, ReserveStockCx};
use generated::{OrderPlaced, Reservation};
use runtime::Error;

/// Yours to write: `reserve_stock` below.
#[derive(Debug)]
pub struct Handler;

impl ReserveStock for Handler {
    async fn reserve_stock(_cx: &ReserveStockCx<'_>, _event: OrderPlaced) -> Result<Reservation, Error> {
        Err(Error::not_written("reserve_stock"))
    }
}
