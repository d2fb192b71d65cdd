//! The handler `reorder`: the step `order_more` of the workflow `restock`.

use generated::handlers::{Reorder, ReorderCx, ReorderInput};
use runtime::Error;

/// Yours to write: `reorder` below.
#[derive(Debug)]
pub struct Handler;

impl Reorder for Handler {
    async fn reorder(_cx: &ReorderCx<'_>, _event: ReorderInput) -> Result<(), Error> {
        Err(Error::not_written("reorder"))
    }
}
