//! The handler `remind_company`: the queue `later`.

use generated::handlers::{RemindCompany, RemindCompanyInput};
use runtime::{Error, Invocation};

/// `remind_company` below.
#[derive(Debug)]
pub struct Handler;

impl RemindCompany for Handler {
    async fn remind_company(_cx: &Invocation, _event: RemindCompanyInput) -> Result<(), Error> {
        Ok(())
    }
}
