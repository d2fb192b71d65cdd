//! How many events become one.
//!
//! In: a grouper's options ([`Config`]), and messages from its queues ([`Step`]). Out: what to ask of
//! the world ([`Ask`]), one question after the other. This crate does no IO: `handlers/runtime` puts
//! the questions to DynamoDB and SQS, and the explorer of this package to a world of its own, in which
//! everything goes wrong that can.
//!
//! | module | is |
//! | --- | --- |
//! | [`protocol`] | what is done for an event, a timer, a delivery |
//! | [`store`] | items and conditional writes, as values |
//! | [`message`] | what goes through the queues |
//! | [`window`], [`zone`] | when a group closes |
//! | [`quiet`] | when nothing is delivered |
//! | [`content`] | what a group says of its members |
//! | [`ids`] | names that every process computes alike |
//! | [`config`] | a grouper's options |

pub mod config;
pub mod content;
pub mod ids;
pub mod message;
pub mod protocol;
pub mod quiet;
pub mod store;
pub mod window;
pub mod zone;

pub use config::{Config, Lifetimes};
pub use ids::{Epoch, HeadName, Id, Key, Revision};
pub use message::{Message, Out, Outgoing, Timer};
pub use protocol::{Accept, Answer, Ask, Fault, Next, Run, Step};
pub use window::Window;
