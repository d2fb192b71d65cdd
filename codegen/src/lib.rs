//! The Eventloom compiler.

pub mod asl;
pub mod diagnostic;
pub mod source;
