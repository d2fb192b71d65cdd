//! The handler `tidy_up`: the queue `tidy`.

use generated::NightCame;
use generated::handlers::TidyUp;
use runtime::{Error, Invocation};

/// `tidy_up` below.
#[derive(Debug)]
pub struct Handler;

impl TidyUp for Handler {
    async fn tidy_up(_cx: &Invocation, _event: NightCame) -> Result<(), Error> {
        Ok(())
    }
}
