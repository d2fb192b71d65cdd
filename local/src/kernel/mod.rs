//! What every service stands on: time, chance, durable records, names, callers and errors.
//!
//! In: nothing but what the engine's maker injects. Out: [`World`], which each service is made with.
//! Guaranteed: a service that takes its time, its randomness and its records from here alone repeats
//! itself for the same seed, and finds its state again after a crash.
//!
//! **Invariant.** All of it lives on one thread: an engine is a set of tasks of one
//! [`tokio::task::LocalSet`], so that its order is one order. What comes from other threads (sockets,
//! SDK clients) arrives as a message.

mod activity;
mod arn;
mod bus;
mod caller;
mod cidr;
mod clock;
mod error;
mod guard;
mod keys;
mod lives;
mod log;
mod random;
mod store;
mod time;
mod world;

pub use activity::{Activity, Busy, Rest};
pub use arn::{Arn, ArnError};
pub use bus::{Bus, Call, Interceptor, Service};
pub use caller::Caller;
pub use cidr::Cidr;
pub use clock::Clock;
pub use error::AwsError;
pub use guard::{Access, Authorize, Guard};
pub use keys::{Credentials, Keys};
pub use lives::{Fate, Life, Lived, Lives, Moment};
pub use log::{Happening, Log, Outcome};
pub use random::Random;
pub use store::{Store, StoreError, Table};
pub use time::Time;
pub use world::{Place, World};
