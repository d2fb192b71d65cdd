//! The handler `reorder`: the step `reorder` of the workflow `restock`.

use generated::handlers::{Reorder, ReorderInput};
use runtime::{Error, Invocation};

/// Yours to write: `reorder` below.
#[derive(Debug)]
pub struct Handler;

impl Reorder for Handler {
    async fn reorder(_cx: &Invocation, _event: ReorderInput) -> Result<(), Error> {
        Err(Error::not_written("reorder"))
    }
}
