//! The engine's services under the unmodified AWS SDK for Rust, in virtual time.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails should panic")]

mod fake;
mod faults;
mod functions;
mod restart;
mod world;

mod cloudformation;
mod door;
mod dynamodb;
mod gateway;
mod grouping;
mod hostile;
mod iam;
mod kms;
mod lambda;
mod mappings;
mod scheduler;
mod secrets;
mod ses;
mod sns;
mod sqs;
mod states;
mod sts;
mod trust;
