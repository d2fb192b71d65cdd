//! Step Functions: so far the States Language, read and checked, and its two query languages.
//!
//! In: a definition's JSON. Out: the machine as types, or everything that is wrong with it, each with its
//! state's name. Nothing here runs a machine.

mod asl;
mod data;
mod query;
