//! The handler `find_low_stock`: the step `look` of the workflow `restock`.

use generated::handlers::{FindLowStock, FindLowStockCx};
use generated::{LowStock, MorningCame};
use runtime::Error;

/// Yours to write: `find_low_stock` below.
#[derive(Debug)]
pub struct Handler;

impl FindLowStock for Handler {
    async fn find_low_stock(_cx: &FindLowStockCx<'_>, _event: MorningCame) -> Result<LowStock, Error> {
        Err(Error::not_written("find_low_stock"))
    }
}
