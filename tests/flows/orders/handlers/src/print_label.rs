//! The handler `print_label`: the queue `labels`.
//!
//! Prints the label of one parcel

use generated::handlers::{PrintLabel, PrintLabelCx, PrintLabelInput};
use runtime::Error;

/// Yours to write: `print_label` below.
#[derive(Debug)]
pub struct Handler;

impl PrintLabel for Handler {
    async fn print_label(_cx: &PrintLabelCx<'_>, _event: PrintLabelInput) -> Result<(), Error> {
        Err(Error::not_written("print_label"))
    }
}
