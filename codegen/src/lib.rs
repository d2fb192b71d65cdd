//! The Eventloom compiler.

pub mod diagnostic;
pub mod render;
pub mod source;
pub mod suggest;
pub mod yaml;
