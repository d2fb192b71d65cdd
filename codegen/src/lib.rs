//! The Eventloom compiler.

pub mod diagnostic;
pub mod source;
