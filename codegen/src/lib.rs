//! The Eventloom compiler.

pub mod cfn;
pub mod diagnostic;
pub mod source;
pub mod stacks;
