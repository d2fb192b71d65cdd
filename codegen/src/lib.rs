//! The Eventloom compiler.

pub mod diagnostic;
pub mod diagram;
pub mod source;
