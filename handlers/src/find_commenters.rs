//! The handler `find_commenters`: the queue `notify`, to find whom `UpdateCommented` is for.

use generated::handlers::FindCommenters;
use generated::{UpdateCommented, UserId};
use runtime::{Error, Invocation};

/// Yours to write: `find_commenters` below.
#[derive(Debug)]
pub struct Handler;

impl FindCommenters for Handler {
    async fn find_commenters(_cx: &Invocation, _event: UpdateCommented) -> Result<Vec<UserId>, Error> {
        Err(Error::not_written("find_commenters"))
    }
}
