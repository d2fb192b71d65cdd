//! Whole flows run to their end in the local engine, in virtual time: the template as it is deployed, and the handlers
//! behind the generated `dispatch`, in this process, with the unmodified AWS SDK.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails should panic")]

mod board;
mod effects;
mod everi;
mod flow;
mod grouping;
mod mail;
mod orders;
mod sdk;
mod targets;
