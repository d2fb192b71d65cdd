//! A handler's panic, as the failure of what it was working on.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

use futures_util::FutureExt;

use crate::error::Error;

/// Runs the future; a panic in it becomes [`Error::Panicked`], and the panic hook has told where.
pub(crate) async fn caught<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    // Sound: the future is dropped after a panic, and nothing else of what it held is looked at.
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or(Err(Error::Panicked))
}

/// From now on a panic is a line of the log like any other.
pub(crate) fn log_panics() {
    panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, said = message(info.payload()), "panic");
    }));
}

/// A literal's text. A formatted one is withheld, since it may hold what a payload held.
fn message(payload: &(dyn Any + Send)) -> &'static str {
    payload.downcast_ref::<&'static str>().copied().unwrap_or("(withheld: it may hold personal data)")
}
