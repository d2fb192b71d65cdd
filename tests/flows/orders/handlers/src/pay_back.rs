//! The handler `pay_back`: the step `refund` of the workflow `settle_return`.

use generated::handlers::{PayBack, PayBackCx, PayBackInput};
use runtime::Error;

/// Yours to write: `pay_back` below.
#[derive(Debug)]
pub struct Handler;

impl PayBack for Handler {
    async fn pay_back(_cx: &PayBackCx<'_>, _event: PayBackInput) -> Result<(), Error> {
        Err(Error::not_written("pay_back"))
    }
}
