//! Step Functions.

mod asl;
mod data;
mod query;
mod run;
mod token;
