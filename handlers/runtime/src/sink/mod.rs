//! Where a flow ends: counters, rows, webhooks.

mod counter;
mod row;
mod webhook;

pub(crate) use counter::count;
pub use counter::{Add, Counter};
pub(crate) use row::put;
pub use row::{Column, Row};
pub use webhook::{OVERRIDE, Webhook, post};
