//! Where events come from: a table's new rows, a schedule, a route over HTTP.

mod http;
mod schedule;
mod stream;

pub use http::{Http, answer};
pub use schedule::{Schedule, scheduled, scheduled_by};
pub use stream::{Publisher, publish};
