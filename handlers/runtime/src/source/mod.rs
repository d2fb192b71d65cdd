//! Where events come from: a table's new rows, a schedule, a route over HTTP.

mod stream;

pub use stream::{Publisher, publish};
