//! Step Functions.

mod asl;
mod data;
mod query;
