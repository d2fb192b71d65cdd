//! The Eventloom compiler.

pub mod asl;
pub mod cfn;
pub mod diagnostic;
pub mod facts;
pub mod model;
pub mod resolve;
pub mod rules;
pub mod source;
pub mod suggest;
pub mod syntax;
pub mod yaml;
